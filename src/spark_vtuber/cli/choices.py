"""What a dry run prints: every choice, and what it was made of."""

from collections.abc import Mapping
from typing import Any, Final

from rich.markup import escape

from spark_vtuber.app.show import Show
from spark_vtuber.cli.console import console
from spark_vtuber.core.turns import Reason

SHOWN: Final = 90
"""Characters of a line of the chat."""


async def tell_choices(show: Show) -> None:
    """Print a line for everything that is chosen, dropped, blocked or commanded, for ever."""
    lines: dict[str, str] = {}
    async with show.events(None) as events:
        async for event in events:
            match event.type:
                case "chat.received":
                    told = event.data["text"] or f"({event.data['kind'].replace('_', ' ')})"
                    lines[event.data["id"]] = f"{event.data['author']}: {told}"
                case "chat.chosen":
                    what = lines.pop(event.data["id"], "") or event.data["id"]
                    console.print(choice(what, event.data), soft_wrap=True)
                case "chat.dropped" if event.data["reason"] != Reason.COMMAND:
                    what = lines.pop(event.data["id"], "")
                    _leave(event.data["reason"], what or event.data["id"])
                case "chat.blocked":
                    _leave("blocked", f"by the rule {event.data['rule']}")
                case "command":
                    _leave("command", f"{event.data['name']}: {_words(event.data['reason'] or event.data['outcome'])}")


def choice(what: str, data: Mapping[str, Any]) -> str:
    """A choice as a line of the terminal: who is answered, of how many, and the scores, the largest first."""
    scores: Mapping[str, float] = data["scores"]
    parts = sorted(scores.items(), key=lambda score: -abs(score[1]))
    summed = " ".join(f"{value:+.0f} {name}" for name, value in parts if abs(value) >= 0.5)
    asked = f", asked by {data['asked_by']}" if data.get("asked_by", 1) > 1 else ""
    head = f"[bold green]{sum(scores.values()):9.0f}[/]  [bold]{_short(what)}[/]"
    return f"{head}\n           [dim]{escape(summed)} · best of {data['among']}{asked} · {escape(data['persona'])}[/]"


def _leave(why: str, what: str) -> None:
    console.print(f"  [dim]{escape(_words(why)):>9}  {_short(what)}[/]", soft_wrap=True)


def _short(text: str) -> str:
    return escape(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def _words(code: str) -> str:
    return code.replace("_", " ")
