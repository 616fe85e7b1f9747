"""Healing in memory: components that can be restarted, letters that can be retried."""

from collections.abc import Sequence

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.healing import DeadLetter
from spark_vtuber.core.ids import PersonaId


def a_letter(id: str = "dead1", text: str = "hello there") -> DeadLetter:
    """A line of ana's that could not be answered."""
    return DeadLetter(id, 1_800_000_000_000, PersonaId("main"), "ana", text, "bug", 2)


class FakeHealing:
    """Implements `core.healing.Healing`.

    `parts` says of every component whether it can be restarted; `busy` are those whose restart is under way.
    `restarted` and `retried` keep what was asked.
    """

    def __init__(self) -> None:
        self.parts = {"director": True, "web": False}
        self.busy: set[str] = set()
        self.restarted: list[str] = []
        self.retried: list[str] = []
        self.letters: list[DeadLetter] = []

    def restart(self, name: str) -> bool:
        """Note it."""
        if name not in self.parts:
            raise SparkError(f"there is no {name}", code="unknown_component", fix="see GET /api/health")
        if not self.parts[name]:
            raise SparkError(f"{name} cannot be restarted", code="not_restartable", fix="restart the show")
        self.restarted.append(name)
        return name not in self.busy

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Those the test put in."""
        return self.letters

    def retry(self, id: str) -> bool:
        """Take the letter away and note it."""
        is_known = self.drop(id)
        if is_known:
            self.retried.append(id)
        return is_known

    def drop(self, id: str) -> bool:
        """Take the letter away."""
        before = len(self.letters)
        self.letters = [letter for letter in self.letters if letter.id != id]
        return len(self.letters) < before
