"""Where commands write: what happens goes to the terminal's error stream, results to stdout."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from spark_vtuber.core.errors import SparkError

console = Console(stderr=True, highlight=False)
results = Console(highlight=False)


def complain(error: SparkError) -> None:
    """Say what happened and what to do next."""
    console.print(f"[bold red]error[/] {escape(error.message)}")
    if error.fix:
        console.print(f"  [dim]fix:[/] {escape(error.fix)}")


def errors_in(group: BaseExceptionGroup[SparkError]) -> Iterator[SparkError]:
    """The single errors of a group, however deep they lie."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from errors_in(error)
        else:
            yield error
