"""What a recording keeps: sound up to the position heard, and what went with it. Does no I/O."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, assert_never

from spark_vtuber.core.audio import BYTES_PER_SAMPLE, VisemeCue
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.turns import Utterance
from spark_vtuber.stage.port import Caption, Emote, Part, Position, SpeechEnd, SpeechSound, SpeechStart, TurnOver

_CANCELLED: Final = 256
"""Cancelled turns that are remembered, so that what comes late is left out."""


class Tape(Protocol):
    """Where a recording goes."""

    def sound(self, pcm: bytes) -> None:
        """The next sound."""
        ...

    def note(self, event: dict[str, Any]) -> None:
        """The next entry of the timeline, ready for JSON."""
        ...


@dataclass(slots=True)
class _Line:
    utterance: Utterance
    sample_rate: int
    pending: deque[bytes] = field(default_factory=deque)
    starts_at: int | None = None
    arrived: int = 0
    written: int = 0
    is_complete: bool = False
    visemes: list[VisemeCue] = field(default_factory=list)
    words: list[tuple[float, float, str]] = field(default_factory=list)
    expressions: list[Emote] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)

    @property
    def heard_ms(self) -> float:
        return self.written * 1000 / self.sample_rate


class Timeline:
    """Utterances back to back, each written when it was heard; nothing of a cancelled turn after its last position.

    `hold_s` is kept back of the utterance that sounds, for positions that turn out to lie before what was thought.
    Entries have `type` and `at_ms`, the place in the recording: `utterance` with its visemes, words, expressions and
    captions, `expression` and `caption` without one, `cancel`, `turn`. Memory is bounded by what was not heard yet.
    """

    def __init__(self, tape: Tape, sample_rate: int, *, hold_s: float = 0.0) -> None:
        self._tape = tape
        self._sample_rate = sample_rate
        self._hold = round(hold_s * sample_rate)
        self._lines: deque[_Line] = deque()
        self._cancelled: OrderedDict[TurnId, None] = OrderedDict()
        self._samples = 0

    @property
    def samples(self) -> int:
        """How many samples were written."""
        return self._samples

    def take(self, part: Part, position: Position) -> None:
        """Add a part that the stages took; `position` is what is heard now. Parts of cut utterances are ignored."""
        self.settle(position)
        match part:
            case SpeechStart() | SpeechSound() | SpeechEnd():
                self._speech(part)
            case Emote() | Caption():
                self._face(part)
            case TurnOver(turn, outcome, heard):
                self._note("turn", turn=turn, outcome=outcome.value, heard=heard)
            case _:
                assert_never(part)

    def settle(self, position: Position) -> None:
        """Write what was heard up to `position`."""
        while self._lines:
            line = self._lines[0]
            number = line.utterance.number
            if number > position.utterance:
                return
            is_over = number < position.utterance or (line.is_complete and position.sample >= line.arrived)
            self._write(line, line.arrived if is_over else position.sample - self._hold)
            if not is_over:
                return
            self._finish(line)

    def cut(self, turn: TurnId, position: Position) -> None:
        """The turn was cancelled when `position` was heard: nothing of it is written beyond."""
        self._cancelled[turn] = None
        if len(self._cancelled) > _CANCELLED:
            self._cancelled.popitem(last=False)
        for line in [line for line in self._lines if line.utterance.turn == turn]:
            if line.utterance.number == position.utterance:
                self._write(line, position.sample)
            if line.starts_at is None:
                self._lines.remove(line)
            else:
                self._finish(line)
        self._note("cancel", turn=turn, utterance=position.utterance, sample=position.sample)

    def close(self, position: Position) -> None:
        """The recording ends: what was not heard up to `position` is left out."""
        self.settle(position)
        for line in list(self._lines):
            if line.utterance.number == position.utterance:
                self._write(line, position.sample)
            if line.starts_at is not None:
                self._finish(line)
        self._lines.clear()

    def _speech(self, part: SpeechStart | SpeechSound | SpeechEnd) -> None:
        if isinstance(part, SpeechStart):
            self._start(part)
        elif (line := self._find(part.utterance)) is None:
            return
        elif isinstance(part, SpeechSound):
            line.pending.append(part.pcm)
            line.arrived += len(part.pcm) // BYTES_PER_SAMPLE
            line.visemes.extend(part.visemes)
            line.words.extend(part.words)
        else:
            line.is_complete = True

    def _start(self, part: SpeechStart) -> None:
        if part.sample_rate != self._sample_rate:
            raise ValueError(f"a recording of {self._sample_rate} Hz was given sound of {part.sample_rate} Hz")
        if self._lines:
            self._lines[-1].is_complete = True
        if part.utterance.turn not in self._cancelled:
            self._lines.append(_Line(part.utterance, part.sample_rate))

    def _face(self, part: Emote | Caption) -> None:
        line = self._find(part.utterance)
        if part.utterance is None and isinstance(part, Emote):
            self._note("expression", persona=part.persona, name=part.name, weight=part.weight)
        elif part.utterance is None and isinstance(part, Caption):
            self._note("caption", persona=part.persona, text=part.text)
        elif line is not None and isinstance(part, Emote):
            line.expressions.append(part)
        elif line is not None and isinstance(part, Caption):
            line.captions.append(part.text)

    def _find(self, number: int | None) -> _Line | None:
        return next((line for line in self._lines if line.utterance.number == number), None)

    def _write(self, line: _Line, until: int) -> None:
        """Write the line's sound up to sample `until`."""
        if line.starts_at is None:
            line.starts_at = self._samples
        while line.pending and line.written < until:
            pcm = line.pending.popleft()
            size = (until - line.written) * BYTES_PER_SAMPLE
            if len(pcm) > size:
                line.pending.appendleft(pcm[size:])
                pcm = pcm[:size]
            self._tape.sound(pcm)
            line.written += len(pcm) // BYTES_PER_SAMPLE
            self._samples += len(pcm) // BYTES_PER_SAMPLE

    def _finish(self, line: _Line) -> None:
        self._lines.remove(line)
        self._tape.note(
            {
                "type": "utterance",
                "at_ms": self._ms(line.starts_at or 0),
                "utterance": line.utterance.number,
                "turn": line.utterance.turn,
                "persona": line.utterance.persona,
                "text": line.utterance.clause.shown,
                "samples": line.arrived,
                "heard": line.written,
                "visemes": [[one.ms, one.name, one.weight] for one in line.visemes if one.ms <= line.heard_ms],
                "words": [list(one) for one in line.words if one[1] <= line.heard_ms],
                "expressions": [[one.ms, one.name, one.weight] for one in line.expressions if one.ms <= line.heard_ms],
                "captions": line.captions,
            }
        )

    def _note(self, type_: str, **fields: Any) -> None:
        self._tape.note({"type": type_, "at_ms": self._ms(self._samples), **fields})

    def _ms(self, samples: int) -> float:
        return round(samples * 1000 / self._sample_rate, 2)
