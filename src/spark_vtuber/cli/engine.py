"""`spark-vtuber engine`: start the model server of the configuration, see how it is, stop it."""

import json
import logging
import random
import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Annotated, Any, NoReturn

import anyio
import typer
from rich.markup import escape

from spark_vtuber import engines
from spark_vtuber.app import serving_run
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.serving import Order, asked, order_of
from spark_vtuber.app.serving_machine import planned_machine
from spark_vtuber.app.serving_run import Place
from spark_vtuber.app.serving_warm import warm
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, results
from spark_vtuber.cli.plan import Kv, views
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.serving.commands.command import Command
from spark_vtuber.serving.gauges import Gauges
from spark_vtuber.serving.job import Kept
from spark_vtuber.serving.machines import Machine
from spark_vtuber.serving.plan import gb, make_plan
from spark_vtuber.serving.processes import is_alive, resident_bytes, tail
from spark_vtuber.serving.quantisation import Server

app = typer.Typer(help="Start a model server, see how it is, stop it.", no_args_is_help=True, rich_markup_mode="rich")

EXTRA_S = 5.0
"""A keeper notices first that a server is late."""


@app.command()
def up(
    use: Annotated[Server | None, typer.Option(help="The server.", show_default="[engine] use")] = None,
    model: Annotated[str | None, typer.Option(help="A GGUF file, the folder of a model, or a name.")] = None,
    draft: Annotated[str | None, typer.Option(help='Speculative decoding: a small model, or "ngram".')] = None,
    context: Annotated[int | None, typer.Option(min=512, help="Tokens of a prompt with its answer.")] = None,
    kv: Annotated[Kv | None, typer.Option(help="How keys and values are kept.")] = None,
    program: Annotated[str | None, typer.Option(help="The server's program.")] = None,
    engine_port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Its port on 127.0.0.1.")] = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, and stop it with Ctrl-C.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the command line.")] = False,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
) -> None:
    r"""Start the model server of \[engine] and wait until it is ready.

    Then it reads every character's prompt, so that the first answer is as quick
    as the others.

    What cannot run is refused before anything starts: too little memory, a
    quantisation that the server does not take, an adapter whose rank is too
    high. Context, answers at once, tokens read at once, keys and values and the
    share of the memory are bounded by what `plan` reckons; the adapters of all
    characters stay resident.

    It goes on running when this command is over, and starts again by itself when
    it dies. `engine status` shows it, `engine down` stops it.

    [bold]Examples[/]

      spark-vtuber engine up
      spark-vtuber engine up --use llamacpp --model qwen3-14b-q4 --draft ngram
      spark-vtuber engine up --dry-run
    """
    changes = {
        "use": use.value if use else None,
        "model": model,
        "draft": draft,
        "context": context,
        "program": program,
    }
    changes |= {"kv": kv.value if kv else None, "port": engine_port}
    try:
        settings = asked(load(engines.spec, config, options.layer(data={"dir": data_dir})), **changes)
        personas = views(settings)
        order, machine = _ordered(settings, personas)
        place = serving_run.place_in(settings.config.data.dir)
        command = serving_run.written(order, machine, place)
    except SparkError as error:
        _fail(error, 2)
    if dry_run:
        _print(command)
        return
    _tell_plan(order, machine, command)
    try:
        serving_run.begin(order, command, place)
        _wait(order, place)
        anyio.run(_warm, settings, personas, order)
    except SparkError as error:
        if error.code in {"engine_failed", "engine_late"}:
            _show_tail(place)
            serving_run.stop(place)
        _fail(error, 1)
    except KeyboardInterrupt:
        serving_run.stop(place)
        console.print("stopped")
        raise typer.Exit(130) from None
    console.print(f"[bold green]ready[/] {_address(order)}   [dim]spark-vtuber engine status · engine down[/]")
    if foreground:
        _stay(place)


@app.command()
def status(
    config: options.ConfigFile = None, data_dir: options.DataDir = None, as_json: options.AsJson = False
) -> None:
    """Show the model server: state, memory, tokens a second, drafted tokens that were kept.

    The exit code is 1 where none is ready.

    [bold]Example[/]

      spark-vtuber engine status
    """
    try:
        place = serving_run.place_in(load(engines.spec, config, options.layer(data={"dir": data_dir})).config.data.dir)
    except SparkError as error:
        _fail(error, 2)
    kept = place.kept()
    told = anyio.run(serving_run.gauges, kept) if kept is not None and kept.state == "ready" else Gauges()
    table = _table(place, kept, told)
    if as_json:
        print(json.dumps(table))
    else:
        _print_status(table)
    raise typer.Exit(0 if table["state"] == "ready" else 1)


@app.command()
def down(config: options.ConfigFile = None, data_dir: options.DataDir = None) -> None:
    """Stop the model server and what keeps it; nothing of it is left running.

    [bold]Example[/]

      spark-vtuber engine down
    """
    try:
        place = serving_run.place_in(load(engines.spec, config, options.layer(data={"dir": data_dir})).config.data.dir)
    except SparkError as error:
        _fail(error, 2)
    console.print("[green]✓[/] stopped" if serving_run.stop(place) else "no model server runs")


def _ordered(settings: Settings, personas: Sequence[PersonaView]) -> tuple[Order, Machine]:
    if not settings.config.engine.use:
        raise SparkError(
            "no model server is configured",
            code="no_engine",
            fix='[engine] use = "llamacpp" and model = "…", or --use llamacpp --model FILE',
        )
    return order_of(settings, personas), planned_machine(settings.config.engine.machine)


