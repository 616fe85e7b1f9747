"""What the tags of a Twitch chat line say: who wrote, which words are pictures, how much was given.

Source of names and meanings: Twitch's page on IRC tags, and the lines in `tests/data/twitch_irc`.
"""

import re
from dataclasses import replace
from typing import Final

from spark_vtuber.chat.irc_protocol import Message
from spark_vtuber.core.events import Author, EmoteSpan, Role

MAX_DIGITS: Final = 12
"""A number with more digits is not believed."""

MAX_EXPONENT: Final = 6
MAX_CURRENCY: Final = 8

_EMOTE_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")

ROLES: Final = {
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
    roles = {ROLES[badge] for badge in _badges(tags.get("badges", "")) if badge in ROLES}
    roles |= {role for flag, role in _FLAGS.items() if tags.get(flag) == "1"}
    return Author(id=tags.get("user-id") or login, name=name, roles=frozenset(roles))


def _badges(value: str) -> list[str]:
    return [badge.partition("/")[0] for badge in value.split(",")]


def emotes_of(message: Message, text: str) -> tuple[EmoteSpan, ...]:
    """Where `text` has pictures for words, in order; what lies outside of it or overlaps is left out.

    `emotes` reads `id:first-last,first-last/id:…`; positions count code points and both ends belong to the emote.
    `text` is what was written, without the wrapping of an action but with the leading name of a reply.
    """
    value = message.tags.get("emotes", "")
    found: list[EmoteSpan] = []
    for emote in value.split("/") if value else ():
        name, _, places = emote.partition(":")
        picture = name if _EMOTE_ID.fullmatch(name) else ""
        for place in places.split(","):
            first, last = map(_position, (place.partition("-")[0], place.partition("-")[2]))
            if not 0 <= first <= last < len(text):
                continue
            word = text[first : last + 1]
            if word == "".join(word.split()):
                found.append(EmoteSpan(word, picture, first, last + 1))
    spans: list[EmoteSpan] = []
    for span in sorted(found, key=lambda span: (span.start, span.end)):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return tuple(spans)


def words_of(spans: tuple[EmoteSpan, ...]) -> frozenset[str]:
    """The words that are pictures."""
    return frozenset(span.name for span in spans)


def moved(spans: tuple[EmoteSpan, ...], by: int) -> tuple[EmoteSpan, ...]:
    """The spans in a text whose first `by` characters were cut off."""
    return tuple(replace(span, start=span.start - by, end=span.end - by) for span in spans if span.start >= by)


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
