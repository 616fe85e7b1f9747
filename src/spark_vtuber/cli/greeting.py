"""What the terminal says when a show is ready."""

from collections.abc import Sequence

from rich.markup import escape

from spark_vtuber.app.assemble import VERSION, Opened
from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL
from spark_vtuber.cli.console import console
from spark_vtuber.config.load import Settings
from spark_vtuber.core.desk import Component

MARKS = {"ok": "[green]●[/]", "degraded": "[yellow]●[/]", "failed": "[red]●[/]", "starting": "[blue]●[/]"}


def greet(opened: Opened, settings: Settings, muted_reason: str, *, is_dry: bool = False) -> None:
    """Say where the show is, what it runs on, and what would make it better."""
    what = headline([persona.name for persona in opened.show.personas], is_dry=is_dry)
    console.print(f"\n[bold magenta]Spark VTuber[/] {VERSION} · [bold]{escape(what)}[/]")
    console.print(f"  page       [link={opened.url}]{opened.url}[/link]   write as a viewer would")
    console.print(f"  for OBS    {opened.url}stage/   browser source 1280 x 720")
    for server in opened.found:
        models = ", ".join(server.models[:3]) + (" …" if len(server.models) > 3 else "")
        console.print(f"  found      {server.name} at {server.base_url} ({escape(models) or 'no model loaded'})")
    for component in opened.show.components:
        if is_told(component):
            mark = MARKS.get(component.state, "[dim]○[/]")
            console.print(f"  {mark} {escape(component.name):<16} {escape(component.detail or component.state)}")
    if not opened.found and any(ports["llm"].name == "auto" for ports in settings.engines.values()):
        console.print("  [yellow]no model server found on this machine[/]")
        console.print(f"    [dim]fix:[/] {escape(HOW_TO_GET_A_MODEL)}", soft_wrap=True)
    if muted_reason:
        console.print(f"  [bold yellow]started muted:[/] {escape(muted_reason)}; unmute on the page")
    console.print("  stop with Ctrl-C\n")


def headline(names: Sequence[str], *, is_dry: bool) -> str:
    """Who is there, and what for."""
    who, is_one = " and ".join(names), len(names) == 1
    if is_dry:
        return f"{who} {'chooses and says' if is_one else 'choose and say'} nothing: a dry run"
    return f"{who} {'is' if is_one else 'are'} live"


def is_told(component: Component) -> bool:
    """Whether a part is worth a line: what answers, speaks and reads, and whatever is not well."""
    if component.state in ("failed", "degraded"):
        return True
    is_reader = component.name.startswith("chat:")
    return component.kind in ("llm", "tts") or (component.kind == "chat" and (is_reader or _has_news(component)))


def _has_news(component: Component) -> bool:
    return component.state != "off" and component.detail != ""
