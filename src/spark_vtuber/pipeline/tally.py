"""Counts what leaves without an answer, and says so."""

from collections.abc import Callable

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.turns import Reason


class Tally:
    """Every line that is not answered is counted here, once, with its reason; `count` is told the reason too."""

    def __init__(self, announce: Announce, count: Callable[[str], None]) -> None:
        self._announce = announce
        self._count = count
        self.received = 0
        self.dropped: dict[Reason, int] = dict.fromkeys(Reason, 0)

    def count(self, reason: Reason) -> None:
        """Something gets no answer that no event tells of."""
        self.dropped[reason] += 1
        self._count(reason.value)

    def line_dropped(self, event: ChatEvent, reason: Reason) -> None:
        """A line gets no answer."""
        self.count(reason)
        self._announce("chat.dropped", id=event.id, source=event.source, reason=reason.value)

    def cue_dropped(self, cue: Cue, reason: Reason) -> None:
        """A cue gets no answer; one that no line stands behind is only counted."""
        if cue.event is not None:
            self.line_dropped(cue.event, reason)
        else:
            self.count(reason)

    def line_blocked(self, event: ChatEvent, rule: str, reason: str) -> None:
        """The guard refused a line; neither its text nor its author is told."""
        self.count(Reason.BLOCKED)
        self._announce("chat.blocked", id=event.id, source=event.source, rule=rule, reason=reason)
