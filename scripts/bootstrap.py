"""Sets the project up in `.venv` and then starts a command in it; the second time it costs nothing.

    python3 scripts/bootstrap.py [--group NAME]... [-- COMMAND ARG...]

Standard library only. It runs on any Python from 3.8 to find a Python between 3.11 and 3.13, says in one line what is
missing where there is none, and runs that line itself as root on systems with apt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "spark-vtuber.json"
OLDEST = (3, 11)
NEWEST = (3, 13)
PREFERRED = ("3.12", "3.13", "3.11")
PIP_WITH_GROUPS = (25, 1)
SOURCES_OF_BUILD = ("pyproject.toml", "hatch_build.py", "requirements/constraints.txt")
BUNDLE = ROOT / "src" / "spark_vtuber" / "web" / "static"
WITHOUT_BUNDLE = "SPARK_SKIP_UI"


def say(text: str) -> None:
    """One line of progress."""
    print(f"[setup] {text}", file=sys.stderr, flush=True)


def version_of(python: list[str]) -> tuple[int, int] | None:
    """Major and minor version of an interpreter, or None where it does not run."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([*python, "-c", code], capture_output=True, text=True, timeout=30, check=True)
        major, minor = answer.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return int(major), int(minor)


def is_supported(python: list[str]) -> bool:
    """Whether the interpreter runs and the project supports its version."""
    version = version_of(python)
    return version is not None and OLDEST <= version <= NEWEST


def find_python() -> list[str] | None:
    """A supported interpreter as the start of a command line: the asked one, the running one, then by name."""
    asked = os.environ.get("SPARK_PYTHON")
    candidates = [[asked]] if asked else []
    candidates.append([sys.executable])
    candidates += [[f"python{version}"] for version in PREFERRED]
    if sys.platform == "win32":
        candidates += [["py", f"-{version}"] for version in PREFERRED]
    candidates += [["python3"], ["python"], ["/usr/bin/python3"]]
    return next((python for python in candidates if is_supported(python)), None)


