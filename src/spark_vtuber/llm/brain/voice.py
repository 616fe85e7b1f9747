"""Chooses what is said: fresh every time, filled with what is known."""

import random
import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MEMORY_WINDOW: Final = 10
"""Lines of one intent that are not said again, where the intent has at least twice as many."""

FALLBACK: Final = "fallback"

MAX_CHARS: Final = 220
"""The longest answer: about fourteen seconds of speech."""

_SLOT: Final = re.compile(r"(\b[Aa] )?(?:<(?:get|bot) ([a-z_]+)>|<star([1-9]?)>)")
_STARTS: Final = re.compile(r"(?:^|[.!?\]] )$")
_VOWELS: Final = frozenset("aeiou")
_PERSONAL: Final = frozenset({"who", "pet", "pet_kind", "like", "home", "job"})
_PERSONAL_SHARE: Final = 0.35
"""How often a line that shows memory of the viewer is taken, where there is one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a brain file and the names of what it has to be filled with."""

    text: str
    slots: frozenset[str]


def line(text: str) -> Line:
    """A line as it stands in a file: `<get x>` and `<bot x>` are slots, `<star>` and `<star2>` are `star1`, `star2`."""
    return Line(text, frozenset(_name(found) for found in _SLOT.finditer(text)))


def filled(text: str, slots: Mapping[str, str]) -> str:
    """The line with its slots filled; what is filled in is never looked at again.

    A sentence begins with a capital, and "a" before a filled-in vowel is "an".
    """

    def value(found: re.Match[str]) -> str:
        article, said = found[1] or "", slots[_name(found)]
        if article and said[:1].lower() in _VOWELS:
            article = f"{article[0]}n "
        is_start = not article and _STARTS.search(text[: found.start()]) is not None
        return article + (said[:1].upper() + said[1:] if is_start else said)

    return _SLOT.sub(value, text)


def _name(found: re.Match[str]) -> str:
    return found[2] or f"star{found[3] or 1}"


class Voice:
    """Says one character's lines, none of them twice in a row and none again soon."""

    def __init__(self, lines: Mapping[str, Sequence[Line]], rng: random.Random) -> None:
        self._lines = lines
        self._random = rng
        self._said: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=MEMORY_WINDOW))
        self._last = ""

    def say(self, intent: str, slots: Mapping[str, str], *, must: str = "") -> str:
        """A line for an intent, filled; an intent without lines of its own has those of its family.

        The family of `sad_pet` is `sad`, and everything else belongs to `fallback`.
        Only lines whose slots are all known are taken, those of the family where an intent has none; those that use
        the slot `must` go first where it is known.
        """
        intent, fitting = self._fitting(intent, slots)
        if must in slots:
            fitting = [line for line in fitting if must in line.slots] or fitting
        said = self._said[intent]
        recent = frozenset(list(said)[-max(1, len(fitting) // 2) :])
        other = [line for line in fitting if filled(line.text, slots) != self._last] or fitting
        fresh = [line for line in other if line.text not in recent] or other
        chosen = self._random.choice(self._preferred(fresh)).text
        said.append(chosen)
        self._last = filled(chosen, slots)
        return self._last

    def _fitting(self, intent: str, slots: Mapping[str, str]) -> tuple[str, list[Line]]:
        """The intent, or the nearest of its family that has a line that can be filled, and those lines."""
        while True:
            fitting = [line for line in self._lines.get(intent, ()) if line.slots <= slots.keys()]
            if fitting or intent == FALLBACK:
                return intent, fitting
            intent = intent.rpartition("_")[0] or FALLBACK

    def _preferred(self, lines: list[Line]) -> list[Line]:
        personal = [line for line in lines if line.slots & _PERSONAL]
        if personal and len(personal) < len(lines):
            is_personal = self._random.random() < _PERSONAL_SHARE
            return personal if is_personal else [line for line in lines if line not in personal]
        return lines
