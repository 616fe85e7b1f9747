"""`spark-vtuber doctor`: what works here, what does not, and the fix."""

import json
import logging
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import anyio
import typer
from rich.markup import escape
from rich.table import Table

from spark_vtuber import engines
from spark_vtuber.app.checks import Checked, examine
from spark_vtuber.app.environment import Surroundings, http_client
from spark_vtuber.app.preflight import preflight
from spark_vtuber.cli import options
from spark_vtuber.cli.console import results
from spark_vtuber.config.load import load
from spark_vtuber.core.clock import SystemClock

MARKS = {"ok": "[green]ok[/]", "note": "[blue]note[/]", "warning": "[yellow]warning[/]", "error": "[red]error[/]"}


def doctor(
    config: options.ConfigFile = None,
    before_the_show: Annotated[
        bool, typer.Option("--preflight", help="Also go through the checklist before going live.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Look at everything a show needs, and say the fix where something is wrong.

    Ports, sound, memory, disk, configuration, every engine in use (is the model
    server there, and which model?), and the licences of what runs. It starts
    nothing that stays. The exit code is 1 where a line says "error".

    With --preflight it also goes through the list before going live: room,
    power, memory, heat, the sound device, a word of the model, a sentence of the
    voice, a bad line for the guard, the scenes of OBS, the last rehearsal, and a
    show that already runs. Nothing is said, shown or switched.

    [bold]Examples[/]

      spark-vtuber doctor
      spark-vtuber doctor --preflight
      spark-vtuber doctor --config my_show.toml --json
    """
    found = anyio.run(_examine, config, before_the_show)
    is_well = not any(one.finding.severity == "error" for one in found)
    if as_json:
        print(json.dumps({"ok": is_well, "findings": [{"area": one.area, **asdict(one.finding)} for one in found]}))
    else:
        results.print(_table(found))
        results.print(_verdict(found))
    raise typer.Exit(0 if is_well else 1)


async def _examine(config: Path | None, before_the_show: bool) -> list[Checked]:
    log = logging.getLogger("spark_vtuber")
    around = Surroundings(SystemClock(), random.Random(), log)
    async with http_client() as http, aclosing(examine(config, around, http)) as findings:
        found = [one async for one in findings]
    if before_the_show and not any(one.area == "configuration" and one.finding.severity == "error" for one in found):
        async with aclosing(preflight(load(engines.spec, config), around)) as findings:
            found += [one async for one in findings]
    return found


def _table(found: Sequence[Checked]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    area = ""
    for one in found:
        finding = one.finding
        detail = escape(finding.detail)
        if finding.fix:
            detail += f"\n[dim]fix:[/] {escape(finding.fix)}"
        table.add_row("" if one.area == area else one.area, MARKS[finding.severity], escape(finding.name), detail)
        area = one.area
    return table


def _verdict(found: Sequence[Checked]) -> str:
    count = Counter(one.finding.severity for one in found)
    if count["error"]:
        return f"\n[bold red]{count['error']} to mend[/], {count['warning']} to look at"
    if count["warning"]:
        return f"\n[bold yellow]ready[/], {count['warning']} to look at"
    return "\n[bold green]ready[/]: spark-vtuber run"
