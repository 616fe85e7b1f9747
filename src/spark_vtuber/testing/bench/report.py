"""What a run means: its figures, the promises they are held to, and the forms in which they leave."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.turns import Mark
from spark_vtuber.telemetry.waterfall import Percentiles, percentiles
from spark_vtuber.testing.bench.latency import Run
from spark_vtuber.testing.bench.profiles import HOLE_MS
from spark_vtuber.testing.bench.statistics import Drift, Measured, drift, explained_share, slope, stage_names

OWN_P50_MS: Final = 10.0
OWN_P95_MS: Final = 25.0
CPU_FIRST_MS: Final = 40.0
IDLE_SHARE: Final = 0.02
BUSY_SHARE: Final = 0.05
RESIDENT_MB: Final = 150.0
SLOPE_KB: Final = 6.0
START_S: Final = 2.0
EXPLAINED: Final = 0.95
"""The budgets of the architecture, section 8. Those in time hold on the reference machine, see `pace`."""

SETTLED: Final = 100
"""Memory is watched from this turn on."""

FEWEST_FOR_SLOPE: Final = 100
"""Turns after `SETTLED` that a slope needs; fewer show the allocator, not the show."""


REPLY: Final = "posted → first audio at the client"
OWN: Final = "own delay: the same beyond the floor"
BEYOND: Final = "model's request → first audio, beyond the floor"
CPU_FIRST: Final = "CPU of the show, posted → first audio"
CPU_TURN: Final = "CPU of the show, whole turn"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside its limit. Only a `is_promise` that is missed makes the command fail."""

    what: str
    value: float
    limit: float
    unit: str
    is_promise: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the figure is within its limit; `explained` is the one that must be reached."""
        return self.value >= self.limit if self.unit == "of the time" else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run. Milliseconds, kilobytes (1,024 bytes) and shares of one core."""

    run: Run
    rows: Mapping[str, Percentiles]
    explained: float
    longest_hole_ms: float
    resident_settled_kb: float | None
    resident_end_kb: float
    slope_kb: float | None
    drift: Drift | None
    verdicts: tuple[Verdict, ...]

    @property
    def is_kept(self) -> bool:
        """Whether every promise of the profile is kept; budgets are shown, not enforced."""
        return all(verdict.is_kept for verdict in self.verdicts if verdict.is_promise)


