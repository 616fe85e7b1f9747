"""Keys of what happens beside the guard's own verdict on a text."""

from spark_vtuber.config.section import Section, key
from spark_vtuber.moderation.ruling import Category


class StrikeSettings(Section):
    """Viewers whose lines are blocked again and again are not answered for a while."""

    on: bool = key(True, "Count blocked lines against who wrote them.", "live")
    limit: float = key(2.5, "Strikes at which a viewer is not answered for a while.", "live", gt=0, le=100)
    half_life_min: float = key(30.0, "Minutes in which half of the strikes are forgotten.", "live", gt=0, le=10_080)
    rest_min: float = key(10.0, "Minutes of the first while; each further one is twice as long.", "live", gt=0)
    longest_h: float = key(24.0, "No while is longer than this, in hours.", "live", gt=0, le=720)
    floor: float = key(2.0, "Strikes for what gets a channel banned: slurs, threats, doxxing …", "live", ge=0, le=100)
    other: float = key(1.0, "Strikes for any other blocked line.", "live", ge=0, le=100)
    weights: dict[Category, float] = key({}, "Strikes of categories that differ, as `link = 0.5`.", "live")
