"""The measurement: lines go in at the door, sound comes out at the stage, and everybody's clocks are put together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.turns import Mark
from spark_vtuber.testing.bench.client import Listener, Sounding, ask, listening
from spark_vtuber.testing.bench.pace import pace
from spark_vtuber.testing.bench.process import Meter, load, machine
from spark_vtuber.testing.bench.profiles import Profile
from spark_vtuber.testing.bench.rig import Rig, rig
from spark_vtuber.testing.bench.statistics import Floor, Measured
from spark_vtuber.testing.bench.voice_floor import voice_alone_ms

WARM_UP: Final = 3
"""Turns before those that count, as in a show that is running."""

TURN_S: Final = 60.0
PAUSE_S: Final = 0.02
"""Between turns, so that what a turn leaves to be written counts as its own."""

BATCH: Final = 100
"""Records are fetched in batches: the show keeps the last 256."""

IDLE_S: Final = 4.0

VIEWERS: Final = ("Mirela", "otter_soup", "Jonas88", "kiwi", "TamTam", "lumen", "Pat the Bat", "rook")
LINES: Final = (
    "hi, I am new here, what did I miss?",
    "what are you playing today",
    "that jump was close, try the left side",
    "can you sing something for us later",
    "how was your day so far?",
    "my cat is watching you too",
    "which level comes next",
)


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a measurement found out. `idle_share` and `busy_share` are parts of one core.

    `pace`: how many times as long small work takes here as on the reference machine.
    """

    profile: Profile
    machine: str
    load: tuple[float | None, float | None]
    floor: Floor
    turns: tuple[Measured, ...]
    start_s: float
    idle_share: float
    busy_share: float
    version: str
    pace: float = 1.0


Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A turn before the records of the show and of the model server are put to it."""

    number: int
    line: str
    sent_s: float
    accepted_s: float
    sounding: Sounding
    cpu_first_ms: float
    cpu_ms: float
    resident_kb: float


async def measure(
    profile: Profile,
    turns: int,
    folder: Path,
    *,
    port: int,
    tokens: int | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Run:
    """Run the real processes and measure `turns` turns, one after another.

    `port` must be free; the show, the model server and the client talk over loopback. `folder` takes configuration,
    data and logs.

    Raises:
        SparkError: (alone or in a group) something did not start, or a turn did not come, was not completed or not
            the model's.
    """
    before = load()
    slowness = await anyio.to_thread.run_sync(pace)
    floor = Floor(profile.clause_due_ms(), await voice_alone_ms(profile, folder))
    async with rig(profile, tokens, port, folder) as show:
        meter = Meter(show.pid)
        async with listening(port, meter.cpu_s, is_aloud=profile.is_aloud) as listener:
            bench = _Bench(show, meter, listener)
            idle = await bench.idle_share()
            await bench.turns(WARM_UP)
            started_s, started_cpu_s = time.monotonic(), meter.cpu_s()
            measured = await bench.turns(turns, progress)
            busy = (meter.cpu_s() - started_cpu_s) / (time.monotonic() - started_s)
    return Run(
        profile=profile,
        machine=machine(),
        load=(before, load()),
        floor=floor,
        turns=measured,
        start_s=show.start_s,
        idle_share=idle,
        busy_share=busy,
        version=str(show.health["version"]),
        pace=slowness,
    )


class _Bench:
    def __init__(self, show: Rig, meter: Meter, listener: Listener) -> None:
        self._show = show
        self._meter = meter
        self._listener = listener
        self._lines = 0

    async def idle_share(self) -> float:
        """The share of a core that a show takes while nobody writes and one page is connected."""
        started_s, started_cpu_s = time.monotonic(), self._meter.cpu_s()
        await anyio.sleep(IDLE_S)
        return (self._meter.cpu_s() - started_cpu_s) / (time.monotonic() - started_s)

    async def turns(self, count: int, progress: Progress = lambda _done, _all: None) -> tuple[Measured, ...]:
        measured: list[Measured] = []
        while len(measured) < count:
            sent: list[_Sent] = []
            for number in range(len(measured) + 1, min(len(measured) + BATCH, count) + 1):
                sent.append(await self._turn(number))
                progress(number, count)
            measured += await self._completed(sent)
        return tuple(measured)

    async def _turn(self, number: int) -> _Sent:
        self._lines += 1
        line = {
            "author": f"{VIEWERS[self._lines % len(VIEWERS)]}{self._lines % 100}",
            "text": f"{LINES[self._lines % len(LINES)]} ({self._lines})",
        }
        before_s = self._meter.cpu_s()
        answer = await ask(self._show.port, "POST", "/api/chat", line)
        accepted_s = time.monotonic()
        if answer.status != 202:
            raise SparkError(f"the line was refused: {answer.body}", code="refused")
        try:
            with anyio.fail_after(TURN_S):
                sounding = await self._listener.next_turn()
        except TimeoutError as error:
            raise SparkError(
                f"turn {number} did not end in {TURN_S:g} s", code="no_turn", fix=f"read {self._show.log}"
            ) from error
        await anyio.sleep(PAUSE_S)
        return _Sent(
            number=number,
            line=str(answer.body["id"]),
            sent_s=answer.sent_s,
            accepted_s=accepted_s,
            sounding=sounding,
            cpu_first_ms=(sounding.at_first - before_s) * 1000,
            cpu_ms=(self._meter.cpu_s() - before_s) * 1000,
            resident_kb=self._meter.resident_kb(),
        )

    async def _completed(self, sent: Sequence[_Sent]) -> list[Measured]:
        """Put the show's records and the model server's times to the turns."""
        views = (await ask(self._show.port, "GET", f"/api/turns?limit={len(sent)}")).body
        visits = (await ask(self._show.model_port, "GET", "/timings?clear=1")).body[-len(sent) :]
        by_line = {view["cue"]["event"]: view for view in views}
        if len(visits) != len(sent):
            raise SparkError(f"{len(sent)} lines made {len(visits)} requests", code="odd_requests")
        return [_joined(turn, by_line.get(turn.line), visit) for turn, visit in zip(sent, visits, strict=True)]


def _joined(turn: _Sent, view: Mapping[str, Any] | None, visit: Mapping[str, Any]) -> Measured:
    first_s = turn.sounding.first_audio_s
    if view is None or first_s is None:
        raise SparkError(f"turn {turn.number} left no record or no sound", code="no_turn")
    if view["outcome"] != "completed" or view["degraded"] or not turn.sent_s < visit["request_s"] < first_s:
        raise SparkError(
            f"turn {turn.number} was not the model's own: {view['outcome']}, {view['error'] or 'no error'}",
            code="odd_turn",
        )
    return Measured(
        number=turn.number,
        sent_s=turn.sent_s,
        accepted_s=turn.accepted_s,
        request_s=visit["request_s"],
        clause_s=visit["clause_s"],
        first_audio_s=first_s,
        marks={Mark(name): at_ms / 1000 for name, at_ms in view["marks"].items()},
        voice_first_ms=view["voice_first_ms"],
        cpu_first_ms=turn.cpu_first_ms,
        cpu_ms=turn.cpu_ms,
        resident_kb=turn.resident_kb,
        holes_ms=turn.sounding.holes_ms,
        outcome=view["outcome"],
    )
