"""What became of every line: counted, announced, and kept for the list of lines."""

from collections.abc import Callable, Sequence

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.steering import cue_key, emote_views
from spark_vtuber.core.turns import Reason, TurnRecord
from spark_vtuber.pipeline.lines import Lines


class Tally:
    """Every line that is not answered is counted here, once, with its reason; `count` is told the reason too.

    `trace` makes of a blocked text what may be kept of it: a hash, or nothing.
    """

    def __init__(
        self,
        announce: Announce,
        count: Callable[[str], None],
        lines: Lines | None = None,
        trace: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._announce = announce
        self._trace = trace
        self._count = count
        self.lines = lines
        self.received = 0
        self.dropped: dict[Reason, int] = dict.fromkeys(Reason, 0)

    def count(self, reason: Reason) -> None:
        """Something gets no answer that no event tells of."""
        self.dropped[reason] += 1
        self._count(reason.value)

    def line_admitted(self, event: ChatEvent, mended: str) -> None:
        """A line passed gates and guard; `mended` says why its text is not as it was written."""
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
        )

    def lines_erased(self, is_meant: Callable[[ChatEvent], bool]) -> None:
        """Lines were taken back: their words are neither kept nor to be shown any more."""
        erased = self.lines.retract(is_meant) if self.lines is not None else []
        if erased:
            self._announce("chat.erased", ids=erased)

    def turn_ended(self, record: TurnRecord) -> None:
        """A turn is over: its line was answered, or was not."""
        if self.lines is not None:
            self.lines.ended(record)

    def line_refused(self, event: ChatEvent, reason: Reason) -> None:
        """A line gets no answer; the guard has not seen it, so its words are not kept."""
        if self.lines is not None:
            self.lines.refused(event, reason)
        self._drop(event, reason)

    def line_dropped(self, event: ChatEvent, reason: Reason) -> None:
        """A line that passed the guard gets no answer."""
        if self.lines is not None:
            self.lines.dropped(event, reason)
        self._drop(event, reason)

    def cue_dropped(self, cue: Cue, reason: Reason) -> None:
        """A cue gets no answer; one that no line stands behind is only counted."""
        if cue.event is not None:
            self.line_dropped(cue.event, reason)
        else:
            self.count(reason)

    def line_blocked(self, event: ChatEvent, rule: str, reason: str) -> None:
        """The guard refused a line; neither its text nor its author is told."""
        if self.lines is not None:
            self.lines.blocked(event, rule, reason)
        self.count(Reason.BLOCKED)
        digest = self._trace(event.text)
        self._announce("chat.blocked", id=event.id, source=event.source, rule=rule, reason=reason, digest=digest)

    def _drop(self, event: ChatEvent, reason: Reason) -> None:
        self.count(reason)
        self._announce("chat.dropped", id=event.id, source=event.source, reason=reason.value)
