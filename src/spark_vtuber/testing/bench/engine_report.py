"""The figures of measured model servers as rows, as JSON, and as a table for a terminal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from spark_vtuber.telemetry.waterfall import percentiles
from spark_vtuber.testing.bench.engine_figures import CACHED_SHARE, CARD_MEMORY, MEMORY, SWITCH, UNITS, Figures

NOT_MEASURED: Final = "not measured"
_NAME_CHARS: Final = 60
_A_PATH: Final = re.compile(r"^(/|~|\.|\\|[A-Za-z]:[/\\])|\.gguf$")


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of one server: the middle and the tail of `count` values, or None and why."""

    name: str
    unit: str
    p50: float | None = None
    p95: float | None = None
    count: int = 0
    why: str = ""

    def shown(self) -> str:
        """Both as a cell of a table. The tail of a speed is its slow end."""
        if self.p50 is None or self.p95 is None:
            return NOT_MEASURED
        if self.name in {MEMORY, CARD_MEMORY}:
            return f"{self.p50:,.0f}"
        return f"{amount(self.p50)} / {amount(self.p95)}"


def rows(figures: Figures) -> tuple[Row, ...]:
    """Every figure in its order, those that are missing with the reason."""
    return tuple(_row(figures, name, unit) for name, unit in UNITS.items())


def _row(figures: Figures, name: str, unit: str) -> Row:
    values = figures.values.get(name, [])
    is_better_high = unit in {"tokens/s", "tokens", "%"}
    found = percentiles([-value for value in values] if is_better_high else values)
    if found is None:
        return Row(name, unit, why=figures.missing.get(name, "nothing was asked"))
    sign = -1 if is_better_high else 1
    return Row(name, unit, sign * found.p50 + 0.0, sign * found.p95 + 0.0, len(values))


def amount(value: float) -> str:
    """A number with as many digits as it deserves."""
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def model_name(figures: Figures) -> str:
    """The model for people: a server may call it by its path, of which only the file's name is told."""
    name = figures.capabilities.model
    if _A_PATH.search(name):
        name = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in name if char.isprintable())[:_NAME_CHARS] or "unknown"


def as_json(figures: Figures) -> dict[str, Any]:
    """One server as JSON-ready values; no address and no path is in it."""
    seen = figures.capabilities
    return {
        "name": figures.name,
        "model": model_name(figures),
        "dialect": seen.dialect,
        "context_tokens": seen.context_tokens,
        "adapters": len(seen.adapters),
        "figures": {
            row.name: {"unit": row.unit, "p50": row.p50, "p95": row.p95, "count": row.count, "why": row.why}
            for row in rows(figures)
        },
    }


def table(measured: Sequence[Figures]) -> RenderableType:
    """All servers side by side: p50 / p95, and for two the second as a multiple of the first."""
    whole = Table("p50 / p95", "")
    columns = [rows(figures) for figures in measured]
    for figures in measured:
        whole.add_column(escape(figures.name), justify="right")
    is_pair = len(measured) == 2
    if is_pair:
        whole.add_column("× p50", justify="right")
    for same in zip(*columns, strict=True):
        cells = [row.shown() if row.p50 is not None else f"[dim]{NOT_MEASURED}[/]" for row in same]
        whole.add_row(same[0].name, same[0].unit, *cells, *([_ratio(*same)] if is_pair else []))
    return Group(*(Text(_heading(figures), style="bold") for figures in measured), whole, *_notes(measured))


def _ratio(first: Row, second: Row) -> str:
    if not first.p50 or second.p50 is None:
        return ""
    return f"{second.p50 / first.p50:.2f}"


def _heading(figures: Figures) -> str:
    seen = figures.capabilities
    holds = f", context {seen.context_tokens:,} tokens" if seen.context_tokens else ""
    return f"{figures.name}: {model_name(figures)} on {seen.dialect or seen.engine}{holds}"


def _notes(measured: Sequence[Figures]) -> list[Text]:
    notes = {f"{row.name}: {row.why}" for figures in measured for row in rows(figures) if row.why}
    texts = [Text(f"{NOT_MEASURED}: {note}", style="dim") for note in sorted(notes)]
    if any(SWITCH in figures.values for figures in measured):
        texts.append(Text("the first token after a switch includes reading the other character's prompt", style="dim"))
    if any(CACHED_SHARE in figures.values for figures in measured):
        texts.append(Text("the second number of a speed or a share is its low end", style="dim"))
    return texts
