"""What a character remembers word for word: the last turns, as messages.

Only what was heard is remembered. The words of another character are somebody else's, so they stand, attributed, in
a user message, after the viewer's line they answer. Chat templates of several models demand that user and assistant
alternate; user messages that would follow each other become one.

When the budget is exceeded the older half is dropped at once: between two such prunings the messages only grow at
their end, so a server finds the same prefix in its cache turn after turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.llm.lines import NAME_TOKENS, cue_line, plain, quote, tokens_in
from spark_vtuber.llm.port import Message

MESSAGE_TOKENS: Final = 6
"""What the template of a model adds to every message, rounded up."""

SHARE: Final = 8
"""A part of a turn takes at most this fraction of the budget, so that half of it always holds a turn."""

MIN_BUDGET_TOKENS: Final = 1_200


@dataclass(frozen=True, slots=True)
class _Past:
    messages: tuple[Message, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class History:
    """The past of one character; a value: `after` gives the next one and shares the messages of the old turns.

    `names` are the names of the characters. `cue_tokens` bounds the words of a cue, exactly as in the prompt.
    """

    persona: PersonaId
    names: Mapping[PersonaId, str]
    budget_tokens: int = 2_400
    cue_tokens: int = 200
    messages: tuple[Message, ...] = ()
    tokens: int = 0
    _turns: tuple[_Past, ...] = ()

    def __post_init__(self) -> None:
        if self.budget_tokens < max(MIN_BUDGET_TOKENS, SHARE * self.cue_tokens):
            raise ValueError(f"a history needs {MIN_BUDGET_TOKENS} tokens and {SHARE} times those of a cue")

    def after(self, record: TurnRecord) -> "History":
        """The past with one more turn; unchanged where nothing of it was heard."""
        if not record.heard.strip():
            return self
        past = self._past(record)
        turns, tokens = (*self._turns, past), self.tokens + past.tokens
        if tokens <= self.budget_tokens:
            return replace(self, messages=join(self.messages, past.messages), tokens=tokens, _turns=turns)
        return self._pruned(turns, tokens, self.budget_tokens)

    def within(self, budget_tokens: int) -> "History":
        """The same past under another budget; what does not fit is forgotten."""
        budget = max(budget_tokens, MIN_BUDGET_TOKENS, SHARE * self.cue_tokens)
        if self.tokens <= budget:
            return replace(self, budget_tokens=budget)
        return self._pruned(self._turns, self.tokens, budget)

    def _pruned(self, turns: tuple[_Past, ...], tokens: int, budget: int) -> "History":
        first = 0
        while tokens > budget // 2:
            tokens -= turns[first].tokens
            first += 1
        messages: tuple[Message, ...] = ()
        for past in turns[first:]:
            messages = join(messages, past.messages)
        return replace(self, budget_tokens=budget, messages=messages, tokens=tokens, _turns=turns[first:])

    def _past(self, record: TurnRecord) -> _Past:
        line = cue_line(record.cue, self.cue_tokens)
        share = self.budget_tokens // SHARE
        messages: tuple[Message, ...]
        if record.persona == self.persona:
            messages = (Message("user", line), Message("assistant", plain(record.heard, share)))
        else:
            name = quote(self.names.get(record.persona, record.persona), NAME_TOKENS)
            heard = quote(record.heard, share)
            asked = f"{line}\n" if record.cue.kind is CueKind.CHAT else ""
            messages = (Message("user", f"{asked}{name}, who is on stream with you, says: {heard}"),)
        return _Past(messages, sum(MESSAGE_TOKENS + tokens_in(message.content) for message in messages))


def join(messages: tuple[Message, ...], more: tuple[Message, ...]) -> tuple[Message, ...]:
    """`messages` and `more` in a row; where two user messages would meet, they become one."""
    if messages and more and messages[-1].role == more[0].role == "user":
        joined = Message("user", f"{messages[-1].content}\n{more[0].content}")
        return (*messages[:-1], joined, *more[1:])
    return messages + more
