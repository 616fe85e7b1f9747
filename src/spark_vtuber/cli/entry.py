"""Where the program starts: a show gets its watch before anything heavy is imported."""

import gc
import sys
from typing import Final

SHOWS: Final = ("run", "demo", "replay")
UNWATCHED: Final = frozenset({"--no-watch", "--watched", "--help", "-h"})
INTERRUPTED: Final = 130
"""The exit code of a command that Ctrl-C ended, as shells expect it: 128 + SIGINT."""


def main() -> None:
    """Run the command line; commands that start a show become its watch first."""
    try:
        _start(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _start(arguments: list[str]) -> None:
    if arguments and arguments[0] in SHOWS and not UNWATCHED.intersection(arguments):
        from spark_vtuber.cli.watch import Watch

        sys.exit(Watch(arguments).run())
    if arguments[:1] == ["panic"]:
        from spark_vtuber.cli import panic_key

        if (port := panic_key.port_of(arguments)) is not None:
            sys.exit(panic_key.press(port))
    gc.disable()  # nothing that is imported goes away: to look for garbage in it is a seventh of the start
    from spark_vtuber.cli.main import app

    gc.freeze()
    gc.enable()
    app(prog_name="spark-vtuber")
