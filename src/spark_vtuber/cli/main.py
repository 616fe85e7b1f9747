"""The command line: one group a file."""

from typing import Annotated

import typer

from spark_vtuber.app.assemble import VERSION
from spark_vtuber.cli import (
    bench,
    chat,
    config,
    demo,
    doctor,
    duet,
    engine,
    export,
    guard,
    models,
    obs,
    panic,
    persona,
    plan,
    rehearse,
    replay,
    run,
    say,
    secrets,
    train,
    vts,
)

app = typer.Typer(
    name="spark-vtuber",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        print(f"spark-vtuber {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """A local-first AI VTuber: chat in, a voice, a moving face and captions out."""
    del version


app.command()(run.run)
app.command()(demo.demo)
app.command()(replay.replay)
app.command()(rehearse.rehearse)
app.command()(say.say)
app.command()(doctor.doctor)
app.command()(plan.plan)
app.add_typer(engine.app, name="engine")
app.add_typer(config.app, name="config")
app.add_typer(secrets.app, name="secrets")
app.add_typer(chat.app, name="chat")
app.add_typer(guard.app, name="guard")
app.add_typer(persona.app, name="persona")
app.add_typer(duet.app, name="duet")
app.add_typer(models.app, name="models")
app.command()(panic.panic)
app.add_typer(obs.app, name="obs")
app.add_typer(vts.app, name="vts")
app.command()(export.export)
app.add_typer(train.app, name="train")
app.add_typer(bench.app, name="bench")
