"""Tells whether characters still sound like themselves: a metric of each, and an event when one sinks or recovers."""

from collections.abc import Iterator, Sequence

from spark_vtuber.core.desk import Announce
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.personality.alignment import Style
from spark_vtuber.personality.drift import Drift
from spark_vtuber.telemetry.exposition import Labels, Reading


class DriftWatch:
    """The running style score of every character, told by `reading` and by the event `persona.drift`."""

    def __init__(self, personas: Sequence[PersonaView], announce: Announce) -> None:
        self._drifts = {
            one.id: Drift(Style(one, [other for other in personas if other.id != one.id])) for one in personas
        }
        self._announce = announce
        self.reading = Reading(
            "spark_vtuber_persona_style",
            "How much the last answers of a character sound like its card, 0 to 1.",
            self._scores,
            ("persona",),
        )

    def keep(self, record: TurnRecord) -> None:
        """Count a turn that is over."""
        drift = self._drifts.get(record.persona)
        change = drift.keep(record) if drift else None
        if drift is not None and change is not None:
            score = drift.score
            self._announce(
                "persona.drift",
                persona=record.persona,
                change=change.value,
                score=None if score is None else round(score, 3),
            )

    def _scores(self) -> Iterator[tuple[Labels, float]]:
        for persona, drift in self._drifts.items():
            if (score := drift.score) is not None:
                yield (persona,), score
