"""What was heard of an answer: the truth for memory, history and the next prompt."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.core.audio import WordTime
from spark_vtuber.core.turns import Clause
from spark_vtuber.stage.port import Position
from spark_vtuber.text.clauses import split

CHARS_PER_S: Final = 15.0
"""How fast people speak: 150 words a minute of six characters, spaces included."""


ENDS: Final = (".", "!", "?", "…", "。", "！", "？")
CLOSERS: Final = " \n\t\"')]”’»"


@dataclass(frozen=True, slots=True)
class Heard:
    """The shown text that was heard; `is_estimated` where it was cut by proportion."""

    text: str
    is_estimated: bool = False


@dataclass(slots=True)
class _Piece:
    clause: Clause
    number: int
    samples: int = 0
    sample_rate: int = 0
    is_complete: bool = False
    share: float = 0.0
    words: list[WordTime] = field(default_factory=list)


class HeardLog:
    """The clauses of a turn in the order in which they were performed, and how far the listener came.

    A clause that is not performed as sound (nothing to speak, or the persona is muted) has number zero and counts by
    the time for which it was shown.
    """

    __slots__ = ("_is_frozen", "_pieces", "_position")

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._position = Position(0, 0)
        self._is_frozen = False

    def begin(self, clause: Clause, number: int = 0) -> None:
        """A clause begins: with sound as utterance `number`, or silently."""
        self._pieces.append(_Piece(clause, number))

    def sound(self, samples: int, sample_rate: int, words: tuple[WordTime, ...]) -> None:
        """More sound of the last clause."""
        piece = self._pieces[-1]
        piece.samples += samples
        piece.sample_rate = sample_rate
        piece.words.extend(words)

    def complete(self, cut: Clause | None = None) -> None:
        """The last clause has all its sound, or was shown for its whole time; `cut` is what it came to."""
        piece = self._pieces[-1]
        piece.is_complete = True
        piece.clause = cut or piece.clause

    def shown(self, share: float) -> None:
        """The last clause was shown silently for a share (0..1) of its time."""
        self._pieces[-1].share = share

    def settle(self, position: Position) -> None:
        """The listener came as far as `position`."""
        if not self._is_frozen:
            self._position = position

    def freeze(self, position: Position) -> None:
        """Nothing after `position` counts, whatever is still heard: the emergency stop was pressed."""
        self.settle(position)
        self._is_frozen = True

    def sentence_end(self, position: Position) -> Position | None:
        """Where the sentence ends that is heard at `position`; None while its sound is still being made."""
        for piece in self._pieces:
            if piece.number and piece.number >= max(position.utterance, 1):
                for sample in _sentence_ends(piece):
                    if (end := Position(piece.number, sample)) > position:
                        return end
        return None

    def said(self) -> str:
        """Everything that was performed, heard or not."""
        return "".join(piece.clause.shown for piece in self._pieces).strip()

    def heard(self) -> Heard:
        """The part of it that was heard: a prefix of `said`, cut at a word."""
        text: list[str] = []
        for piece in self._pieces:
            if piece.number == 0 and not piece.is_complete:
                text.append(_cut_by_share(piece.clause.shown, piece.share))
                break
            if piece.number < self._position.utterance or piece.number == 0:
                text.append(piece.clause.shown)
            elif piece.number > self._position.utterance:
                break
            elif piece.is_complete and self._position.sample >= piece.samples:
                text.append(piece.clause.shown)
            else:
                cut = _cut(piece, self._position.sample)
                return Heard(("".join(text) + cut.text).strip(), cut.is_estimated)
        return Heard("".join(text).strip())


def _sentence_ends(piece: _Piece) -> Iterator[int]:
    """The samples at which sentences of a clause end, as far as they are known."""
    shown, at = piece.clause.shown, 0
    for sentence in split(shown, "sentences"):
        at += len(sentence)
        if at < len(shown):
            spoken_end = max((span.spoken_end for span in piece.clause.spans if span.shown_end <= at), default=0)
            if any(word.end > spoken_end for word in piece.words):
                ended_ms = max((word.ms_end for word in piece.words if word.end <= spoken_end), default=0.0)
                yield round(ended_ms * piece.sample_rate / 1000)
        elif piece.is_complete and sentence.rstrip(CLOSERS).endswith(ENDS):
            yield piece.samples


def _cut(piece: _Piece, sample: int) -> Heard:
    if piece.samples == 0 or sample <= 0:
        return Heard("")
    if piece.words and piece.clause.spans:
        return Heard(_cut_by_words(piece, sample * 1000 / piece.sample_rate))
    samples = piece.samples if piece.is_complete else max(piece.samples, _usual_samples(piece))
    return Heard(_cut_by_share(piece.clause.shown, sample / samples), is_estimated=True)


def _usual_samples(piece: _Piece) -> float:
    """How long the clause would usually be, while nobody knows how much of its sound is to come."""
    return len(piece.clause.spoken) / CHARS_PER_S * piece.sample_rate


def _cut_by_words(piece: _Piece, heard_ms: float) -> str:
    """The shown words whose last spoken word ended by `heard_ms`."""
    ended = max((word.end for word in piece.words if word.ms_end <= heard_ms), default=0)
    spans = piece.clause.spans
    count = bisect_right([span.spoken_end for span in spans], ended)
    if count == 0:
        return ""
    last = spans[count - 1].shown_end
    unfinished = count < len(spans) and spans[count].shown_start < last
    if unfinished:
        last = max((span.shown_end for span in spans[:count] if span.shown_end <= spans[count].shown_start), default=0)
    return piece.clause.shown[:last]


def _cut_by_share(shown: str, share: float) -> str:
    """The first `share` of the text, rounded down to a word."""
    if share >= 1:
        return shown
    end = int(len(shown) * max(share, 0.0))
    if end < len(shown) and not shown[end].isspace():
        end = max(shown.rfind(" ", 0, end), 0)
    return shown[:end]
