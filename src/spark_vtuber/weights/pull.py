"""Getting the files of an entry: room, retries, checksums, and each in its place by one step. Blocks."""

import os
import random
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights.entry import WeightFile
from spark_vtuber.weights.receipts import Proof, Shelf, alone, checksum
from spark_vtuber.weights.transfer import Fetched, Source, TransferError, fetch

MOST_FAILURES: Final = 5
"""In a row without a byte more."""

LONGEST_WAIT_S: Final = 30.0
RESERVE_BYTES: Final = 512 * 1024 * 1024
"""Room that stays free: the journal and the system need some."""

GB: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pull is: the file, how far that is, whether its bytes come or are read again, and why it waits."""

    file: WeightFile
    done_bytes: int
    of_bytes: int | None
    step: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Means:
    """What a pull works with; tests give their own."""

    client: httpx.Client
    base_url: str
    largest_bytes: int
    token: str = field(default="", repr=False)
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    wait: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random)


def pull(shelf: Shelf, means: Means) -> Generator[Progress, None, None]:
    """Get what an entry lacks. The steps are `kept`, `checking`, `fetching`, `waiting` and `done`.

    Closing the iterator cancels it; what came stays for the next time. A file without a published checksum is told with
    `done` and the detail `first pull`: its checksum is written down and must be the same ever after.

    Raises:
        SparkError: what went wrong, with its fix; `disk_full` before anything is fetched where that can be foreseen.
    """
    with alone(shelf.folder):
        yield from _pulled(shelf, means)


def _pulled(shelf: Shelf, means: Means) -> Iterator[Progress]:
    proofs = shelf.proofs()
    missing = [file for file in shelf.entry.files if not _is_here(shelf, file, proofs)]
    for file in shelf.entry.files:
        if file not in missing:
            yield Progress(file, proofs[file.path].size_bytes, proofs[file.path].size_bytes, "kept")
    _find_room(shelf, missing, means)
    for file in missing:
        yield from _adopted(shelf, file) if shelf.path(file).exists() else _fetched(shelf, file, means)


def verify(shelf: Shelf) -> Generator[Progress, None, None]:
    """Read every file again; `done` for each that is as it must be, `wrong` or `missing` with the reason else.

    Blocks. A file without a known checksum is `unproven`. Raises `SparkError` for what cannot be read.
    """
    proofs = shelf.proofs()
    for file in shelf.entry.files:
        path, expected, proof = shelf.path(file), shelf.expected(file), proofs.get(file.path)
        if not path.is_file():
            yield Progress(file, 0, file.size_bytes, "missing", "it is not here: spark-vtuber models pull")
            continue
        size = path.stat().st_size
        found = yield from _hashed(path, file, size)
        if expected is None:
            yield Progress(file, size, size, "unproven", "nobody published its checksum, and no pull wrote one down")
        elif found != expected:
            known = "the catalogue's" if file.sha256 else "that of the first pull"
            yield Progress(file, size, size, "wrong", f"its SHA-256 is {found[:12]}…, {known} is {expected[:12]}…")
        else:
            yield Progress(file, size, size, "done", proof.by if proof else "catalogue")


def _is_here(shelf: Shelf, file: WeightFile, proofs: Mapping[str, Proof]) -> bool:
    proof, path = proofs.get(file.path), shelf.path(file)
    if proof is None or not path.is_file() or path.stat().st_size != proof.size_bytes:
        return False
    return file.sha256 in (None, proof.sha256)


def _find_room(shelf: Shelf, missing: list[WeightFile], means: Means) -> None:
    needed = 0
    for file in missing:
        part = shelf.part(file)
        there = part.stat().st_size if part.is_file() else 0
        needed += max(0, (file.size_bytes or 0) - there)
    place = next(one for one in (shelf.folder, *shelf.folder.absolute().parents) if one.is_dir())
    free = means.free_bytes(place)
    if missing and needed + RESERVE_BYTES > free:
        raise SparkError(
            f"{shelf.entry.id} needs {needed / GB:.1f} GB, and {free / GB:.1f} GB are free in {place}; "
            f"{RESERVE_BYTES / GB:.1f} GB stay free for the show",
            code="disk_full",
            fix="make room (spark-vtuber models list shows what lies there), or set [weights] dir to another disk",
        )


def _adopted(shelf: Shelf, file: WeightFile) -> Iterator[Progress]:
    """A file lies there that no pull of ours completed: it is taken where its checksum is the known one."""
    path = shelf.path(file)
    size = path.stat().st_size
    found = yield from _hashed(path, file, size)
    expected = shelf.expected(file)
    if expected is not None and found != expected:
        raise SparkError(
            f"{path} is another file than the catalogue means, or damaged",
            code="wrong_checksum",
            fix=f"spark-vtuber models remove {shelf.entry.id}, then pull it again",
        )
    yield _proven(shelf, file, size, found)


def _hashed(path: Path, file: WeightFile, size: int) -> Generator[Progress, None, str]:
    reading = checksum(path)
    try:
        while True:
            try:
                done = next(reading)
            except StopIteration as end:
                return str(end.value)
            yield Progress(file, done, size, "checking")
    except OSError as error:
        raise SparkError(f"{path} cannot be read: {error.strerror}", code="disk", fix="look at the disk") from error


def _fetched(shelf: Shelf, file: WeightFile, means: Means) -> Iterator[Progress]:
    part, failures, done = shelf.part(file), 0, 0
    was_resumed = part.exists()
    while True:
        try:
            with closing(fetch(means.client, _source(shelf, file, means), part)) as pieces:
                for piece in pieces:
                    failures = 0 if piece.done_bytes > done else failures
                    done = max(done, piece.done_bytes)
                    yield Progress(file, piece.done_bytes, piece.of_bytes, "fetching")
                    if piece.sha256:
                        yield _placed(shelf, file, piece)
                        return
        except TransferError as error:
            if error.code == "wrong_checksum" and was_resumed:
                was_resumed = False
                yield Progress(
                    file, 0, file.size_bytes, "waiting", "the part was of another file: once more from the start"
                )
                continue
            failures += 1
            if not error.retryable or failures >= MOST_FAILURES:
                raise
            wait_s = _wait_s(error, failures, means.rng)
            yield Progress(file, done, file.size_bytes, "waiting", f"{error.message}; again in {wait_s:.0f} s")
            means.wait(wait_s)
            was_resumed = part.exists()


def _wait_s(error: TransferError, failures: int, rng: random.Random) -> float:
    """As the server says, else twice as long after each failure, with jitter so that many do not come at once."""
    if error.wait_s is not None:
        return error.wait_s
    return min(LONGEST_WAIT_S, 2.0 ** (failures - 1)) * rng.uniform(0.5, 1.0)


def _source(shelf: Shelf, file: WeightFile, means: Means) -> Source:
    is_hub = "://" not in file.at
    return Source(
        url=file.url(means.base_url),
        size_bytes=file.size_bytes,
        sha256=shelf.expected(file),
        limit_bytes=file.size_bytes or means.largest_bytes,
        headers={"authorization": f"Bearer {means.token}"} if means.token and is_hub else {},
    )


def _placed(shelf: Shelf, file: WeightFile, piece: Fetched) -> Progress:
    path = shelf.path(file)
    try:
        shelf.part(file).replace(path)
        _settle(path.parent)
        return _proven(shelf, file, piece.done_bytes, piece.sha256)
    except OSError as error:
        raise SparkError(f"{path} cannot be written: {error.strerror}", code="disk", fix="set [weights] dir") from error


def _proven(shelf: Shelf, file: WeightFile, size: int, found: str) -> Progress:
    proof = Proof(size, found, "catalogue" if file.sha256 else "first pull")
    shelf.prove(file, proof)
    return Progress(file, size, size, "done", proof.by)


def _settle(folder: Path) -> None:
    """Have the new name on the disk; Windows has no such call, and writes names through."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
