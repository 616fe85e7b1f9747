"""Keys of where lines come from and which of them wait for an answer."""

from typing import Literal

from spark_vtuber.config.section import Section, key
from spark_vtuber.config.twitch_keys import Twitch
from spark_vtuber.config.youtube_keys import YouTube

PolicyName = Literal["solo", "co-stream", "subscriber-only", "slow"]


class InboxSettings(Section):
    """Which lines wait for an answer."""

    capacity: int = key(200, "Lines that wait at most; a better one pushes the worst out.", "live", ge=1, le=10_000)
    stale_s: float = key(120.0, "An unpaid line older than this is not answered any more.", "live", gt=0)
    viewer_per_s: float = key(0.5, "Lines a second that one viewer may send in the long run.", "live", gt=0)
    viewer_burst: int = key(5, "Lines that one viewer may send at once.", "live", ge=1)
    duplicate_s: float = key(30.0, "The same words of the same viewer count once in this time.", "live", ge=0)
    lines_per_s: float = key(
        40.0, "Unpaid lines a second that are read in the long run; of more, the better ones.", "live", gt=0, le=1_000
    )
    lines_burst: int = key(240, "Unpaid lines that are read at once.", "live", ge=1, le=10_000)
    policy: PolicyName = key(
        "solo",
        "Whom the show answers: `solo` everybody; `co-stream` who names a character, with pauses for the person on "
        "stream; `subscriber-only` members of the channel; `slow` one answer every `slow_s`. Paid lines and events "
        "always.",
        "live",
    )
    slow_s: float = key(30.0, "Pause after an answer under the policy `slow`, in seconds.", "live", ge=0, le=3_600)
    fair_answers: int = key(
        2, "Of `fair_of` answers in a row one viewer gets at most so many while others wait.", "live", ge=1, le=100
    )
    fair_of: int = key(8, "See `fair_answers`.", "live", ge=1, le=100)
    repeat_s: float = key(
        60.0, "Who asks what was chosen less than this ago is answered with it, in seconds.", "live", ge=0, le=600
    )


class Replay(Section):
    """A recorded chat that is played back."""

    file: str = key("", "A chat log in JSON lines; empty = off.", "component")
    speed: float = key(1.0, "How much faster than it was recorded.", "component", gt=0, le=1_000)


class EmoteSettings(Section):
    """Pictures that stand for words in a chat, fetched for the panel."""

    twitch: str = key(
        "https://static-cdn.jtvnw.net/emoticons/v2",
        "Where the pictures of Twitch's emotes are; empty = emotes stay words.",
        pattern=r"^(https?://[^\s?#]+)?$",
    )
    cache_mb: int = key(32, "Room for pictures in the data directory, in megabytes.", ge=1, le=1_000)


class Chat(Section):
    """Where lines come from, beside the page."""

    command_prefix: str = key(
        "!", "What a command begins with; empty = there are none.", "live", pattern=r"^[!-/:-@\\^_~-]{0,3}$"
    )
    twitch: Twitch = key(Twitch(), "Twitch.")
    youtube: YouTube = key(YouTube(), "YouTube.")
    replay: Replay = key(Replay(), "Replay of a recorded chat.")
    emotes: EmoteSettings = key(EmoteSettings(), "Pictures of emotes.")
