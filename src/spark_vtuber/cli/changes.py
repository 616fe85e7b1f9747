"""Tells on the terminal what a reload of the configuration changed."""

import json
from collections.abc import Sequence
from typing import Any, Final

from rich.markup import escape

from spark_vtuber.cli.console import console
from spark_vtuber.core.settings import Change

MEANS: Final = {
    "now": "[green]counts now[/]",
    "component": "[green]its component was restarted[/]",
    "restart": "[yellow]waits for the next start of the show[/]",
}


def tell_changes(changes: Sequence[Change]) -> None:
    """One line for each key."""
    if not changes:
        console.print("configuration: read again, nothing is different")
    for one in changes:
        values = f"{_text(one.old)} → {_text(one.value)}"
        console.print(f"configuration: [bold]{escape(one.key)}[/] {escape(values)}, {MEANS[one.applied]}")


def _text(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
