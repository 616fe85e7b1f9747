"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

ConfigFile = Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default="spark.toml")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="Port of the pages.", show_default="8080")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open the page in a browser.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Where the show keeps its state.", show_default="the platform's place for data")
]
Speed = Annotated[float | None, typer.Option(help="How many times faster than it was recorded.", show_default="1")]
Safe = Annotated[bool, typer.Option("--safe", help="Use every built-in stand-in, nothing that can fail.")]
NoWatch = Annotated[bool, typer.Option("--no-watch", help="Run without the watch, for debugging.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

Watched = Annotated[bool, typer.Option("--watched", hidden=True)]
"""Set by the watch for the show it starts."""

Muted = Annotated[str | None, typer.Option("--muted", hidden=True)]
"""Set by the watch: why the show must start without a voice."""

Held = Annotated[bool, typer.Option("--held", hidden=True)]
"""Set by the watch: the show must start in hold mode, as the last one was."""


def layer(**sections: Any) -> dict[str, Any]:
    """Options as the topmost layer of the configuration, nested like the file; what is None is left out."""
    kept: dict[str, Any] = {}
    for name, value in sections.items():
        inner = layer(**value) if isinstance(value, dict) else value
        if inner not in (None, {}):
            kept[name] = inner
    return kept


def server(host: str | None, port: int | None, *, no_browser: bool) -> dict[str, Any]:
    """The table `[server]` of a show's options."""
    return {"host": host, "port": port, "browser": False if no_browser else None}
