"""`spark-vtuber plan`: what a configuration takes of a machine, and how fast it will answer there."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from spark_vtuber import engines
from spark_vtuber.app.serving import asked, names_model, order_of
from spark_vtuber.app.serving_machine import planned_machine
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, results
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality import card
from spark_vtuber.serving.budget import Budget, Part
from spark_vtuber.serving.machines import Machine
from spark_vtuber.serving.plan import Plan, Suggestion, bare_demand, gb, make_plan, tried
from spark_vtuber.serving.quantisation import Server
from spark_vtuber.serving.speed import BUDGET_MS, GAPLESS_TOKENS_PER_S

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red", "bright_cyan", "bright_magenta", "bright_yellow")
BAR_CELLS = 60


class Kv(StrEnum):
    """Ways to keep keys and values."""

    F16 = "f16"
    FP8 = "fp8"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"


def plan(
    machine: Annotated[
        str | None, typer.Option(help="this, dgx-spark, rtx-4090, rtx-3060-12gb, cpu …", show_default="this")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A name, a GGUF file, or the folder of a model.")] = None,
    quantisation: Annotated[
        str | None, typer.Option(help="awq, gptq, fp8, nvfp4, bf16, q4_k_m … or 4 for the usual four bits.")
    ] = None,
    context: Annotated[int | None, typer.Option(min=512, help="Tokens of a prompt with its answer.")] = None,
    sequences: Annotated[int | None, typer.Option(min=1, max=64, help="Answers at once.")] = None,
    kv: Annotated[Kv | None, typer.Option(help="How keys and values are kept.")] = None,
    draft: Annotated[str | None, typer.Option(help='A small model that drafts, or "ngram".')] = None,
    server: Annotated[Server | None, typer.Option(help="The kind of server.", show_default="[engine] use")] = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Reckon what a model takes of a machine and how fast it answers there.

    Memory: weights, keys and values, adapters, a draft model, the server, the
    voice, the show, the system. Speed: every token reads every active weight
    once, so that the memory's bandwidth is the ceiling; what is likely is an
    estimate. It says whether speech has holes and whether an answer is heard
    within 500 ms, and where not, what would be.

    Without options it plans what spark.toml says; where that names no model, it
    shows what the machine could run. The exit code is 1 where it cannot run.

    [bold]Examples[/]

      spark-vtuber plan --machine dgx-spark --model llama-3.1-70b --quantisation 4
      spark-vtuber plan --machine rtx-4090 --model qwen3-14b --draft qwen3-0.6b
      spark-vtuber plan --json
    """
    changes = {
        "model": model,
        "quantisation": quantisation,
        "context": context,
        "sequences": sequences,
        "kv": kv.value if kv else None,
        "draft": draft,
        "machine": machine,
    }
    try:
        settings = asked(load(engines.spec, config), **changes)
        target = planned_machine(settings.config.engine.machine)
        if not names_model(settings):
            _choices(settings, server, target, as_json=as_json)
            raise typer.Exit
        made = make_plan(order_of(settings, views(settings), server).demand, target)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    if as_json:
        print(json.dumps(as_table(made)))
    else:
        show(made)
    raise typer.Exit(0 if made.budget.is_possible else 1)


def _choices(settings: Settings, server: Server | None, machine: Machine, *, as_json: bool) -> None:
    """What a machine could run, where no model is named."""
    wanted = settings.config.engine
    server = server or (Server(wanted.use) if wanted.use else Server.LLAMACPP)
    sequences = wanted.sequences or len(settings.config.persona)
    found = list(tried(bare_demand(server, wanted.context, sequences, wanted.kv), machine))
    if as_json:
        print(json.dumps({"machine": _machine_table(machine), "presets": [_suggestion_table(one) for one in found]}))
        return
    results.print(f"No model is named. On {escape(machine.title)}, with {server.label}:\n")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("model", "as", "memory", "likely", "first words", ""):
        table.add_column(title, no_wrap=title != "")
    for one in found:
        model, reached = one.demand.model, one.speed
        name = f"{model.name} + {one.demand.draft.name}" if one.demand.draft else model.name
        pace = (f"{reached.tokens_per_s:.0f} tokens/s", f"{reached.first_audio_ms:,.0f} ms")
        table.add_row(name, model.quantisation.name, gb(one.budget.peak_bytes), *pace, _verdict(one))
    results.print(table)
    good = f"good: the first words within {BUDGET_MS:g} ms; slow: later; holes: speech that waits for words"
    results.print(f"\n[dim]{good}[/]")
    results.print(f"[dim]times are estimates; numbers of the machine: {escape(machine.source)}[/]")
    results.print("[dim]spark-vtuber plan --model NAME shows one; \\[engine] model, or \\[llm] model, names it[/]")


