"""The figures of characters as tables for a terminal, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spark_vtuber.testing.bench.persona import Life, Phase
from spark_vtuber.testing.bench.persona_figures import LEAST_PERCENT, MOST_LOST, PersonaFigures

_PHASES: Final[dict[Phase, str]] = {
    "start": "at the start",
    "after": "after the chat and a restart",
    "alternating": "asked in turn",
}


def tables(found: Sequence[PersonaFigures], life: Life) -> RenderableType:
    """The alignment of each character at each time, what others would get, and what was wrong."""
    title = f"{life.turns:,} turns of chat, {life.hours:g} simulated hours, one restart"
    return Group(Text(title, style="bold"), _alignment(found), _behind(found), *map(_misses, found))


def _alignment(found: Sequence[PersonaFigures]) -> Table:
    table = Table("alignment, 95 % bootstrap interval")
    for one in found:
        table.add_column(one.persona.name, justify="right")
    table.add_row("answered by", *(one.engine for one in found), style="dim")
    for phase, words in _PHASES.items():
        cells = [one.phases.get(phase) for one in found]
        table.add_row(
            words, *(f"{cell.percent:.1f} ({cell.low:.1f} to {cell.high:.1f})" if cell else "-" for cell in cells)
        )
    table.add_row("points lost", *(f"{one.lost:.1f}" for one in found))
    table.add_row(
        f"at least {LEAST_PERCENT:g}, {MOST_LOST:g} lost at most",
        *("[green]✓[/]" if one.is_kept else "[bold red]✗ missed[/]" for one in found),
    )
    table.add_row("the others' answers", *("-" if one.as_other is None else f"{one.as_other:.1f}" for one in found))
    table.add_row("an assistant's answers", *(f"{one.as_assistant:.1f}" for one in found))
    if any(one.judged is not None for one in found):
        table.add_row("the judge's yes", *("-" if one.judged is None else f"{one.judged:.1f}" for one in found))
    return table


def _behind(found: Sequence[PersonaFigures]) -> Table:
    table = Table("what is behind it", box=None)
    for one in found:
        table.add_column(one.persona.name, justify="right")
    for kind in found[0].by_kind:
        table.add_row(f"content: {kind}", *(f"{one.by_kind.get(kind, 0):.0f}" for one in found))
    for feature in found[0].features:
        table.add_row(f"style alone: {feature}", *(f"{one.features[feature]:.0f}" for one in found))
    for rate in found[0].rates:
        table.add_row(f"{rate} an answer, and by the card", *(_rate(one, rate) for one in found))
    return table


def _rate(one: PersonaFigures, rate: str) -> str:
    said, shown = one.rates[rate]
    return f"{said:.2f} / {shown:.2f}"


def _misses(one: PersonaFigures) -> Text:
    lines = [f"{one.persona.name}, {miss.ask!r} ({miss.phase}): {miss.why}\n  {miss.answer}" for miss in one.misses]
    return Text("\n".join(lines), style="yellow")


def as_json(found: Sequence[PersonaFigures], life: Life) -> dict[str, Any]:
    """The same as JSON-ready values."""
    return {
        "life": asdict(life),
        "personas": [
            {
                "id": one.persona.id,
                "name": one.persona.name,
                "engine": one.engine,
                "alignment": {phase: asdict(estimate) for phase, estimate in one.phases.items()},
                "interval": "percentile bootstrap, 95 %",
                "lost": one.lost,
                "content": dict(one.by_kind),
                "features": dict(one.features),
                "rates": {name: {"said": said, "card": shown} for name, (said, shown) in one.rates.items()},
                "others_by_this_card": one.as_other,
                "assistant_by_this_card": one.as_assistant,
                "judge_yes": one.judged,
                "misses": [asdict(miss) for miss in one.misses],
                "kept": one.is_kept,
            }
            for one in found
        ],
        "kept": all(one.is_kept for one in found),
    }
