"""A recording on disk: a WAV file and its timeline beside it, written by a thread of their own."""

import json
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import anyio
from anyio import to_thread

from spark_vtuber.core.audio import BYTES_PER_SAMPLE
from spark_vtuber.core.errors import EngineError

MAX_PENDING_BYTES: Final = 32 * 1024 * 1024
"""A disk that is this far behind has failed; eleven minutes of sound at 24 kHz."""

_UNKNOWN: Final = 0xFFFFFFFF
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


def wav_header(sample_rate: int, data_bytes: int) -> bytes:
    """The 44 bytes before s16le mono PCM (RIFF WAVE, format 1). Sizes beyond 4 GiB are written as the largest."""
    data = min(data_bytes, _UNKNOWN - 36)
    byte_rate = sample_rate * BYTES_PER_SAMPLE
    return _HEADER.pack(
        b"RIFF", data + 36, b"WAVE", b"fmt ", 16, 1, 1, sample_rate, byte_rate, BYTES_PER_SAMPLE, 16, b"data", data
    )


class TapeFiles:
    """The two files of a recording. Blocks on the disk; raises `OSError`.

    Until `close` the header says "as long as it gets", which players read as up to the end of the file. The timeline
    is `{"version": 1, "sample_rate", "events": […], "samples"}`.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._bytes = 0
        self._separator = "\n"
        self._sound = path.open("wb")
        try:
            self._events = path.with_suffix(".json").open("w", encoding="utf-8", newline="\n")
            self._sound.write(wav_header(sample_rate, _UNKNOWN))
            self._events.write(f'{{"version": 1, "sample_rate": {sample_rate}, "events": [')
        except OSError:
            self._sound.close()
            raise

    def sound(self, pcm: bytes) -> None:
        """Append sound."""
        self._sound.write(pcm)
        self._bytes += len(pcm)

    def note(self, event: dict[str, Any]) -> None:
        """Append an entry, one a line."""
        self._events.write(self._separator + json.dumps(event))
        self._separator = ",\n"

    def close(self) -> None:
        """Complete both files."""
        with self._sound, self._events:
            self._events.write(f'\n], "samples": {self._bytes // BYTES_PER_SAMPLE}}}\n')
            self._sound.seek(0)
            self._sound.write(wav_header(self._sample_rate, self._bytes))


class FileTape:
    """A `Tape` on disk. Calls never wait for the disk; they raise `EngineError("stage_failed")` when it has failed."""

    def __init__(self, path: Path, sample_rate: int) -> None:
        self._path = path
        self._files = TapeFiles(path, sample_rate)
        self._work: SimpleQueue[bytes | dict[str, Any] | None] = SimpleQueue()
        self._written = self._put = 0
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._write, name="tape", daemon=True)
        self._thread.start()

    def sound(self, pcm: bytes) -> None:
        self._check()
        self._put += len(pcm)
        self._work.put(pcm)

    def note(self, event: dict[str, Any]) -> None:
        self._check()
        self._work.put(event)

    def close(self) -> None:
        """Wait until everything is on disk. Raises `EngineError("stage_failed")` where it could not be written."""
        self._work.put(None)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise EngineError(
                "stage_failed",
                f"the recording {self._path} cannot be written: {self._error}",
                fix="free some disk space",
            ) from self._error
        if self._put - self._written > MAX_PENDING_BYTES:
            raise EngineError("stage_failed", f"the disk is too slow for the recording {self._path}")

    def _write(self) -> None:
        try:
            while (item := self._work.get()) is not None:
                if isinstance(item, bytes):
                    self._files.sound(item)
                    self._written += len(item)
                else:
                    self._files.note(item)
        except OSError as error:
            self._error = error
        try:
            self._files.close()
        except OSError as error:
            self._error = self._error or error


@asynccontextmanager
async def open_tape(path: Path, sample_rate: int) -> AsyncIterator[FileTape]:
    """A recording at `path` (`.wav`; the timeline gets `.json`); complete on disk when the context is left.

    Files that exist are replaced. Raises `EngineError("stage_failed")` where they cannot be opened or written.
    """
    try:
        tape = await to_thread.run_sync(FileTape, path, sample_rate)
    except OSError as error:
        raise EngineError(
            "stage_failed", f"the recording {path} cannot be opened: {error}", fix="choose a folder you can write to"
        ) from error
    try:
        yield tape
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(tape.close)