def _verdict(one: Suggestion) -> str:
    if not one.budget.fits:
        return "[red]too big[/]"
    if not one.speed.is_gapless:
        return "[red]holes[/]"
    return "[green]good[/]" if one.speed.is_in_time else "[yellow]slow[/]"


def views(settings: Settings) -> tuple[PersonaView, ...]:
    """The characters of the configuration."""
    return tuple(card.load(PersonaId(name), one.card, one.look) for name, one in settings.config.persona.items())


def show(made: Plan) -> None:
    """Print a plan for people."""
    demand, machine = made.demand, made.budget.machine
    model = demand.model
    weights = "read from its files" if model.measured_bytes else "reckoned from its published shape"
    results.print(f"[bold]{escape(model.name)}[/] as {escape(model.quantisation.title)} on {escape(machine.title)}")
    results.print(
        f"[dim]{model.shape.parameters / 1e9:.1f} billion weights, {model.shape.active_parameters / 1e9:.1f} of them "
        f"read a token; {weights}; {demand.server.label}[/]\n"
    )
    results.print(_bar(made.budget))
    results.print(_parts(made.budget))
    _speed(made)
    reasons = list(made.reasons())
    for reason in reasons:
        results.print(f"[yellow]-[/] {escape(reason)}")
    if not reasons:
        results.print("[bold green]good[/]: it fits with head-room, speech has no holes, and answers come in time")
    _suggest(made, has_reasons=bool(reasons))
    results.print(f"[dim]numbers of the machine: {escape(machine.source)}[/]", highlight=False)


def _suggest(made: Plan, *, has_reasons: bool) -> None:
    found = made.suggestion
    if found is not None:
        model, reached = found.demand.model, found.speed
        draft = f" with {found.demand.draft.name} as draft" if found.demand.draft else ""
        memory = f"{gb(found.budget.peak_bytes)} of {gb(found.budget.machine.memory_bytes)}"
        results.print(
            f"\n[green]instead[/] preset [bold]{found.preset.name}[/]: {model.name} as {model.quantisation.name}{draft}"
            f", {found.preset.note}\n  {memory}, likely "
            f"{reached.tokens_per_s:.0f} tokens/s, first words after about {reached.first_audio_ms:.0f} ms"
        )
    elif has_reasons:
        results.print(
            f"\n[yellow]no preset meets {BUDGET_MS:g} ms here[/]; the understudy answers at once, and a model "
            "on another machine can be reached by its address"
        )


def _speed(made: Plan) -> None:
    reached, machine = made.speed, made.budget.machine
    bandwidth = machine.bandwidth_bytes_per_s / 1e9
    results.print(
        f"\n[bold]at most {reached.ceiling_tokens_per_s:,.1f} tokens/s[/]: each token reads "
        f"{gb(reached.bytes_per_token)}, and the memory gives {bandwidth:.0f} GB/s"
    )
    draft = " with the draft" if made.demand.draft else ""
    gapless = "speech has no holes" if reached.is_gapless else f"speech needs {GAPLESS_TOKENS_PER_S:g}"
    results.print(f"likely {reached.tokens_per_s:,.1f} tokens/s{draft} [dim](estimate)[/]; {gapless}")
    results.print(
        f"first words heard after about {reached.first_audio_ms:,.0f} ms [dim](estimate)[/]; the budget is "
        f"{BUDGET_MS:g} ms; a cold prompt takes {reached.cold_ms / 1000:,.1f} s to its first token"
    )


