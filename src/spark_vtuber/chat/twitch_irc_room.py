"""The lines of a Twitch chat room as chat events.

Source of names and meanings: Twitch's pages on IRC tags and commands, and the lines in `tests/data/twitch_irc`.

Choices where Twitch leaves one:

* Highlighted messages and text rewards are rewards; a Hype Chat is a super chat.
* Watch streaks, anniversaries, badges and other small news are the viewer's message where the viewer wrote something,
  else a notice. So are announcements and first messages.
* N gifts to the community are one event of N; the single gifts that follow it are not told again.
* In a shared chat the words of another channel's viewers are read, with the roles they have here. What they gave or
  did there (bits, subscriptions, raids) was not for this channel: bits become a message, the rest is left out.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spark_vtuber.chat.irc_protocol import Message
from spark_vtuber.chat.twitch_irc_tags import author_of, emotes_of, money_of, months_of, moved, number, words_of
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward

SOURCE: Final = "twitch"
SEEN: Final = 2_000
"""Ids that are remembered, so that two connections to one room give each line once."""

BOMBS: Final = 100
"""Gifts to the community whose single gifts may still follow."""

_CTCP: Final = "\x01"
_ACTION: Final = "\x01ACTION "
_REPLY_NAME: Final = re.compile(r"@\S+\s*")

_SUBSCRIPTIONS: Final = {"sub", "primepaidupgrade", "giftpaidupgrade", "anongiftpaidupgrade"}
_SINGLE_GIFTS: Final = {"subgift", "anonsubgift"}
_GIFTS: Final = {"submysterygift", "anonsubmysterygift"}


@dataclass(slots=True)
class _Bomb:
    """A gift to the community: how many of its single gifts are still to come."""

    key: str
    left: int


class Room:
    """Reads the lines of one room, over as many connections as it takes.

    `new_id` names events that bring no id of their own; its names must not come again while the show lives.
    """

    __slots__ = ("_bombs", "_channel", "_new_id", "_seen")

    def __init__(self, channel: str, new_id: Callable[[], str]) -> None:
        self._channel = f"#{channel}"
        self._new_id = new_id
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._bombs: OrderedDict[str, _Bomb] = OrderedDict()

    def read(self, message: Message) -> ChatEvent | None:
        """The event of a line; None where it is for nobody here: other rooms, the state of the room, repetitions."""
        if message.param(0).lower() != self._channel:
            return None
        match message.command:
            case "PRIVMSG":
                return self._said(message) if self._is_new(message) else None
            case "USERNOTICE":
                return self._happened(message) if self._is_new(message) else None
            case "CLEARMSG":
                return self._deleted(message)
            case "CLEARCHAT":
                return self._cleared(message)
            case "NOTICE":
                return self._words(message, ChatKind.NOTICE, message.param(1))
            case _:
                return None

    def _is_new(self, message: Message) -> bool:
        """False for a line that another connection, or the chat it is shared with, brought already."""
        key = message.tags.get("source-id") or message.tags.get("id")
        if not key:
            return True
        is_new = key not in self._seen
        self._seen[key] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        return is_new

    def _said(self, message: Message) -> ChatEvent | None:
        tags, written = message.tags, message.param(1)
        kind, amount, currency = ChatKind.MESSAGE, 0.0, ""
        if written.startswith(_ACTION):
            kind, written = ChatKind.ACTION, written[len(_ACTION) :].removesuffix(_CTCP)
        elif written.startswith(_CTCP):
            return None
        if not _is_from_elsewhere(message):
            if bits := number(tags.get("bits")):
                kind, amount = ChatKind.BITS, bits
            elif "pinned-chat-paid-amount" in tags:
                kind, (amount, currency) = ChatKind.SUPER_CHAT, money_of(message)
            elif tags.get("custom-reward-id") or tags.get("msg-id") == "highlighted-message":
                kind = ChatKind.REWARD
        text = "" if tags.get("pinned-chat-paid-is-system-message") == "1" else written
        if "reply-parent-msg-id" in tags:
            text = _REPLY_NAME.sub("", text, count=1) if text.startswith("@") else text
        spans = emotes_of(message, written)
        return ChatEvent(
            id=self._id(message),
            source=SOURCE,
            kind=kind,
            author=author_of(message),
            text=text,
            amount=amount,
            currency=currency,
            reply_to=tags.get("reply-parent-msg-id") or None,
            emotes=words_of(spans),
            emote_spans=moved(spans, len(written) - len(text)),
            reward=Reward(tags["custom-reward-id"]) if kind is ChatKind.REWARD and "custom-reward-id" in tags else None,
        )

    def _happened(self, message: Message) -> ChatEvent | None:
        tags, text = message.tags, message.param(1)
        if _is_from_elsewhere(message):
            is_announcement = tags.get("source-msg-id") == "announcement"
            return self._words(message, ChatKind.MESSAGE, text) if is_announcement else None
        what = tags.get("msg-id", "")
        if what == "sharedchatnotice":
            what = tags.get("source-msg-id", "")
        if what in _SUBSCRIPTIONS:
            return self._words(message, ChatKind.SUBSCRIPTION, text, months_of(message))
        if what == "resub":
            return self._words(message, ChatKind.RESUBSCRIPTION, text, months_of(message))
        if what in _GIFTS:
            count = max(number(tags.get("msg-param-mass-gift-count")), 1)
            self._expect(message, count)
            return self._words(message, ChatKind.GIFT, text, count)
        if what in _SINGLE_GIFTS:
            return None if self._is_expected(message) else self._words(message, ChatKind.GIFT, text, 1)
        if what == "raid":
            return self._words(message, ChatKind.RAID, text, number(tags.get("msg-param-viewerCount")))
        if text:
            return self._words(message, ChatKind.MESSAGE, text)
        return self._words(message, ChatKind.NOTICE, tags.get("system-msg", ""))

    def _words(self, message: Message, kind: ChatKind, text: str, amount: float = 0.0) -> ChatEvent:
        """What the author of the line said or did."""
        spans = emotes_of(message, text)
        return ChatEvent(
            id=self._id(message),
            source=SOURCE,
            kind=kind,
            author=author_of(message),
            text=text,
            amount=amount,
            emotes=words_of(spans),
            emote_spans=spans,
        )

    def _expect(self, message: Message, count: int) -> None:
        giver = author_of(message).id
        self._bombs[giver] = _Bomb(_gift_key(message), count)
        self._bombs.move_to_end(giver)
        if len(self._bombs) > BOMBS:
            self._bombs.popitem(last=False)

    def _is_expected(self, message: Message) -> bool:
        """Whether a single gift belongs to the giver's last gift to the community."""
        giver, key = author_of(message).id, _gift_key(message)
        bomb = self._bombs.get(giver)
        if bomb is None or (key and bomb.key and key != bomb.key):
            return False
        bomb.left -= 1
        if not bomb.left:
            del self._bombs[giver]
        return True

    def _deleted(self, message: Message) -> ChatEvent | None:
        """The deleted words themselves are not passed on."""
        target = message.tags.get("target-msg-id")
        return self._retracted(message, ChatKind.DELETION, author_of(message), target) if target else None

    def _cleared(self, message: Message) -> ChatEvent | None:
        """A viewer who is banned or timed out, or the whole room; another channel cannot clear this one."""
        login = message.param(1)
        if login:
            target = message.tags.get("target-user-id") or login
            return self._retracted(message, ChatKind.BAN, Author(id=target, name=login), target)
        if _is_from_elsewhere(message):
            return None
        return self._retracted(message, ChatKind.CLEAR, author_of(message))

    def _retracted(self, message: Message, kind: ChatKind, author: Author, target: str | None = None) -> ChatEvent:
        return ChatEvent(id=self._id(message), source=SOURCE, kind=kind, author=author, target=target)

    def _id(self, message: Message) -> str:
        return message.tags.get("id") or self._new_id()


def _is_from_elsewhere(message: Message) -> bool:
    """Whether the line comes from another channel of a shared chat."""
    room = message.tags.get("source-room-id")
    return bool(room) and room != message.tags.get("room-id")


def _gift_key(message: Message) -> str:
    tags = message.tags
    return tags.get("msg-param-community-gift-id") or tags.get("msg-param-origin-id") or ""