def has_venv(python: list[str]) -> bool:
    """Whether the interpreter can make an environment with pip in it; Debian packages that apart."""
    probe = subprocess.run([*python, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return probe.returncode == 0


def apt_line(version: str) -> str:
    """The command that brings a Python with everything an environment needs."""
    return f"apt-get install -y python{version} python{version}-venv"


def offered_by_apt() -> str | None:
    """The best supported Python that the system's package lists hold."""
    for version in PREFERRED:
        policy = subprocess.run(
            ["apt-cache", "policy", f"python{version}-venv"], capture_output=True, text=True, check=False
        )
        if "Candidate:" in policy.stdout and "Candidate: (none)" not in policy.stdout:
            return version
    return None


def advice() -> str:
    """The one line that brings a supported Python on systems without apt."""
    if sys.platform == "darwin":
        return "brew install python@3.12"
    if sys.platform == "win32":
        return "winget install Python.Python.3.12"
    if shutil.which("dnf"):
        return "dnf install -y python3.12"
    if shutil.which("pacman"):
        return "pacman -S uv && uv python install 3.12, then set SPARK_PYTHON to its path"
    return "install Python 3.12 and set SPARK_PYTHON to its path"


def install_python(python: list[str] | None) -> list[str]:
    """Brings what is missing, as root with apt; otherwise ends with the line that does."""
    lack = "ensurepip is missing" if python else f"no Python between 3.11 and 3.13 (this is {sys.version.split()[0]})"
    if not shutil.which("apt-get"):
        sys.exit(f"{lack}. Run: {advice()}")
    is_root = sys.platform != "win32" and os.geteuid() == 0
    if is_root:
        subprocess.run(["apt-get", "update", "-q"], check=False, stdout=sys.stderr)
    have = version_of(python) if python else None
    version = f"{have[0]}.{have[1]}" if have else offered_by_apt()
    if version is None:
        sys.exit(f"{lack}, and apt offers none. Install one and set SPARK_PYTHON to its path.")
    line = apt_line(version)
    if not is_root:
        sys.exit(f"{lack}. Run: sudo {line}")
    say(f"{lack}: {line}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(line.split(), check=True, env=environment, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    return [f"/usr/bin/python{version}"]


def in_venv(program: str) -> Path:
    """Where a program of the environment lies."""
    if sys.platform == "win32":
        return VENV / "Scripts" / f"{program}.exe"
    return VENV / "bin" / program


def make_venv() -> None:
    """Makes `.venv` where there is none that works."""
    if is_supported([str(in_venv("python"))]):
        return
    python = find_python()
    if python is None or not has_venv(python):
        python = install_python(python)
    say(f"making .venv with {' '.join(python)}")
    subprocess.run([*python, "-m", "venv", "--clear", str(VENV)], check=True, stdin=subprocess.DEVNULL)


def fingerprint() -> str:
    """Changes whenever the installation would come out differently."""
    digest = hashlib.sha256(str(version_of([str(in_venv("python"))])).encode())
    frontend = ROOT / "frontend"
    files = [ROOT / name for name in SOURCES_OF_BUILD]
    files += [path for path in frontend.glob("*") if path.is_file()]
    files += [path for folder in ("src", "static") for path in (frontend / folder).rglob("*") if path.is_file()]
    for path in sorted(files):
        if path.is_file():
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def wants_bundle() -> bool:
    """Whether the built front end is missing and the build would make it."""
    is_built = (BUNDLE / "index.html").exists()
    return (ROOT / "hatch_build.py").exists() and not is_built and os.environ.get(WITHOUT_BUNDLE) != "1"


def installed() -> tuple[str, set[str]]:
    """Fingerprint and dependency groups of the last complete installation."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
        return stamp["fingerprint"], set(stamp["groups"])
    except (OSError, ValueError, KeyError):
        return "", set()


def pip(*arguments: str) -> None:
    """Runs the environment's pip, quietly where nobody watches; ends with its status where it fails."""
    quiet = [] if sys.stderr.isatty() else ["-qq"]
    command = [str(in_venv("python")), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments, *quiet]
    status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False, cwd=ROOT).returncode
    if status:
        sys.exit(f"[setup] pip ended with {status}: {' '.join(command[3:])}")


def pip_version() -> tuple[int, int]:
    """Major and minor version of the environment's pip."""
    code = "import pip; print(*pip.__version__.split('.')[:2])"
    answer = subprocess.run([str(in_venv("python")), "-c", code], capture_output=True, text=True, check=True)
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def install(groups: set[str]) -> None:
    """Installs the project, editable, with these dependency groups, unless that already stands."""
    wanted = fingerprint()
    have, have_groups = installed()
    if have == wanted and groups <= have_groups and not wants_bundle():
        return
    began = time.monotonic()
    groups = groups | have_groups
    if pip_version() < PIP_WITH_GROUPS:
        say("bringing pip up to date")
        pip("install", "--upgrade", "pip>=25.1")
    say(f"installing spark-vtuber [{', '.join(sorted(groups))}]; the first time takes minutes")
    named = [word for group in sorted(groups) for word in ("--group", group)]
    pip("install", "--constraint", "requirements/constraints.txt", "--editable", ".", *named)
    STAMP.write_text(json.dumps({"fingerprint": wanted, "groups": sorted(groups)}), "utf-8")
    say(f"ready after {time.monotonic() - began:.0f} s")


def start(command: list[str]) -> None:
    """Becomes the command, with the environment's programs first on PATH."""
    program = in_venv(command[0])
    found = str(program) if program.exists() else command[0]
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV))
    environment["PATH"] = os.pathsep.join([str(program.parent), environment.get("PATH", "")])
    if sys.platform == "win32":
        sys.exit(subprocess.run([found, *command[1:]], check=False, env=environment).returncode)
    else:
        os.execvpe(found, [found, *command[1:]], environment)  # noqa: S606 - it replaces this process on purpose


def main() -> None:
    """Reads the command line, sets up, starts the command."""
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description="Set up .venv and start a command in it.")
    parser.add_argument("--group", action="append", default=[], help="a dependency group of pyproject.toml")
    own = parser.parse_args(words[:cut])
    command = words[cut + 1 :]
    make_venv()
    install(set(own.group))
    if command:
        start(command)


if __name__ == "__main__":
    main()
