"""What comes in: the events of a chat, whatever platform they come from."""

from dataclasses import dataclass, field
from enum import StrEnum

from spark_vtuber.core.ids import PersonaId


class ChatKind(StrEnum):
    """What happened in the chat."""

    MESSAGE = "message"
    ACTION = "action"
    REWARD = "reward"
    BITS = "bits"
    SUPER_CHAT = "super_chat"
    SUBSCRIPTION = "subscription"
    RESUBSCRIPTION = "resubscription"
    GIFT = "gift"
    STICKER = "sticker"
    RAID = "raid"
    FOLLOW = "follow"
    HYPE_TRAIN = "hype_train"
    POLL = "poll"
    PREDICTION = "prediction"
    AD_BREAK = "ad_break"
    DELETION = "deletion"
    BAN = "ban"
    CLEAR = "clear"
    NOTICE = "notice"


SPOKEN_KINDS = frozenset(
    set(ChatKind) - {ChatKind.DELETION, ChatKind.BAN, ChatKind.CLEAR, ChatKind.NOTICE, ChatKind.AD_BREAK}
)
"""Kinds that a character may answer; the others change what is waiting or tell about the room."""

PAID_KINDS = frozenset(
    {
        ChatKind.BITS,
        ChatKind.SUPER_CHAT,
        ChatKind.STICKER,
        ChatKind.SUBSCRIPTION,
        ChatKind.RESUBSCRIPTION,
        ChatKind.GIFT,
    }
)


class Role(StrEnum):
    """What a viewer is in the channel."""

    BROADCASTER = "broadcaster"
    MODERATOR = "moderator"
    VIP = "vip"
    SUBSCRIBER = "subscriber"
    FIRST_TIME = "first_time"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote. `id` is the platform's stable id and never shown; `name` is as displayed."""

    id: str
    name: str
    roles: frozenset[Role] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class EmoteSpan:
    """A word of a line that is a picture: characters `start` up to, not including, `end` (code points).

    `id` is the platform's name of the picture, empty where it is not known.
    """

    name: str
    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reward:
    """What a viewer bought with points of the channel: the reward's id and title, and the id of this purchase.

    `redemption` is empty where the platform tells the purchase without one; then it can be neither fulfilled nor
    refunded.
    """

    id: str
    title: str = ""
    redemption: str = ""


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """One thing that happened in a chat.

    `id` is unique at its `source` ("page", "twitch", "replay" …). `amount` is what was given, in the unit of
    the kind: bits, months, gifts, viewers of a raid, money of a super chat. `target` names what a DELETION
    (event id) or a BAN (author id) is about. `emotes` are the words of `text` that are pictures on the platform,
    `emote_spans` where they stand and which pictures they are. `reward` says what a REWARD is about. An AD_BREAK lasts
    `amount` seconds.
    """

    id: str
    source: str
    kind: ChatKind
    author: Author
    text: str = ""
    amount: float = 0.0
    currency: str = ""
    reply_to: str | None = None
    target: str | None = None
    persona: PersonaId | None = None
    emotes: frozenset[str] = field(default=frozenset())
    emote_spans: tuple[EmoteSpan, ...] = field(default=())
    reward: Reward | None = None
