"""The messages of a YouTube live chat as chat events.

Source of names and meanings: the discovery document of the API (v3) and the reference of `liveChatMessages`.

Choices where YouTube leaves one:

* A name that is a handle is told without its `@`.
* A sticker's text is its description. A new membership is a subscription of one month, a milestone a resubscription.
* N gift memberships are one event of N; who received them is news about the room.
* Jewels, which buy the gifts of vertical streams, are bits with the currency `jewels`.
* What YouTube took away, a moderator deleted or its author took back are all deletions.
* A poll is told when it opens and when it closes, not with every vote.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from spark_vtuber.chat.youtube_protocol import Json, Page, inside, kind_of, number, objects, text, unix_ms
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Role

SOURCE: Final = "youtube"
SEEN: Final = 10_000
"""Messages that are remembered, so that pages that come again give each once."""

KEPT: Final = 2_000
"""Messages of them that outlive the show: as many as a page can have."""

JEWELS: Final = "jewels"

_ROLES: Final = (
    ("isChatOwner", Role.BROADCASTER),
    ("isChatModerator", Role.MODERATOR),
    ("isChatSponsor", Role.SUBSCRIBER),
)
_MICROS: Final = 1_000_000


class Room:
    """Reads the pages of one chat, over as many connections as it takes.

    What was written before `since_ms` (Unix time) is history and is not told.
    """

    __slots__ = ("_own", "_seen", "since_ms")

    def __init__(self, since_ms: int) -> None:
        self.since_ms = since_ms
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._own: list[str] = []

    def read(self, page: Page) -> Iterator[ChatEvent]:
        """The events of a page, in its order; each message once, however often it comes."""
        for message in (*page.messages, *((page.poll,) if page.poll else ())):
            event = self._event(message)
            if event is not None:
                yield event

    def expect(self, written: str) -> None:
        """The show writes this itself: it will not be told."""
        self._own.append(written)

    def sent(self, written: str, message: str) -> None:
        """What was expected is in the chat, with this id; with an empty one it is not."""
        if written in self._own:
            self._own.remove(written)
        if message:
            self._remember(message, 0)

    def told(self) -> tuple[int, tuple[str, ...]]:
        """For `go_on`: since when what is not among these newest ids was not told."""
        every = list(self._seen.items())
        older_ms = max((published_ms + 1 for _, published_ms in every[:-KEPT]), default=0)
        return max(self.since_ms, older_ms), tuple(name for name, _ in every[-KEPT:])

    def go_on(self, since_ms: int, ids: Iterable[str]) -> None:
        """Go on where another room stopped."""
        self.since_ms = since_ms
        for name in ids:
            self._remember(name, 0)

    def _event(self, message: Json) -> ChatEvent | None:
        name, kind = text(message.get("id")), kind_of(message)
        snippet = inside(message, "snippet")
        published_ms = unix_ms(snippet.get("publishedAt"))
        key = name if kind not in {"tombstone", "pollEvent"} else _key(name, kind, snippet)
        if not name or key in self._seen or (published_ms and published_ms < self.since_ms):
            return None
        self._remember(key, published_ms)
        return self._told(key, kind, message, snippet)

    def _remember(self, key: str, published_ms: int) -> None:
        """Keep an id; what is older than all that are kept was told, or will never be."""
        self._seen[key] = published_ms
        if len(self._seen) > SEEN:
            _, oldest_ms = self._seen.popitem(last=False)
            self.since_ms = max(self.since_ms, oldest_ms + 1)

    def _told(self, id: str, kind: str, message: Json, snippet: Json) -> ChatEvent | None:
        author = _author(message, snippet)
        match kind:
            case "textMessageEvent":
                return self._said(id, author, snippet)
            case "superChatEvent" | "fanFundingEvent" | "superStickerEvent" | "giftEvent":
                return _paid(id, kind, author, snippet)
            case "newSponsorEvent" | "memberMilestoneChatEvent" | "membershipGiftingEvent":
                return _membership(id, kind, author, snippet)
            case "pollEvent":
                return _poll(id, author, snippet)
            case "messageDeletedEvent" | "messageRetractedEvent" | "tombstone" | "userBannedEvent":
                return _taken_back(id, kind, author, message, snippet)
            case "chatEndedEvent" | "":
                return None
            case _:
                words = text(snippet.get("displayMessage"))
                return ChatEvent(id, SOURCE, ChatKind.NOTICE, author, words) if words else None

    def _said(self, id: str, author: Author, snippet: Json) -> ChatEvent | None:
        written = text(inside(snippet, "textMessageDetails").get("messageText")) or text(snippet.get("displayMessage"))
        if written in self._own:
            self._own.remove(written)
            return None
        return ChatEvent(id, SOURCE, ChatKind.MESSAGE, author, written)


def _author(message: Json, snippet: Json) -> Author:
    details = inside(message, "authorDetails")
    roles = frozenset(role for name, role in _ROLES if details.get(name) is True)
    return Author(
        id=text(details.get("channelId"), 100) or text(snippet.get("authorChannelId"), 100),
        name=text(details.get("displayName"), 100).removeprefix("@"),
        roles=roles,
    )


def _paid(id: str, kind: str, author: Author, snippet: Json) -> ChatEvent:
    if kind == "giftEvent":
        gift = inside(snippet, "giftDetails")
        jewels = float(number(gift.get("jewelsAmount")) * max(number(gift.get("comboCount")), 1))
        return ChatEvent(id, SOURCE, ChatKind.BITS, author, text(gift.get("giftName")), amount=jewels, currency=JEWELS)
    if kind == "superStickerEvent":
        details = inside(snippet, "superStickerDetails")
        words, what = text(inside(details, "superStickerMetadata").get("altText")), ChatKind.STICKER
    else:
        details = inside(snippet, "superChatDetails" if kind == "superChatEvent" else "fanFundingEventDetails")
        words, what = text(details.get("userComment")), ChatKind.SUPER_CHAT
    money = number(details.get("amountMicros")) / _MICROS
    return ChatEvent(id, SOURCE, what, author, words, amount=money, currency=text(details.get("currency"), 8))


def _membership(id: str, kind: str, author: Author, snippet: Json) -> ChatEvent:
    if kind == "newSponsorEvent":
        return ChatEvent(id, SOURCE, ChatKind.SUBSCRIPTION, author, amount=1.0)
    if kind == "membershipGiftingEvent":
        count = number(inside(snippet, "membershipGiftingDetails").get("giftMembershipsCount"))
        return ChatEvent(id, SOURCE, ChatKind.GIFT, author, amount=float(max(count, 1)))
    stone = inside(snippet, "memberMilestoneChatDetails")
    months = float(number(stone.get("memberMonth")))
    return ChatEvent(id, SOURCE, ChatKind.RESUBSCRIPTION, author, text(stone.get("userComment")), amount=months)


def _poll(id: str, author: Author, snippet: Json) -> ChatEvent | None:
    poll = inside(snippet, "pollDetails")
    about = inside(poll, "metadata")
    question = text(about.get("questionText"))
    is_closed = poll.get("status") == "closed"
    options = [
        text(one.get("optionText"), 100) + (f" ({number(one.get('tally'))})" if is_closed else "")
        for one in objects(about.get("options"))
    ]
    words = " ".join(filter(None, (question, ", ".join(filter(None, options)))))
    return ChatEvent(id, SOURCE, ChatKind.POLL, author, words) if words else None


def _taken_back(id: str, kind: str, author: Author, message: Json, snippet: Json) -> ChatEvent | None:
    seconds = 0.0
    match kind:
        case "messageDeletedEvent":
            what, target = ChatKind.DELETION, inside(snippet, "messageDeletedDetails").get("deletedMessageId")
        case "messageRetractedEvent":
            what, target = ChatKind.DELETION, inside(snippet, "messageRetractedDetails").get("retractedMessageId")
        case "tombstone":
            what, target = ChatKind.DELETION, message.get("id")
        case _:
            ban = inside(snippet, "userBannedDetails")
            what, target = ChatKind.BAN, inside(ban, "bannedUserDetails").get("channelId")
            seconds = float(number(ban.get("banDurationSeconds")))
    name = text(target)
    return ChatEvent(id, SOURCE, what, author, amount=seconds, target=name) if name else None


def _key(id: str, kind: str, snippet: Json) -> str:
    """The name of what has the id of something else: a deleted message keeps its own, a poll keeps one for good."""
    return f"{id}:{'gone' if kind == 'tombstone' else text(inside(snippet, 'pollDetails').get('status'))}"
