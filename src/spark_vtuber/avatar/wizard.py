"""Goes through what a model can show, one thing after the other, and asks which feeling it is."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import anyio

from spark_vtuber.avatar.faces import NONE, Face, choose, face_of
from spark_vtuber.avatar.vts_answers import Rig
from spark_vtuber.avatar.vts_link import Link, Refused
from spark_vtuber.avatar.wardrobe import LATER
from spark_vtuber.core.personas import EXPRESSIONS, Expression

Ask = Callable[[Face, Expression | None], Awaitable[Expression | None]]
"""Shows a face and our guess, gives what a person says it is; None is nothing of ours. Raises `Enough` to stop."""

AGAIN_S: Final = 0.25
ATTEMPTS: Final = 25

_ASIDE: Final = frozenset(
    {"ChangeVTSModel", "ChangeBackground", "ReloadMicrophone", "ReloadTextures", "CalibrateCam", "MoveModel", "Unset"}
)
"""Hotkeys that do something else than show a feeling; they are not pressed."""


class Enough(Exception):
    """The person has seen enough; what was said counts."""


def showable(rig: Rig) -> tuple[Face, ...]:
    """Everything that can be tried, each once: expressions, and the hotkeys that are none."""
    return tuple({face.target: face for face in _faces(rig)}.values())


async def walk(link: Link, rig: Rig, ask: Ask) -> dict[str, str]:
    """What stands for which feeling, ready to be saved; a guess that was denied is noted as none.

    Raises:
        Lost: the connection is over.
        Refused: VTube Studio does not let us.
    """
    guesses = {face.target: feeling for feeling, face in choose(rig, {}, {}).by_feeling.items()}
    worn = {one.file for one in rig.expressions if one.is_active}
    found: dict[str, str] = {}
    denied: set[str] = set()
    for face in showable(rig):
        guess = next((feeling for feeling in EXPRESSIONS if feeling == guesses.get(face.target)), None)
        try:
            await _show(link, face)
            said = await ask(face, guess)
        except Enough:
            break
        finally:
            if face.kind == "expression" and face.target not in worn:
                with anyio.CancelScope(shield=True):
                    await link.order("ExpressionActivation", {"expressionFile": face.target, "active": False})
        if said is not None:
            found[said] = face.target
        if guess is not None and said != guess:
            denied.add(guess)
    return dict.fromkeys(denied - set(found), NONE) | found


async def _show(link: Link, face: Face) -> None:
    if face.kind == "expression":
        await link.ask("ExpressionActivation", {"expressionFile": face.target, "active": True})
        return
    for attempt in range(ATTEMPTS):
        try:
            await link.ask("HotkeyTrigger", {"hotkeyID": face.target})
        except Refused as error:
            if error.number not in LATER or attempt == ATTEMPTS - 1:
                raise
            await anyio.sleep(AGAIN_S)
        else:
            return


def _faces(rig: Rig) -> Iterator[Face]:
    for expression in rig.expressions:
        yield Face("expression", expression.file, expression.name or expression.file)
    for hotkey in rig.hotkeys:
        if hotkey.kind not in _ASIDE:
            yield face_of(hotkey)
