"""The tools of the show: what a model may call while it answers, tied to stage, OBS, notes and viewers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from spark_vtuber.app.house import House
from spark_vtuber.app.notes import LONGEST, LONGEST_NAME, NoteBook
from spark_vtuber.core.audit import Audit
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.obs import ObsDesk
from spark_vtuber.core.personas import EXPRESSIONS
from spark_vtuber.core.tools import Tool
from spark_vtuber.core.verdicts import Direction, Position
from spark_vtuber.llm.lines import report_line
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.pipeline.choosing.regulars import Regulars
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.lines import Entry, Lines
from spark_vtuber.pipeline.tools import Caller, Instrument, Toolbox, ToolRules
from spark_vtuber.stage.port import Emote, Stage

NAME: Final = "tools"
RESULT_TOKENS: Final = 150
LINES_LOOKED_AT: Final = 200

report = partial(report_line, Position.TOOL, tokens=RESULT_TOKENS)
"""A tool's answer as a line of a prompt: quoted, because viewers' words may stand in it."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What tools act on."""

    stage: Stage
    obs: ObsDesk
    guard: Guard
    notes: NoteBook
    lines: Lines
    regulars: Regulars
    audit: Audit


def open_tools(house: House, toolbox: Toolbox, director: Director, workshop: Workshop, *, is_dry: bool = False) -> None:
    """Put the tools into the box and do their errands. In a dry run, and during a panic, there are none."""

    def rules() -> ToolRules:
        keys = house.config.tools
        return ToolRules(keys.on and not is_dry and not director.is_stopped, keys.allowed, keys.limit_s)

    tools = Tools(workshop, lambda: house.config.tools.scenes)
    toolbox.rules = rules
    toolbox.add("set_expression", tools.expression)
    toolbox.add("switch_scene", tools.scene)
    toolbox.add("remember", tools.memory)
    toolbox.add("look_up_viewer", tools.viewer)
    house.keep_running(NAME, "pipeline", toolbox.run)


class Tools:
    """The instruments. `scenes()` are those of OBS that a character may choose."""

    def __init__(self, workshop: Workshop, scenes: Callable[[], Sequence[str]]) -> None:
        self._on = workshop
        self._scenes = scenes

    def expression(self) -> Instrument:
        """Change the character's face."""
        face = {"type": "string", "enum": list(EXPRESSIONS), "description": "The feeling to show."}
        tool = Tool("set_expression", "Change your face at once, without saying so.", _object(face=face))
        return Instrument(tool, self._set_expression)

    def scene(self) -> Instrument | None:
        """Put another scene on air; not there where the streamer allows none."""
        if not (scenes := self._scenes()):
            return None
        scene = {"type": "string", "enum": list(scenes), "description": "The scene to show."}
        told = "Put another scene of the stream on air. Only when it fits what happens, and seldom."
        return Instrument(Tool("switch_scene", told, _object(scene=scene)), self._switch_scene)

    def memory(self) -> Instrument:
        """Note a fact."""
        fact = {"type": "string", "minLength": 3, "maxLength": LONGEST, "description": "One short sentence."}
        about = {"type": "string", "maxLength": LONGEST_NAME, "description": "The viewer it is about, if any."}
        parameters = {"type": "object", "properties": {"fact": fact, "about": about}, "required": ["fact"]}
        told = "Note something worth knowing in a later stream: what a viewer told about themselves, or a promise."
        return Instrument(Tool("remember", told, parameters), self._remember)

    def viewer(self) -> Instrument:
        """What is known of a viewer."""
        name = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "description": "Their name in the chat."}
        told = "Look up what is known of a viewer: how often they came, what they wrote, what you noted."
        return Instrument(Tool("look_up_viewer", told, _object(name=name)), self._look_up, answers=True)

    async def _set_expression(self, arguments: Mapping[str, Any], caller: Caller) -> str:
        await self._on.stage.perform(Emote(caller.persona.id, arguments["face"]))
        return ""

    async def _switch_scene(self, arguments: Mapping[str, Any], caller: Caller) -> str:
        view, scene = self._on.obs.view(), arguments["scene"]
        if view.scene and view.scene == view.safety_scene:
            raise SparkError("the safety scene is on air", code="safety", fix="resume the show first")
        new = await self._on.obs.switch(scene)
        self._on.audit(
            "tool.switch_scene", actor=f"character {caller.persona.id}", target=scene, old=view.scene, new=new
        )
        return ""

    async def _remember(self, arguments: Mapping[str, Any], caller: Caller) -> str:
        persona = caller.persona
        context = GuardContext(language=persona.language, position=Position.MEMORY, turn=caller.turn)
        verdict = await self._on.guard.check(arguments["fact"], Direction.OUT, context)
        if verdict.is_blocked or not verdict.text.strip():
            raise SparkError("that is not kept", code="refused")
        await self._on.notes.add(persona.id, verdict.text.strip(), arguments.get("about", ""))
        return ""

    async def _look_up(self, arguments: Mapping[str, Any], caller: Caller) -> str:
        name = arguments["name"].lstrip("@")
        written = self._on.lines.written_by(name, LINES_LOOKED_AT)
        notes = [f"You noted: {one.text}" for one in self._on.notes.about(caller.persona.id, name)]
        told = [*_visits(written, self._on.regulars), *_lines(written), *notes]
        return " ".join(told) or "Nothing is known of them."


def _visits(written: Sequence[Entry], regulars: Regulars) -> list[str]:
    if not written:
        return []
    newest = written[0]
    visits, seen_ms = regulars.known(newest.line.source, newest.author_id)
    if not visits:
        return []
    day = datetime.fromtimestamp(seen_ms / 1000, UTC).date().isoformat()
    return [f"They came to {visits} stream{'s' if visits > 1 else ''}, last on {day}."]


def _lines(written: Sequence[Entry]) -> list[str]:
    if not written:
        return []
    many = f"{len(written)} line{'s' if len(written) > 1 else ''}"
    last = next((one.line.text for one in written if one.line.text), "")
    return [f"In this stream they wrote {many}, the last one: {last}"]


def _object(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of an object that needs all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}
