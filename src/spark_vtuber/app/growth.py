"""The characters as they change: the state of each, what moves it, and the file in which it outlives the show."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import anyio
from pydantic import TypeAdapter, ValidationError

from spark_vtuber.app.keepsake import Keepsake
from spark_vtuber.app.viewers import viewer_key
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.growth import Disposition, Move, disposition_view, move_view
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import DRY_RUN, TurnRecord
from spark_vtuber.personality.feelings import toward
from spark_vtuber.personality.growth import Happening, fitted, grow, newborn
from spark_vtuber.personality.stirs import happening
from spark_vtuber.pipeline.choosing.sentiment import feeling

LOOK_S: Final = 60.0
"""How often time alone is let work, and what changed is written down."""
KEPT_MOVES: Final = 500
MOST_ABSENT: Final = 20

_DISPOSITION: Final = TypeAdapter(Disposition)


class Growing:
    """Implements `core.growth.Growth`.

    `personas` gives the characters as they are cast, the main one first. `changed` is called after every move, for
    whoever shows or speaks as the character.
    """

    def __init__(
        self,
        personas: Callable[[], Sequence[PersonaView]],
        keepsake: Keepsake,
        announce: Announce,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._personas = personas
        self._keepsake = keepsake
        self._announce = announce
        self._clock = clock
        self._changed = changed
        self._moves: deque[Move] = deque(maxlen=KEPT_MOVES)
        kept = keepsake.read()
        self._states = _read(kept, personas(), clock.unix_ms())
        self._absent = _absent(kept, self._states)
        self._is_written = True

    def state(self, persona: PersonaId) -> Disposition:
        """The state of a character that is there."""
        return self._states[persona]

    def dispositions(self) -> Sequence[tuple[PersonaView, Disposition]]:
        """Every character and its state."""
        return tuple((persona, self._states[persona.id]) for persona in self._personas())

    def moves(self, limit: int) -> Sequence[Move]:
        """The last moves, newest first."""
        return tuple(self._moves)[: -limit - 1 : -1]

    def hear(self, record: TurnRecord) -> None:
        """A turn is over."""
        if record.engine == DRY_RUN:
            return
        persona = self._find(record.persona)
        text = record.cue.text
        seen = happening(record, persona, self._clock.unix_ms(), self._bond(record.cue), feeling(text) if text else 0.0)
        if seen is not None:
            self._grow(persona, seen)

    def facing(self, persona: PersonaView, cue: Cue) -> PersonaView:
        """The character as it meets whoever a cue comes from."""
        words = toward(self._states[persona.id], self._bond(cue)) if cue.event is not None else ""
        return replace(persona, manner=f"{persona.manner} {words}".strip()) if words else persona

    async def freeze(self, persona: PersonaId | None, *, is_on: bool) -> None:
        """Let characters change no more, or again."""
        for one in self._wanted(persona):
            self._change(one, replace(self._states[one.id], is_frozen=is_on))
        await self._write()

    async def reset(self, persona: PersonaId | None, trait: str | None) -> None:
        """Make characters as their cards say."""
        wanted = self._wanted(persona)
        known = {one.name for each in wanted for one in each.traits}
        if trait is not None and trait not in known:
            fix = f"known are: {', '.join(sorted(known))}" if known else "its card has none"
            raise SparkError(f'there is no trait "{trait}"', code="unknown_trait", fix=fix)
        for one in wanted:
            state, fresh = self._states[one.id], newborn(one, self._clock.unix_ms())
            if trait is not None:
                fresh = replace(state, traits={**state.traits, **{k: v for k, v in fresh.traits.items() if k == trait}})
            self._change(one, replace(fresh, is_frozen=state.is_frozen))
        await self._write()

    async def run(self) -> None:
        """Let time work and write down what changed, for ever, and once more at the end."""
        try:
            while True:
                await anyio.sleep(LOOK_S)
                for persona in self._personas():
                    self._grow(persona, Happening(self._clock.unix_ms()))
                await self._write()
        finally:
            with anyio.CancelScope(shield=True):
                await self._write()

    def _grow(self, persona: PersonaView, seen: Happening) -> None:
        grown = grow(self._states[persona.id], persona, seen)
        self._states[persona.id] = grown.disposition
        self._is_written = False
        for move in grown.moves:
            self._moves.append(move)
            self._announce("persona.moved", **move_view(move))
        if grown.moves:
            self._changed()

    def _change(self, persona: PersonaView, state: Disposition) -> None:
        """A change by hand, which is told whole."""
        if state == self._states[persona.id]:
            return
        self._states[persona.id] = state
        self._is_written = False
        self._announce("persona.disposition", **disposition_view(persona, state))
        self._changed()

    def _bond(self, cue: Cue) -> str:
        """Whose bond a cue touches: the viewer who wrote it, or the character who said it."""
        if cue.event is not None:
            return f"viewer:{viewer_key(cue.event.source, cue.event.author.id)}"
        other = next((one.id for one in self._personas() if one.name == cue.author), None)
        return f"persona:{other}" if other is not None else ""

    def _find(self, persona: PersonaId) -> PersonaView:
        return next(one for one in self._personas() if one.id == persona)

    def _wanted(self, persona: PersonaId | None) -> Sequence[PersonaView]:
        wanted = [one for one in self._personas() if persona in (None, one.id)]
        if not wanted:
            known = ", ".join(one.id for one in self._personas())
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix=f"known are: {known}")
        return wanted

    async def _write(self) -> None:
        if not self._is_written:
            self._is_written = True
            present = {name: asdict(state) for name, state in self._states.items()}
            await self._keepsake.write({**self._absent, **present})


def _read(value: Any | None, personas: Sequence[PersonaView], now_ms: int) -> dict[PersonaId, Disposition]:
    """The states in a file, fitted to the cards; a character that is not in it, or not rightly, is as its card says."""
    known: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    states = {}
    for persona in personas:
        states[persona.id] = newborn(persona, now_ms)
        try:
            if persona.id in known:
                states[persona.id] = fitted(_DISPOSITION.validate_python(known[persona.id]), persona, now_ms)
        except (ValidationError, OverflowError):
            continue
    return states


def _absent(value: Any | None, states: Mapping[PersonaId, Disposition]) -> Mapping[str, Any]:
    """What the file holds of characters who are not in this show: they may come back."""
    known: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    absent = [(name, one) for name, one in known.items() if name not in states]
    return dict(absent[-MOST_ABSENT:])
