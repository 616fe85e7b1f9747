"""The last lines of the chat and what became of each."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.steering import NO_SCORES, ChatLine, LineState
from spark_vtuber.core.turns import Reason, TurnRecord

CAPACITY: Final = 500
MOST_SCORED: Final = 200
"""Lines of which it is known what they were worth; of older ones the journal knows."""

MOST_JOINED: Final = 1_000
"""Lines of which it is known that they are answered with another."""

_GONE: Final = (Reason.DELETED, Reason.BANNED, Reason.IGNORED)
"""Reasons after which a line is neither shown nor answered any more."""


@dataclass(slots=True)
class Entry:
    """A line as it is shown, who wrote it, and, where it may still be answered, the guarded event.

    `joined` are the lines that are answered with it.
    """

    line: ChatLine
    author_id: str
    event: ChatEvent | None
    joined: tuple[tuple[str, str], ...] = ()


class Lines:
    """The last `capacity` lines. What the guard refused or did not see is kept without its words and its author's name.

    Who wrote it is known, by the platform's id, so that the author can be ignored.
    """

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._scored: deque[Entry] = deque()
        self._last = 0

    def find(self, line: str) -> Entry | None:
        """The newest line of that id, from whichever source."""
        return next((entry for (_, name), entry in reversed(self._entries.items()) if name == line), None)

    def written_by(self, name: str, limit: int) -> Sequence[Entry]:
        """The last lines of whoever was last called so, the newest first; none of those that the guard refused."""
        wanted = name.strip().casefold()
        found: list[Entry] = []
        for entry in reversed(self._entries.values()):
            line = entry.line
            is_theirs = found and (line.source, entry.author_id) == (found[0].line.source, found[0].author_id)
            if line.author and (is_theirs or (not found and line.author.casefold() == wanted)):
                found.append(entry)
            if len(found) == limit:
                break
        return found

    def page(self, limit: int, before: int | None, query: str) -> tuple[Sequence[ChatLine], bool]:
        """Lines with `query` in text or name, newest first, below number `before`; and whether there are more."""
        wanted = query.casefold().strip()
        found: list[ChatLine] = []
        for entry in reversed(self._entries.values()):
            line = entry.line
            if (before is not None and line.seq >= before) or not _holds(line, wanted):
                continue
            if len(found) == limit:
                return found, True
            found.append(line)
        return found, False

    def waiting(self, event: ChatEvent) -> None:
        """A line passed gates and guard; `event` is as it may be shown."""
        self._put(event, LineState.WAITING, event)

    def refused(self, event: ChatEvent, reason: Reason) -> None:
        """A line was turned away before the guard saw it. One that comes a second time changes nothing."""
        if (event.source, event.id) not in self._entries:
            self._put(event, LineState.DROPPED, None, reason=reason.value)

    def blocked(self, event: ChatEvent, rule: str, reason: str) -> None:
        """The guard refused a line."""
        self._put(event, LineState.BLOCKED, None, rule=rule, reason=reason)

    def chosen(self, cue: Cue, turn: TurnId, scores: dict[str, float]) -> None:
        """A turn answers a line."""
        if (entry := self._entry(cue.event)) is not None:
            entry.line = replace(entry.line, state=LineState.CHOSEN, turn=turn, reason="")
            self._score(entry, scores)

    def ended(self, record: TurnRecord) -> None:
        """The turn of a line is over: the line, and those that joined it, were answered if anything was heard of it."""
        entry = self._entry(record.cue.event)
        if entry is None or entry.line.turn != record.id or entry.line.state is not LineState.CHOSEN:
            return
        if not record.is_answered:
            entry.line = replace(entry.line, state=LineState.DROPPED, reason=record.reason or record.error)
            return
        entry.line = replace(entry.line, state=LineState.ANSWERED)
        also = [(event.source, event.id) for event in record.cue.also]
        for other in {*also, *entry.joined}:
            self._answered_with(self._entries.get(other), record.id)

    def returned(self, event: ChatEvent) -> None:
        """A line waits once more: its answer was cut before it was heard."""
        if (entry := self._entry(event)) is not None:
            entry.line = replace(entry.line, state=LineState.WAITING, turn=None, reason="")

    def dropped(
        self,
        event: ChatEvent,
        reason: Reason,
        scores: Mapping[str, float] | None = None,
        joined: ChatEvent | None = None,
    ) -> None:
        """A line that may be shown gets no answer of its own; it may be answered with the one that it joined."""
        entry = self._entry(event)
        if entry is None:
            return
        entry.line = replace(entry.line, state=LineState.DROPPED, reason=reason.value)
        self._score(entry, scores or NO_SCORES)
        if reason in _GONE:
            self._erase(entry)
        leader = self._entry(joined)
        if leader is None or leader is entry:
            return
        if leader.line.state is LineState.ANSWERED:
            self._answered_with(entry, leader.line.turn)
        elif len(leader.joined) < MOST_JOINED:
            leader.joined = (*leader.joined, (event.source, event.id))

    def retract(self, is_meant: Callable[[ChatEvent], bool]) -> list[str]:
        """Lines were taken back: their words go, whatever became of them. Gives their ids."""
        erased = [entry for entry in self._entries.values() if entry.event is not None and is_meant(entry.event)]
        for entry in erased:
            self._erase(entry)
        return [entry.line.id for entry in erased]

    def _score(self, entry: Entry, scores: Mapping[str, float]) -> None:
        """Keep what a line was worth, and forget it of one that is older."""
        entry.line = replace(entry.line, scores=scores)
        self._scored.append(entry)
        if len(self._scored) > MOST_SCORED:
            old = self._scored.popleft()
            old.line = replace(old.line, scores=NO_SCORES)

    @staticmethod
    def _answered_with(entry: Entry | None, turn: TurnId | None) -> None:
        """A line was answered by the answer to another."""
        if entry is not None and entry.line.state is LineState.DROPPED and entry.event is not None:
            entry.line = replace(entry.line, state=LineState.ANSWERED, turn=turn)

    def _erase(self, entry: Entry) -> None:
        entry.line = replace(entry.line, text="", emotes=())
        entry.event = None

    def _entry(self, event: ChatEvent | None) -> Entry | None:
        return None if event is None else self._entries.get((event.source, event.id))

    def _put(
        self, event: ChatEvent, state: LineState, shown: ChatEvent | None, reason: str = "", rule: str = ""
    ) -> None:
        key = (event.source, event.id)
        before = self._entries.get(key)
        if before is None:
            self._last += 1
        line = ChatLine(
            seq=self._last if before is None else before.line.seq,
            id=event.id,
            at_ms=self._clock.unix_ms() if before is None else before.line.at_ms,
            source=event.source,
            kind=event.kind,
            state=state,
            author=shown.author.name if shown else "",
            text=shown.text if shown else "",
            amount=event.amount,
            currency=event.currency,
            emotes=shown.emote_spans if shown else (),
            reason=reason,
            rule=rule,
        )
        self._entries[key] = Entry(line, event.author.id, shown)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _holds(line: ChatLine, wanted: str) -> bool:
    return not wanted or wanted in line.text.casefold() or wanted in line.author.casefold()
