"""Do characters stay themselves? Probes at the start, after hours of chat with a restart, and while they alternate."""

import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import TypeAdapter

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.growth import Disposition
from spark_vtuber.core.ids import CueId, PersonaId, Serial, TurnId
from spark_vtuber.core.personas import PersonaView, Temper
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.llm.port import LLM, LLMRequest, TextDelta
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.personality.alignment import plain
from spark_vtuber.personality.feelings import felt, leanings
from spark_vtuber.personality.growth import fitted, grow, newborn
from spark_vtuber.personality.stirs import happening
from spark_vtuber.personality.temper import tempered
from spark_vtuber.testing.bench.persona_probes import Probe, ProbeSet, probes_for

Phase = Literal["start", "after", "alternating"]

TOKENS: Final = 120
HOUR_MS: Final = 3_600_000
START_MS: Final = 1_800_000_000_000
"""Wall time of the first turn; any will do."""

_STATES: Final = TypeAdapter(dict[str, Disposition])

OpenModels = Callable[[], AbstractAsyncContextManager[Mapping[PersonaId, LLM]]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Life:
    """What lies between the first probes and the later ones: turns of chat, over so many simulated hours."""

    turns: int = 1_000
    hours: float = 8.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a character said to a probe, with its tags; empty where its model failed."""

    persona: PersonaId
    phase: Phase
    probe: Probe
    text: str


@dataclass(frozen=True, slots=True)
class Interviews:
    """All answers of a run, the cards they are measured against, and how the characters felt at the end."""

    personas: tuple[PersonaView, ...]
    answers: tuple[Answer, ...]
    life: Life
    states: Mapping[PersonaId, Disposition]
    engines: Mapping[PersonaId, str]


class Interview:
    """Asks characters in turn, lets them live between, and restarts them as a show does."""

    def __init__(self, personas: Sequence[PersonaView], rng: random.Random) -> None:
        self._cards = {persona.id: persona for persona in personas}
        self._names = {persona.id: persona.name for persona in personas}
        self._random = rng
        self._serial = Serial("b")
        self._now_ms = START_MS
        self._states = {persona.id: newborn(persona, START_MS) for persona in personas}
        self._models: Mapping[PersonaId, LLM] = {}
        self._prompter = Prompter(self._names)

    async def run(
        self, open_models: OpenModels, life: Life, progress: Progress = lambda _done, _of: None
    ) -> Interviews:
        """All phases. A model's failure is an empty answer.

        Half of the life is lived before a restart and half after: models are closed and opened, histories are gone,
        states are written as JSON and read back.
        """
        sets = {persona: probes_for(card) for persona, card in self._cards.items()}
        total = 3 * sum(len(one.probes) for one in sets.values()) + life.turns
        answers: list[Answer] = []

        def tell() -> None:
            progress(len(answers) + lived, total)

        lived = 0
        async with open_models() as self._models:
            async for answer in self._in_turn(sets, "start"):
                answers.append(answer)
                tell()
            for _ in range(life.turns // 2):
                await self._live(sets, life)
                lived += 1
                tell()
        kept = self._written()
        self._prompter = Prompter(self._names)
        self._read(kept)
        async with open_models() as self._models:
            engines = {
                one: model.capabilities.model or model.capabilities.engine for one, model in self._models.items()
            }
            for _ in range(life.turns - life.turns // 2):
                await self._live(sets, life)
                lived += 1
                tell()
            async for answer in self._in_turn(sets, "after"):
                answers.append(answer)
                tell()
            async for answer in self._alternating(sets):
                answers.append(answer)
                tell()
        return Interviews(tuple(self._cards.values()), tuple(answers), life, dict(self._states), engines)

    async def _in_turn(self, sets: Mapping[PersonaId, ProbeSet], phase: Phase) -> AsyncIterator[Answer]:
        for persona, one in sets.items():
            for probe in one.probes:
                yield Answer(persona, phase, probe, await self._said(persona, probe.ask))

    async def _alternating(self, sets: Mapping[PersonaId, ProbeSet]) -> AsyncIterator[Answer]:
        """Every probe again, one character after the other, so that a server changes its adapter each time."""
        for number in range(max(len(one.probes) for one in sets.values())):
            for persona, one in sets.items():
                if number < len(one.probes):
                    probe = one.probes[number]
                    yield Answer(persona, "alternating", probe, await self._said(persona, probe.ask))

    async def _live(self, sets: Mapping[PersonaId, ProbeSet], life: Life) -> None:
        """One turn of chat with whoever's turn it is."""
        self._now_ms += round(life.hours * HOUR_MS / max(1, life.turns))
        persona = self._random.choice(list(self._cards))
        await self._said(persona, self._random.choice(sets[persona].chat))

    async def _said(self, persona: PersonaId, text: str) -> str:
        view = self._view(persona)
        serial = self._serial.next()
        author = f"viewer{self._random.randrange(40)}"
        cue = Cue(CueId(serial), CueKind.CHAT, text, author=author)
        request = LLMRequest(view, cue, self._prompter(view, cue), max_tokens=TOKENS)
        answer, outcome = "", Outcome.COMPLETED
        try:
            async with aclosing(self._models[persona].stream(request)) as parts:
                async for part in parts:
                    if isinstance(part, TextDelta):
                        answer += part.text
        except EngineError:
            answer, outcome = "", Outcome.FAILED
        spoken = plain(answer)
        record = TurnRecord(TurnId(serial), persona, cue, outcome, spoken, spoken, {})
        self._prompter.remember(record)
        what = happening(record, self._cards[persona], self._now_ms, f"viewer:{author}", 0.0)
        if what is not None:
            self._states[persona] = grow(self._states[persona], self._cards[persona], what).disposition
        return answer.strip()

    def _view(self, persona: PersonaId) -> PersonaView:
        """The character as it feels by now."""
        card, state = self._cards[persona], self._states[persona]
        view = tempered(card, felt(Temper(mood=card.mood), state))
        leaning = leanings(card, state, {other: name for other, name in self._names.items() if other != persona})
        return replace(view, manner=" ".join(part for part in (view.manner, leaning) if part))

    def _written(self) -> str:
        return _STATES.dump_json({str(name): state for name, state in self._states.items()}).decode()

    def _read(self, text: str) -> None:
        states = _STATES.validate_python(json.loads(text))
        self._states = {name: fitted(states[name], self._cards[name], self._now_ms) for name in self._cards}