def _bar(budget: Budget) -> Text:
    """The memory in which the model lies, as a bar: a colour for each part, dots for what is free."""
    whole = max(budget.machine.memory_bytes, budget.resident_bytes)
    bar, taken, cells = Text(), 0, 0
    for part, colour in zip(_in_model(budget), COLOURS, strict=False):
        taken += part.resident_bytes
        until = round(BAR_CELLS * taken / whole)
        bar.append("█" * (until - cells), style=colour)
        cells = until
    bar.append("·" * (BAR_CELLS - cells), style="dim")
    bar.append(
        f"  {gb(budget.resident_bytes)} of {gb(budget.machine.memory_bytes)}, {gb(budget.peak_bytes)} at its worst"
    )
    return bar


def _parts(budget: Budget) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold", style="dim")
    for part, colour in zip(_in_model(budget), COLOURS, strict=False):
        table.add_row(Text.assemble(("█ ", colour), part.name), gb(part.resident_bytes), escape(part.detail))
    for part in budget.parts:
        if part.place == "system":
            table.add_row(f"  {part.name}", gb(part.resident_bytes), escape(f"{part.detail} (system memory)".strip()))
    return table


def _in_model(budget: Budget) -> Sequence[Part]:
    return [part for part in budget.parts if part.place == "model"]


def as_table(made: Plan) -> dict[str, Any]:
    """A plan as JSON: sizes in bytes, times in milliseconds."""
    demand, need, machine = made.demand, made.budget, made.budget.machine
    shape = demand.model.shape
    return {
        "machine": _machine_table(machine),
        "model": {
            "name": demand.model.name,
            "server": demand.server.value,
            "quantisation": demand.model.quantisation.name,
            "parameters": shape.parameters,
            "active_parameters": shape.active_parameters,
            "layers": shape.layers,
            "kv_heads": shape.kv_heads,
            "head_dim": shape.head_dim,
            "kv_bytes_per_token": shape.kv_bytes_per_token(),
            "weight_bytes": demand.model.weight_bytes,
            "measured": demand.model.measured_bytes is not None,
            "context": demand.context,
            "sequences": demand.sequences,
        },
        "memory": {
            "parts": [
                {
                    "name": part.name,
                    "resident_bytes": part.resident_bytes,
                    "peak_bytes": part.peak_bytes,
                    "place": part.place,
                    "detail": part.detail,
                }
                for part in need.parts
            ],
            "resident_bytes": need.resident_bytes,
            "peak_bytes": need.peak_bytes,
            "limit_bytes": need.limit_bytes,
            "possible": need.is_possible,
            "fits": need.fits,
        },
        "speed": _speed_table(made),
        "good": made.is_good,
        "reasons": list(made.reasons()),
        "suggestion": _suggestion_table(made.suggestion) if made.suggestion else None,
    }


def _machine_table(machine: Machine) -> dict[str, Any]:
    return {
        "name": machine.name,
        "title": machine.title,
        "memory_bytes": machine.memory_bytes,
        "system_bytes": machine.system_bytes,
        "bandwidth_bytes_per_s": machine.bandwidth_bytes_per_s,
        "unified": machine.is_unified,
        "source": machine.source,
    }


def _speed_table(made: Plan) -> dict[str, Any]:
    reached = made.speed
    return {
        "at_most_tokens_per_s": round(reached.ceiling_tokens_per_s, 2),
        "likely_tokens_per_s": round(reached.tokens_per_s, 2),
        "bytes_per_token": round(reached.bytes_per_token),
        "first_token_ms": round(reached.first_token_ms, 1),
        "first_audio_ms": round(reached.first_audio_ms, 1),
        "cold_ms": round(reached.cold_ms, 1),
        "gapless": reached.is_gapless,
        "meets_500_ms": reached.is_in_time,
    }


def _suggestion_table(found: Suggestion) -> dict[str, Any]:
    return {
        "preset": found.preset.name,
        "model": found.demand.model.name,
        "quantisation": found.demand.model.quantisation.name,
        "draft": found.demand.draft.name if found.demand.draft else None,
        "note": found.preset.note,
        "peak_bytes": found.budget.peak_bytes,
        "fits": found.budget.fits,
        "likely_tokens_per_s": round(found.speed.tokens_per_s, 2),
        "first_audio_ms": round(found.speed.first_audio_ms, 1),
        "meets_500_ms": found.speed.is_in_time,
    }
