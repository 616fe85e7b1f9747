"""One live chat of the fake YouTube, and the script that writes into it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import anyio

Json = dict[str, Any]

MICROS: Final = 1_000_000


class LiveChat:
    """The chat of one stream. `messages` are as the API gives them, oldest first; each method adds one.

    The methods give the id of the message. `is_over` is a stream that has ended; `is_closed` once everybody was told.
    """

    def __init__(
        self, id: str, video: str, channel: str, title: str, unix_ms: Callable[[], int], *, has_begun: bool = True
    ) -> None:
        self.id = id
        self.video = video
        self.channel = channel
        self.title = title
        self.has_begun = has_begun
        self.is_disabled = False
        self.is_over = False
        self.is_closed = False
        self.messages: list[Json] = []
        self._unix_ms = unix_ms
        self._changed = anyio.Event()

    @property
    def is_on(self) -> bool:
        """Whether it is live now."""
        return self.has_begun and not self.is_over

    async def change(self) -> None:
        """Wait until something is written."""
        await self._changed.wait()

    def as_video(self) -> Json:
        """As `videos.list` shows it."""
        live: Json = {"scheduledStartTime": "2026-01-01T00:00:00Z"}
        if self.has_begun:
            live["actualStartTime"] = "2026-01-01T00:00:00Z"
        if self.is_over:
            live["actualEndTime"] = "2026-01-01T02:00:00Z"
        else:
            live["activeLiveChatId"] = self.id
        snippet = {"title": self.title, "channelId": self.channel}
        return {"kind": "youtube#video", "id": self.video, "snippet": snippet, "liveStreamingDetails": live}

    def says(self, author: str, text: str, **details: Any) -> str:
        """An ordinary line."""
        return self.add("textMessageEvent", author, {"textMessageDetails": {"messageText": text}}, text, **details)

    def super_chat(self, author: str, text: str, amount: float, currency: str = "EUR") -> str:
        """A Super Chat."""
        given = {**_money(amount, currency), "userComment": text}
        return self.add("superChatEvent", author, {"superChatDetails": given}, text)

    def sticker(self, author: str, description: str, amount: float, currency: str = "EUR") -> str:
        """A Super Sticker."""
        given = {**_money(amount, currency), "superStickerMetadata": {"stickerId": "s", "altText": description}}
        return self.add("superStickerEvent", author, {"superStickerDetails": given})

    def joins(self, author: str, level: str = "Friend") -> str:
        """A new member."""
        details = {"memberLevelName": level, "isUpgrade": False}
        return self.add("newSponsorEvent", author, {"newSponsorDetails": details}, isChatSponsor=True)

    def milestone(self, author: str, months: int, text: str = "") -> str:
        """A member tells for how long."""
        details = {"memberMonth": months, "userComment": text, "memberLevelName": "Friend"}
        return self.add("memberMilestoneChatEvent", author, {"memberMilestoneChatDetails": details}, isChatSponsor=True)

    def gifts(self, author: str, *receivers: str) -> str:
        """Gift memberships, and who received them."""
        details = {"giftMembershipsCount": len(receivers), "giftMembershipsLevelName": "Friend"}
        gift = self.add("membershipGiftingEvent", author, {"membershipGiftingDetails": details})
        for receiver in receivers:
            got = {"associatedMembershipGiftingMessageId": gift, "gifterChannelId": _channel(author)}
            words = f"{receiver} received a gift membership by {author}"
            self.add("giftMembershipReceivedEvent", receiver, {"giftMembershipReceivedDetails": got}, words)
        return gift

    def jewels(self, author: str, gift: str, amount: int, times: int = 1) -> str:
        """A gift that is paid with jewels."""
        details = {"giftName": gift, "jewelsAmount": amount, "comboCount": times}
        return self.add("giftEvent", author, {"giftDetails": details})

    def delete(self, message: str, by: str = "moderator") -> str:
        """A moderator deletes a line."""
        return self.add("messageDeletedEvent", by, {"messageDeletedDetails": {"deletedMessageId": message}})

    def retract(self, message: str, author: str) -> str:
        """A viewer takes a line back."""
        return self.add("messageRetractedEvent", author, {"messageRetractedDetails": {"retractedMessageId": message}})

    def bury(self, message: str) -> None:
        """YouTube removes a line: it comes again as a tombstone."""
        self._append({"kind": "youtube#liveChatMessage", "id": message, "snippet": self._snippet("tombstone", "", {})})

    def ban(self, author: str, seconds: int = 0, by: str = "moderator") -> str:
        """A viewer is banned, or timed out for some seconds."""
        who = {"channelId": _channel(author), "displayName": author}
        for_s = {"banType": "temporary", "banDurationSeconds": str(seconds)} if seconds else {"banType": "permanent"}
        return self.add("userBannedEvent", by, {"userBannedDetails": {"bannedUserDetails": who, **for_s}})

    def poll(self, question: str, *options: str, tallies: tuple[int, ...] = ()) -> str:
        """A poll; with tallies its end."""
        counts = tallies or (0,) * len(options)
        shown = [{"optionText": one, "tally": str(count)} for one, count in zip(options, counts, strict=True)]
        about = {"questionText": question, "options": shown}
        details = {"metadata": about, "status": "closed" if tallies else "active"}
        return self.add("pollEvent", "streamer", {"pollDetails": details})

    def members_only(self) -> str:
        """A change of the room, told as news."""
        return self.add("sponsorOnlyModeStartedEvent", "streamer", {}, "Members-only mode is on")

    def end(self) -> None:
        """The stream goes offline."""
        self.is_over = True
        self.add("chatEndedEvent", "streamer", {})

    def add(self, kind: str, author: str, details: Json, words: str = "", **who: Any) -> str:
        """A message of any type; `who` adds to the details of its author, `id` is the author's channel."""
        name = f"m{len(self.messages) + 1}-{self.video}"
        channel = who.pop("id", None) or _channel(author)
        roles = {"isChatOwner": False, "isChatModerator": False, "isChatSponsor": False, "isVerified": False}
        person = {"channelId": channel, "displayName": author, **roles, **who}
        snippet = self._snippet(kind, channel, details)
        if words:
            snippet["displayMessage"] = words
        self._append(
            {"kind": "youtube#liveChatMessage", "etag": "e", "id": name, "snippet": snippet, "authorDetails": person}
        )
        return name

    def _snippet(self, kind: str, channel: str, details: Json) -> Json:
        when = datetime.fromtimestamp(self._unix_ms() / 1000, UTC).isoformat(timespec="milliseconds")
        about = {"type": kind, "liveChatId": self.id, "authorChannelId": channel, "publishedAt": when}
        return {**about, "hasDisplayContent": kind not in {"tombstone", "chatEndedEvent"}, **details}

    def _append(self, message: Json) -> None:
        self.messages.append(message)
        self._changed.set()
        self._changed = anyio.Event()


def _money(amount: float, currency: str) -> Json:
    shown = f"{currency} {amount:.2f}"
    return {"amountMicros": str(round(amount * MICROS)), "currency": currency, "amountDisplayString": shown, "tier": 2}


def _channel(author: str) -> str:
    """The channel id of a viewer."""
    return f"UC{author:_<22}"[:24]
