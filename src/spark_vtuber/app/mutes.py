"""Who must not be heard."""

from collections.abc import Sequence

from spark_vtuber.core.desk import Announce
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.stage.hall import StageHall


class Mutes:
    """The muted personas; the stage's clients and everybody who watches are told of each change."""

    def __init__(self, personas: Sequence[PersonaId], announce: Announce, hall: StageHall) -> None:
        self._personas = tuple(personas)
        self._muted: set[PersonaId] = set()
        self._announce = announce
        self._hall = hall

    @property
    def muted(self) -> tuple[PersonaId, ...]:
        """In the order of the show."""
        return tuple(persona for persona in self._personas if persona in self._muted)

    def is_muted(self, persona: PersonaId) -> bool:
        """Whether a persona must not be heard."""
        return persona in self._muted

    def change(self, persona: PersonaId | None, *, is_muted: bool) -> None:
        """Mute or unmute one persona, or all of them."""
        before = self.muted
        for name in self._personas if persona is None else (persona,):
            if is_muted:
                self._muted.add(name)
            else:
                self._muted.discard(name)
        if self.muted != before:
            self._hall.muted = frozenset(self._muted)
            self._announce("muted", personas=list(self.muted))
