"""Generated text in, pieces for the voice out: the incremental clause splitter.

The pipeline pulls: it feeds what the model wrote and takes a piece when one should go, given the seconds of sound
that are not yet played. The less sound there is, the sooner a piece goes; the first one goes soonest. The sizes come
from measured latencies: at 40 tokens a second a comma or the sixth word is there about 300 ms before the first
sentence is complete.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from spark_vtuber.text.boundaries import Strength
from spark_vtuber.text.scanner import Boundary, Scanner

Mode = Literal["live", "sentences"]


@dataclass(frozen=True, slots=True)
class Pace:
    """When a piece goes.

    Attributes:
        first_words: the first piece goes after this many words when no comma came before.
        hungry_s: with less unplayed sound than this a piece goes after `hungry_words`.
        calm_s: with less than this a piece goes at a comma-like mark after `clause_words`, or at the end of a sentence;
            with more, short sentences are merged up to `merge_chars`.
        max_chars: no piece of live mode grows longer, unless one token is longer.
        max_sentence_chars: the same for sentence mode.
    """

    first_words: int = 6
    hungry_s: float = 0.6
    hungry_words: int = 3
    calm_s: float = 2.5
    clause_words: int = 4
    merge_chars: int = 200
    max_chars: int = 250
    max_sentence_chars: int = 2_000


_DEFAULT_PACE: Final = Pace()


class ClauseSplitter:
    """Cuts a growing text into pieces that concatenate to exactly that text.

    White space stays at the end of the piece it follows, but for one case: a piece that goes at a comma goes before
    the space after the comma is known, so the next one begins with it. With a constant slack the pieces do not depend
    on how the text was chunked. Never cut: numbers, prices, times, versions, abbreviations, initials, addresses of up
    to 500 characters, ellipses, emoji, and tags, stage directions or code of up to 160 characters.

    `first_words` replaces that value of `pace`.
    """

    def __init__(
        self, mode: Mode = "live", *, language: str = "en", first_words: int | None = None, pace: Pace = _DEFAULT_PACE
    ) -> None:
        self._is_live = mode == "live"
        self._pace = pace
        self._first_words = pace.first_words if first_words is None else first_words
        self._max_chars = pace.max_chars if self._is_live else pace.max_sentence_chars
        self._scanner = Scanner(language, shields_sentences=not self._is_live)
        self._ahead: deque[Boundary] = self._scanner.boundaries
        self._seen: list[Boundary] = []
        self._chunks: list[str] = []
        self._start = 0
        self._start_half_words = 0
        self._end = 0
        self._is_first = True
        self._is_closed = False

    def feed(self, text: str) -> None:
        """Append generated text. Raises ValueError after `close`."""
        if self._is_closed:
            raise ValueError("The splitter is closed: make a new one for a new answer.")
        self._chunks.append(text)
        self._end += len(text)
        self._scanner.feed(text)

    def close(self) -> None:
        """Say that no more text will come; what is left can then be taken. Closing twice is allowed."""
        if not self._is_closed:
            self._is_closed = True
            self._scanner.close()

    @property
    def is_done(self) -> bool:
        """Whether the text is closed and every piece was taken."""
        return self._is_closed and self._start == self._end

    @property
    def pending(self) -> str:
        """The text that was fed and not yet taken."""
        self._chunks = ["".join(self._chunks)]
        return self._chunks[0]

    def take(self, slack_s: float = 0.0) -> str | None:
        """The next piece, or None while none should go.

        Args:
            slack_s: seconds of sound that are ready and not yet played.
        """
        chosen = self._choose(slack_s) if self._seen else None
        while chosen is None and self._ahead:
            boundary = self._ahead.popleft()
            if boundary.at > self._start:
                self._seen.append(boundary)
                chosen = self._choose(slack_s)
        return None if chosen is None else self._cut(chosen)

    def _cut(self, chosen: Boundary) -> str:
        text = self.pending
        size = chosen.at - self._start
        self._chunks = [text[size:]]
        self._ahead.extendleft(boundary for boundary in reversed(self._seen) if boundary.at > chosen.at)
        self._seen.clear()
        self._start = chosen.at
        self._start_half_words = chosen.half_words
        self._is_first = False
        return text[:size]

    def _choose(self, slack_s: float) -> Boundary | None:
        """Where to cut now that the last boundary in `_seen` is known."""
        last = self._seen[-1]
        if last.at - self._start > self._max_chars and len(self._seen) > 1:
            return self._best_before_limit()
        if not self._is_live:
            has_words = last.half_words > self._start_half_words
            return last if last.is_end or (last.strength is Strength.SENTENCE and has_words) else None
        if self._is_first:
            return self._choose_first(last)
        if slack_s < self._pace.hungry_s:
            return self._choose_hungry(last)
        if slack_s < self._pace.calm_s:
            return self._choose_clause(last)
        return self._choose_merged(last)

    def _choose_first(self, last: Boundary) -> Boundary | None:
        words = self._words(last)
        is_due = words >= (2 if last.strength >= Strength.CLAUSE else self._first_words)
        return last if last.is_end or (is_due and last.strength > Strength.SOFT) else None

    def _choose_hungry(self, last: Boundary) -> Boundary | None:
        enough = 2 if last.strength is Strength.SENTENCE else self._pace.hungry_words
        if last.is_end or last.strength is Strength.SOFT or self._words(last) < enough:
            return last if last.is_end else None
        marks = [mark for mark in self._seen if mark.strength >= Strength.CLAUSE and self._words(mark) >= 2]
        return marks[-1] if marks else last

    def _choose_clause(self, last: Boundary) -> Boundary | None:
        if last.is_end:
            return last
        marks = [mark for mark in self._seen if not mark.is_swift and self._is_clause(mark)]
        return marks[-1] if marks else None

    def _is_clause(self, mark: Boundary) -> bool:
        if mark.strength is Strength.SENTENCE:
            return self._words(mark) >= 2
        return mark.strength is Strength.CLAUSE and self._words(mark) >= self._pace.clause_words

    def _choose_merged(self, last: Boundary) -> Boundary | None:
        if last.strength is not Strength.SENTENCE:
            return None
        if last.at - self._start <= self._pace.merge_chars:
            return last if last.is_end else None
        earlier = [mark for mark in self._seen[:-1] if mark.strength is Strength.SENTENCE and self._words(mark)]
        return earlier[-1] if earlier else last

    def _best_before_limit(self) -> Boundary:
        """The best boundary before the last one, which lies beyond the limit; a late one beats a very early mark."""
        early = self._start + self._max_chars // 4
        candidates = self._seen[:-1]
        late = [boundary for boundary in candidates if boundary.at >= early]
        return max(late or candidates, key=lambda boundary: (boundary.strength, boundary.at))

    def _words(self, boundary: Boundary) -> int:
        return (boundary.half_words - self._start_half_words) // 2


def split(text: str, mode: Mode = "live", slack_s: float = 0.0, *, language: str = "en") -> list[str]:
    """The pieces of a whole text at a constant slack; they concatenate to `text`."""
    splitter = ClauseSplitter(mode, language=language)
    pieces: list[str] = []
    for char in text:
        splitter.feed(char)
        if (piece := splitter.take(slack_s)) is not None:
            pieces.append(piece)
    splitter.close()
    while (piece := splitter.take(slack_s)) is not None:
        pieces.append(piece)
    return pieces
