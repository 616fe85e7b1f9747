"""What a soak came to: figures beside their limits, as a table and as JSON."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spark_vtuber.testing.bench.soak import Sample, Soaked
from spark_vtuber.testing.bench.statistics import slope

UPTIME: Final = 99.0
RESTART_S: Final = 30.0
SLOPE_KB: Final = 6.0
SETTLED_TURNS: Final = 300
"""Caches have filled by then."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure; with a limit, whether it is kept."""

    name: str
    value: float | None
    unit: str
    limit: str = ""
    is_kept: bool = True


def figures(soaked: Soaked) -> list[Figure]:
    """Everything that is measured; slopes are those of the longest life of the show."""
    uptime = 100 * soaked.up / max(1, soaked.looks)
    unasked = len(soaked.sessions) - 1 - soaked.expected_show_restarts
    longest_s = max((restart.took_s for restart in soaked.restarts), default=0.0)
    life = _longest_life(soaked.samples)
    grown = slope([(sample.turns, sample.resident_kb) for sample in life if sample.turns >= SETTLED_TURNS])
    return [
        Figure("uptime", uptime, "%", f"≥ {UPTIME:g}", uptime >= UPTIME),
        Figure("crashes of the show", float(max(0, unasked)), "", "= 0", unasked <= 0),
        Figure("faults unseen in the journal", float(len(soaked.unseen)), "", "= 0", not soaked.unseen),
        Figure("forced restarts", float(len(soaked.restarts)), ""),
        Figure("longest restart", longest_s, "s", f"≤ {RESTART_S:g}", longest_s <= RESTART_S),
        Figure("longest silence", _longest_silence_s(soaked), "s"),
        Figure("memory", grown, "kB a turn", f"≤ {SLOPE_KB:g}", grown is None or grown <= SLOPE_KB),
        *(
            Figure(name, _per_hour(life, field), f"{unit} an hour".strip())
            for name, field, unit in (
                ("memory over time", "resident_kb", "kB"),
                ("descriptors", "descriptors", ""),
                ("threads", "threads", ""),
                ("write-ahead log", "wal_kb", "kB"),
                ("temporary files", "temporary_files", ""),
            )
        ),
    ]


def is_kept(soaked: Soaked) -> bool:
    """Whether every figure is within its limit."""
    return all(figure.is_kept for figure in figures(soaked))


def as_json(soaked: Soaked) -> dict[str, Any]:
    """The figures, what was done and what was restarted."""
    return {
        "duration_s": soaked.duration_s,
        "kept": is_kept(soaked),
        "figures": [
            {"name": one.name, "value": one.value, "unit": one.unit, "limit": one.limit, "kept": one.is_kept}
            for one in figures(soaked)
        ],
        "lines": soaked.lines,
        "turns": soaked.outcomes,
        "unseen": soaked.unseen,
        "faults": [{"at_s": round(at_s, 1), "name": name} for at_s, name in soaked.struck],
        "memory": [{"at_s": round(one.at_s), "turns": one.turns, "kb": one.resident_kb} for one in soaked.samples],
        "restarts": [{"name": one.name, "why": one.why, "took_s": one.took_s} for one in soaked.restarts],
    }


def table(soaked: Soaked) -> RenderableType:
    """The same for a terminal."""
    whole = Table("figure", "", box=None)
    whole.columns[1].justify = "right"
    whole.add_column("limit", justify="right")
    whole.add_column("")
    for one in figures(soaked):
        value = "not measured" if one.value is None else f"{one.value:.2f} {one.unit}".strip()
        sign = "" if not one.limit or one.value is None else ("[green]✓[/]" if one.is_kept else "[bold red]✗[/]")
        whole.add_row(one.name, value, one.limit, sign)
    restarts = Table("restarted", "times", "longest s", "last reason")
    for name, count in Counter(one.name for one in soaked.restarts).items():
        own = [one for one in soaked.restarts if one.name == name]
        restarts.add_row(name, str(count), f"{max(one.took_s for one in own):.2f}", Text(own[-1].why))
    turns = ", ".join(f"{count} {outcome}" for outcome, count in sorted(soaked.outcomes.items()))
    faults = ", ".join(f"{name} ×{count}" for name, count in Counter(name for _, name in soaked.struck).items())
    return Group(
        Text(f"{soaked.duration_s / 60:.1f} minutes, {soaked.lines} lines; turns: {turns or 'none'}", style="bold"),
        Text(f"faults: {faults or 'none'}"),
        *(Text(f"not in the journal: {one}", style="red") for one in soaked.unseen),
        whole,
        restarts,
    )


def _longest_silence_s(soaked: Soaked) -> float:
    instants = [0.0, *soaked.sounds_s, soaked.duration_s]
    return max(later - earlier for earlier, later in pairwise(instants))


def _longest_life(samples: list[Sample]) -> list[Sample]:
    if not samples:
        return []
    session, _ = Counter(sample.session for sample in samples).most_common(1)[0]
    return [sample for sample in samples if sample.session == session]


def _per_hour(life: list[Sample], field: str) -> float | None:
    grown = slope([(sample.at_s, float(getattr(sample, field))) for sample in life])
    return None if grown is None else grown * 3_600
