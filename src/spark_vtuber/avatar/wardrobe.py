"""Puts feelings on a model with its own expressions and hotkeys, one after the other; the newest wish wins."""

from collections.abc import Callable
from typing import Final

import anyio

from spark_vtuber.avatar.faces import Face, Faces
from spark_vtuber.avatar.vts_answers import Rig
from spark_vtuber.avatar.vts_link import Link, Refused
from spark_vtuber.avatar.vts_session import HOTKEY_TOO_SOON, HOTKEYS_FULL, is_locked_out
from spark_vtuber.core.personas import Expression

LATER: Final = frozenset({HOTKEY_TOO_SOON, HOTKEYS_FULL})
"""Refusals that pass: five frames for one hotkey, as the API says, or some seconds, as another of its pages says."""

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
FADE_S: Final = 0.25


class Wardrobe:
    """What the model wears, and what it should. `note` gets what could not be shown."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._faces = Faces()
        self._active: dict[str, None] = {}
        self._wanted: Expression = "neutral"
        self._worn: str | None = "neutral"
        self._changed = anyio.Event()

    def fit(self, rig: Rig, faces: Faces) -> None:
        """Another model, or the same with other hotkeys: what it wears of ours is taken off or put on anew."""
        ours = {face.target for face in faces.by_feeling.values() if face.kind == "expression"}
        self._faces = faces
        self._active = {one.file: None for one in rig.expressions if one.is_active and one.file in ours}
        self._worn = None if self._active or self._wanted != "neutral" else "neutral"
        self._changed.set()

    def want(self, feeling: Expression) -> None:
        """What it should wear from now on."""
        self._wanted = feeling
        self._changed.set()

    async def run(self, link: Link) -> None:
        """Change clothes whenever that is wanted, until cancelled.

        Raises:
            Lost: the connection is over.
            Refused: we must be let in again; other refusals are noted.
        """
        pause_s = FIRST_PAUSE_S
        while True:
            if self._worn == self._wanted:
                await self._changed.wait()
            self._changed = anyio.Event()
            feeling = self._wanted
            try:
                await self._change(link, self._faces.by_feeling.get(feeling))
            except Refused as error:
                if is_locked_out(error):
                    raise
                if error.number in LATER:
                    with anyio.move_on_after(pause_s):
                        await self._changed.wait()
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                    continue
                self._note(f"{feeling} cannot be shown: {error.message}")
            self._worn = feeling
            pause_s = FIRST_PAUSE_S

    async def undress(self, link: Link) -> None:
        """Take off what is ours, without waiting for an answer: for the end of a connection. Raises `Lost`."""
        for file in self._active:
            await link.order("ExpressionActivation", {"expressionFile": file, "active": False})
        self._active.clear()

    async def _change(self, link: Link, face: Face | None) -> None:
        keeps = face.target if face is not None and face.kind == "expression" else None
        for file in [file for file in self._active if file != keeps]:
            del self._active[file]
            await link.ask("ExpressionActivation", {"expressionFile": file, "active": False})
        if face is None or face.target in self._active:
            return
        if face.kind == "hotkey":
            await link.ask("HotkeyTrigger", {"hotkeyID": face.target})
        else:
            await link.ask("ExpressionActivation", {"expressionFile": keeps, "active": True, "fadeTime": FADE_S})
            self._active[face.target] = None
