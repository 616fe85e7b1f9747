"""Writes `requirements/constraints.txt`, or checks that it still fits `pyproject.toml`.

python scripts/constraints.py            resolve anew for every platform and supported Python
python scripts/constraints.py --check    fail where a requirement has no fitting pin (needs no network)
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "requirements" / "constraints.txt"
APART = frozenset({"train", "qlora"})
"""Extras with gigabytes of their own, for an environment of their own: neither pinned nor resolved with the rest."""

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (
    ("linux", "Linux", "posix", "x86_64"),
    ("linux", "Linux", "posix", "aarch64"),
    ("win32", "Windows", "nt", "AMD64"),
    ("darwin", "Darwin", "posix", "arm64"),
)


def environments() -> Iterator[dict[str, str]]:
    """The marker values of every supported platform and Python."""
    for platform, system, os_name, machine in PLATFORMS:
        for python in PYTHONS:
            yield {
                **{key: str(value) for key, value in default_environment().items()},
                "sys_platform": platform,
                "platform_system": system,
                "os_name": os_name,
                "platform_machine": machine,
                "python_version": python,
                "python_full_version": f"{python}.0",
            }


def project() -> dict[str, Any]:
    """The parsed `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def requirements() -> list[Requirement]:
    """What the project asks for: dependencies, extras and dependency groups."""
    metadata = project()
    lines = [*metadata["project"]["dependencies"]]
    pinned = {name: metadata["project"]["optional-dependencies"][name] for name in extras()}
    for group in (pinned, metadata["dependency-groups"]):
        lines += [line for entries in group.values() for line in entries if isinstance(line, str)]
    return [Requirement(line) for line in lines]


def extras() -> list[str]:
    """The extras that share an environment with the rest."""
    return [name for name in project()["project"]["optional-dependencies"] if name not in APART]


def resolve() -> str:
    """One resolution that holds on every platform, with markers and without the addresses of an index."""
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--no-annotate", "--no-header", "--no-emit-index-url"]
    command += ["--no-emit-find-links", "--python-version", PYTHONS[0], "--group", "dev"]
    command += [f"--extra={name}" for name in extras()]
    answer = subprocess.run(
        [*command, "pyproject.toml"], cwd=ROOT, env=uv_environment(), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        sys.exit(answer.stderr)
    return answer.stdout


def uv_environment() -> dict[str, str]:
    """The environment for uv: it looks for packages where pip was told to, and never fetches an interpreter.

    Without the second, uv downloads a Python from outside the package index for each version that is not installed.
    """
    values = dict(os.environ, UV_PYTHON_DOWNLOADS="never")
    if "PIP_INDEX_URL" in values:
        values.setdefault("UV_DEFAULT_INDEX", values["PIP_INDEX_URL"])
    return values


def mistakes(text: str) -> Iterator[str]:
    """One line for every requirement that the pins do not satisfy, and for every line that is no pin."""
    pins: list[Requirement] = []
    for line in text.splitlines():
        pin = Requirement(line)
        if pin.url or len(pin.specifier) != 1 or next(iter(pin.specifier)).operator != "==":
            yield f"not a pin: {line}"
        pins.append(pin)
    for wanted in requirements():
        name = canonicalize_name(wanted.name)
        for environment in environments():
            if wanted.marker and not wanted.marker.evaluate(environment):
                continue
            found = [
                next(iter(pin.specifier)).version
                for pin in pins
                if canonicalize_name(pin.name) == name and (not pin.marker or pin.marker.evaluate(environment))
            ]
            if len(found) != 1 or not wanted.specifier.contains(found[0]):
                where = f"{environment['sys_platform']} {environment['platform_machine']}"
                yield f"{wanted} has {found or 'no pin'} on {where}, Python {environment['python_version']}"


def main() -> None:
    """Writes the file, or checks it and ends with 1 where it does not fit."""
    if "--check" not in sys.argv[1:]:
        CONSTRAINTS.write_text(resolve(), "utf-8", newline="\n")
        return
    found = list(mistakes(CONSTRAINTS.read_text("utf-8")))
    for mistake in found:
        print(mistake)
    if found:
        sys.exit("requirements/constraints.txt does not fit pyproject.toml; run: python scripts/constraints.py")


if __name__ == "__main__":
    main()
