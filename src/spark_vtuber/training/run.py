"""Starts the workers that train and convert, and passes on what they tell."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.abc

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.frames import FrameReader
from spark_vtuber.training import recipe

LORA: Final = "spark_vtuber.training.workers.lora"
GGUF: Final = "spark_vtuber.training.workers.gguf_adapter"
INSTALL: Final = 'pip install "spark-vtuber[train]"'

PAUSE_S: Final = 60.0
"""How long a training that was asked to pause may take to save where it is."""

LOG: Final = "log.txt"
LAST_WORDS: Final = 2_000
_LAST_KINDS: Final = frozenset({"end", "cancelled"})

Told = Mapping[str, Any]
"""A frame of a worker, as the workers' pages describe them; the last one is `end` or `cancelled`."""


async def train(folder: Path, python: str = sys.executable) -> AsyncGenerator[Told, None]:
    """Train in the folder that `training.recipe` has written, or go on where it stopped.

    Closing the generator or cancelling the caller pauses the training: a checkpoint is saved first, for which the
    worker has `PAUSE_S`.

    Raises:
        SparkError: of the code the worker gave, `not_installed` without the extra, `training_failed` where it died.
    """
    async with aclosing(_running(python, LORA, [str(folder)], folder / LOG)) as told:
        async for one in told:
            yield one


async def convert(folder: Path, python: str = sys.executable) -> Path:
    """Write the finished adapter of the folder for llama.cpp too; gives the file.

    Raises:
        SparkError: as `train`; `not_converted` where llama.cpp's names of the model's layers are not known here.
    """
    made = recipe.read(folder)
    file = folder / f"{made.name}.gguf"
    partial = folder / f"{made.name}.gguf.part"
    argv = [str(folder / recipe.ADAPTER), made.base, str(partial)]
    async with aclosing(_running(python, GGUF, argv, folder / LOG)) as told:
        async for _ in told:
            pass
    partial.replace(file)
    return file


async def _running(python: str, module: str, argv: Sequence[str], log: Path) -> AsyncGenerator[Told, None]:
    command = [python, "-X", "utf8", "-P", "-m", module, *argv]
    with log.open("ab") as words:
        process = await anyio.open_process(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=os.name == "posix",
        )
    reader, last = FrameReader(), None
    try:
        async for data in _piped(process.stdout):
            for frame in reader.feed(data):
                last = frame.header
                if last.get("type") == "error":
                    raise _failed(last)
                yield last
    finally:
        with anyio.CancelScope(shield=True):
            await _leave(process)
    if last is None or last.get("type") not in _LAST_KINDS:
        raise _died(log)


async def _leave(process: anyio.abc.Process) -> None:
    """Close its stdin, which asks it to pause; kill it where it does not."""
    if process.stdin is not None:
        await process.stdin.aclose()
    with anyio.move_on_after(PAUSE_S):
        await process.wait()
    if process.returncode is None:
        process.kill()
    await process.aclose()


def _piped(stream: anyio.abc.ByteReceiveStream | None) -> anyio.abc.ByteReceiveStream:
    if stream is None:
        raise RuntimeError("the worker was started without pipes")
    return stream


def _failed(told: Told) -> SparkError:
    code, message, fix = (str(told.get(name, "")) for name in ("code", "message", "fix"))
    return SparkError(message, code=code or "training_failed", fix=fix)


def _died(log: Path) -> SparkError:
    words = log.read_bytes()[-LAST_WORDS:].decode("utf-8", "replace")
    line = next((one.strip() for one in reversed(words.splitlines()) if one.strip()), "it said nothing")
    if line.startswith(("ModuleNotFoundError", "ImportError")):
        return SparkError(f"training needs more packages: {line}", code="not_installed", fix=INSTALL)
    text = "".join(char if char.isprintable() else " " for char in line)
    return SparkError(f"the training ended by itself: {text}", code="training_failed", fix=f"see {log}")
