"""What needs the streamer's eye: raised once, kept while it lasts, never a storm."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.alerts import Alert, Severity, alert_view
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.ids import Serial

KEPT: Final = 100
"""Alerts that are over are kept up to this many in all."""

QUIET_S: Final = 600.0
"""One that comes back within this time is the same alert again: shown, but nobody is called a second time."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong at a look. It becomes an alert once it has lasted `after_s`."""

    rule: str
    subject: str
    text: str
    fix: str = ""
    severity: Severity = "warning"
    after_s: float = 0.0


class AlertBook:
    """Turns what is wrong at every look into alerts.

    `call` is told of each new alert that somebody should be called for: at most one in `QUIET_S` for the same rule
    and subject. Events: `alert` for every change, `alert.cleared` when it is over.
    """

    def __init__(self, clock: Clock, announce: Announce, call: Callable[[Alert], None]) -> None:
        self._clock = clock
        self._announce = announce
        self._call = call
        self._serial = Serial("a")
        self._seen_s: dict[tuple[str, str], float] = {}
        self._open: dict[tuple[str, str], str] = {}
        self._called_s: dict[tuple[str, str], float] = {}
        self._alerts: OrderedDict[str, Alert] = OrderedDict()

    def look(self, troubles: Iterable[Trouble]) -> None:
        """Take all that is wrong now; what is not named any more is over."""
        now_s = self._clock.now()
        current = {(trouble.rule, trouble.subject): trouble for trouble in troubles}
        self._seen_s = {key: self._seen_s.get(key, now_s) for key in current}
        for key, trouble in current.items():
            if now_s - self._seen_s[key] >= trouble.after_s:
                self._raise(key, trouble, now_s)
        for key in [key for key in self._open if key not in current]:
            self._clear(key)

    def alerts(self) -> Sequence[Alert]:
        """Those that last and the last ones that are over, newest first."""
        return tuple(reversed(self._alerts.values()))

    def acknowledge(self, alert: str) -> bool:
        """Somebody has seen it; False where there is no such alert."""
        known = self._alerts.get(alert)
        if known is None:
            return False
        if not known.is_acknowledged:
            self._put(replace(known, is_acknowledged=True))
        return True

    def _raise(self, key: tuple[str, str], trouble: Trouble, now_s: float) -> None:
        opened = self._open.get(key)
        if opened is not None:
            known = self._alerts[opened]
            new = replace(known, text=trouble.text, fix=trouble.fix, severity=trouble.severity)
            if new.severity != known.severity:
                new = replace(new, is_acknowledged=False)
            if new != known:
                self._put(new)
            return
        alert = Alert(
            id=self._serial.next(),
            rule=trouble.rule,
            subject=trouble.subject,
            severity=trouble.severity,
            text=trouble.text,
            fix=trouble.fix,
            since_ms=self._clock.unix_ms(),
        )
        self._open[key] = alert.id
        self._put(alert)
        if now_s - self._called_s.get(key, float("-inf")) >= QUIET_S:
            self._called_s[key] = now_s
            self._call(alert)

    def _clear(self, key: tuple[str, str]) -> None:
        alert = replace(self._alerts[self._open.pop(key)], cleared_ms=self._clock.unix_ms())
        self._alerts[alert.id] = alert
        self._announce("alert.cleared", id=alert.id, rule=alert.rule, subject=alert.subject)
        self._forget_old()

    def _put(self, alert: Alert) -> None:
        self._alerts[alert.id] = alert
        self._announce("alert", **alert_view(alert))
        self._forget_old()

    def _forget_old(self) -> None:
        over = [alert.id for alert in self._alerts.values() if alert.cleared_ms is not None]
        for alert in over[: max(0, len(self._alerts) - KEPT)]:
            del self._alerts[alert]
