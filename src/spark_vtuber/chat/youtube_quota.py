"""The units that Google lets a project spend in a day, counted and spread.

Source: the quota calculator and the usage page of the YouTube Data API (10,000 units a day unless Google grants more;
a new day begins at midnight Pacific Time). What other programs of the same project spend is seen only when it is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

LIST: Final = 5
STREAM: Final = 5
"""A connection, however long it lasts."""

INSERT: Final = 20
LOOK: Final = 1
"""`videos.list`, `channels.list`, `playlistItems.list`."""

SEARCH: Final = 100

WARN_AT: Final = 0.8
"""The share of a day's units after which the rest is spread until its end."""

UNSAVED_UNITS: Final = 50
UNSAVED_S: Final = 60.0
"""So much may be forgotten when the show is killed."""

_PST: Final = timedelta(hours=-8)
_PDT: Final = timedelta(hours=-7)


@dataclass(frozen=True, slots=True)
class Spent:
    """Units of one Pacific day; `since_ms` is when the first of them was spent (Unix time)."""

    day: str
    units: int = 0
    since_ms: int = 0


class Quota:
    """Counts what is spent today and says how long to wait so that it lasts.

    The chat is read for `hours` a day as fast as four fifths of `limit` allow; after them, or after these hours, what
    is left is spread until midnight Pacific. `now_ms` gives Unix time; `changed` hears every new `spent`.
    """

    def __init__(
        self,
        limit: int,
        hours: float,
        now_ms: Callable[[], int],
        kept: Any = None,
        changed: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`kept` is what `record` gave before; anything else is as nothing."""
        self.limit = limit
        self._hours = hours
        self._now_ms = now_ms
        self._changed = changed
        self._refused_on = ""
        self._spent = _read(kept) or Spent(pacific_day(now_ms()))
        self._saved = self._spent
        self._saved_ms = now_ms()
        changed(self.spent)

    @property
    def spent(self) -> int:
        """Units of this day."""
        return self._today().units

    @property
    def left(self) -> int:
        """Units that may still be spent; none where Google said so."""
        today = self._today()
        return 0 if self._refused_on == today.day else max(self.limit - today.units, 0)

    @property
    def is_low(self) -> bool:
        """Whether the rest is spread until the day's end."""
        return self.spent >= WARN_AT * self.limit

    @property
    def resets_in_s(self) -> float:
        """Seconds until midnight Pacific."""
        return seconds_to_reset(self._now_ms())

    def allows(self, units: int) -> bool:
        """Whether so much is left."""
        return self.left >= units

    def spend(self, units: int) -> None:
        """Count units; also those of an answer that was an error, as Google does."""
        today = self._today()
        self._spent = Spent(today.day, today.units + units, today.since_ms or self._now_ms())
        self._changed(self._spent.units)

    def exhaust(self) -> None:
        """Google says that nothing is left today, whatever was counted here."""
        self._refused_on = self._today().day

    def forgive(self) -> None:
        """Try again what Google refused: somebody may have raised the quota."""
        self._refused_on = ""

    def pause_s(self, units: int) -> float:
        """How long one call of so many units must last so that the rest is enough."""
        if self.left < units:
            return self.resets_in_s
        if self.is_low:
            return self.resets_in_s * units / self.left
        today = self._today()
        watched_s = (self._now_ms() - today.since_ms) / 1000 if today.since_ms else 0.0
        to_last_s = min(max(self._hours * 3600 - watched_s, 0.0), self.resets_in_s)
        return to_last_s * units / max(WARN_AT * self.limit - today.units, units)

    @property
    def is_due(self) -> bool:
        """Whether `record` should be kept now."""
        today = self._today()
        if today == self._saved:
            return False
        is_old = self._now_ms() - self._saved_ms >= UNSAVED_S * 1000
        return is_old or today.day != self._saved.day or today.units - self._saved.units >= UNSAVED_UNITS

    def record(self) -> dict[str, Any]:
        """What outlives the show, JSON-ready."""
        self._saved, self._saved_ms = self._today(), self._now_ms()
        return {"day": self._saved.day, "units": self._saved.units, "since_ms": self._saved.since_ms}

    def _today(self) -> Spent:
        day = pacific_day(self._now_ms())
        if self._spent.day != day:
            self._spent = Spent(day)
            self._changed(0)
        return self._spent


def pacific_day(unix_ms: int) -> str:
    """The date in California, where the quota's day is counted."""
    return _pacific(unix_ms).date().isoformat()


def seconds_to_reset(unix_ms: int) -> float:
    """Until the next midnight in California."""
    tomorrow = _pacific(unix_ms).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
    offset = _PDT if _begins(tomorrow.year) < tomorrow <= _ends(tomorrow.year) else _PST
    return (midnight - offset).timestamp() - unix_ms / 1000


def _pacific(unix_ms: int) -> datetime:
    """Wall time in California. Source: 15 U.S.C. 260a; a table of time zones is not on every Windows."""
    utc = datetime.fromtimestamp(unix_ms / 1000, UTC)
    begins = datetime(utc.year, 3, _begins(utc.year).day, 10, tzinfo=UTC)
    ends = datetime(utc.year, 11, _ends(utc.year).day, 9, tzinfo=UTC)
    return utc + (_PDT if begins <= utc < ends else _PST)


def _begins(year: int) -> date:
    """The second Sunday of March: clocks go forward at two in the morning."""
    return _sunday(year, 3, 8)


def _ends(year: int) -> date:
    """The first Sunday of November: clocks go back at two in the morning."""
    return _sunday(year, 11, 1)


def _sunday(year: int, month: int, day: int) -> date:
    """The first Sunday from this day on."""
    first = date(year, month, day)
    return first + timedelta(days=(6 - first.weekday()) % 7)


def _read(kept: Any) -> Spent | None:
    match kept:
        case {"day": str() as day, "units": int() as units, "since_ms": int() as since_ms} if units >= 0:
            return Spent(day, units, since_ms)
    return None
