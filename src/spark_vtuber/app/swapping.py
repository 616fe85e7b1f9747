"""A character whose model is coming into its slot looks as if it thought."""

import json
from contextlib import suppress
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from spark_vtuber.app.house import House
from spark_vtuber.config.load import Settings
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.stage.port import Emote, Stage

THINKING: Final = "thinking"

CHANGING: Final = "brain.changing"
_OVER: Final = frozenset({"brain.changed", "brain.failed"})
_AHEAD: Final = 32
"""Faces that may wait for the stage; more are not shown."""


def has_slots(settings: Settings) -> bool:
    """Whether a character's model shares its place with another's."""
    return any(getattr(engines["llm"].options, "slot", "") for engines in settings.engines.values())


def show_changes(house: House, stage: Stage) -> None:
    """Show on `stage` whose model is on its way, where models change; its own mood comes back when it is there."""
    if not has_slots(house.settings):
        return
    moods = {persona.id: persona.mood for persona in house.personas}
    into, faces = anyio.create_memory_object_stream[Emote](_AHEAD)
    house.stack.callback(into.close)
    house.stack.callback(faces.close)

    def told(kind: str, text: str) -> None:
        if kind != CHANGING and kind not in _OVER:
            return
        persona = PersonaId(json.loads(text)[3]["persona"])
        if persona in moods:
            with suppress(anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
                into.send_nowait(Emote(persona, THINKING if kind == CHANGING else moods[persona]))

    house.events.tap(told)

    async def keep() -> None:
        await _show(faces, stage)

    house.keep_running("brains", "llm", keep)


async def _show(faces: MemoryObjectReceiveStream[Emote], stage: Stage) -> None:
    while True:
        await stage.perform(await faces.receive())
