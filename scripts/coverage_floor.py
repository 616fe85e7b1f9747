"""Holds the modules that must never surprise anybody to full branch coverage by the unmarked tests alone.

`python scripts/coverage_floor.py DATA` reads a combined coverage file and lists what is not reached.
"""

import fnmatch
import sys
from collections.abc import Iterator
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "spark_vtuber"
FULLY_COVERED = ("pipeline/*.py", "text/*.py", "**/*_protocol.py", "core/frames.py", "stage/protocol.py")
MOST_LINES_SHOWN = 12


def modules() -> Iterator[Path]:
    """The modules held to the floor; empty ones have nothing to cover."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.stat().st_size and any(fnmatch.fnmatch(name, pattern.removeprefix("**/")) for pattern in FULLY_COVERED):
            yield path


def gaps(coverage: Coverage, path: Path) -> list[str]:
    """Lines and branches of one module that no test reached."""
    missing = coverage.analysis2(str(path))[3]
    branches = coverage.branch_stats(str(path))
    partial = [line for line, (total, taken) in branches.items() if taken < total and line not in missing]
    return [str(line) for line in missing] + [f"{line} (branch)" for line in partial]


def main() -> None:
    """Prints the gaps of each module and ends with 1 where there is one."""
    coverage = Coverage(data_file=sys.argv[1], config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    found = {path: lines for path in modules() if (lines := gaps(coverage, path))}
    for path, lines in found.items():
        shown = ", ".join(lines[:MOST_LINES_SHOWN]) + (" …" if len(lines) > MOST_LINES_SHOWN else "")
        print(f"{path.relative_to(ROOT)}: not reached by an unmarked test: {shown}")
    if found:
        sys.exit(f"{len(found)} modules below 100 % branch coverage")


if __name__ == "__main__":
    main()
