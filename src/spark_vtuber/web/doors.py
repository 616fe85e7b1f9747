"""What the web server may reach of the show."""

from dataclasses import dataclass

from spark_vtuber.core.audit import Audit, unnoted
from spark_vtuber.core.desk import Desk


@dataclass(frozen=True, slots=True)
class Doors:
    """The desk, and the facets of the show beside it; one that is None has no routes."""

    desk: Desk
    audit: Audit = unnoted
