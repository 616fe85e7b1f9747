"""What characters noted by themselves: a few facts each, in a small file that outlives the show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.keepsake import Keepsake
from spark_vtuber.core.verdicts import Position
from spark_vtuber.llm.prompt import Moment, Report

LONGEST: Final = 200
"""Characters of a fact."""

LONGEST_NAME: Final = 60
MOST_TOLD: Final = 3
"""Facts about the author of a line that stand in the prompt beside it; the newest."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a character noted, about somebody or nobody; `at_ms` is wall time."""

    text: str
    about: str
    at_ms: int


class NoteBook:
    """The facts of every character, the newest last. What is in the file and is no fact is left out."""

    def __init__(self, keepsake: Keepsake, clock: Clock, most: Callable[[], int]) -> None:
        """`most()` facts of a character are kept."""
        self._keepsake = keepsake
        self._clock = clock
        self._most = most
        self._facts = _read(keepsake.read())

    async def add(self, persona: PersonaId, text: str, about: str) -> bool:
        """Note a fact; False where it was known. Writes it down before it returns."""
        fact = Fact(text[:LONGEST], about[:LONGEST_NAME], self._clock.unix_ms())
        known = [one for one in self._facts.get(persona, ()) if not _is_same(one, fact)]
        is_new = len(known) == len(self._facts.get(persona, ()))
        most = self._most()
        self._facts[persona] = (*known, fact)[-most:] if most else ()
        await self._keepsake.write(
            {name: [[one.text, one.about, one.at_ms] for one in facts] for name, facts in self._facts.items()}
        )
        return is_new

    def about(self, persona: PersonaId, name: str) -> Sequence[Fact]:
        """What a character noted about somebody, the newest first."""
        wanted = name.strip().casefold()
        found = [one for one in self._facts.get(persona, ()) if wanted and one.about.casefold() == wanted]
        return found[::-1]

    def recall(self, moment: Callable[[PersonaId, Cue], Moment], persona: PersonaId, cue: Cue) -> Moment:
        """What is so at the instant of a turn, with what the character noted about who wrote."""
        now = moment(persona, cue)
        known = [Report(Position.MEMORY, one.about, one.text) for one in self.about(persona, cue.author)[:MOST_TOLD]]
        return replace(now, reports=(*now.reports, *known)) if known else now


def _is_same(one: Fact, other: Fact) -> bool:
    return (one.text.casefold(), one.about.casefold()) == (other.text.casefold(), other.about.casefold())


def _read(value: Any) -> dict[PersonaId, tuple[Fact, ...]]:
    found: dict[PersonaId, tuple[Fact, ...]] = {}
    for persona, entries in value.items() if isinstance(value, Mapping) else ():
        facts = []
        for entry in entries if isinstance(entries, list) else ():
            match entry:
                case [str(text), str(about), int(at_ms)]:
                    facts.append(Fact(text[:LONGEST], about[:LONGEST_NAME], at_ms))
        found[PersonaId(str(persona))] = tuple(facts)
    return found
