"""`spark-vtuber doctor`: what works here, what does not, and the fix."""

import json
import logging
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import anyio
import typer
from rich.markup import escape
from rich.table import Table

from spark_vtuber import engines
from spark_vtuber.app.brains import ports_to_look_at
from spark_vtuber.app.checks import Checked, examine
from spark_vtuber.app.commercial import credits_text, findings, in_use
from spark_vtuber.app.environment import Surroundings, http_client
from spark_vtuber.app.preflight import preflight
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, results
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.llm.discovery import FoundServer, discover

MARKS = {"ok": "[green]ok[/]", "note": "[blue]note[/]", "warning": "[yellow]warning[/]", "error": "[red]error[/]"}


def doctor(
    config: options.ConfigFile = None,
    before_the_show: Annotated[
        bool, typer.Option("--preflight", help="Also go through the checklist before going live.")
    ] = False,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only look whether a stream with all this may earn money.")
    ] = False,
    credits_file: Annotated[
        Path | None, typer.Option("--credits", metavar="FILE", help="Write the credits; with --commercial.")
    ] = None,
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

    With --commercial it names every model, adapter, voice and avatar in use whose
    licence forbids a stream that earns money or sets conditions, says what to do,
    and gives the credits. A licence that it does not know is never called fine.
    This is no legal advice.

    [bold]Examples[/]

      spark-vtuber doctor
      spark-vtuber doctor --preflight
      spark-vtuber doctor --commercial --credits credits.txt
      spark-vtuber doctor --config my_show.toml --json
    """
    if commercial or credits_file is not None:
        _judge_licences(config, credits_file, as_json=as_json)
    found = anyio.run(_examine, config, before_the_show)
    is_well = not any(one.finding.severity == "error" for one in found)
    if as_json:
        print(json.dumps({"ok": is_well, "findings": [{"area": one.area, **asdict(one.finding)} for one in found]}))
    else:
        results.print(_table(found))
        results.print(_verdict(found))
    raise typer.Exit(0 if is_well else 1)


def _judge_licences(config: Path | None, credits_file: Path | None, *, as_json: bool) -> NoReturn:
    """Say what may be on a stream that earns money; exit code 1 where something may not."""
    try:
        settings = load(engines.spec, config)
        things = in_use(settings, anyio.run(_servers, settings), engines.spec)
        text = credits_text(things)
        if credits_file is not None:
            credits_file.write_text(text, encoding="utf-8")
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    except OSError as error:
        complain(SparkError(f"{credits_file} cannot be written: {error.strerror}", fix="choose another file"))
        raise typer.Exit(1) from error
    found = tuple(findings(things))
    is_allowed = not any(one.finding.severity == "error" for one in found)
    if as_json:
        rows = [{"area": one.area, **asdict(one.finding)} for one in found]
        print(json.dumps({"ok": is_allowed, "findings": rows, "credits": text}))
    else:
        results.print(_table(found))
        if credits_file is None:
            results.print(f"\n[bold]Credits[/], for the description of the stream:\n\n{escape(text)}", soft_wrap=True)
        else:
            console.print(f"[green]✓[/] the credits are in {escape(str(credits_file))}")
        console.print("[dim]What the licences say, as engineers read them; no legal advice.[/]")
    raise typer.Exit(0 if is_allowed else 1)


async def _servers(settings: Settings) -> tuple[FoundServer, ...]:
    """The model servers of this machine, where a character takes the first that is found or names no model."""
    async with http_client() as http:
        config = settings.config
        if not config.discovery.on:
            return ()
        return await discover(http, ports=ports_to_look_at(config), skip=(config.server.port,))


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
