"""`spark-vtuber bench persona`: whether characters stay themselves, by rules, by a judge, and by people."""

import json
import logging
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import anyio
import httpx
import typer
from rich.progress import Progress

from spark_vtuber import engines
from spark_vtuber.app.brains import UNDERSTUDY, choice_for, servers_here
from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.app.vault import open_vault
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, errors_in, results
from spark_vtuber.config.keys import AUTO
from spark_vtuber.config.load import EngineChoice, Settings, load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.port import LLM
from spark_vtuber.personality import card
from spark_vtuber.testing.bench import persona_report, persona_sheet
from spark_vtuber.testing.bench.persona import Interview, Interviews, Life, Phase
from spark_vtuber.testing.bench.persona_figures import Opinions, figures
from spark_vtuber.testing.bench.persona_judge import judge

WRONG_USE = 2
REDRAWS_PER_S = 2
Minds = Sequence[tuple[PersonaView, EngineChoice | None]]
"""The characters, and what each thinks with; None is the understudy."""

COMPARED = ("main", "ember")
"""The shipped characters, which join where fewer than two are configured: somebody to be told from."""


def persona(
    config: options.ConfigFile = None,
    turns: Annotated[
        int, typer.Option(min=0, max=100_000, help="Turns of chat between the first and the last probes.")
    ] = 1_000,
    hours: Annotated[float, typer.Option(min=0, max=1_000, help="Simulated hours that they take.")] = 8.0,
    understudy: Annotated[
        bool, typer.Option("--understudy", help="Ask the understudy, whatever is configured.")
    ] = False,
    judge_url: Annotated[
        str, typer.Option("--judge", help="An OpenAI-style server whose model judges each answer, too.", metavar="URL")
    ] = "",
    sheet: Annotated[
        Path | None, typer.Option(help="Write a blind sheet for people (.csv or .html), its key beside it.")
    ] = None,
    ratings: Annotated[
        list[Path] | None,
        typer.Option(help="A sheet that somebody filled in; once for each rater. Measures nothing anew."),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key of the sheet that was rated.")] = None,
    seed: Annotated[int, typer.Option(help="Another order of chat.")] = 1,
    as_json: options.AsJson = False,
) -> None:
    r"""Measure whether the characters stay themselves, against their cards.

    Asks every character more than sixty questions at the start, after hours of
    chat with a restart between, and once more in turn with the others. Goals: 85
    of 100 at any time, and 5 points lost at most. The exit code is 1 when one is
    missed.

    [bold]Examples[/]

      spark-vtuber bench persona --understudy --turns 200
      spark-vtuber bench persona --sheet who.html
      spark-vtuber bench persona --ratings ana.csv --ratings ben.csv --key who.csv
    """
    errors: list[SparkError] = []
    is_kept = True
    try:
        if ratings:
            _print_agreement(ratings, key, as_json=as_json)
        else:
            is_kept = _measure(
                load(engines.spec, config),
                Life(turns, hours),
                judge_url,
                sheet,
                seed,
                as_json=as_json,
                is_scripted=understudy,
            )
    except* SparkError as group:
        errors.extend(errors_in(group))
    for error in errors:
        complain(error)
    if errors:
        raise typer.Exit(WRONG_USE)
    if not is_kept:
        raise typer.Exit(1)


def _measure(
    settings: Settings, life: Life, judge_url: str, sheet: Path | None, seed: int, *, as_json: bool, is_scripted: bool
) -> bool:
    with Progress(console=console, transient=True, refresh_per_second=REDRAWS_PER_S) as bar:
        task = bar.add_task("asking", total=None)

        async def run() -> tuple[Interviews, Opinions]:
            async with http_client() as http:
                minds = await _minds(settings, http, is_scripted=is_scripted)
                env = _Models(settings, http, minds, seed)
                found = await Interview(env.personas, random.Random(seed)).run(
                    env.open, life, lambda done, of: bar.update(task, completed=done, total=of)
                )
                return found, await _judged(env, found, judge_url)

        found, opinions = anyio.run(run)
    if sheet is not None:
        try:
            persona_sheet.write(persona_sheet.make(found, random.Random(seed)), sheet)
        except OSError as error:
            fix = "give --sheet another path"
            raise SparkError(f"{sheet} cannot be written: {error.strerror}", code="no_sheet", fix=fix) from error
        console.print(f"[green]✓[/] {sheet}, and its key in {persona_sheet.key_file(sheet).name}")
    measured = figures(found, opinions)
    if as_json:
        print(json.dumps(persona_report.as_json(measured, life), ensure_ascii=False))
    else:
        results.print(persona_report.tables(measured, life))
    return all(one.is_kept for one in measured)


async def _minds(settings: Settings, http: httpx.AsyncClient, *, is_scripted: bool) -> Minds:
    """The characters of the configuration; a single one is joined by the shipped ones."""
    config = settings.config
    is_open = not is_scripted and any(settings.engines[one]["llm"].name == AUTO for one in config.persona)
    found = await servers_here(config, http) if is_open else ()
    minds = [
        (card.load(PersonaId(one), config.persona[one].card), None if is_scripted else choice_for(settings, one, found))
        for one in config.persona
    ]
    if len(minds) < 2:
        only, choice = minds[0]
        others = [card.load(PersonaId(name), name) for name in COMPARED]
        minds += [(one, choice) for one in others if one.name != only.name and one.id != only.id]
    return minds


class _Models:
    """Opens the models of the characters, each engine once."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, minds: Minds, seed: int) -> None:
        self._minds = minds
        around = Surroundings(SystemClock(), random.Random(seed), logging.getLogger("spark_vtuber"))
        self.personas: Sequence[PersonaView] = tuple(one for one, _ in minds)
        self.env = engine_env(settings.config, around, http, self.personas, open_vault(settings.config).secret)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Mapping[PersonaId, LLM]]:
        async with AsyncExitStack() as stack:
            opened: list[tuple[EngineChoice | None, LLM]] = []
            models: dict[PersonaId, LLM] = {}
            for one, choice in self._minds:
                found = [model for known, model in opened if known == choice]
                if found:
                    model = found[0]
                else:
                    name = UNDERSTUDY if choice is None else choice.name
                    spec = engines.spec("llm", name)
                    model = await stack.enter_async_context(
                        spec.open(choice.options if choice else spec.options(), self.env)
                    )
                    opened.append((choice, model))
                models[one.id] = model
            yield models


async def _judged(env: _Models, found: Interviews, url: str) -> Opinions:
    """What the judge says of every answer, where there is one; what it did not say clearly is left out."""
    if not url:
        return {}
    spec = engines.spec("llm", "openai")
    personas = {one.id: one for one in found.personas}
    opinions: dict[tuple[PersonaId, Phase, str], bool] = {}
    async with spec.open(spec.options.model_validate({"base_url": url}), env.env) as model:
        for answer in found.answers:
            said = await judge(model, personas[answer.persona], answer.probe.ask, answer.text)
            if said is not None:
                opinions[answer.persona, answer.phase, answer.probe.ask] = said
    if not opinions:
        raise SparkError("the judge said nothing clear", code="no_judge", fix="try another model, or leave --judge out")
    return opinions


def _print_agreement(files: Sequence[Path], key: Path | None, *, as_json: bool) -> None:
    if key is None:
        raise SparkError("ratings need the key of their sheet", code="no_key", fix="add --key SHEET.key.json")
    rated = {file.name if len({one.name for one in files}) == len(files) else str(file): file for file in files}
    found = persona_sheet.agreement(
        persona_sheet.read_key(key), {name: persona_sheet.read_ratings(file) for name, file in rated.items()}
    )
    if as_json:
        right = {"percent": found.right.percent, "low": found.right.low, "high": found.right.high}
        print(json.dumps({"raters": found.raters, "right": right, "each": dict(found.each), "kappa": found.kappa}))
        return
    results.print(
        f"{found.raters} raters told who is who in {found.right.percent:.1f} % of {found.right.size} ratings "
        f"(95 % Wilson interval {found.right.low:.1f} to {found.right.high:.1f})"
    )
    for name, percent in found.each.items():
        results.print(f"  {name}: {percent:.1f} %")
    if found.measure:
        kappa = "not defined, all said the same" if found.kappa is None else f"{found.kappa:.2f}"
        results.print(f"agreement among them, {found.measure}'s kappa: {kappa}")
