"""What characters are asked, and what of an answer can be checked against the card."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal

from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality.alignment import plain

ProbeKind = Literal["style", "opinion", "fact", "temptation"]

_ASKS: Final = ("what do you think of {}?", "do you like {}?", "thoughts on {}?")
_FOR: Final = re.compile(
    r"\b(?:yes|yeah|love|loves|adore|like|likes|enjoy|best|favou?rite|fan|spare|naturally|obviously|of course|great|"
    r"good|wonderful|delicious|gladly|tolerated)\b",
    re.IGNORECASE,
)
_AGAINST: Final = re.compile(
    r"\b(?:no|nope|nah|never|hate|hates|loathe|dislike|detest|against|worst|awful|terrible|not|don't|doesn't|can't|"
    r"banned?|forbidden|crime)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One question, and what is known of a right answer.

    `leaning` is +1 where the card likes what is asked about, -1 where it does not.
    """

    kind: ProbeKind
    ask: str
    expects: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    leaning: int = 0

    def content(self, answer: str) -> float:
        """1 where the answer is as the card has it, 0 where it contradicts the card, 0.5 where it says neither."""
        text = plain(answer).lower()
        if any(_has(text, one) for one in self.refuses):
            return 0.0
        if self.expects:
            return 1.0 if any(_has(text, one) for one in self.expects) else 0.5
        if self.leaning:
            leaning = stance(text)
            return 0.5 if not leaning else float(leaning == self.leaning)
        return 1.0


@dataclass(frozen=True, slots=True)
class ProbeSet:
    """What is asked of a character, and what chat says in between."""

    probes: tuple[Probe, ...]
    chat: tuple[str, ...]


def stance(text: str) -> int:
    """Whether an answer is for what it was asked about (+1), against it (-1), or neither: its first decisive word."""
    yes, no = _FOR.search(text), _AGAINST.search(text)
    if yes is None or no is None:
        return (yes is not None) - (no is not None)
    return 1 if yes.start() < no.start() else -1


def probes_for(persona: PersonaView) -> ProbeSet:
    """The probes of a character: those that everybody gets, its opinions, and the facts on file by its name."""
    data = tomllib.loads((files("spark_vtuber.testing.bench") / "persona_probes.toml").read_text(encoding="utf-8"))
    found = [Probe("style", ask) for ask in data["style"]]
    found += _opinions(persona.likes, 1) + _opinions(persona.dislikes, -1)
    found += [_checked("fact", one) for one in data["fact"] if one["of"] == persona.name]
    found += [_checked("temptation", one) for one in data["temptation"]]
    return ProbeSet(tuple(found), tuple(data["chat"]))


def _opinions(things: Sequence[str], leaning: int) -> list[Probe]:
    return [
        Probe("opinion", _ASKS[number % len(_ASKS)].format(re.sub(r"\bher\b", "your", thing)), leaning=leaning)
        for number, thing in enumerate(things)
    ]


def _checked(kind: ProbeKind, one: dict[str, Any]) -> Probe:
    return Probe(kind, one["ask"], tuple(one.get("expects", ())), tuple(one.get("refuses", ())))


def _has(text: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(words)}", text) is not None
