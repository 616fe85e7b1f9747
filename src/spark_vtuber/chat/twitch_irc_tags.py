"""What the tags of a Twitch chat line say: who wrote, which words are pictures, how much was given.

Source of names and meanings: Twitch's page on IRC tags, and the lines in `tests/data/twitch_irc`.
"""

from typing import Final

from spark_vtuber.chat.irc_protocol import Message
from spark_vtuber.core.events import Author, Role

MAX_DIGITS: Final = 12
"""A number with more digits is not believed."""

MAX_EXPONENT: Final = 6
MAX_CURRENCY: Final = 8

_ROLES: Final = {
    "broadcaster": Role.BROADCASTER,
    "moderator": Role.MODERATOR,
    "lead_moderator": Role.MODERATOR,
    "vip": Role.VIP,
    "subscriber": Role.SUBSCRIBER,
    "founder": Role.SUBSCRIBER,
}
_FLAGS: Final = {
    "mod": Role.MODERATOR,
    "vip": Role.VIP,
    "subscriber": Role.SUBSCRIBER,
    "first-msg": Role.FIRST_TIME,
}


def author_of(message: Message) -> Author:
    """Who wrote: id and displayed name from the tags, else the login or the nick of the line.

    A localised name (`display-name` in Korean, `login` in Latin letters) is shown as the viewer chose it. Roles are
    those in the channel that is read, also for a guest from a shared chat.
    """
    tags = message.tags
    login = tags.get("login") or message.nick
    name = tags.get("display-name", "").strip() or login
    roles = {_ROLES[badge] for badge in _badges(tags.get("badges", "")) if badge in _ROLES}
    roles |= {role for flag, role in _FLAGS.items() if tags.get(flag) == "1"}
    return Author(id=tags.get("user-id") or login, name=name, roles=frozenset(roles))


def _badges(value: str) -> list[str]:
    return [badge.partition("/")[0] for badge in value.split(",")]


def emotes_of(message: Message, text: str) -> frozenset[str]:
    """The words of `text` that are pictures; ranges that lie outside of it are left out.

    `emotes` reads `id:first-last,first-last/id:…`; positions count code points and both ends belong to the emote.
    `text` is what was written, without the wrapping of an action but with the leading name of a reply.
    """
    value = message.tags.get("emotes", "")
    if not value:
        return frozenset()
    names = set()
    for emote in value.split("/"):
        for span in emote.partition(":")[2].split(","):
            first, last = map(_position, (span.partition("-")[0], span.partition("-")[2]))
            if 0 <= first <= last < len(text):
                names.add(text[first : last + 1])
    return frozenset(name for name in names if name == "".join(name.split()))


def _position(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) <= MAX_DIGITS else -1


def number(value: str | None) -> int:
    """A count from a tag; 0 where it is missing, no number, negative or absurd."""
    if value is None or not value.isdecimal() or len(value) > MAX_DIGITS:
        return 0
    return int(value)


def months_of(message: Message) -> int:
    """For how many months the viewer has been subscribed, this one included."""
    tags = message.tags
    return max(number(tags.get("msg-param-cumulative-months")), number(tags.get("msg-param-months")), 1)


def money_of(message: Message) -> tuple[float, str]:
    """Amount and currency of a paid message, as (5.0, "USD") for 500 with an exponent of 2."""
    tags = message.tags
    exponent = min(number(tags.get("pinned-chat-paid-exponent")), MAX_EXPONENT)
    amount = number(tags.get("pinned-chat-paid-amount")) / 10**exponent
    return amount, tags.get("pinned-chat-paid-currency", "")[:MAX_CURRENCY]
