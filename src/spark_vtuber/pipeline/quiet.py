"""Silence: how long nobody spoke and nothing was asked, and who breaks it."""

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.pipeline.habits import Habits


class Quiet:
    """Begins anew with every line and every turn."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._since_s = 0.0
        self._last_talker: PersonaId | None = None

    def begin(self, now_s: float) -> None:
        """It is quiet from now on."""
        self._since_s = now_s

    def left_s(self, now_s: float) -> float | None:
        """How long it must stay quiet until somebody talks by themselves; None where nobody will."""
        if not self._habits.talkers():
            return None
        return max(0.0, self._since_s + self._habits.idle_s() - now_s)

    def talker(self) -> PersonaId | None:
        """Whoever talked longer ago, of those who talk by themselves and are heard; it is their turn now."""
        talkers = [persona for persona in self._habits.talkers() if self._habits.is_heard(persona)]
        if not talkers:
            return None
        self._last_talker = next((one for one in talkers if one != self._last_talker), talkers[0])
        return self._last_talker
