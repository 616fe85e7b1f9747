"""The answer while it is being written: the model appends at one end, the voice takes clauses at the other."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

import anyio

from spark_vtuber.text.clauses import ClauseSplitter, split
from spark_vtuber.text.markup import Markup, Part, Tag, Text

LOOK_AGAIN_S: Final = (2.5, 1.2, 0.6, 0.3)
"""Amounts of unplayed sound at which a waiting voice asks the splitter again; it gives shorter pieces each time."""


_TERMINAL: Final = frozenset(".!?…。！？\"'”’»)~♪")

LEAST_WAIT_S: Final = 0.05
"""While the floor is somebody else's no sound is used up, and asking again would be a tick."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A clause as it was written: its text and the expressions inside it, as `(offset, name)`."""

    text: str
    expressions: tuple[tuple[int, str], ...]


class Draft:
    """Text between the model and the voice.

    It is bounded by the reply's token limit, never by the reader, so that a model is read to its end while the
    floor is somebody else's.
    """

    def __init__(
        self,
        new_markup: Callable[[bool], Markup],
        new_splitter: Callable[[], ClauseSplitter],
        language: str = "en",
        *,
        starts_in_thought: bool = False,
    ) -> None:
        """`new_markup(starts_in_thought)` makes a filter; only the first one may start in a thought."""
        self._new_markup = new_markup
        self._new_splitter = new_splitter
        self._language = language
        self._markup = new_markup(starts_in_thought)
        self._splitter = new_splitter()
        self._length = 0
        self._taken = 0
        self._last_taken = ""
        self._text = ""
        self._tags: deque[tuple[int, str]] = deque()
        self._changed = anyio.Event()
        self._patience: anyio.CancelScope | None = None
        self._is_closed = False
        self.is_empty = True
        self.was_taken = False

    @property
    def length(self) -> int:
        """Characters written so far, without markup."""
        return self._length

    @property
    def has_unopened_thought(self) -> bool:
        """Whether a thought ended that nothing had opened: this model begins its answers inside one."""
        return self._markup.has_unopened_thought

    def expect_reader(self, patience: anyio.CancelScope) -> None:
        """Lift the deadline of `patience` as soon as the first clause is taken."""
        self._patience = patience

    def feed(self, delta: str) -> None:
        """Append generated text, markup included."""
        self._add(self._markup.feed(delta))

    def close(self) -> None:
        """The answer is complete."""
        self._add(self._markup.close())
        self._splitter.close()
        self._is_closed = True
        self._notify()

    async def closed(self) -> None:
        """Wait until the answer is complete."""
        while not self._is_closed:
            await self._changed.wait()

    def restart(self) -> None:
        """Forget everything: another engine answers from the beginning. Only before a piece was taken."""
        self._markup, self._splitter = self._new_markup(False), self._new_splitter()
        self._length = self._taken = 0
        self._text = ""
        self._tags.clear()
        self.is_empty = True

    def keep_whole_sentences(self) -> None:
        """Forget the unfinished end of what was not taken yet; another engine goes on from there."""
        whole = "".join(split(self._splitter.pending, "sentences", language=self._language)[:-1])
        if not (whole or self._last_taken).endswith((" ", "\n")):
            whole += " "
        self._markup, self._splitter = self._new_markup(False), self._new_splitter()
        self._splitter.feed(whole)
        self._text = self._text[: self._taken] + whole
        self._length = self._taken + len(whole)
        while self._tags and self._tags[-1][0] >= self._length:
            self._tags.pop()

    def is_beyond(self, sentences: int) -> bool:
        """Whether more than so many sentences were written, which 0 does not bound.

        What is beyond and was not taken yet is forgotten.
        """
        if not sentences or len(whole := self._sentences()) <= sentences:
            return False
        self._keep("".join(whole[:sentences]))
        return True

    def drop_fragment(self) -> None:
        """Forget the last sentence where it is unfinished and not the only one: the answer reached its bound."""
        whole = self._sentences()
        if len(whole) > 1 and whole[-1].rstrip()[-1:] not in _TERMINAL:
            self._keep("".join(whole[:-1]))

    async def next(self, slack: Callable[[], float]) -> Piece | None:
        """The next clause, or None when the answer is over.

        `slack` gives the seconds of sound that were not heard yet: the less there is, the shorter the clause.
        """
        while True:
            slack_s = slack()
            text = self._splitter.take(slack_s)
            if text is not None:
                return self._cut(text)
            if self._splitter.is_done:
                return None
            changed = self._changed
            wait_s = slack_s - next((s for s in LOOK_AGAIN_S if s < slack_s), slack_s)
            if self._splitter.pending and wait_s > 0:
                with anyio.move_on_after(max(wait_s, LEAST_WAIT_S)):
                    await changed.wait()
            else:
                await changed.wait()

    def _sentences(self) -> list[str]:
        return [one for one in split(self._text, "sentences", language=self._language) if one.strip()]

    def _keep(self, text: str) -> None:
        """Cut the answer down to its beginning `text`, as far as no voice has taken more of it."""
        kept = max(len(text), self._taken)
        self._text = self._text[:kept]
        self._markup, self._splitter = self._new_markup(False), self._new_splitter()
        self._splitter.feed(self._text[self._taken :])
        self._length = kept
        while self._tags and self._tags[-1][0] >= self._length:
            self._tags.pop()

    def _add(self, parts: list[Part]) -> None:
        for part in parts:
            match part:
                case Tag(name):
                    self._tags.append((self._length, name))
                case Text(text):
                    self._splitter.feed(text)
                    self._text += text
                    self._length += len(text)
                    self.is_empty = self.is_empty and not text.strip()
                case _:
                    assert_never(part)
        if parts:
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def _cut(self, text: str) -> Piece:
        self.was_taken = True
        if self._patience is not None:
            self._patience.deadline = math.inf
        self._last_taken = text
        start, self._taken = self._taken, self._taken + len(text)
        end = self._taken + 1 if self._splitter.is_done else self._taken
        expressions = []
        while self._tags and self._tags[0][0] < end:
            at, name = self._tags.popleft()
            expressions.append((at - start, name))
        return Piece(text, tuple(expressions))
