"""Paths as people write them."""

from pathlib import Path


def at_home(path: Path | str) -> Path:
    """The path with a leading `~` replaced; one of a user who is not known stays as it is."""
    path = Path(path)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def exists(path: Path) -> bool:
    """Whether there is a file or folder; False also for what no file can be called."""
    try:
        return path.exists()
    except OSError:
        return False
