"""Keys of the door for other platforms."""

from spark_vtuber.config.section import Section, key


class IngestSettings(Section):
    """Lines of other platforms, which programs of yours push into the show."""

    token: str = key("", 'Secret that such a program shows, as "secret:ingest"; empty = the door is shut.', "live")
    trust_roles: bool = key(False, "Believe the roles it tells; otherwise all its viewers are ordinary ones.", "live")
    per_s: float = key(50.0, "Events a second that are taken in the long run, from all of them.", "live", gt=0)
    burst: int = key(500, "Events that are taken at once.", "live", ge=1)
