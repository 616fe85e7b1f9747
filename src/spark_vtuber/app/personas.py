"""The characters of the show as they are set now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from spark_vtuber.app.keepsake import Keepsake
from spark_vtuber.config.keys import PresetSettings
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.growth import Disposition
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import OWN, Own, PersonaView, Preset, Temper, temper_view
from spark_vtuber.personality.feelings import felt, leanings
from spark_vtuber.personality.temper import ORDINARY, PRESETS, TALKATIVE, tempered

_TEMPER = TypeAdapter(Temper)
_FIELDS: Final = frozenset(field.name for field in fields(Temper))


class Company:
    """Implements `core.personas.Personas`.

    What the streamer set by hand or by a preset stays; mood and energy that nobody set follow the state of a character.
    `on_change` is called after every change by hand, for whoever must look again.
    """

    def __init__(
        self,
        personas: Sequence[PersonaView],
        keepsake: Keepsake,
        announce: Announce,
        own_presets: Mapping[str, PresetSettings] | None = None,
    ) -> None:
        self._cards = tuple(personas)
        self._keepsake = keepsake
        self._announce = announce
        self._presets = {preset.name: preset for preset in (*PRESETS, *_own(own_presets or {}))}
        self._tempers, lead = _read(keepsake.read(), self._cards)
        self._lead(lead)
        self._states: Callable[[PersonaId], Disposition] | None = None
        self._now: dict[PersonaId, tuple[PersonaView, Temper]] = {}
        self._look()
        self.on_change: Callable[[], None] = lambda: None

    @property
    def cards(self) -> Sequence[PersonaView]:
        """The characters as their cards say, the main one first."""
        return self._cards

    @property
    def main(self) -> PersonaId:
        """Who answers when nobody is named."""
        return self._cards[0].id

    def tempers(self) -> Sequence[tuple[PersonaView, Temper]]:
        """Every character as it is now, the main one first."""
        return tuple(self._now[card.id] for card in self._cards)

    def follow(self, states: Callable[[PersonaId], Disposition]) -> None:
        """Show from now on what the states of the characters make of them."""
        self._states = states
        self._look()

    def look(self) -> None:
        """A state changed: tell of what is not as it was."""
        before = dict(self._now)
        self._look()
        self._tell(before)

    def presets(self) -> Sequence[Preset]:
        """Ours, then those of the configuration; one of the same name stands for ours."""
        return tuple(self._presets.values())

    async def change(self, persona: PersonaId | None, preset: str | None, values: Mapping[str, Any]) -> None:
        """Set one character or all. Raises `SparkError`: `unknown_persona`, `unknown_preset`."""
        wanted = [card for card in self._cards if persona in (None, card.id)]
        if not wanted:
            known = ", ".join(card.id for card in self._cards)
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix=f"known are: {known}")
        if preset is not None and preset not in self._presets:
            raise SparkError(
                f'there is no preset "{preset}"', code="unknown_preset", fix=f"known are: {', '.join(self._presets)}"
            )
        before, shown = dict(self._tempers), dict(self._now)
        for card in wanted:
            temper = before[card.id]
            if preset is not None:
                chosen = {"paid_only": False, **self._presets[preset].values, "preset": preset}
                temper = replace(temper, **chosen)
                temper = replace(temper, held=_held(temper.held, chosen))
            self._tempers[card.id] = _with(temper, values, card)
        if self._tempers == before:
            return
        self._look()
        self._tell(shown)
        self.on_change()
        await self._write()

    async def lead(self, persona: PersonaId) -> None:
        """Make a character the main one. Raises `SparkError`: `unknown_persona`."""
        if persona not in self._tempers:
            known = ", ".join(card.id for card in self._cards)
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix=f"known are: {known}")
        if persona == self.main:
            return
        self._lead(persona)
        self._announce("persona.lead", id=persona)
        self.on_change()
        await self._write()

    def talkers(self) -> Sequence[PersonaId]:
        """Those who talk by themselves when it is quiet."""
        return tuple(card.id for card in self._cards if self._tempers[card.id].idle_talk)

    def _lead(self, persona: PersonaId) -> None:
        self._cards = tuple(sorted(self._cards, key=lambda card: card.id != persona))

    def _look(self) -> None:
        """Make the characters of their cards, their tempers and their states."""
        names = {card.id: card.name for card in self._cards}
        for card in self._cards:
            temper, words = self._tempers[card.id], ""
            if self._states is not None:
                state = self._states(card.id)
                others = {other: name for other, name in names.items() if other != card.id}
                temper, words = felt(temper, state), leanings(card, state, others)
            self._now[card.id] = tempered(card, temper, words), temper

    def _tell(self, before: Mapping[PersonaId, tuple[PersonaView, Temper]]) -> None:
        for view, temper in self.tempers():
            if temper != before[view.id][1]:
                self._announce("persona", **temper_view(view, temper))

    async def _write(self) -> None:
        tempers = {name: asdict(temper) for name, temper in self._tempers.items()}
        await self._keepsake.write({"main": self.main, "tempers": tempers})


def _with(temper: Temper, values: Mapping[str, Any], card: PersonaView) -> Temper:
    """The temper with fields set by hand; who becomes talkative talks by themselves, and who ceases to, does not."""
    if not values:
        return temper
    own: Mapping[str, Any] = {"mood": card.mood, "energy": ORDINARY}
    given = {name: own[name] if value is None else value for name, value in values.items()}
    changed = replace(temper, **given, held=_held(temper.held, values))
    was_talkative, is_talkative = temper.talkativeness >= TALKATIVE, changed.talkativeness >= TALKATIVE
    if "idle_talk" not in values and was_talkative != is_talkative:
        changed = replace(changed, idle_talk=is_talkative)
    same = replace(changed, preset="", held=()) == replace(temper, preset="", held=())
    return changed if same else replace(changed, preset="")


def _held(held: tuple[Own, ...], values: Mapping[str, Any]) -> tuple[Own, ...]:
    """Whose value is the streamer's, after these were set; None gives one back to the character."""
    return tuple(name for name in OWN if (values[name] is not None if name in values else name in held))


def _own(settings: Mapping[str, PresetSettings]) -> list[Preset]:
    return [
        Preset(
            name,
            one.title or name,
            one.meaning,
            {key: value for key, value in one.model_dump(include=set(_FIELDS)).items() if value is not None},
            is_own=True,
        )
        for name, one in settings.items()
    ]


def _read(value: Any | None, cards: Sequence[PersonaView]) -> tuple[dict[PersonaId, Temper], PersonaId]:
    """The tempers in a file, and the main character; one that is not in it, or not rightly, is as its card says."""
    known = value if isinstance(value, Mapping) else {}
    main = known.get("main")
    if isinstance(known.get("tempers"), Mapping):
        known = known["tempers"]
    tempers: dict[PersonaId, Temper] = {}
    for card in cards:
        tempers[card.id] = Temper(mood=card.mood)
        try:
            temper = _TEMPER.validate_python(known.get(card.id, tempers[card.id]))
        except ValidationError:
            continue
        if not (0 <= temper.energy <= 1 and 0 <= temper.talkativeness <= 1):
            continue
        if "held" not in known.get(card.id, {}):
            # Written before characters had a mood of their own: what is not as usual was set by hand.
            usual = {"mood": card.mood, "energy": ORDINARY}
            temper = replace(temper, held=tuple(name for name in OWN if getattr(temper, name) != usual[name]))
        tempers[card.id] = temper
    return tempers, PersonaId(main) if isinstance(main, str) and main in tempers else cards[0].id
