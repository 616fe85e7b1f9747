"""`spark-vtuber bench engine`: the configured model server measured, alone or beside another."""

import json
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import anyio
import typer
from pydantic import BaseModel
from rich.progress import Progress

from spark_vtuber import engines
from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL, choice_for, servers_here
from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.app.vault import open_vault
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, errors_in, results
from spark_vtuber.config.keys import AUTO
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.personality import card
from spark_vtuber.testing.bench import engine_report
from spark_vtuber.testing.bench.engine import ROUNDS, measure
from spark_vtuber.testing.bench.engine_figures import Figures
from spark_vtuber.testing.bench.engine_steps import Target

WRONG_USE = 2
REDRAWS_PER_S = 2

PATIENT = {"first_token_timeout_s": 600.0, "token_timeout_s": 60.0}
"""A show gives up on a slow model; a measurement wants to know how slow it is."""


def engine(
    config: options.ConfigFile = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Measure the models of two configuration files in turn.", metavar="A B"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="How often everything is measured.")] = ROUNDS,
    as_json: options.AsJson = False,
) -> None:
    r"""Measure the model server of the configuration: first token, speed, memory of prompts, adapters.

    Asks it as a show does, with a character's prompt that is new and with the
    next turns of a conversation, after 0, 2,000 and 10,000 tokens of context, and
    with two adapters in turn where it has them. What it cannot measure it says.

    [bold]Examples[/]

      spark-vtuber bench engine --rounds 3
      spark-vtuber bench engine --compare vllm.toml llamacpp.toml --json
    """
    measured: list[Figures] = []
    errors: list[SparkError] = []
    try:
        measured.extend(measure_files([config] if compare is None else compare, rounds))
    except* SparkError as group:
        errors.extend(errors_in(group))
    for error in errors:
        complain(error)
    if errors:
        raise typer.Exit(WRONG_USE)
    if as_json:
        print(json.dumps([engine_report.as_json(figures) for figures in measured], ensure_ascii=False))
    else:
        results.print(engine_report.table(measured))


def measure_files(files: Sequence[Path | None], rounds: int) -> tuple[Figures, ...]:
    """The figures of the models in these configurations, with a progress bar; None is the usual one.

    Raises:
        SparkError: (alone or in a group) a configuration has mistakes or no model server, or one did not answer.
    """
    named = [(file.stem if file else "the model", load(engines.spec, file)) for file in files]

    async def run() -> tuple[Figures, ...]:
        async with AsyncExitStack() as stack:
            targets = [await stack.enter_async_context(_target(name, settings)) for name, settings in named]
            return await measure(
                targets,
                rounds,
                random.Random(),
                lambda done, whole, what: bar.update(task, completed=done, total=whole, description=what),
            )

    with Progress(console=console, transient=True, refresh_per_second=REDRAWS_PER_S) as bar:
        task = bar.add_task("warm-up", total=None)
        return anyio.run(run)


@asynccontextmanager
async def _target(name: str, settings: Settings) -> AsyncIterator[Target]:
    """The main character's model, open, with every character that shares it."""
    config = settings.config
    async with http_client() as http:
        is_open = any(settings.engines[persona]["llm"].name == AUTO for persona in config.persona)
        found = await servers_here(config, http) if is_open else ()
        main = next(iter(config.persona))
        choice = choice_for(settings, main, found)
        if choice is None:
            message = f"{name}: no model server is configured, and none was found"
            raise SparkError(message, code="no_model_server", fix=HOW_TO_GET_A_MODEL)
        personas = tuple(
            card.load(PersonaId(persona), config.persona[persona].card)
            for persona in config.persona
            if choice_for(settings, persona, found) == choice
        )
        around = Surroundings(SystemClock(), random.Random(), logging.getLogger("spark_vtuber"))
        env = engine_env(config, around, http, personas, open_vault(config).secret)
        async with engines.spec("llm", choice.name).open(_patient(choice.options), env) as model:
            yield Target(name, model, str(getattr(choice.options, "base_url", "")), personas)


def _patient(chosen: BaseModel) -> BaseModel:
    known = {key: value for key, value in PATIENT.items() if key in type(chosen).model_fields}
    return chosen.model_copy(update=known)
