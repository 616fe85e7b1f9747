"""The characters of the show as they are set now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from spark_vtuber.app.keepsake import Keepsake
from spark_vtuber.config.keys import PresetSettings
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView, Preset, Temper, temper_view
from spark_vtuber.personality.temper import PRESETS, TALKATIVE, tempered

_TEMPER = TypeAdapter(Temper)
_FIELDS: Final = frozenset(field.name for field in fields(Temper))


class Company:
    """Implements `core.personas.Personas`.

    `on_change` is called after every change, for whoever must look again.
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
        self._tempers = _read(keepsake.read(), self._cards)
        self._views = tuple(tempered(card, self._tempers[card.id]) for card in self._cards)
        self.on_change: Callable[[], None] = lambda: None

    def tempers(self) -> Sequence[tuple[PersonaView, Temper]]:
        """Every character as it is now."""
        return tuple((view, self._tempers[view.id]) for view in self._views)

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
        before = dict(self._tempers)
        for card in wanted:
            temper = before[card.id]
            if preset is not None:
                values_of_preset = {"paid_only": False, **self._presets[preset].values, "preset": preset}
                temper = replace(temper, **values_of_preset)
            self._tempers[card.id] = _with(temper, values)
        if self._tempers == before:
            return
        self._views = tuple(tempered(card, self._tempers[card.id]) for card in self._cards)
        for view, temper in self.tempers():
            if temper != before[view.id]:
                self._announce("persona", **temper_view(view, temper))
        self.on_change()
        await self._keepsake.write({name: asdict(temper) for name, temper in self._tempers.items()})

    def talkers(self) -> Sequence[PersonaId]:
        """Those who talk by themselves when it is quiet."""
        return tuple(card.id for card in self._cards if self._tempers[card.id].idle_talk)


def _with(temper: Temper, values: Mapping[str, Any]) -> Temper:
    """The temper with fields set by hand; who becomes talkative talks by themselves, and who ceases to, does not."""
    if not values:
        return temper
    changed = replace(temper, **values)
    was_talkative, is_talkative = temper.talkativeness >= TALKATIVE, changed.talkativeness >= TALKATIVE
    if "idle_talk" not in values and was_talkative != is_talkative:
        changed = replace(changed, idle_talk=is_talkative)
    return changed if replace(changed, preset="") == replace(temper, preset="") else replace(changed, preset="")


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


def _read(value: Any | None, cards: Sequence[PersonaView]) -> dict[PersonaId, Temper]:
    """The tempers in a file; a character that is not in it, or not rightly, is as its card says."""
    known = value if isinstance(value, Mapping) else {}
    tempers = {}
    for card in cards:
        tempers[card.id] = Temper(mood=card.mood)
        try:
            temper = _TEMPER.validate_python(known.get(card.id, tempers[card.id]))
        except ValidationError:
            continue
        if 0 <= temper.energy <= 1 and 0 <= temper.talkativeness <= 1:
            tempers[card.id] = temper
    return tempers
