"""The command line: one group a file."""

import typer

from spark_vtuber.cli import run, say

app = typer.Typer(
    name="spark-vtuber",
    help="A local-first AI VTuber: chat in, a voice, a moving face and captions out.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
app.command()(run.run)
app.command()(say.say)
