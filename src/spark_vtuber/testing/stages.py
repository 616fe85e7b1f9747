"""Stages for tests: a fake one that plays in real time, and a page that plays what a stage hall sends."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

from spark_vtuber.core.audio import BYTES_PER_SAMPLE
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import StagePeer
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Utterance
from spark_vtuber.stage import client
from spark_vtuber.stage.port import Part, Position, SpeechEnd, SpeechSound, SpeechStart


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of sound without a hole: who was audible from when to when, in seconds of the clock."""

    start_s: float
    end_s: float
    persona: PersonaId
    turn: TurnId
    utterance: int
    first_sample: int
    sample_rate: int

    def sample_at(self, instant: float) -> int:
        """The sample that is heard at an instant of it."""
        # Instants are floats: a sample that is due now counts in spite of their rounding.
        return self.first_sample + int((min(instant, self.end_s) - self.start_s) * self.sample_rate + 1e-3)


@dataclass(slots=True)
class _Spoken:
    utterance: Utterance
    sample_rate: int
    chunks: list[tuple[float, int]] = field(default_factory=list)
    ended_at: float | None = None
    cut_at: float | None = None

    @property
    def samples(self) -> int:
        return sum(samples for _, samples in self.chunks)


class FakeStage:
    """A `Stage` on any clock that plays everything at once and in real time, and remembers what was audible.

    `lag_s` is how late sound is heard, `flush_s` how long it goes on after a flush was asked for. While `failure` is
    set, `perform` raises it. `parts` are all parts taken, with their instants.
    """

    def __init__(self, clock: Clock, *, lag_s: float = 0.0, flush_s: float = 0.0) -> None:
        self.parts: list[tuple[float, Part]] = []
        self.failure: Exception | None = None
        self._clock = clock
        self._lag_s = lag_s
        self._flush_s = flush_s
        self._spoken: list[_Spoken] = []
        self._cancelled: set[TurnId] = set()
        self._stretches: list[Heard] | None = None
        self._changed = anyio.Event()

    async def perform(self, part: Part) -> None:
        """Take a part. Raises `failure` where it is set, `ValueError` for parts out of order."""
        await checkpoint()
        if self.failure is not None:
            raise self.failure
        now = self._clock.now()
        self.parts.append((now, part))
        match part:
            case SpeechStart(utterance, sample_rate):
                if self._spoken and utterance.number <= self._spoken[-1].utterance.number:
                    raise ValueError(f"utterance {utterance.number} is not above the one before")
                if self._spoken and self._spoken[-1].ended_at is None:
                    self._spoken[-1].ended_at = now
                cut_at = now if utterance.turn in self._cancelled else None
                self._spoken.append(_Spoken(utterance, sample_rate, cut_at=cut_at))
            case SpeechSound(number, first_sample, pcm):
                spoken = self._open(number)
                if spoken.cut_at is None:
                    if first_sample != spoken.samples:
                        raise ValueError(f"utterance {number} has a hole before sample {first_sample}")
                    spoken.chunks.append((now, len(pcm) // BYTES_PER_SAMPLE))
            case SpeechEnd(number, samples):
                spoken = self._open(number)
                if spoken.cut_at is None and samples != spoken.samples:
                    raise ValueError(f"utterance {number} has {spoken.samples} samples, not {samples}")
                spoken.ended_at = now
        self._stir()

    def position(self) -> Position:
        """What is heard now."""
        now = self._clock.now()
        heard = next((one for one in reversed(self._heard()) if one.start_s <= now), None)
        return Position(0, 0) if heard is None else Position(heard.utterance, heard.sample_at(now))

    async def reached(self, position: Position) -> float:
        """As the port says, to the sample."""
        await checkpoint()
        while (at := self._instant(position)) is None or at > self._clock.now():
            changed = self._changed
            with anyio.move_on_after(None if at is None else at - self._clock.now()):
                await changed.wait()
        return at

    async def flush(self, turn: TurnId) -> Position:
        """Fall silent, `flush_s` after now."""
        self._cancelled.add(turn)
        silent_at = self._clock.now() + self._flush_s
        for spoken in self._spoken:
            if spoken.utterance.turn == turn and spoken.cut_at is None:
                spoken.cut_at = silent_at
        self._stir()
        await anyio.sleep(self._flush_s)
        return self.position()

    def audible(self) -> list[Heard]:
        """Every stretch of sound up to now, in order of time; two that overlap would be two voices at once."""
        now = self._clock.now()
        return [replace(one, end_s=min(one.end_s, now)) for one in self._heard() if one.start_s < now]

    def speaker_at(self, instant: float) -> PersonaId | None:
        """Who was audible at an instant, or None where it was silent."""
        return next((one.persona for one in self.audible() if one.start_s <= instant < one.end_s), None)

    def taken(self, kind: type[Part]) -> list[Part]:
        """The parts of one kind, in order."""
        return [part for _, part in self.parts if isinstance(part, kind)]

    def _open(self, number: int) -> _Spoken:
        if not self._spoken or self._spoken[-1].utterance.number != number or self._spoken[-1].ended_at is not None:
            raise ValueError(f"utterance {number} is not open")
        return self._spoken[-1]

    def _heard(self) -> list[Heard]:
        """What will be audible if nothing else happens, as stretches without a hole."""
        if self._stretches is None:
            self._stretches = []
            free_at = float("-inf")
            for spoken in self._spoken:
                free_at = self._lay_out(spoken, free_at, self._stretches)
        return self._stretches

    def _lay_out(self, spoken: _Spoken, free_at: float, stretches: list[Heard]) -> float:
        """Add the stretches of an utterance that begins at `free_at` or later; gives its end."""
        limit = float("inf") if spoken.cut_at is None else spoken.cut_at
        rate = spoken.sample_rate
        began, begun_with, first = free_at, 0, 0

        def stretch() -> Heard:
            utterance = spoken.utterance
            return Heard(began, free_at, utterance.persona, utterance.turn, utterance.number, begun_with, rate)

        for arrived_at, samples in spoken.chunks:
            start = max(free_at, arrived_at + self._lag_s)
            if start >= limit:
                break
            if not first or start > free_at:
                if first:
                    stretches.append(stretch())
                began, begun_with = start, first
            first += samples
            free_at = min(began + (first - begun_with) / rate, limit)
        if first:
            stretches.append(stretch())
        return free_at

    def _instant(self, position: Position) -> float | None:
        """When `position` is heard, or was cut; None while nobody can know."""
        for heard in self._heard():
            if Position(heard.utterance, heard.sample_at(heard.end_s)) >= position:
                ahead = position.sample - heard.first_sample if heard.utterance == position.utterance else 0
                return heard.start_s + max(ahead, 0) / heard.sample_rate
        spoken = next((one for one in self._spoken if one.utterance.number == position.utterance), None)
        if spoken is None or spoken.cut_at is not None:
            return None if spoken is None else spoken.cut_at
        if spoken.ended_at is None or position.sample < spoken.samples:
            return None
        before = [heard.end_s for heard in self._heard() if heard.utterance <= position.utterance]
        return max([*before, 0.0 if spoken.chunks else spoken.ended_at])

    def _stir(self) -> None:
        self._stretches = None
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


class MemoryTape:
    """A tape that keeps everything: `pcm` and the `events` of the timeline. While `failure` is set, it is raised."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.events: list[dict[str, Any]] = []
        self.failure: Exception | None = None

    def sound(self, pcm: bytes) -> None:
        """Keep sound."""
        if self.failure is not None:
            raise self.failure
        self.pcm += pcm

    def note(self, event: dict[str, Any]) -> None:
        """Keep an entry."""
        if self.failure is not None:
            raise self.failure
        self.events.append(event)


@dataclass(slots=True)
class _Line:
    turn: TurnId
    sample_rate: int
    arrived: int = 0
    total: int | None = None


class ScriptedPage:
    """A client of a stage hall that plays in real time and reports like a page: at begin, ten times a second, at end.

    `lag_s` is how late it starts to play an utterance. While `is_mute` it sends nothing. `frames` is all it received.
    """

    def __init__(self, peer: StagePeer, clock: Clock, *, name: str = "page", lag_s: float = 0.0) -> None:
        self.frames: list[client.Message | client.Sound] = []
        self.is_owner = False
        self.is_mute = False
        self._peer = peer
        self._clock = clock
        self._name = name
        self._lag_s = lag_s
        self._lines: dict[int, _Line] = {}
        self._cancelled: set[TurnId] = set()
        self._heard = Position(0, 0)
        self._sounding: tuple[float, int, int] | None = None
        self._changed = anyio.Event()

    def messages(self, kind: str) -> list[client.Message]:
        """The text frames of one type."""
        return [frame for frame in self.frames if isinstance(frame, client.Message) and frame.type == kind]

    def say(self, frame: str) -> None:
        """Send a frame, unless mute."""
        if not self.is_mute:
            self._peer.receive(frame)

    async def run(self) -> None:
        """Say hello, then play until cancelled, or until the hall ends the connection."""
        self.say(client.hello(self._name, has_audio=True))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._play)
            async for raw in self._peer.frames():
                self._take(client.read(raw))
            tasks.cancel_scope.cancel()

    def _take(self, frame: client.Message | client.Sound) -> None:
        self.frames.append(frame)
        if isinstance(frame, client.Sound):
            if frame.utterance in self._lines:
                self._lines[frame.utterance].arrived = frame.end
        elif frame.type == "audio.owner":
            self.is_owner = frame["you"]
        elif frame.type == "speech.start" and self.is_owner:
            self._lines[frame["utterance"]] = _Line(TurnId(frame["turn"]), frame["sample_rate"])
        elif frame.type == "speech.end" and frame["utterance"] in self._lines:
            self._lines[frame["utterance"]].total = frame["samples"]
        elif frame.type == "speech.cancel":
            self._cancelled.add(TurnId(frame["turn"]))
            self._note()
            if self.is_owner:
                self.say(client.flushed(TurnId(frame["turn"]), self._heard))
        self._changed.set()

    async def _play(self) -> None:
        while True:
            if not self._lines:
                await self._change()
            else:
                number = min(self._lines)
                await self._play_line(number, self._lines[number])
                del self._lines[number]

    async def _play_line(self, number: int, line: _Line) -> None:
        sample = 0
        while line.turn not in self._cancelled and sample != line.total:
            if sample == line.arrived:
                await self._change()
                continue
            if sample == 0:
                await anyio.sleep(self._lag_s)
                self._heard = Position(number, 0)
                self.say(client.playback(self._heard))
            step = min(line.arrived - sample, line.sample_rate // 10)
            self._sounding = (self._clock.now(), sample + step, line.sample_rate)
            with anyio.move_on_after(step / line.sample_rate):
                while line.turn not in self._cancelled:
                    await self._change()
            self._note()
            self._sounding = None
            sample = self._heard.sample
            self.say(client.playback(self._heard))

    def _note(self) -> None:
        """Bring what is heard up to now."""
        if self._sounding is not None:
            began_at, end, rate = self._sounding
            self._sounding = (self._clock.now(), end, rate)
            ahead = round((self._clock.now() - began_at) * rate)
            self._heard = Position(self._heard.utterance, min(self._heard.sample + ahead, end))

    async def _change(self) -> None:
        self._changed = anyio.Event()
        await self._changed.wait()


@asynccontextmanager
async def page_on(
    connect: Callable[[], AbstractAsyncContextManager[StagePeer]],
    clock: Clock,
    *,
    name: str = "page",
    lag_s: float = 0.0,
) -> AsyncIterator[ScriptedPage]:
    """A scripted page that plays while the context is open."""
    async with connect() as peer, anyio.create_task_group() as tasks:
        page = ScriptedPage(peer, clock, name=name, lag_s=lag_s)
        tasks.start_soon(page.run)
        await checkpoint()
        yield page
        tasks.cancel_scope.cancel()
