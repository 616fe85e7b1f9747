"""`spark-vtuber obs`: prepare OBS for the show, see how it is, change its scene. Talks to OBS itself, needs no show."""

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated

import anyio
import typer
from rich.markup import escape

from spark_vtuber import engines
from spark_vtuber.app.obs import address_of, opener, wanted
from spark_vtuber.app.vault import open_vault
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, errors_in
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.obs.meter import FrameMeter
from spark_vtuber.obs.mirror import Mirror
from spark_vtuber.obs.port import Address, Remote
from spark_vtuber.obs.session import figures, look
from spark_vtuber.obs.setup import Step, prepare

app = typer.Typer(help="Prepare OBS, see how it is, change its scene.", no_args_is_help=True, rich_markup_mode="rich")

MARKS = {
    "made": "[green]made[/]",
    "kept": "[dim]kept[/]",
    "changed": "[green]changed[/]",
    "missing": "[yellow]missing[/]",
}


@app.command()
def setup(config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    r"""Make the scenes and sources that the show uses.

    A scene with the stage as a browser source and a text source for captions,
    and a safety scene for a panic. What is there already is kept as you
    arranged it. Names and address are in the table \[obs] of the configuration.

    In OBS switch on Tools, WebSocket Server Settings, Enable WebSocket server,
    keep its password: spark-vtuber secrets set obs, and name it in the
    configuration: \[obs] password = "secret:obs".
    """

    async def make(remote: Remote, settings: Config) -> None:
        steps: list[Step] = []
        async with aclosing(prepare(remote, wanted(settings))) as done:
            async for step in done:
                steps.append(step)
                if not as_json:
                    _show(step)
        if as_json:
            print(json.dumps([{"what": step.what, "outcome": step.outcome, "fix": step.fix} for step in steps]))
        elif not settings.obs.on:
            console.print("Now set [bold]\\[obs] on = true[/] in spark.toml, and start the show.")

    _with_obs(config, make)


@app.command()
def status(config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Say whether OBS lets us in, what is on air, and how it is doing."""

    async def tell(remote: Remote, settings: Config) -> None:
        mirror = Mirror()
        await look(remote, mirror)
        stats = await figures(remote, FrameMeter(), anyio.current_time())
        safety, scenes = settings.obs.safety_scene, mirror.scenes
        if as_json:
            known = {"scene": mirror.scene, "scenes": scenes, "safety_scene": safety, "stats": asdict(stats)}
            outputs = {"streaming": mirror.is_streaming, "recording": mirror.is_recording}
            print(json.dumps({"address": str(Address(settings.obs.host, settings.obs.port)), **known, **outputs}))
            return
        outputs_on = [mirror.is_streaming * "streaming", mirror.is_recording * "recording"]
        doing = " and ".join(filter(None, outputs_on)) or "neither streaming nor recording"
        console.print(f"[green]connected[/] OBS at {Address(settings.obs.host, settings.obs.port)}, {doing}")
        console.print(f'on air: "{escape(mirror.scene)}"')
        if safety and safety not in scenes:
            console.print(f'[yellow]missing[/] the safety scene "{escape(safety)}": spark-vtuber obs setup')
        console.print(
            f"{stats.fps:g} frames/s, {stats.dropped_frames} dropped since its start, "
            f"{stats.render_lag_ms:g} ms a frame, {stats.cpu_percent:g} % CPU, {stats.memory_mb:.0f} MB"
        )

    _with_obs(config, tell)


@app.command()
def scenes(config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """List the scenes; the one on air is marked."""

    async def tell(remote: Remote, settings: Config) -> None:
        del settings
        mirror = Mirror()
        await look(remote, mirror)
        if as_json:
            print(json.dumps({"scene": mirror.scene, "scenes": mirror.scenes}))
            return
        for name in mirror.scenes:
            print(f"{'*' if name == mirror.scene else ' '} {name}")

    _with_obs(config, tell)


@app.command()
def scene(
    name: Annotated[str, typer.Argument(help="The scene, as OBS shows its name.")], config: options.ConfigFile = None
) -> None:
    """Put a scene on air."""

    async def switch(remote: Remote, settings: Config) -> None:
        del settings
        try:
            await remote.call("SetCurrentProgramScene", {"sceneName": name})
        except EngineError as error:
            raise SparkError(error.message, code=error.code, fix="spark-vtuber obs scenes lists them") from error

    _with_obs(config, switch)


def _show(step: Step) -> None:
    console.print(f"{MARKS[step.outcome]} {escape(step.what)}")
    if step.fix:
        console.print(f"  [dim]fix:[/] {escape(step.fix)}")


def _with_obs(config: options.ConfigFile, work: Callable[[Remote, Config], Awaitable[None]]) -> None:
    """Do `work` over a connection; say what is wrong where that fails, with exit code 1."""
    errors: list[SparkError] = []
    try:
        anyio.run(_connected, load(engines.spec, config).config, work)
    except* SparkError as group:
        errors.extend(errors_in(group))
    for error in errors:
        complain(error)
    if errors:
        raise typer.Exit(1)


async def _connected(settings: Config, work: Callable[[Remote, Config], Awaitable[None]]) -> None:
    address = address_of(settings.obs, open_vault(settings).secret)
    async with opener(settings.obs)(address, lambda _event, _data: None) as remote, anyio.create_task_group() as tasks:
        tasks.start_soon(remote.run)
        await work(remote, settings)
        tasks.cancel_scope.cancel()
