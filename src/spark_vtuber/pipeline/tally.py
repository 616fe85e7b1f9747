"""What became of every line: counted, announced, and kept for the list of lines."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from spark_vtuber.core.clock import Clock, SystemClock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.steering import cue_key, emote_views
from spark_vtuber.core.turns import Reason, TurnRecord
from spark_vtuber.pipeline.choosing.owed import Owed
from spark_vtuber.pipeline.choosing.sentiment import Sentiment
from spark_vtuber.pipeline.lines import Lines

TOLD_PER_S: Final = 20
"""Lines without room that are told of one by one in a second."""

FELT: Final = 0.05
FEELING_EVERY_S: Final = 2.0
"""The room's sentiment is told of when it changed by so much, and at most so often."""


class Tally:
    """Every line that is not answered is counted here, once, with its reason; `count` is told the reason too.

    `trace` makes of a blocked text what may be kept of it: a hash, or nothing. `owed` are the paid lines that wait for
    thanks, `sentiment` is how the room feels. `on_admission` is told how many seconds each line waited for the guard.
    """

    def __init__(
        self,
        announce: Announce,
        count: Callable[[str], None],
        lines: Lines | None = None,
        trace: Callable[[str], str] = lambda _: "",
        clock: Clock | None = None,
    ) -> None:
        self._announce = announce
        self._trace = trace
        self._count = count
        self.lines = lines
        self.received = 0
        self.dropped: dict[Reason, int] = dict.fromkeys(Reason, 0)
        self.owed = Owed()
        self.sentiment = Sentiment()
        self._clock = clock or SystemClock()
        self._told_feeling = (0.0, -FEELING_EVERY_S)
        self._second_s = 0.0
        self._no_room = 0
        self.on_admission: Callable[[float], None] = lambda _: None

    def count(self, reason: Reason) -> None:
        """Something gets no answer that no event tells of."""
        self.dropped[reason] += 1
        self._count(reason.value)

    def line_admitted(self, event: ChatEvent, mended: str) -> None:
        """A line passed gates and guard; `mended` says why its text is not as it was written."""
        self.owed.owe(event, self._clock.unix_ms())
        self._feel(event.text)
        if self.lines is not None:
            self.lines.waiting(event)
        self._announce(
            "chat.received",
            id=event.id,
            source=event.source,
            kind=event.kind.value,
            author=event.author.name,
            text=event.text,
            amount=event.amount,
            mended=mended,
            emotes=emote_views(event.source, event.emote_spans),
        )

    def cue_chosen(
        self, cue: Cue, turn: TurnId, persona: PersonaId, scores: dict[str, float], among: int, reasons: Sequence[str]
    ) -> None:
        """A turn answers a cue."""
        if self.lines is not None:
            self.lines.chosen(cue, turn, scores)
        self._announce(
            "chat.chosen",
            turn=turn,
            id=cue_key(cue),
            persona=persona,
            scores=scores,
            among=among,
            reasons=list(reasons),
            asked_by=cue.asked_by,
        )

    def lines_erased(self, is_meant: Callable[[ChatEvent], bool]) -> None:
        """Lines were taken back: their words are neither kept nor to be shown any more."""
        erased = self.lines.retract(is_meant) if self.lines is not None else []
        if erased:
            self._announce("chat.erased", ids=erased)

    def cue_returned(self, cue: Cue) -> None:
        """A cue waits once more: its answer was cut before it was heard."""
        if cue.event is not None:
            if self.lines is not None:
                self.lines.returned(cue.event)
            self._announce("chat.returned", id=cue.event.id, source=cue.event.source)

    def cue_given_up(self, cue: Cue) -> None:
        """Nobody will be thanked for a cue any more."""
        if cue.event is not None:
            self.owed.settle(cue.event)

    def turn_ended(self, record: TurnRecord) -> None:
        """A turn is over: its line was answered, or was not."""
        if record.cue.event is not None and record.is_answered:
            self.owed.settle(record.cue.event)
        if self.lines is not None:
            self.lines.ended(record)

    def line_refused(self, event: ChatEvent, reason: Reason) -> None:
        """A line gets no answer; the guard has not seen it, so its words are not kept.

        Where the room is louder than anybody can read, lines that found no room are told of in sums.
        """
        if reason is Reason.FULL and self._is_flooded():
            self.count(reason)
            return
        if self.lines is not None:
            self.lines.refused(event, reason)
        self._drop(event, reason)

    def cue_dropped(
        self, cue: Cue, reason: Reason, scores: Mapping[str, float] | None = None, joined: ChatEvent | None = None
    ) -> None:
        """A cue gets no answer of its own; one that no line stands behind is only counted.

        `scores` are what it was worth, `joined` is the line that it is answered with.
        """
        if cue.event is None:
            self.count(reason)
            return
        self.owed.settle(cue.event)
        if self.lines is not None:
            self.lines.dropped(cue.event, reason, scores, joined)
        self._drop(cue.event, reason, scores, joined)

    def line_blocked(self, event: ChatEvent, rule: str, reason: str) -> None:
        """The guard refused a line; neither its text nor its author is told."""
        if self.lines is not None:
            self.lines.blocked(event, rule, reason)
        self.count(Reason.BLOCKED)
        self._feel(event.text)
        digest = self._trace(event.text)
        self._announce("chat.blocked", id=event.id, source=event.source, rule=rule, reason=reason, digest=digest)

    def _is_flooded(self) -> bool:
        """Whether this second has had its share of lines without room; sums of the last one are told of."""
        now_s = self._clock.now()
        if now_s - self._second_s >= 1.0:
            untold = self._no_room - TOLD_PER_S
            if untold > 0:
                self._announce("chat.flood", lines=untold, seconds=round(min(now_s - self._second_s, 60.0), 1))
            self._second_s, self._no_room = now_s, 0
        self._no_room += 1
        return self._no_room > TOLD_PER_S

    def _feel(self, text: str) -> None:
        """Take a line into the room's sentiment, and tell of it where it changed."""
        now_s = self._clock.now()
        self.sentiment.hear(text, now_s)
        value = round(self.sentiment.at(now_s), 2)
        told, told_s = self._told_feeling
        if abs(value - told) >= FELT and now_s - told_s >= FEELING_EVERY_S:
            self._told_feeling = (value, now_s)
            self._announce("sentiment", value=value)

    def _drop(
        self,
        event: ChatEvent,
        reason: Reason,
        scores: Mapping[str, float] | None = None,
        joined: ChatEvent | None = None,
    ) -> None:
        self.count(reason)
        told: dict[str, Any] = {"id": event.id, "source": event.source, "reason": reason.value}
        if scores:
            told["scores"] = dict(scores)
        if joined is not None:
            told["joined"] = joined.id
        self._announce("chat.dropped", **told)
