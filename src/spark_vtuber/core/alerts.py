"""What needs the streamer's eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Severity = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong now, or was.

    `rule` is the kind of alert, `subject` what it is about; there is at most one open alert of the two. Times are
    wall time; `cleared_ms` is None while it lasts. `text` holds nothing that a viewer wrote.
    """

    id: str
    rule: str
    subject: str
    severity: Severity
    text: str
    fix: str
    since_ms: int
    is_acknowledged: bool = False
    cleared_ms: int | None = None


class Alerts(Protocol):
    """The alerts, as the desk sees them."""

    def alerts(self) -> Sequence[Alert]:
        """Those that last and the last ones that are over, newest first."""
        ...

    def acknowledge(self, alert: str) -> bool:
        """Somebody has seen it; False where there is no such alert."""
        ...


def alert_view(alert: Alert) -> dict[str, Any]:
    """An alert as `GET /api/alerts` and the events show it."""
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity,
        "text": alert.text,
        "fix": alert.fix,
        "since": alert.since_ms,
        "acknowledged": alert.is_acknowledged,
        "cleared": alert.cleared_ms,
    }
