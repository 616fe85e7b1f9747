"""What the terminal says when a show is ready."""

from rich.markup import escape

from spark_vtuber.app.assemble import VERSION, Opened
from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL
from spark_vtuber.cli.console import console
from spark_vtuber.config.load import Settings
from spark_vtuber.core.desk import Component

MARKS = {"ok": "[green]●[/]", "degraded": "[yellow]●[/]", "failed": "[red]●[/]", "starting": "[blue]●[/]"}


def greet(opened: Opened, settings: Settings, muted_reason: str, *, is_dry: bool = False) -> None:
    """Say where the show is, what it runs on, and what would make it better."""
    names = " and ".join(persona.name for persona in opened.show.personas)
    what = "chooses, and says nothing: a dry run" if is_dry else "is live"
    console.print(f"\n[bold magenta]Spark VTuber[/] {VERSION} · [bold]{escape(names)}[/] {what}")
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


def is_told(component: Component) -> bool:
    """Whether a part is worth a line: what answers, speaks and reads, and whatever is not well."""
    if component.state in ("failed", "degraded"):
        return True
    is_reader = component.name.startswith("chat:")
    return component.kind in ("llm", "tts") or (component.kind == "chat" and (is_reader or _has_news(component)))


def _has_news(component: Component) -> bool:
    return component.state != "off" and component.detail != ""
