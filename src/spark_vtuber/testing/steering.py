"""The facets of steering in memory: what a door asks of them is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from anyio.lowlevel import checkpoint

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import CueId, PersonaId, Serial, TurnId
from spark_vtuber.core.personas import OWN, PersonaView, Preset, Temper
from spark_vtuber.core.steering import ChatLine, Held, Picture, Queue, Upcoming, Viewer, cue_key


class FakeSteering:
    """Implements `Steering`: a queue of cues and a few held answers, without a show.

    `held` are the answers that wait, `waiting` the cues, best first, `dropped` those that `answer` may take again.
    """

    def __init__(self, personas: Sequence[str] = ("main",)) -> None:
        self.is_on = False
        self.waiting: list[Cue] = []
        self.held: list[Held] = []
        self.dropped: list[Cue] = []
        self.released: list[TurnId] = []
        self._personas = tuple(personas)
        self._ids = Serial("say")

    def queue(self, limit: int) -> Queue:
        """What waits."""
        upcoming = (
            Upcoming(cue, cue.persona or PersonaId(self._personas[0]), 1.5, {"fresh": 9.5}, ("main persona", "fresh"))
            for cue in self.waiting[:limit]
        )
        return Queue(self.is_on, len(self.waiting), tuple(upcoming), tuple(self.held))

    def hold(self, *, is_on: bool) -> None:
        """Note it; the end releases everything."""
        self.is_on = is_on
        if not is_on:
            self.released += [held.turn for held in self.held]
            self.held.clear()

    def approve(self, turn: TurnId) -> bool:
        """Release one."""
        if not self._take(turn):
            return False
        self.released.append(turn)
        return True

    def reject(self, turn: TurnId) -> bool:
        """Forget one."""
        return self._take(turn)

    def drop(self, line: str | None) -> str | None:
        """Cancel one, or the next."""
        cue = next((cue for cue in self.waiting if line in (None, cue_key(cue))), None)
        if cue is None:
            return None
        self.waiting.remove(cue)
        self.dropped.append(cue)
        return cue_key(cue)

    def say(self, text: str, persona: PersonaId | None) -> CueId:
        """Put a text first."""
        if persona is not None and persona not in self._personas:
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix="see /api/personas")
        if not text.strip():
            raise SparkError("there is nothing in it to say", code="nothing_to_say", fix="write some words")
        cue = Cue(CueId(self._ids.next()), CueKind.SAY, text, persona=persona)
        self.waiting.insert(0, cue)
        return cue.id

    def answer(self, line: str) -> bool:
        """Put a cue that waits or was dropped first."""
        for cues in (self.waiting, self.dropped):
            cue = next((cue for cue in cues if cue_key(cue) == line), None)
            if cue is not None:
                cues.remove(cue)
                self.waiting.insert(0, cue)
                return True
        return False

    def _take(self, turn: TurnId) -> bool:
        before = len(self.held)
        self.held = [held for held in self.held if held.turn != turn]
        return len(self.held) < before


class FakeLines:
    """Implements `ChatLines` over the lines that a test puts in, oldest first."""

    def __init__(self) -> None:
        self.all: list[ChatLine] = []
        self.viewers: dict[str, Viewer] = {}

    def lines(self, limit: int, before: int | None, query: str) -> tuple[Sequence[ChatLine], bool]:
        """The newest that hold `query`."""
        found = [line for line in reversed(self.all) if query in line.text and (before is None or line.seq < before)]
        return found[:limit], len(found) > limit

    async def ignore(self, line: str) -> Viewer:
        """Ignore the author of a line."""
        await checkpoint()
        found = next((one for one in self.all if one.id == line), None)
        if found is None:
            raise SparkError(f"there is no line {line}", code="unknown_line", fix="see /api/lines")
        viewer = Viewer(f"key-{found.author}", found.author, found.source, found.at_ms)
        self.viewers[viewer.key] = viewer
        return viewer

    async def unignore(self, key: str) -> bool:
        """Forget a viewer."""
        await checkpoint()
        return self.viewers.pop(key, None) is not None

    def ignored(self) -> Sequence[Viewer]:
        """Everybody ignored."""
        return tuple(self.viewers.values())


class FakeEmotes:
    """Implements `EmotePictures` with the pictures of `pictures`, by id."""

    def __init__(self, pictures: Mapping[str, Picture] | None = None) -> None:
        self.pictures = dict(pictures or {})

    async def picture(self, source: str, emote: str) -> Picture:
        """A picture of the test."""
        await checkpoint()
        if source != "twitch" or emote not in self.pictures:
            raise SparkError("the platform has no such emote", code="emote_gone")
        return self.pictures[emote]


class FakePersonas:
    """Implements `Personas`: characters whose tempers are kept in memory, and one preset."""

    def __init__(self, *personas: PersonaView) -> None:
        self._personas = personas or (PersonaView(PersonaId("main"), "Spark"),)
        self._tempers = {persona.id: Temper(mood=persona.mood) for persona in self._personas}

    def tempers(self) -> Sequence[tuple[PersonaView, Temper]]:
        """Everybody."""
        return tuple((persona, self._tempers[persona.id]) for persona in self._personas)

    async def change(self, persona: PersonaId | None, preset: str | None, values: Mapping[str, Any]) -> None:
        """Set one or all."""
        await checkpoint()
        if persona is not None and persona not in self._tempers:
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix="see /api/personas")
        known = {one.name: one for one in self.presets()}
        if preset is not None and preset not in known:
            raise SparkError(f'there is no preset "{preset}"', code="unknown_preset", fix="see /api/presets")
        for one in self._personas:
            if persona in (None, one.id):
                given = {**(known[preset].values if preset else {}), **values}
                temper = self._tempers[one.id]
                held = tuple(name for name in OWN if given.get(name, name in temper.held or None) is not None)
                usual: Mapping[str, Any] = {"mood": one.mood, "energy": 0.5}
                told = {name: usual[name] if value is None else value for name, value in given.items()}
                self._tempers[one.id] = replace(temper, **told, preset=preset or "", held=held)

    async def lead(self, persona: PersonaId) -> None:
        """Put one first."""
        await checkpoint()
        if persona not in self._tempers:
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix="see /api/personas")
        self._personas = tuple(sorted(self._personas, key=lambda one: one.id != persona))

    def presets(self) -> Sequence[Preset]:
        """One."""
        return (Preset("calm", "Calm", "Slow and friendly.", {"energy": 0.25}),)
