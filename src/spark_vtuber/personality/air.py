"""Who was heard how much lately, and who talked last with whom: what the arbiter goes by."""

from collections import OrderedDict, deque
from typing import Final

from spark_vtuber.core.ids import PersonaId

MOST_VIEWERS: Final = 2_000
MOST_LINES: Final = 2_000
MOST_TURNS: Final = 2_000

Viewer = tuple[str, str]
"""Source and the platform's id of an author."""


class AirTime:
    """The seconds that each character was heard within a sliding window."""

    def __init__(self) -> None:
        self._heard: deque[tuple[float, PersonaId, float]] = deque(maxlen=MOST_TURNS)

    def note(self, persona: PersonaId, seconds: float, now_s: float) -> None:
        """A character was heard for so long, until now."""
        if seconds > 0.0:
            self._heard.append((now_s, persona, seconds))

    def within(self, window_s: float, now_s: float) -> dict[PersonaId, float]:
        """Seconds by character; what ended before the window is forgotten."""
        while self._heard and now_s - self._heard[0][0] > window_s:
            self._heard.popleft()
        sums: dict[PersonaId, float] = {}
        for _, persona, seconds in self._heard:
            sums[persona] = sums.get(persona, 0.0) + seconds
        return sums


class Threads:
    """With whom each viewer talked last, and who answered which line. The oldest are forgotten first."""

    def __init__(self) -> None:
        self._last: OrderedDict[Viewer, tuple[PersonaId, float]] = OrderedDict()
        self._lines: OrderedDict[tuple[str, str], PersonaId] = OrderedDict()

    def note(self, viewer: Viewer, line: str, persona: PersonaId, now_s: float) -> None:
        """A character answered a line of a viewer."""
        self._last[viewer] = (persona, now_s)
        self._last.move_to_end(viewer)
        if len(self._last) > MOST_VIEWERS:
            self._last.popitem(last=False)
        self._lines[viewer[0], line] = persona
        if len(self._lines) > MOST_LINES:
            self._lines.popitem(last=False)

    def of(self, viewer: Viewer, fades_s: float, now_s: float) -> tuple[PersonaId, float] | None:
        """Who talked last with a viewer, and how fresh that is: 1 just now, fading to 0; None once it faded."""
        last = self._last.get(viewer)
        if last is None or fades_s <= 0.0 or now_s - last[1] >= fades_s:
            return None
        return last[0], 1.0 - (now_s - last[1]) / fades_s

    def answered(self, source: str, line: str | None) -> PersonaId | None:
        """Who answered a line, by its id; None where nobody did, or that is long ago."""
        return self._lines.get((source, line)) if line is not None else None
