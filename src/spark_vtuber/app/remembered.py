"""What choosing remembers beyond one life of the show: who came back, and who paid and was not thanked yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import anyio
from pydantic import TypeAdapter, ValidationError

from spark_vtuber.app.house import House
from spark_vtuber.app.keepsake import FileKeepsake
from spark_vtuber.app.viewers import viewer_key
from spark_vtuber.core.events import PAID_KINDS, ChatEvent
from spark_vtuber.pipeline.choosing.owed import Owed
from spark_vtuber.pipeline.choosing.regulars import Regulars

SETTLE_S: Final = 1.0
"""What changes within this time is written at once."""

LOOK_S: Final = 300.0
OLDEST_MS: Final = 12 * 3_600_000
"""Thanks that come later than this are for another stream."""

_EVENT: Final = TypeAdapter(ChatEvent)


class Remembered:
    """Two small files of the data directory; viewers are named in the first by a key that tells nothing of them."""

    def __init__(self, house: House) -> None:
        folder, log, aside = Path(house.config.data.dir), house.around.log, house.around.aside
        self._clock = house.around.clock
        self._regulars_file = FileKeepsake(folder / "regulars.json", log, aside)
        self._owed_file = FileKeepsake(folder / "unthanked.json", log, aside)
        self.regulars = Regulars(viewer_key, self._regulars_file.read())
        self._unthanked = _events(self._owed_file.read(), self._clock.unix_ms())

    def visits(self, event: ChatEvent) -> int:
        """How many streams the author of an event came to."""
        return self.regulars.meet(event.source, event.author.id, self._clock.unix_ms())

    def give_back(self, receive: Callable[[ChatEvent], None]) -> None:
        """Hand in again whatever was paid for and not thanked in the last life of the show; it is guarded anew."""
        unthanked, self._unthanked = self._unthanked, []
        for event in unthanked:
            receive(event)

    async def keep(self, owed: Owed) -> None:
        """Write down what changes, for ever, and once more at the end."""
        try:
            while True:
                with anyio.move_on_after(LOOK_S):
                    await owed.change()
                    await anyio.sleep(SETTLE_S)
                    await self._write_owed(owed)
                await self._write_regulars()
        finally:
            with anyio.CancelScope(shield=True):
                await self._write_owed(owed)
                await self._write_regulars()

    async def _write_owed(self, owed: Owed) -> None:
        lines = [{"at_ms": at_ms, "event": _EVENT.dump_python(event, mode="json")} for event, at_ms in owed.lines()]
        await self._owed_file.write(lines)

    async def _write_regulars(self) -> None:
        if self.regulars.is_changed:
            await self._regulars_file.write(self.regulars.entries())


def _events(kept: Any, now_ms: int) -> list[ChatEvent]:
    """The paid lines in a file; what is none, and what is too old, is left out."""
    events = []
    for entry in kept if isinstance(kept, list) else ():
        try:
            at_ms, event = int(entry["at_ms"]), _EVENT.validate_python(entry["event"])
        except (KeyError, TypeError, ValueError, ValidationError):
            continue
        if event.kind in PAID_KINDS and now_ms - at_ms < OLDEST_MS:
            events.append(event)
    return events
