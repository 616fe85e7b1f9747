"""Which hotkey or expression of a model stands for a feeling of ours. Pure.

The first that says something decides: the configuration, what the wizard saved for this model, and the names. A wish is
the name or id of a hotkey, or the name or file (`.exp3.json`) of an expression; "-" means none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from spark_vtuber.avatar.vts_answers import Expression, Hotkey, Rig
from spark_vtuber.core.personas import EXPRESSIONS

NONE: Final = "-"
EXPRESSION_SUFFIX: Final = ".exp3.json"

TOGGLES: Final = "ToggleExpression"

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "neutral": ("neutral",),
    "happy": ("happy", "smile", "smiling", "joy", "laugh", "grin", "glad"),
    "sad": ("sad", "cry", "crying", "tears", "sorrow", "unhappy", "down"),
    "angry": ("angry", "anger", "mad", "rage"),
    "surprised": ("surprised", "surprise", "shock", "shocked", "wow", "startled"),
    "smug": ("smug", "smirk", "proud", "doya", "sly"),
    "thinking": ("thinking", "think", "hmm", "confused", "question", "puzzled"),
}


@dataclass(frozen=True, slots=True)
class Face:
    """What shows a feeling: an expression that is switched on and off, or a hotkey that is pressed.

    `target` is the expression's file or the hotkey's id, `name` what people call it.
    """

    kind: Literal["expression", "hotkey"]
    target: str
    name: str


@dataclass(frozen=True, slots=True)
class Faces:
    """The face of every feeling that has one, and the wishes that the model cannot meet."""

    by_feeling: Mapping[str, Face] = field(default_factory=dict)
    unmet: Mapping[str, str] = field(default_factory=dict)


def choose(rig: Rig, wished: Mapping[str, str], saved: Mapping[str, str]) -> Faces:
    """The faces of a model; `wished` is the configuration, `saved` what the wizard wrote."""
    found: dict[str, Face] = {}
    unmet: dict[str, str] = {}
    for feeling in EXPRESSIONS:
        wish = wished.get(feeling) or saved.get(feeling) or ""
        if wish == NONE:
            continue
        face = _called(rig, wish) if wish else None
        if wish and face is None:
            unmet[feeling] = wish
        face = face or _by_name(rig, feeling)
        if face is not None:
            found[feeling] = face
    return Faces(found, unmet)


def face_of(hotkey: Hotkey) -> Face:
    """The face that a hotkey shows: the expression it toggles, since that can be switched off for certain."""
    if hotkey.kind == TOGGLES and hotkey.file.endswith(EXPRESSION_SUFFIX):
        return Face("expression", hotkey.file, hotkey.name or hotkey.file)
    return Face("hotkey", hotkey.id, hotkey.name or hotkey.id)


def _called(rig: Rig, wish: str) -> Face | None:
    wanted = wish.casefold()
    for hotkey in rig.hotkeys:
        if wish == hotkey.id or (hotkey.name and wanted == hotkey.name.casefold()):
            return face_of(hotkey)
    for expression in rig.expressions:
        if wanted in (expression.file.casefold(), expression.name.casefold()):
            return _face_of_expression(expression)
    return None


def _by_name(rig: Rig, feeling: str) -> Face | None:
    """Expressions before hotkeys; a name that is the word before one that contains it."""
    candidates: list[tuple[str, Face]] = [(one.name or one.file, _face_of_expression(one)) for one in rig.expressions]
    candidates += [(hotkey.name, face_of(hotkey)) for hotkey in rig.hotkeys if hotkey.name]
    ranked = sorted(
        (rank, index) for index, (name, _) in enumerate(candidates) if (rank := _rank(name, feeling)) is not None
    )
    return candidates[ranked[0][1]][1] if ranked else None


def _rank(name: str, feeling: str) -> tuple[int, int] | None:
    """How well a name fits: fewer other words, then the nearer synonym; None where it does not."""
    words = list(_words(name))
    for order, synonym in enumerate(_NAMES[feeling]):
        if synonym in words:
            return len(words), order
    return None


def _words(name: str) -> Iterator[str]:
    """`EyesCry_2` as eyes, cry."""
    for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])", name.removesuffix(EXPRESSION_SUFFIX)):
        yield word.casefold()


def _face_of_expression(expression: Expression) -> Face:
    return Face("expression", expression.file, expression.name or expression.file)
