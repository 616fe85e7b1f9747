"""What waits to be sent to one client: bounded, in order, and cut short when a turn is cancelled."""

from collections import deque
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

import anyio

MAX_BEHIND_S: Final = 5.0
"""More unsent sound than this and the client has to start anew (close code 1013)."""

MAX_FRAMES: Final = 2_048
"""The same for frames, which bounds the text as well."""


@dataclass(frozen=True, slots=True)
class _Item:
    frame: str | bytes
    utterance: int | None
    sound_s: float


class Outbox:
    """Frames for one client. A client that is behind gets nothing more."""

    __slots__ = ("_filled", "_items", "_sound_s", "is_behind")

    def __init__(self) -> None:
        self._items: deque[_Item] = deque()
        self._sound_s = 0.0
        self._filled = anyio.Event()
        self.is_behind = False

    def put(self, frame: str | bytes, *, utterance: int | None = None, sound_s: float = 0.0) -> None:
        """Add a frame. Too much already waiting: everything is dropped and the client is behind."""
        if self.is_behind:
            return
        if self._sound_s > MAX_BEHIND_S or len(self._items) >= MAX_FRAMES:
            self._items.clear()
            self.is_behind = True
        else:
            self._items.append(_Item(frame, utterance, sound_s))
            self._sound_s += sound_s
        self._filled.set()

    def take(self) -> str | bytes | None:
        """The next frame; None while there is none."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._sound_s = self._sound_s - item.sound_s if self._items else 0.0
        return item.frame

    def drop(self, utterances: Container[int]) -> None:
        """Forget the unsent frames of these utterances."""
        self._items = deque(item for item in self._items if item.utterance not in utterances)
        self._sound_s = sum(item.sound_s for item in self._items)

    async def wait(self, timeout_s: float) -> None:
        """Return as soon as there is a frame or the client is behind, or when the time is over."""
        if self._items or self.is_behind:
            return
        self._filled = anyio.Event()
        with anyio.move_on_after(timeout_s):
            await self._filled.wait()