def _tell_plan(order: Order, machine: Machine, command: Command) -> None:
    made = make_plan(order.demand, machine)
    model = order.demand.model
    memory = f"{gb(made.budget.peak_bytes)} of {gb(machine.memory_bytes)}"
    console.print(
        f"[bold]{escape(model.name)}[/] as {escape(model.quantisation.title)} on {order.server.label}; {memory}"
    )
    for adapter in order.demand.adapters:
        console.print(f"  adapter {escape(adapter.name)}, rank {adapter.rank}")
    for reason in made.reasons():
        console.print(f"[yellow]note[/] {escape(reason)}")
    for note in command.notes:
        console.print(f"[yellow]note[/] {escape(note)}")


def _print(command: Command) -> None:
    for name, value in command.environment.items():
        print(f"{name}={value}")
    print(shlex.join(command.argv))
    for file, text in command.files.items():
        print(f"# {file}\n{text}")


def _wait(order: Order, place: Place) -> None:
    """Wait until the server is ready, with the last line of its log as progress."""
    began_s = time.monotonic()
    with console.status("starting") as shown:

        def progress(kept: Kept | None) -> None:
            last = tail(place.log, 1, 4_096)
            state = kept.state if kept else "starting"
            shown.update(
                f"{state}, {time.monotonic() - began_s:.0f} s  [dim]{escape(last[0][:100]) if last else ''}[/]"
            )

        anyio.run(serving_run.until_ready, place, order.settings.ready_s + EXTRA_S, progress)
    console.print(f"[green]✓[/] loaded after {time.monotonic() - began_s:.1f} s")


async def _warm(settings: Settings, personas: Sequence[PersonaView], order: Order) -> None:
    around = Surroundings(SystemClock(), random.Random(), logging.getLogger("spark_vtuber"))
    asked_any = False
    async with aclosing(warm(settings, around, personas, _address(order))) as readers:
        async for one in readers:
            asked_any = True
            if one.error:
                console.print(f"[yellow]note[/] {escape(one.persona.name)}'s prompt was not read: {escape(one.error)}")
                continue
            tokens = f", {one.tokens:,} tokens" if one.tokens else ""
            console.print(f"[green]✓[/] {escape(one.persona.name)}'s prompt is read, {one.took_ms:,.0f} ms{tokens}")
    if not asked_any:
        console.print(f"[yellow]note[/] no character thinks with it; set \\[llm] base_url = {_address(order)!r}")


def _stay(place: Place) -> None:
    try:
        while place.is_kept():
            time.sleep(1.0)
        console.print("it stopped")
    except KeyboardInterrupt:
        console.print("stopping")
    finally:
        serving_run.stop(place)


def _table(place: Place, kept: Kept | None, told: Gauges) -> dict[str, Any]:
    if kept is None:
        return {"state": "off", "detail": "none was started"}
    is_kept, is_running = is_alive(kept.keeper), is_alive(kept.process)
    state: str = kept.state
    if not is_kept and state in {"starting", "ready", "restarting"}:
        state = "orphaned" if is_running else "stopped"
    elif state == "ready" and not is_running:
        state = "restarting"  # its keeper is about to notice
    process = kept.process
    return {
        "state": state,
        "detail": kept.detail,
        "server": kept.server,
        "model": kept.model,
        "base_url": serving_run.address(kept.port),
        "pid": process.pid if process and is_running else None,
        "since_s": round(max(0.0, time.time() - kept.since_ms / 1000), 1),
        "restarts": kept.restarts,
        "memory_bytes": resident_bytes(process),
        "tokens_per_s": told.tokens_per_s,
        "tokens_generated": told.tokens_generated,
        "running": told.running,
        "acceptance": told.acceptance,
        "command": list(kept.argv),
        "log": str(place.log),
        "tail": list(tail(place.log)),
    }


def _print_status(table: dict[str, Any]) -> None:
    colour = {"ready": "green", "failed": "red", "orphaned": "red", "off": "dim"}.get(table["state"], "yellow")
    results.print(f"[bold {colour}]{table['state']}[/] {escape(table['detail'])}")
    if table["state"] == "off":
        results.print("  [dim]fix:[/] spark-vtuber engine up")
        return
    if table["state"] == "orphaned":
        results.print("  it runs and nobody keeps it; [dim]fix:[/] spark-vtuber engine down, then engine up")
    rows: tuple[tuple[str, Any, Callable[[Any], str]], ...] = (
        ("server", table["server"], str),
        ("model", table["model"], str),
        ("address", table["base_url"], str),
        ("since", table["since_s"], lambda value: f"{value:,.0f} s"),
        ("restarts", table["restarts"], str),
        ("memory", table["memory_bytes"], gb),
        ("pace", table["tokens_per_s"], lambda value: f"{value:.1f} tokens/s on average"),
        ("answers now", table["running"], str),
        ("drafted tokens kept", table["acceptance"], lambda value: f"{100 * value:.0f} %"),
        ("log", table["log"], str),
    )
    for name, value, write in rows:
        if value is not None:
            results.print(f"  {name:<20}{escape(write(value))}")
    for line in table["tail"]:
        results.print(f"  [dim]{escape(line)}[/]", no_wrap=True, overflow="ellipsis")


def _show_tail(place: Place) -> None:
    for line in tail(place.log):
        console.print(f"  [dim]{escape(line)}[/]", no_wrap=True, overflow="ellipsis")


def _address(order: Order) -> str:
    return serving_run.address(order.settings.port)


def _fail(error: SparkError, code: int) -> NoReturn:
    complain(error)
    raise typer.Exit(code)
