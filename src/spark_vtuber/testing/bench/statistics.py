"""The arithmetic of a measurement: the floor, what lies above it, slopes, and holes in what is heard."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import linear_regression, quantiles

from spark_vtuber.core.turns import Mark
from spark_vtuber.stage.port import Position
from spark_vtuber.telemetry.waterfall import STAGES, explained, segments


@dataclass(frozen=True, slots=True)
class Measured:
    """One turn as everybody saw it. Instants are seconds of `time.monotonic()`, the same in every process.

    `sent_s` is when the line was about to be posted, `accepted_s` when the 202 was there, `request_s` when the model
    server had the request, `clause_s` when it let the token go that completes the first clause, `first_audio_s`
    when the client had the first frame of sound. `marks` are seconds since the show received the line. `cpu_first_ms`
    and `cpu_ms` are the show's CPU from `sent_s` to the first sound and to the end of the turn. `holes_ms` are the
    pauses between pieces of sound that were played one after another.
    """

    number: int
    sent_s: float
    accepted_s: float
    request_s: float
    clause_s: float
    first_audio_s: float
    marks: dict[Mark, float]
    voice_first_ms: float
    cpu_first_ms: float
    cpu_ms: float
    resident_kb: float
    holes_ms: tuple[float, ...] = ()
    outcome: str = "completed"

    @property
    def reply_ms(self) -> float:
        """From the line to its first sound, at the client."""
        return (self.first_audio_s - self.sent_s) * 1000

    @property
    def answer_ms(self) -> float:
        """From the request at the model to the first sound at the client."""
        return (self.first_audio_s - self.request_s) * 1000

    @property
    def way_ms(self) -> float:
        """What the show's marks do not cover: the way in through the door and out to the client."""
        return self.reply_ms - (self.marks[Mark.FIRST_AUDIO] - self.marks[Mark.RECEIVED]) * 1000

    def stages_ms(self) -> dict[str, float]:
        """Milliseconds of every stage between received and first audio."""
        last = list(Mark).index(Mark.FIRST_AUDIO)
        inside = {mark: self.marks[mark] for mark in list(Mark)[: last + 1] if mark in self.marks}
        return {segment.stage: segment.duration_ms for segment in segments(inside) if segment.stage}


@dataclass(frozen=True, slots=True)
class Floor:
    """The least a turn can take: the model's first clause and the voice's first sound."""

    clause_ms: float
    voice_ms: float

    @property
    def ms(self) -> float:
        """From a request to its first sound."""
        return self.clause_ms + self.voice_ms

    def own_ms(self, turn: Measured) -> float:
        """What we add, from the posted line to the frame at the client."""
        return turn.reply_ms - self.ms

    def beyond_ms(self, turn: Measured) -> float:
        """What we add after the model had the request."""
        return turn.answer_ms - self.ms

    def after_clause_ms(self, turn: Measured) -> float:
        """From the token that completes the first clause, by the schedule, to the first sound."""
        return turn.answer_ms - self.clause_ms


def explained_share(turns: Iterable[Measured]) -> float:
    """The share of received → first audio, summed over turns, that belongs to a named stage."""
    whole = named = 0.0
    for turn in turns:
        length = turn.marks[Mark.FIRST_AUDIO] - turn.marks[Mark.RECEIVED]
        whole += length
        named += (explained(turn.marks) or 0.0) * length
    return named / whole if whole else 1.0


def stage_names() -> tuple[str, ...]:
    """The stages between received and first audio, in their order."""
    order = list(Mark)
    return tuple(name for (_, end), name in STAGES.items() if order.index(end) <= order.index(Mark.FIRST_AUDIO))


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The slope of the least-squares line through `(x, y)`; None for fewer than two different x."""
    if len({x for x, _ in points}) < 2:
        return None
    return linear_regression([x for x, _ in points], [y for _, y in points]).slope


@dataclass(frozen=True, slots=True)
class Drift:
    """The lower quartile of the first and of the last turns of a run.

    Other work on the machine moves the middle of a hundred turns, the quicker quarter hardly; what a show adds from
    turn to turn moves both.
    """

    first: float
    last: float

    @property
    def change(self) -> float:
        """What was added from the beginning to the end."""
        return self.last - self.first


def drift(values: Sequence[float], size: int) -> Drift | None:
    """Quartiles of the first and the last `size` values; None for fewer than two, or than twice as many."""
    if size < 2 or len(values) < 2 * size:
        return None
    return Drift(quantiles(values[:size], n=4)[0], quantiles(values[-size:], n=4)[0])


@dataclass(slots=True)
class Playing:
    """Sound as a listener hears it who plays every piece as soon as the one before is over. Does no I/O.

    A piece that comes after the end of the one before leaves a hole, unless a new turn begins with it.
    """

    sample_rate: int
    holes_ms: list[float] = field(default_factory=list)
    _turn: str = ""
    _end_s: float | None = None
    _starts_s: list[float] = field(default_factory=list)
    _pieces: list[tuple[int, int, int]] = field(default_factory=list)

    def begin(self, turn: str) -> None:
        """The next pieces belong to `turn`; what was played of another one is forgotten."""
        if turn != self._turn:
            self._turn = turn
            self._end_s = None
            self._starts_s, self._pieces, self.holes_ms = [], [], []

    def arrive(self, utterance: int, first: int, samples: int, now_s: float) -> None:
        """A piece came in."""
        if self._end_s is not None:
            self.holes_ms.append(max(now_s - self._end_s, 0.0) * 1000)
        start_s = now_s if self._end_s is None else max(now_s, self._end_s)
        self._end_s = start_s + samples / self.sample_rate
        self._starts_s.append(start_s)
        self._pieces.append((utterance, first, samples))

    def position(self, now_s: float) -> Position | None:
        """What is heard now; None before the first sound of the turn."""
        index = bisect_right(self._starts_s, now_s) - 1
        if index < 0:
            return None
        utterance, first, samples = self._pieces[index]
        played = min(int((now_s - self._starts_s[index]) * self.sample_rate), samples)
        return Position(utterance, first + played)

    def end_of(self, utterance: int) -> int:
        """The samples of an utterance that are there so far."""
        return max((first + samples for number, first, samples in self._pieces if number == utterance), default=0)

    def next_start_s(self, now_s: float) -> float | None:
        """When the next utterance begins, or all sound that is there is over; None where it is over already."""
        index = bisect_right(self._starts_s, now_s)
        playing = self._pieces[index - 1][0] if index else 0
        later = (
            at for at, piece in zip(self._starts_s[index:], self._pieces[index:], strict=True) if piece[0] > playing
        )
        fallback = self._end_s if self._end_s is not None and self._end_s > now_s else None
        return next(later, fallback)
