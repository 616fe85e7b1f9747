"""The command line: one group a file."""

import typer

from spark_vtuber.cli import bench, config, demo, doctor, panic, replay, run, say

app = typer.Typer(
    name="spark-vtuber",
    help="A local-first AI VTuber: chat in, a voice, a moving face and captions out.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(demo.demo)
app.command()(replay.replay)
app.command()(say.say)
app.command()(doctor.doctor)
app.add_typer(config.app, name="config")
app.command()(panic.panic)
app.add_typer(bench.app, name="bench")
