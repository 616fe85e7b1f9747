"""Keys of who speaks: the choice between characters, remarks thrown in, and duets."""

from spark_vtuber.config.section import Section, key
from spark_vtuber.core.duets import LEAST_EXCHANGES, MOST_EXCHANGES


class CastingSettings(Section):
    """Which of several characters answers."""

    thread_s: float = key(
        300.0, "For so long a viewer's lines tend to the character that answered last; 0 = off.", "live", ge=0, le=7_200
    )
    air_s: float = key(
        600.0, "Speech within so many seconds counts for the balance of air time.", "live", ge=10, le=7_200
    )


class InterjectionSettings(Section):
    """Remarks that one character throws in when another has spoken."""

    per_minute: int = key(2, "At most so many in any minute; 0 = none.", "live", ge=0, le=10)
    eagerness: float = key(1.0, "Factor on how likely they are; 0 = only who is named too.", "live", ge=0, le=4)


class DuetSettings(Section):
    """Two characters who talk to each other."""

    exchanges: int = key(
        3, "Exchanges of a duet, unless it is asked for others.", "live", ge=LEAST_EXCHANGES, le=MOST_EXCHANGES
    )
    from_silence: float = key(
        0.35, "Share of idle talk, where there are two characters, that becomes a duet.", "live", ge=0, le=1
    )
    topics: tuple[str, ...] = key(
        (), "What they talk about when nobody names a topic; empty = what they disagree on.", "live"
    )
    pause_s: float = key(60.0, "A duet that waits for the room longer than this is over.", "live", ge=5, le=600)
    crowd: int = key(8, "From so many waiting lines on a duet looks for its way out.", "live", ge=1, le=200)
