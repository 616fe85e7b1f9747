"""Looks through the tree for what must not be in it: registry addresses and paths of somebody's machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "address of a package registry": re.compile(
        r"(?:pypi|pythonhosted|npmjs|yarnpkg|crates)\.(?:org|com|io)\b|(?:deb|security)\.debian\.org"
        r"|(?:archive|ports)\.ubuntu\.com|proxy\.golang\.org|repo\d*\.maven\.org",
        re.IGNORECASE,
    ),
    "path of one machine": re.compile(
        r"(?<![\w.~}$])/(?:root|work|opt/pypi|home/(?!user\b|you\b)\w+|Users/(?!you\b)\w+)/|\bC:\\{1,2}Users\\",
    ),
    "merge conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


def tracked() -> Iterator[Path]:
    """The files that git tracks or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        path = ROOT / name
        if name and path.is_file() and not path.is_symlink():
            yield path


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, kind and wording of everything forbidden in a text."""
    for kind, pattern in FORBIDDEN.items():
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, kind, match.group()


def main() -> None:
    """Prints each finding as `path:line: kind: wording` and ends with 1 where there is one."""
    count = 0
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for line, kind, wording in findings(text):
            count += 1
            print(f"{path.relative_to(ROOT)}:{line}: {kind}: {wording}")
    if count:
        sys.exit(f"{count} things that must not be in the tree")


if __name__ == "__main__":
    main()
