"""What a character remembers: notes of what is long past, and the last turns word for word, as messages.

Only what was heard is remembered. The words of another character are somebody else's, so they stand, attributed, in
a user message, after the viewer's line they answer. Chat templates of several models demand that user and assistant
alternate; user messages that would follow each other become one.

Between two prunings the messages only grow at their end, so a server finds the same prefix in its cache turn after
turn. A pruning drops the older half at once and puts notes of it at the beginning.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.llm.budget import MESSAGE_TOKENS, PromptBudget, Room
from spark_vtuber.llm.lines import cue_line, plain, says
from spark_vtuber.llm.port import Message
from spark_vtuber.llm.summary import Note, Summary, render
from spark_vtuber.llm.tokens import Ruler

SHARE: Final = 8
"""A part of a turn takes at most this fraction of the history, so that half of it always holds a turn."""

Choose = Callable[[Sequence[Note]], tuple[Note, ...]]
"""Orders notes: those first that should stay, without what is told twice."""


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn as one character remembers it, what of it is worth a note, and the ids of the lines that it answers."""

    messages: tuple[Message, ...]
    tokens: int
    notes: tuple[Note, ...] = ()
    lines: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class History:
    """The past of one character; a value: `after` gives the next one and shares the messages of the old turns.

    `names` are the names of the characters. `tokens` are those of `turns`; `messages` holds the summary as well.
    """

    persona: PersonaId
    names: Mapping[PersonaId, str]
    budget: PromptBudget
    room: Room
    ruler: Ruler = field(default_factory=Ruler)
    messages: tuple[Message, ...] = ()
    tokens: int = 0
    turns: tuple[PastTurn, ...] = ()
    summary: Summary = field(default_factory=Summary)

    @property
    def is_long(self) -> bool:
        """Whether its older half should become a summary."""
        return self.tokens > self.room.summarise_after_tokens

    @property
    def is_full(self) -> bool:
        """Whether it takes more than it may."""
        return self.tokens > self.room.history_tokens

    def after(self, record: TurnRecord, notes: tuple[Note, ...] = ()) -> "History":
        """The past with one more turn; unchanged where nothing of it was heard."""
        if not record.heard.strip():
            return self
        turn = self._past(record, notes)
        return replace(
            self,
            messages=join(self.messages, turn.messages),
            tokens=self.tokens + turn.tokens,
            turns=(*self.turns, turn),
        )

    def ends_with(self, line: str) -> bool:
        """Whether `line` is the last thing that was heard from somebody else."""
        if not self.messages or self.messages[-1].role != "user":
            return False
        last = self.messages[-1].content
        return last == line or last.endswith(f"\n{line}")

    @property
    def older(self) -> tuple[PastTurn, ...]:
        """The turns that leave with the next pruning; what is left begins with somebody else's words."""
        left, count = self.tokens, 0
        while count < len(self.turns) and left > self.room.summarise_after_tokens // 2:
            left -= self.turns[count].tokens
            count += 1
        while 0 < count < len(self.turns) and self.turns[count].messages[0].role == "assistant":
            count += 1
        return self.turns[:count]

    def pruned(self, choose: Choose) -> "History":
        """The past without its older half, with notes of it."""
        older = self.older
        notes = choose((*self.summary.notes, *(note for turn in older for note in turn.notes)))
        turns = self.turns[len(older) :]
        tokens = self.tokens - sum(turn.tokens for turn in older)
        return replace(self, turns=turns, tokens=tokens, summary=replace(self.summary, notes=notes)).rendered(notes)

    def retold(self, story: Sequence[str], choose: Choose) -> "History":
        """The same past with a story in its summary."""
        summary = self.summary.retold(story)
        return replace(self, summary=summary).rendered(choose(summary.notes))

    def without(self, lines: Collection[str], choose: Choose) -> "History":
        """The past without the turns and the notes of lines that were taken back, and without a story of them."""
        turns: list[PastTurn] = []
        is_hit = False
        for turn in self.turns:
            answers_alone = is_hit and turn.messages[0].role == "assistant"
            is_hit = answers_alone or not turn.lines.isdisjoint(lines)
            turns += [] if is_hit else [turn]
        notes = tuple(note for note in self.summary.notes if note.line not in lines)
        if len(turns) == len(self.turns) and len(notes) == len(self.summary.notes):
            return self
        tokens = sum(turn.tokens for turn in turns)
        same = replace(self, turns=tuple(turns), tokens=tokens, summary=replace(self.summary, notes=notes, story=()))
        return same.rendered(choose(notes))

    def within(self, budget: PromptBudget, room: Room, choose: Choose) -> "History":
        """The same past under another budget; what does not fit becomes notes, and notes that do not fit are kept."""
        same = replace(self, budget=budget, room=room)
        while same.is_full and same.turns:
            same = same.pruned(choose)
        if same.summary.text and same.room.summary_tokens != self.room.summary_tokens:
            return same.rendered(choose(same.summary.notes))
        return same

    def measured(self, ruler: Ruler) -> "History":
        """The same past, counted with another ruler."""
        turns = tuple(replace(turn, tokens=_size(turn.messages, ruler)) for turn in self.turns)
        same = replace(self, ruler=ruler, turns=turns, tokens=sum(turn.tokens for turn in turns))
        return same.rendered(self.summary.notes) if self.summary.text else same

    def rendered(self, chosen: Sequence[Note]) -> "History":
        """The same past, its summary made of the `chosen` notes, best first."""
        summary = render(self.summary, chosen, self.persona, self.room.summary_tokens - MESSAGE_TOKENS, self.ruler)
        messages: tuple[Message, ...] = (Message("user", summary.text),) if summary.text else ()
        for turn in self.turns:
            messages = join(messages, turn.messages)
        return replace(self, summary=summary, messages=messages)

    def _past(self, record: TurnRecord, notes: tuple[Note, ...]) -> PastTurn:
        """The turn, its words cut shorter where the tokenizer makes more of them than was estimated."""
        longest = self.room.history_tokens // 2
        events = (record.cue.event, *record.cue.also)
        lines = frozenset(event.id for event in events if event is not None)
        tries = (PastTurn(*self._sized(record, part), notes, lines) for part in (1, 2, 3, 6))
        past = next(tries)
        while past.tokens > longest and (shorter := next(tries, None)) is not None:
            past = shorter
        return past

    def _sized(self, record: TurnRecord, part: int) -> tuple[tuple[Message, ...], int]:
        messages = self._messages(record, self.budget.cue_tokens // part, self.room.history_tokens // SHARE // part)
        return messages, _size(messages, self.ruler)

    def _messages(self, record: TurnRecord, cue_tokens: int, share: int) -> tuple[Message, ...]:
        line = cue_line(record.cue, cue_tokens)
        if record.persona == self.persona:
            said = Message("assistant", plain(record.heard, share))
            return (said,) if self.ends_with(line) else (Message("user", line), said)
        heard = says(self.names.get(record.persona, record.persona), record.heard, share)
        asked = f"{line}\n" if record.cue.kind is CueKind.CHAT else ""
        return (Message("user", f"{asked}{heard}"),)


def _size(messages: tuple[Message, ...], ruler: Ruler) -> int:
    """Tokens of messages, each with the line break that joins it to another."""
    return sum(MESSAGE_TOKENS + 1 + ruler.count(message.content) for message in messages)


def join(messages: tuple[Message, ...], more: tuple[Message, ...]) -> tuple[Message, ...]:
    """`messages` and `more` in a row; where two user messages would meet, they become one."""
    if messages and more and messages[-1].role == more[0].role == "user":
        joined = Message("user", f"{messages[-1].content}\n{more[0].content}")
        return (*messages[:-1], joined, *more[1:])
    return messages + more
