"""The viewers who are not answered."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from pydantic import TypeAdapter, ValidationError

from spark_vtuber.app.keepsake import Keepsake
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.steering import Viewer

_VIEWERS = TypeAdapter(list[Viewer])


def viewer_key(source: str, author: str) -> str:
    """What stands for a platform's id: it can be shown and written down, and does not tell the id."""
    return blake2b(f"{source}\0{author}".encode("utf-8", "replace"), digest_size=8).hexdigest()


class IgnoredViewers:
    """Who is ignored; changes outlive the show and are announced."""

    def __init__(self, keepsake: Keepsake, clock: Clock, announce: Announce) -> None:
        self._keepsake = keepsake
        self._clock = clock
        self._announce = announce
        self._viewers = {viewer.key: viewer for viewer in _read(keepsake.read())}

    def is_ignored(self, source: str, author: str) -> bool:
        """Whether the author of that id is not to be answered."""
        return bool(self._viewers) and viewer_key(source, author) in self._viewers

    async def add(self, source: str, author: str, name: str) -> Viewer:
        """Ignore an author from now on; one who is ignored stays as noted first."""
        key = viewer_key(source, author)
        if key not in self._viewers:
            self._viewers[key] = Viewer(key, name, source, self._clock.unix_ms())
            self._announce("ignored", key=key, name=name, on=True)
            await self._write()
        return self._viewers[key]

    async def remove(self, key: str) -> Viewer | None:
        """Ignore a viewer no longer; gives who it was."""
        viewer = self._viewers.pop(key, None)
        if viewer is not None:
            self._announce("ignored", key=key, name=viewer.name, on=False)
            await self._write()
        return viewer

    def all(self) -> Sequence[Viewer]:
        """Everybody who is ignored, the newest first."""
        return tuple(reversed(self._viewers.values()))

    async def _write(self) -> None:
        await self._keepsake.write(_VIEWERS.dump_python(list(self._viewers.values()), mode="json"))


def _read(value: Any | None) -> list[Viewer]:
    """The viewers in a file; entries that are none are left out."""
    found = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, Mapping):
            try:
                found += _VIEWERS.validate_python([entry])
            except ValidationError:
                continue
    return found
