"""Files that belong to one account of the machine alone: made, checked, replaced in one step, and locked."""

import os
import re
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from spark_vtuber.core.errors import SparkError

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
LOCK: Final = "lock"
LOCK_S: Final = 10.0
"""Longest wait for another writer."""

ICACLS_S: Final = 10.0
OWNER_ONLY: Final = ("/inheritance:r", "/grant:r", "*S-1-3-4:(OI)(CI)F")
"""For icacls: nothing is inherited, and OWNER RIGHTS (S-1-3-4) has full control, also over what is made inside."""

STRANGERS: Final = ("*S-1-1-0", "*S-1-5-11", "*S-1-5-32-545")
"""Everyone, Authenticated Users, Users: none of them may be in the list of a private file."""

_FRESH: Final = re.compile(r"\.[^/]+\.[0-9a-f]{16}\.new")
_NO_FOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

Run = Callable[[Sequence[str]], str]
"""Runs a program and gives what it prints; raises `OSError` where it cannot or says no."""


def run(command: Sequence[str]) -> str:
    """As `Run` says."""
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=ICACLS_S, stdin=subprocess.DEVNULL)
    except subprocess.SubprocessError as error:
        raise OSError(f"{command[0]} failed") from error
    return done.stdout.decode(errors="replace")


def exposure(path: Path, platform: str = sys.platform, run: Run = run) -> str:
    """Why others can reach a file or folder, or why that cannot be told; empty where it is private or missing."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return "is a link"
        if platform == "win32":
            listed = any(str(path) in run(["icacls", str(path), "/findsid", sid]) for sid in STRANGERS)
            return "can be read by other accounts" if listed else ""
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be looked at ({error.strerror or error})"
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        return "belongs to another account"
    mode = stat.S_IMODE(status.st_mode)
    return f"can be reached by other accounts (mode {mode:04o})" if mode & OTHERS else ""


def mending(path: Path, platform: str = sys.platform) -> str:
    """The command that makes a file or folder private."""
    if platform == "win32":
        return f'icacls "{path}" {" ".join(OWNER_ONLY)}'
    return f"chmod {'700' if path.is_dir() else '600'} '{path}'"


def make_folder(folder: Path, platform: str = sys.platform, run: Run = run) -> None:
    """Have a folder that only its owner can enter; one that was there is only checked.

    Raises:
        SparkError: `unsafe` where others can reach it, `no_disk` where it cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE)
        if platform == "win32":
            _close(folder, run)
    except FileExistsError:
        refuse_unsafe(folder)
    except OSError as error:
        raise no_disk(folder, error) from error


def _close(folder: Path, run: Run) -> None:
    """Take a new folder from all others; one that stays open does not stay."""
    try:
        run(["icacls", str(folder), *OWNER_ONLY])
    except OSError:
        folder.rmdir()
        raise


def refuse_unsafe(path: Path) -> None:
    """Raise `SparkError` (`unsafe`) where others can reach a path. On Windows `doctor` looks: it takes a process."""
    if sys.platform != "win32" and (why := exposure(path)):
        raise SparkError(f"{path} {why}", code="unsafe", fix=mending(path))


def read(path: Path) -> bytes | None:
    """The contents of a private file; None where there is none.

    Raises:
        SparkError: `unsafe` or `no_disk`.
    """
    refuse_unsafe(path.parent)
    refuse_unsafe(path)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise no_disk(path, error) from error


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of a private file, in one step. Its folder must be locked by the caller.

    What a writer left behind that was killed goes too.

    Raises:
        SparkError: `no_disk`; then the old file stays.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        for left in path.parent.iterdir():
            if _FRESH.fullmatch(left.name):
                left.unlink()
        number = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NO_FOLLOW, FILE_MODE)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)  # noqa: PTH105 - beside os.open it reads as what it is
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise no_disk(path, error) from error


@contextmanager
def locked(folder: Path, name: str = LOCK, limit_s: float = LOCK_S) -> Iterator[None]:
    """While the context is open, nobody else holds this lock of the folder; the end of a process frees it.

    Raises:
        SparkError: `busy` where another one takes longer than `limit_s`; as `make_folder`.
    """
    make_folder(folder)
    path = folder / name
    try:
        number = os.open(path, os.O_CREAT | os.O_RDWR | _NO_FOLLOW, FILE_MODE)
    except OSError as error:
        raise no_disk(path, error) from error
    with os.fdopen(number, "r+b") as file:
        until_s = time.monotonic() + limit_s
        while not _lock(file):
            if time.monotonic() > until_s:
                raise SparkError("another program writes secrets now", code="busy", fix="try again in a moment")
            time.sleep(0.01)
        yield


def no_disk(path: Path, error: OSError) -> SparkError:
    """The error for a disk that refuses."""
    reason = error.strerror or type(error).__name__
    return SparkError(f"{path} cannot be used: {reason}", code="no_disk", fix="set [data] dir to a folder of yours")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _sync_folder(folder: Path) -> None:
        """Windows writes the names of a folder with it."""
        del folder
else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _sync_folder(folder: Path) -> None:
        """Have the new name of a file outlive a power cut."""
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
