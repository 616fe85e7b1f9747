"""A small file of the data directory that outlives the show."""

import json
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from spark_vtuber.app.environment import Aside
from spark_vtuber.core.keepsake import Keepsake

__all__ = ["FileKeepsake", "Keepsake", "replace_file"]


class FileKeepsake:
    """A keepsake in a JSON file: after a crash at any instant it holds the old value or the new one, whole."""

    def __init__(self, path: Path, log: logging.Logger, aside: Aside = anyio.to_thread.run_sync) -> None:
        """`aside` runs a function that touches the disk, outside of the loop."""
        self._path = path
        self._aside = aside
        self._log = log
        self._writing = anyio.Lock()

    def read(self) -> Any | None:
        """As the protocol says; a damaged file is left where it is until the next write."""
        try:
            return json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            self._log.warning("%s cannot be read and is ignored: %s", self._path.name, error)
            return None

    async def write(self, value: Any) -> None:
        """As the protocol says; writes come one after the other, also where the caller is cancelled."""
        text = json.dumps(value, ensure_ascii=False, indent=1)
        with anyio.CancelScope(shield=True):
            async with self._writing:
                try:
                    await self._aside(partial(replace_file, self._path, text))
                except OSError as error:
                    self._log.warning("%s cannot be written: %s", self._path.name, error)


def replace_file(path: Path, text: str) -> None:
    """Put a text in the place of a file: all of it or, with an `OSError`, nothing. Only its owner may read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