def report(run: Run) -> Report:
    """Work out the figures of a run with at least one turn."""
    turns = run.turns
    rows = _rows(run)
    settled = [(float(turn.number), turn.resident_kb) for turn in turns if turn.number >= SETTLED]
    slope_kb = slope(settled) if len(settled) > FEWEST_FOR_SLOPE else None
    holes = [hole for turn in turns for hole in turn.holes_ms]
    longest = max(holes, default=0.0)
    explained = explained_share(turns)
    return Report(
        run=run,
        rows=rows,
        explained=explained,
        longest_hole_ms=longest,
        resident_settled_kb=settled[0][1] if settled else None,
        resident_end_kb=turns[-1].resident_kb,
        slope_kb=slope_kb,
        drift=drift([turn.reply_ms for turn in turns], min(SETTLED, len(turns) // 2)),
        verdicts=tuple(_verdicts(run, rows, explained, longest, slope_kb)),
    )


def _rows(run: Run) -> dict[str, Percentiles]:
    """Percentiles by name, the most important first."""
    floor = run.floor
    columns: dict[str, Callable[[Measured], float]] = {
        REPLY: lambda turn: turn.reply_ms,
        OWN: floor.own_ms,
        BEYOND: floor.beyond_ms,
        "model server late with the first clause": lambda turn: (
            (turn.clause_s - turn.request_s) * 1000 - floor.clause_ms
        ),
        "voice: request → first chunk, in the show": lambda turn: turn.voice_first_ms,
        CPU_FIRST: lambda turn: turn.cpu_first_ms,
        CPU_TURN: lambda turn: turn.cpu_ms,
        "door and wire (outside the marks)": lambda turn: turn.way_ms,
    }
    stages = [turn.stages_ms() for turn in run.turns]
    rows = {name: _percentiles(map(value, run.turns)) for name, value in columns.items()}
    for stage in stage_names():
        if any(stage in times for times in stages):
            rows[f"stage {stage}"] = _percentiles(times[stage] for times in stages if stage in times)
    return rows


def _verdicts(
    run: Run, rows: Mapping[str, Percentiles], explained: float, longest_hole_ms: float, slope_kb: float | None
) -> Iterable[Verdict]:
    profile = run.profile
    if profile.reply_p95_ms is not None:
        yield Verdict("posted → first audio, p95", rows[REPLY].p95, profile.reply_p95_ms, "ms", is_promise=True)
    if profile.is_aloud:
        yield Verdict("longest hole inside a turn", longest_hole_ms, HOLE_MS, "ms", is_promise=True)
        yield Verdict("CPU while one client plays", run.busy_share * 100, BUSY_SHARE * 100, "% of a core")
    if profile.text == "comma":
        yield Verdict("own delay, p50", rows[OWN].p50, OWN_P50_MS * run.pace, "ms")
        yield Verdict("own delay, p95", rows[OWN].p95, OWN_P95_MS * run.pace, "ms")
    yield Verdict("CPU posted → first audio, p50", rows[CPU_FIRST].p50, CPU_FIRST_MS * run.pace, "ms")
    yield Verdict("time that stages explain", explained * 100, EXPLAINED * 100, "of the time")
    yield Verdict("idle CPU", run.idle_share * 100, IDLE_SHARE * 100, "% of a core")
    yield Verdict("memory at the end", run.turns[-1].resident_kb / 1024, RESIDENT_MB, "MB")
    if slope_kb is not None:
        yield Verdict("memory slope", slope_kb, SLOPE_KB, "kB a turn")
    yield Verdict("start-up", run.start_s, START_S * run.pace, "s")


def _percentiles(values: Iterable[float]) -> Percentiles:
    found = percentiles(values)
    if found is None:
        raise ValueError("a run without turns has no figures")
    return found


def as_json(result: Report) -> dict[str, Any]:
    """The report as JSON-ready values."""
    run = result.run
    return {
        "profile": run.profile.name,
        "machine": run.machine,
        "load": list(run.load),
        "pace": run.pace,
        "version": run.version,
        "turns": len(run.turns),
        "floor_ms": {"clause": run.floor.clause_ms, "voice": run.floor.voice_ms, "sum": run.floor.ms},
        "arithmetic": run.profile.arithmetic(run.floor.voice_ms),
        "figures_ms": {name: asdict(row) for name, row in result.rows.items()},
        "explained": result.explained,
        "longest_hole_ms": result.longest_hole_ms,
        "resident_kb": {"settled": result.resident_settled_kb, "end": result.resident_end_kb, "slope": result.slope_kb},
        "drift_ms": None if result.drift is None else asdict(result.drift),
        "idle_share": run.idle_share,
        "busy_share": run.busy_share,
        "start_s": run.start_s,
        "verdicts": [{**asdict(verdict), "kept": verdict.is_kept} for verdict in result.verdicts],
        "kept": result.is_kept,
    }


def write_log(run: Run, path: Path) -> None:
    """One row a turn as CSV: figures in milliseconds and kilobytes.

    Raises:
        OSError: the file cannot be written.
    """
    stages = stage_names()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            (
                *("turn", "reply_ms", "floor_ms", "own_ms", "beyond_ms", "model_late_ms", "voice_first_ms", "way_ms"),
                *(f"{stage}_ms" for stage in stages),
                *("first_played_ms", "cpu_first_ms", "cpu_ms", "resident_kb", "longest_hole_ms"),
            )
        )
        for turn in run.turns:
            times = turn.stages_ms()
            played = turn.marks.get(Mark.FIRST_PLAYED)
            numbers = (
                turn.reply_ms,
                run.floor.ms,
                run.floor.own_ms(turn),
                run.floor.beyond_ms(turn),
                (turn.clause_s - turn.request_s) * 1000 - run.floor.clause_ms,
                turn.voice_first_ms,
                turn.way_ms,
                *(times.get(stage) for stage in stages),
                None if played is None else played * 1000,
                turn.cpu_first_ms,
                turn.cpu_ms,
                turn.resident_kb,
                max(turn.holes_ms, default=0.0),
            )
            writer.writerow((turn.number, *("" if number is None else round(number, 3) for number in numbers)))
