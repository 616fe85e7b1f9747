"""What the web server may reach of the show."""

from dataclasses import dataclass

from spark_vtuber.core.accounts import Accounts
from spark_vtuber.core.alerts import Alerts
from spark_vtuber.core.audit import Audit, unnoted
from spark_vtuber.core.avatars import Avatars
from spark_vtuber.core.desk import Desk
from spark_vtuber.core.duets import Duets
from spark_vtuber.core.growth import Growth
from spark_vtuber.core.guarding import Guarding
from spark_vtuber.core.healing import Healing
from spark_vtuber.core.ingest import Ingest
from spark_vtuber.core.logs import Log
from spark_vtuber.core.machine import Machine
from spark_vtuber.core.obs import ObsDesk
from spark_vtuber.core.personas import Personas
from spark_vtuber.core.ratings import Ratings
from spark_vtuber.core.records import AuditTrail, Records
from spark_vtuber.core.settings import SettingsDesk
from spark_vtuber.core.steering import ChatLines, EmotePictures, Steering


@dataclass(frozen=True, slots=True)
class Doors:
    """The desk, and the facets of the show beside it; one that is None has no routes."""

    desk: Desk
    audit: Audit = unnoted
    settings: SettingsDesk | None = None
    log: Log | None = None
    obs: ObsDesk | None = None
    avatars: Avatars | None = None
    healing: Healing | None = None
    steering: Steering | None = None
    lines: ChatLines | None = None
    emotes: EmotePictures | None = None
    personas: Personas | None = None
    growth: Growth | None = None
    duets: Duets | None = None
    ratings: Ratings | None = None
    records: Records | None = None
    trail: AuditTrail | None = None
    machine: Machine | None = None
    alerts: Alerts | None = None
    guarding: Guarding | None = None
    accounts: Accounts | None = None
    ingest: Ingest | None = None
