"""Removes everything that a build, a check or a test left in the tree; the environment `.venv` stays.

Standard library only: it must run without an environment.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_BEHIND = (
    ".bench",
    ".coverage",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "build",
    "dist",
    "frontend/.svelte-kit",
    "frontend/build",
    "frontend/node_modules",
    "htmlcov",
    "out",
    "src/spark_vtuber/web/static",
)


def main() -> None:
    """Removes and names what was there."""
    found = [ROOT / name for name in LEFT_BEHIND if (ROOT / name).exists()]
    for folder in ("src", "tests", "scripts", "bench"):
        found += list((ROOT / folder).rglob("__pycache__"))
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"removed {len(found)} things")


if __name__ == "__main__":
    main()
