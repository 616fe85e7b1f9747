"""Whoever paid and was not thanked yet."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import anyio

from spark_vtuber.core.events import PAID_KINDS, ChatEvent

CAPACITY: Final = 200


class Owed:
    """Paid lines that the guard let in and that no answer was heard for; the newest `capacity` of them.

    They outlive the show: whoever keeps them waits for `change`.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lines: OrderedDict[tuple[str, str], tuple[ChatEvent, int]] = OrderedDict()
        self._changed = anyio.Event()

    def owe(self, event: ChatEvent, now_ms: int) -> None:
        """A guarded line waits for thanks, if something was given with it."""
        if event.kind not in PAID_KINDS:
            return
        self._lines.setdefault((event.source, event.id), (event, now_ms))
        if len(self._lines) > self._capacity:
            self._lines.popitem(last=False)
        self._change()

    def settle(self, event: ChatEvent) -> None:
        """A line was thanked for, or will not be."""
        if self._lines.pop((event.source, event.id), None) is not None:
            self._change()

    def lines(self) -> Sequence[tuple[ChatEvent, int]]:
        """The lines and since when they wait (wall time in ms), the oldest first."""
        return tuple(self._lines.values())

    async def change(self) -> None:
        """Wait until the lines are others than now."""
        await self._changed.wait()

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
