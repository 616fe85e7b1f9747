"""What lies in the folder of weights: which files, with which checksums, and since when they are trusted.

An entry's files lie in `KIND/ID/`, and beside them `receipt.json`, which says of each complete file how long it was and
what its SHA-256 is. Where the catalogue names a checksum, that counts; where it names none, the first pull's does.
"""

import hashlib
import json
import os
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights.entry import PART, Entry, WeightFile, is_safe_path

RECEIPT: Final = "receipt.json"
LOCK: Final = ".lock"
LONGEST_RECEIPT_BYTES: Final = 1024 * 1024
BLOCK_BYTES: Final = 1024 * 1024

State = Literal["here", "partial", "missing", "changed"]
"""Complete by the receipt; some of it; nothing; complete once, and now of another length."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A complete file: its length, its SHA-256, and whether the catalogue knew that or the first pull wrote it down."""

    size_bytes: int
    sha256: str
    by: Literal["catalogue", "first pull"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the files of one entry lie. Every method blocks on the disk."""

    folder: Path
    entry: Entry

    def path(self, file: WeightFile) -> Path:
        """Where a file lies. Raises `SparkError` where a link leads out of the folder."""
        path = self.folder / file.path
        if not is_safe_path(file.path) or not _stays_below(path, self.folder.parent.parent):
            raise SparkError(
                f"{path} leads out of the folder of weights",
                code="escapes",
                fix="remove the link, or set [weights] dir",
            )
        return path

    def part(self, file: WeightFile) -> Path:
        """Where a file lies while it is not complete."""
        path = self.path(file)
        return path.with_name(path.name + PART)

    def proofs(self) -> Mapping[str, Proof]:
        """What the receipt says, by path; nothing where there is none or where it is damaged."""
        path = self.folder / RECEIPT
        try:
            if path.stat().st_size > LONGEST_RECEIPT_BYTES:
                return {}
            listed = json.loads(path.read_text(encoding="utf-8"))["files"]
            return {name: proof for name, one in listed.items() if (proof := _proof(one)) is not None}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def prove(self, file: WeightFile, proof: Proof) -> None:
        """Write down that a file is complete. Raises `OSError`."""
        proofs = {**self.proofs(), file.path: proof}
        value = {"id": self.entry.id, "files": {name: asdict(one) for name, one in sorted(proofs.items())}}
        put(self.folder / RECEIPT, json.dumps(value, indent=1))

    def expected(self, file: WeightFile) -> str | None:
        """The checksum that a file must have: the catalogue's, else that of the first pull."""
        if file.sha256:
            return file.sha256
        proof = self.proofs().get(file.path)
        return proof.sha256 if proof else None

    def state(self) -> State:
        """How the entry is, by lengths; only `checksum` reads the files."""
        proofs = self.proofs()
        sizes = [_size(self.folder / file.path) for file in self.entry.files]
        proven = [proofs.get(file.path) for file in self.entry.files]
        if any(
            proof and size is not None and size != proof.size_bytes for proof, size in zip(proven, sizes, strict=True)
        ):
            return "changed"
        if all(proof and size is not None for proof, size in zip(proven, sizes, strict=True)):
            return "here"
        return "partial" if self.size_bytes() else "missing"

    def size_bytes(self) -> int:
        """Bytes on the disk, with what is not complete."""
        return sum(_size(path) or 0 for file in self.entry.files for path in (self._raw(file), self._raw(file, PART)))

    def remove(self) -> int:
        """Take the entry's files away, and its folder where nothing else lies in it; the bytes that are free now.

        Raises `OSError`. Files that are not the entry's stay.
        """
        before = self.size_bytes()
        paths = [self._raw(file, ending) for file in self.entry.files for ending in ("", PART, f"{PART}.json")]
        for path in (*paths, *(self.folder / name for name in (RECEIPT, f"{RECEIPT}.new", LOCK))):
            if _stays_below(path, self.folder.parent.parent):
                path.unlink(missing_ok=True)
        folders = {path.parent for path in paths} | {self.folder}
        for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return before - self.size_bytes()

    def _raw(self, file: WeightFile, ending: str = "") -> Path:
        path = self.folder / file.path
        return path.with_name(path.name + ending)


def shelf(root: Path, entry: Entry) -> Shelf:
    """The place of an entry below the folder of weights."""
    return Shelf(root / entry.kind / entry.id, entry)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have a folder to oneself among the processes of this machine. Raises `SparkError` where somebody else has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("ab") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SparkError(
                f"another process is getting what belongs into {folder}", code="locked", fix="wait until it is done"
            ) from None
        yield


def checksum(path: Path) -> Generator[int, None, str]:
    """The SHA-256 of a file; yields the bytes read so far after every megabyte. Raises `OSError`."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            yield done
    return digest.hexdigest()


def put(path: Path, text: str) -> None:
    """Put a small text in the place of a file: all of it or, with an `OSError`, nothing."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _proof(value: Any) -> Proof | None:
    size, sha256 = value["size_bytes"], value["sha256"]
    if not isinstance(size, int) or not isinstance(sha256, str) or len(sha256) != 64:
        return None
    return Proof(size, sha256, "catalogue" if value.get("by") == "catalogue" else "first pull")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _stays_below(path: Path, root: Path) -> bool:
    """Whether a path, links followed, lies below `root`, links followed: the user may link the folder itself."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False
