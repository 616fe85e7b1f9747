"""Counts what leaves without an answer, and says so."""

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.turns import Reason


class Tally:
    """Every line that is not answered is counted here, once, with its reason."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self.received = 0
        self.dropped: dict[Reason, int] = dict.fromkeys(Reason, 0)

    def line_dropped(self, event: ChatEvent, reason: Reason) -> None:
        """A line gets no answer."""
        self.dropped[reason] += 1
        self._announce("chat.dropped", id=event.id, source=event.source, reason=reason.value)

    def cue_dropped(self, cue: Cue, reason: Reason) -> None:
        """A cue gets no answer; one that no line stands behind is only counted."""
        if cue.event is not None:
            self.line_dropped(cue.event, reason)
        else:
            self.dropped[reason] += 1

    def line_blocked(self, event: ChatEvent, rule: str, reason: str) -> None:
        """The guard refused a line; neither its text nor its author is told."""
        self.dropped[Reason.BLOCKED] += 1
        self._announce("chat.blocked", id=event.id, source=event.source, rule=rule, reason=reason)
