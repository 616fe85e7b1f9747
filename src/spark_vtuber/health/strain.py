"""What the show does without while memory is short or the machine is hot."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from spark_vtuber.core.desk import Announce


class Measure(StrEnum):
    """One way to need less."""

    SHORT_ANSWERS = "short_answers"
    SHORT_CONTEXT = "short_context"
    NO_BACKGROUND = "no_background"


class Strain:
    """The measures in force, and why. Parts of the show ask `demands` when they need to know."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self._causes: dict[str, tuple[str, frozenset[Measure]]] = {}
        self.changed: Callable[[], None] = _nobody
        """Called when other measures are in force."""

    def demands(self, measure: Measure) -> bool:
        """Whether a measure is in force."""
        return any(measure in measures for _, measures in self._causes.values())

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why, by cause."""
        return {cause: reason for cause, (reason, _) in self._causes.items()}

    def put(self, cause: str, reason: str, *measures: Measure) -> None:
        """Set what a cause ("memory", "heat") demands; without measures it demands nothing any more."""
        before = self._causes.get(cause)
        if measures:
            self._causes[cause] = (reason, frozenset(measures))
        else:
            self._causes.pop(cause, None)
        after = self._causes.get(cause)
        if (before and before[1]) != (after and after[1]):
            self._announce("strain", cause=cause, reason=reason if measures else "", measures=sorted(measures))
            self.changed()


def _nobody() -> None:
    """Nobody wants to know."""
