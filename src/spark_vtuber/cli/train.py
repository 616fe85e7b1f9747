"""`spark-vtuber train`: a character becomes an adapter of its model."""

import json
import sys
from collections.abc import Sequence
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import anyio
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spark_vtuber import engines
from spark_vtuber.app.training import CARD, RATINGS, character, conversations, gather
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, results
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.paths import exists
from spark_vtuber.training import recipe, run
from spark_vtuber.training.examples import Examples, Source, split
from spark_vtuber.training.recipe import Recipe

app = typer.Typer(
    help="Teach a character's model how the character talks.", no_args_is_help=True, rich_markup_mode="rich"
)

FOLDER: Final = "adapters"
"""In the data directory."""

PAUSED: Final = 3


class From(StrEnum):
    """Where examples come from, beside files."""

    CARD = CARD
    RATINGS = RATINGS


@app.callback()
def _train() -> None:
    """Teach a character's model how the character talks."""


@app.command()
def adapter(
    base: Annotated[
        str, typer.Option(help="The model it is for: a folder in Hugging Face's layout, or a name in its cache.")
    ] = "",
    persona: Annotated[str, typer.Option(help="Whose adapter it is.")] = "main",
    sources: Annotated[
        list[From] | None, typer.Option("--from", help="The card's examples, or rated answers.", show_default="both")
    ] = None,
    examples: Annotated[
        list[Path] | None, typer.Option(help="A file of JSON lines with examples; may be given again.", exists=True)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the training.", show_default="adapters/PERSONA in the data directory")
    ] = None,
    rank: Annotated[int, typer.Option(help="Rank of the adapter; servers have a limit.", min=1, max=256)] = 16,
    epochs: Annotated[float, typer.Option(help="How often each example is seen.", min=0.1, max=100)] = 3.0,
    learning_rate: Annotated[float, typer.Option(help="How much is learnt from each step.", min=1e-7, max=1.0)] = 2e-4,
    batch: Annotated[int, typer.Option(help="Examples at once; less needs less memory.", min=1, max=256)] = 4,
    accumulate: Annotated[int, typer.Option(help="Batches that make one step.", min=1, max=1_024)] = 1,
    longest: Annotated[int, typer.Option(help="Longer examples, in tokens, are left out.", min=64)] = 2_048,
    held_out: Annotated[
        float, typer.Option(help="Share of the examples that is kept for the test.", min=0, max=0.5)
    ] = 0.1,
    four_bit: Annotated[bool, typer.Option("--four-bit", help="QLoRA: the model in four bits (NVIDIA cards).")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was cut.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the examples, and train nothing.")] = False,
    python: Annotated[
        str, typer.Option(help="A Python that has the extra, where it is another one.", show_default="this one")
    ] = sys.executable,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    r"""Make a LoRA adapter of a character, for vLLM, SGLang and llama.cpp.

    It learns from the examples of the card, from answers that you liked or
    rewrote in the panel, and from files. A tenth is held out: the loss on it,
    before and after, and a sheet of answers to read tell whether it helped.
    Ctrl-C pauses; --resume goes on. Needs: pip install "spark-vtuber\[train]"

    [bold]Examples[/]

      spark-vtuber train adapter --persona ember --dry-run
      spark-vtuber train adapter --persona ember --base ./llama-3.1-8b-instruct
    """
    try:
        settings = load(engines.spec, config, options.layer(data={"dir": str(data_dir) if data_dir else None}))
        folder = out or settings.config.data.dir / FOLDER / persona
        if not resume:
            view = character(settings, persona)
            kinds = [one.value for one in sources or From]
            chosen = split(gather(settings, view, kinds, examples or ()), held_out)
            _show(chosen, is_whole=dry_run)
            if dry_run:
                return
            wanted = Recipe(
                base=_place(base),
                name=persona,
                rank=rank,
                alpha=2.0 * rank,
                epochs=epochs,
                learning_rate=learning_rate,
                batch=batch,
                accumulate=accumulate,
                longest=longest,
                is_four_bit=four_bit,
            )
            recipe.write(folder, wanted, conversations(view, chosen.train), conversations(view, chosen.held_out))
        result = anyio.run(_train_in, folder, python)
        recipe.finish(folder, result)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        console.print(f"\n  paused; go on with: spark-vtuber train adapter --persona {persona} --resume")
        raise typer.Exit(PAUSED) from None
    if as_json:
        print(json.dumps({"folder": str(folder), **result}))
    else:
        _tell(folder, result)


def _place(base: str) -> str:
    """The base model as the recipe names it, wherever the training goes on. Raises `SparkError` where none is named."""
    if not base:
        raise SparkError("no base model is named", code="no_base", fix="add --base FOLDER")
    return str(Path(base).resolve()) if exists(Path(base)) else base


async def _train_in(folder: Path, python: str) -> dict[str, Any]:
    """Train with a bar; gives the result."""
    made = recipe.read(folder)
    console.print(f"  base model  {escape(made.base)}", highlight=False)
    last: dict[str, Any] = {}
    bar = Progress(
        TextColumn("  {task.description}"), BarColumn(), TimeRemainingColumn(), console=console, transient=True
    )
    with bar:
        task = bar.add_task("loading the model", total=None)
        async with aclosing(run.train(folder, python)) as told:
            async for one in told:
                last = dict(one)
                match one.get("type"):
                    case "ready":
                        console.print(f"  {_device(last)}", highlight=False)
                    case "step":
                        bar.update(task, total=one["of"], completed=one["step"], description=_step(last))
                    case "held_out":
                        console.print(f"  step {one['step']:>5}  held-out loss {one['loss']:.3f}", highlight=False)
                    case _:
                        pass
        bar.update(task, description="converting for llama.cpp")
        await run.convert(folder, python)
    return {name: value for name, value in last.items() if name != "type"}


def _device(told: dict[str, Any]) -> str:
    share = told["trainable"] / max(told["parameters"], 1)
    left_out = f", {told['too_long']} too long" if told.get("too_long") else ""
    return (
        f"{told['device']}: {told['trainable']:,} of {told['parameters']:,} parameters learn ({share:.2%}), "
        f"{told['train']} examples, {told['held_out']} held out{left_out}"
    )


def _step(told: dict[str, Any]) -> str:
    memory = f", {told['memory_mb']} MB" if told.get("memory_mb") else ""
    return f"loss {told['loss']:.3f}, {told['tokens_per_s']:.0f} tokens/s{memory}"


def _show(chosen: Examples, *, is_whole: bool) -> None:
    counts = ", ".join(f"{count} {source.value}" for source in Source if (count := chosen.count(source)))
    console.print(f"  examples    {len(chosen.train) + len(chosen.held_out)} ({counts})", highlight=False)
    if not is_whole:
        return
    table = Table(box=None, pad_edge=False, show_lines=False)
    for name in ("from", "asked", "said"):
        table.add_column(name, overflow="ellipsis", no_wrap=True)
    for exchange in (*chosen.train, *chosen.held_out):
        table.add_row(exchange.source.value, escape(exchange.asked), escape(exchange.said))
    results.print(table)
    console.print(f"  held out    {len(chosen.held_out)}, by what was asked", highlight=False)


def _tell(folder: Path, result: dict[str, Any]) -> None:
    made = recipe.read(folder)
    before, after = result["held_out_before"], result["held_out_after"]
    is_better = after < before
    mark = "[green]✓[/]" if is_better else "[yellow]![/]"
    console.print(
        f"{mark} held-out loss {before:.3f} → {after:.3f}, {result['steps']} steps in {result['seconds']:g} s"
    )
    if not is_better:
        console.print("  it did not get better at lines it had not seen: more examples, or fewer --epochs")
    rows: Sequence[tuple[str, Path]] = (
        ("read first", folder / recipe.SHEET),
        ("vLLM, SGLang", folder / recipe.ADAPTER),
        ("llama.cpp", folder / f"{made.name}.gguf"),
    )
    for what, path in rows:
        console.print(f"  {what:<12}  {escape(str(path))}", highlight=False)
