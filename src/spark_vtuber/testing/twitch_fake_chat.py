"""Sending to the fake Twitch's chat: its limits, and why a message is dropped. No I/O.

Source: <https://dev.twitch.tv/docs/api/reference/#send-chat-message>, <https://dev.twitch.tv/docs/chat/#rate-limits>:
20 messages in 30 s for everybody, 100 for the broadcaster and moderators; at most 500 characters.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.testing.twitch_fake_oauth import Grant
from spark_vtuber.testing.twitch_fake_wire import Answer, Ids, Json, Refusal

WINDOW_S: Final = 30.0
LIMIT: Final = 20
MODERATOR_LIMIT: Final = 100
MAX_CHARACTERS: Final = 500
SAME_AGAIN_S: Final = 30.0

DROPS: Final = {
    "msg_duplicate": "Your message was not sent because it is identical to the previous one you sent.",
    "msg_rejected": "Your message is being checked by mods and has not been sent.",
}

KEPT: Final = 10_000
"""Lines that are remembered."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent through Helix. Instants are of the clock."""

    id: str
    user_id: str
    channel_id: str
    text: str
    reply_to: str
    at_s: float


@dataclass(slots=True)
class Sending:
    """Takes messages.

    `rejected` are words that the channel's AutoMod holds back; `show` puts a message into the chat.
    """

    clock: Clock
    ids: Ids
    may_moderate: Callable[[str, str], bool]
    show: Callable[[Sent], None]
    rejected: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    _spent: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def answer(self, body: Json, grant: Grant) -> Answer:
        """Answer `POST /chat/messages`. Raises `Refusal`."""
        channel, sender = str(body.get("broadcaster_id", "")), str(body.get("sender_id", ""))
        text = str(body.get("message", ""))
        if not (channel and sender and text.strip()):
            raise Refusal(400, "Missing required parameter: broadcaster_id, sender_id or message")
        if sender != grant.user_id:
            raise Refusal(401, "The ID in sender_id must match the user ID found in the request's OAuth token.")
        if len(text) > MAX_CHARACTERS:
            raise Refusal(422, "The message is too large.")
        headers = self._spend(sender, channel)
        new = Sent(self.ids.uuid(), sender, channel, text, str(body.get("reply_parent_message_id", "")), self._now())
        code = self._drop(new)
        reason = {"code": code, "message": DROPS[code]} if code else None
        if not code:
            self.sent.append(new)
            del self.sent[:-KEPT]
            self.show(new)
        line = {"message_id": "" if code else new.id, "is_sent": not code, "drop_reason": reason}
        return Answer(200, {"data": [line]}, headers)

    def _now(self) -> float:
        return self.clock.now()

    def _spend(self, sender: str, channel: str) -> dict[str, str]:
        limit = MODERATOR_LIMIT if self.may_moderate(sender, channel) else LIMIT
        spent = self._spent.setdefault((sender, channel), deque())
        while spent and spent[0] <= self._now() - WINDOW_S:
            spent.popleft()
        is_over = len(spent) >= limit
        if not is_over:
            spent.append(self._now())
        reset_s = spent[0] + WINDOW_S - self._now()
        headers = {
            "Ratelimit-Limit": str(limit),
            "Ratelimit-Remaining": str(limit - len(spent)),
            "Ratelimit-Reset": str(-(-(self.clock.unix_ms() + round(reset_s * 1000)) // 1000)),
        }
        if is_over:
            raise Refusal(429, "Your message was not sent because you are sending messages too quickly.", headers)
        return headers

    def _drop(self, new: Sent) -> str:
        if any(word in new.text.lower() for word in self.rejected):
            return "msg_rejected"
        mine = [one for one in self.sent if (one.user_id, one.channel_id) == (new.user_id, new.channel_id)]
        is_same = bool(mine) and mine[-1].text == new.text and mine[-1].at_s > self._now() - SAME_AGAIN_S
        if is_same and not self.may_moderate(new.user_id, new.channel_id):
            return "msg_duplicate"
        return ""
