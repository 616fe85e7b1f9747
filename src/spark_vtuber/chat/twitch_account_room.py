"""What Twitch tells an account, as chat events. twitchio's models read the messages; this module knows their meaning.

The choices are those of `twitch_irc_room`, and further:

* A reward with words is told as a purchase and as a chat line. The purchase counts, for it can be fulfilled; when the
  line is deleted the purchase is. So it is with a power-up.
* Bits count where they are said in the chat; of what is told about bits only power-ups without a line are events.
* What this program wrote itself is no event. Somebody else who types as the same account is read.
* A train is told when it begins, at each new level and at its end; a prediction when it begins, is locked and ends.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from twitchio.models import eventsub_ as told
from twitchio.user import PartialUser

from spark_vtuber.chat.twitch_eventsub import Notification, Seen
from spark_vtuber.chat.twitch_features import PURCHASES
from spark_vtuber.chat.twitch_irc_tags import ROLES, moved, words_of
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, EmoteSpan, Reward, Role

SOURCE: Final = "twitch"
BOMBS: Final = 200
"""Gifts to the community, rewards and power-ups that are remembered."""

_CTCP: Final = "\x01"
_ACTION: Final = "\x01ACTION "
_ANONYMOUS: Final = Author(id="anonymous", name="Anonymous")
_POWER_UPS: Final = {"power_ups_message_effect", "power_ups_gigantified_emote"}
_REWARDED: Final = {"channel_points_highlighted", "channel_points_sub_only"}


class AccountRoom:
    """Reads what is told of one channel, over as many connections as it takes.

    `topics` are those that were subscribed to: without purchases, the line of a reward is all that is told of it.
    `is_own` says of an author's id, a message's id and its text whether this program wrote it.
    """

    def __init__(self, channel_id: str, topics: Collection[str], is_own: Callable[[str, str, str], bool]) -> None:
        self._channel_id = channel_id
        self._topics = topics
        self._is_own = is_own
        self._seen = Seen()
        self._bombs: OrderedDict[str, str] = OrderedDict()
        self._twins = _Twins()
        self._levels: OrderedDict[str, int] = OrderedDict()

    def read(self, note: Notification) -> ChatEvent | None:
        """The event of a notification; None where it is for nobody, or was told before.

        Raises:
            ProtocolError: the message is not what Twitch says that it would be.
        """
        try:
            read = self._read(note, told.create_event_instance(note.topic, note.raw))
            return read if read is not None and self._seen.is_new(_checked(read).id) else None
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
            raise ProtocolError(f"{note.topic} cannot be read: {type(error).__name__}") from error

    def _read(self, note: Notification, event: Any) -> ChatEvent | None:  # noqa: C901, PLR0911, PLR0912 - one case a topic
        match event:
            case told.ChatMessage():
                return self._said(event)
            case told.ChatNotification():
                return self._happened(event)
            case told.ChatMessageDelete():
                target = self._twins.event_of(event.message_id)
                return _event(note.id, ChatKind.DELETION, _author(event.user), target=target)
            case told.ChannelChatClearUserMessages():
                return _event(note.id, ChatKind.BAN, _author(event.user), target=event.user.id)
            case told.ChannelChatClear():
                return _event(note.id, ChatKind.CLEAR, _author(event.broadcaster))
            case told.ChannelPointsRedemptionAdd():
                return self._bought(event)
            case told.ChannelFollow():
                return _event(note.id, ChatKind.FOLLOW, _author(event.user))
            case told.ChannelBitsUse():
                return self._powered(note, event)
            case told.HypeTrainBegin() | told.HypeTrainProgress() | told.HypeTrainEnd():
                return self._train(note, event)
            case told.ChannelPollBegin() | told.ChannelPollEnd():
                return _event(note.id, ChatKind.POLL, _author(event.broadcaster), _poll(event))
            case told.ChannelPredictionBegin() | told.ChannelPredictionLock() | told.ChannelPredictionEnd():
                return _event(note.id, ChatKind.PREDICTION, _author(event.broadcaster), _prediction(event))
            case told.ChannelAdBreakBegin():
                return _event(note.id, ChatKind.AD_BREAK, _author(event.broadcaster), amount=max(event.duration, 0))
            case _:
                return None

    def _said(self, message: told.ChatMessage) -> ChatEvent | None:
        author, written = message.chatter, message.text
        if self._is_own(author.id, message.id, written):
            return None
        kind, amount, reward = ChatKind.MESSAGE, 0.0, None
        is_from_here = not self._is_from_elsewhere(message.source_broadcaster)
        if is_from_here and (twin := self._twin(message)):
            self._twins.line(twin, message.id)
            return None
        if written.startswith(_ACTION):
            kind = ChatKind.ACTION
        elif written.startswith(_CTCP):
            return None
        if is_from_here:
            if message.cheer:
                kind, amount = ChatKind.BITS, max(message.cheer.bits, 0)
            elif message.channel_points_id or message.type in _REWARDED:
                kind = ChatKind.REWARD
                reward = Reward(message.channel_points_id) if message.channel_points_id else None
        text, spans = _words(written, message.fragments, is_reply=message.reply is not None)
        roles = _roles(message.badges) | ({Role.FIRST_TIME} if message.type == "user_intro" else set())
        return ChatEvent(
            id=message.id,
            source=SOURCE,
            kind=kind,
            author=_author(author, roles),
            text=text,
            amount=amount,
            reply_to=message.reply.parent_message_id if message.reply else None,
            emotes=words_of(spans),
            emote_spans=spans,
            reward=reward,
        )

    def _twin(self, message: told.ChatMessage) -> str:
        """What the line and its purchase have in common; empty for a line that is told once."""
        if message.channel_points_id and PURCHASES in self._topics:
            return f"{message.chatter.id} {message.channel_points_id} {message.text.strip()}"
        if message.type in _POWER_UPS and "channel.bits.use" in self._topics:
            return f"{message.chatter.id} bits {message.text.strip()}"
        return ""

    def _bought(self, purchase: told.ChannelPointsRedemptionAdd) -> ChatEvent:
        text, reward = purchase.user_input or "", purchase.reward
        self._twins.event(f"{purchase.user.id} {reward.id} {text.strip()}", purchase.id)
        bought = Reward(reward.id, reward.title or "", purchase.id)
        return _event(purchase.id, ChatKind.REWARD, _author(purchase.user), text, reward=bought)

    def _powered(self, note: Notification, use: told.ChannelBitsUse) -> ChatEvent | None:
        if use.type == "cheer":
            return None
        text = use.text or ""
        self._twins.event(f"{use.user.id} bits {text.strip()}", note.id)
        words, spans = _words(text, use.fragments, is_reply=False)
        return _event(note.id, ChatKind.BITS, _author(use.user), words, amount=max(use.bits, 0), spans=spans)

    def _happened(self, notice: told.ChatNotification) -> ChatEvent | None:
        if notice.notice_type.startswith("shared_chat_"):
            is_announcement = notice.notice_type == "shared_chat_announcement"
            return self._noticed(notice, ChatKind.MESSAGE) if is_announcement else None
        if notice.sub or notice.prime_paid_upgrade or notice.gift_paid_upgrade:
            return self._noticed(notice, ChatKind.SUBSCRIPTION, 1)
        if notice.resub:
            return self._noticed(notice, ChatKind.RESUBSCRIPTION, max(notice.resub.cumulative_months, 1))
        if notice.community_sub_gift:
            _remember(self._bombs, notice.community_sub_gift.id, notice.id)
            return self._noticed(notice, ChatKind.GIFT, max(notice.community_sub_gift.total, 1))
        if notice.sub_gift:
            is_told = (notice.sub_gift.community_gift_id or "") in self._bombs
            return None if is_told else self._noticed(notice, ChatKind.GIFT, 1)
        if notice.raid:
            return self._noticed(notice, ChatKind.RAID, max(notice.raid.viewer_count, 0))
        if notice.text:
            return self._noticed(notice, ChatKind.MESSAGE)
        return _event(notice.id, ChatKind.NOTICE, _author(notice.chatter), notice.system_message or "")

    def _noticed(self, notice: told.ChatNotification, kind: ChatKind, amount: float = 0.0) -> ChatEvent:
        """What the author of a notice said or did."""
        text, spans = _words(notice.text or "", notice.fragments, is_reply=False)
        author = _ANONYMOUS if notice.anonymous else _author(notice.chatter, _roles(notice.badges))
        return _event(notice.id, kind, author, text, amount=amount, spans=spans)

    def _train(
        self, note: Notification, train: told.HypeTrainBegin | told.HypeTrainProgress | told.HypeTrainEnd
    ) -> ChatEvent | None:
        known = self._levels.get(train.id, 0)
        is_end = isinstance(train, told.HypeTrainEnd)
        if train.level <= known and not is_end:
            return None
        self._levels[train.id] = train.level
        if len(self._levels) > BOMBS:
            self._levels.popitem(last=False)
        if is_end:
            words = f"A hype train ended at level {train.level}."
        elif known:
            words = f"The hype train reached level {train.level}."
        else:
            words = f"A hype train started at level {train.level}."
        return _event(note.id, ChatKind.HYPE_TRAIN, _author(train.broadcaster), words, amount=train.level)

    def _is_from_elsewhere(self, source: PartialUser | None) -> bool:
        """Whether a line comes from another channel of a shared chat."""
        return source is not None and source.id != self._channel_id


class _Twins:
    """Lines and the purchases that were made with them, whichever is told first; bounded."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, str] = OrderedDict()
        self._lines: OrderedDict[str, str] = OrderedDict()

    def line(self, twin: str, message: str) -> None:
        """A line that is left out for its purchase."""
        _remember(self._lines, message, twin)

    def event(self, twin: str, event: str) -> None:
        """The purchase that counts."""
        _remember(self._events, twin, event)

    def event_of(self, message: str) -> str:
        """The event that stands for a line: its purchase, else itself."""
        return self._events.get(self._lines.get(message, ""), message)


def _remember(memory: OrderedDict[str, str], key: str, value: str) -> None:
    memory[key] = value
    if len(memory) > BOMBS:
        memory.popitem(last=False)


def _event(  # noqa: PLR0913 - as many facts as an event has
    id: str,
    kind: ChatKind,
    author: Author,
    text: str = "",
    *,
    amount: float = 0.0,
    target: str | None = None,
    spans: tuple[EmoteSpan, ...] = (),
    reward: Reward | None = None,
) -> ChatEvent:
    return ChatEvent(
        id=id,
        source=SOURCE,
        kind=kind,
        author=author,
        text=text,
        amount=amount,
        target=target,
        emotes=words_of(spans),
        emote_spans=spans,
        reward=reward,
    )


def _checked(event: ChatEvent) -> ChatEvent:
    """An event whose texts are texts and whose amount is a number. Raises `TypeError`."""
    texts = [event.id, event.text, event.author.id, event.author.name, event.target or "", event.reply_to or ""]
    if event.reward is not None:
        texts += [event.reward.id, event.reward.title, event.reward.redemption]
    if not all(isinstance(one, str) for one in texts) or not event.id or not math.isfinite(event.amount):
        raise TypeError("a text or a number was expected")
    return event


def _author(user: PartialUser, roles: Collection[Role] = ()) -> Author:
    """A viewer; the displayed name as the viewer chose it. A viewer without an id is anonymous."""
    if not user.id:
        return _ANONYMOUS
    return Author(id=str(user.id), name=user.display_name or user.name or str(user.id), roles=frozenset(roles))


def _roles(badges: Sequence[told.ChatMessageBadge]) -> set[Role]:
    return {ROLES[badge.set_id] for badge in badges if badge.set_id in ROLES}


def _words(
    written: str, fragments: Sequence[told.ChatMessageFragment], *, is_reply: bool
) -> tuple[str, tuple[EmoteSpan, ...]]:
    """What was written without the wrapping of an action and the leading name of a reply, and where it has pictures."""
    spans: list[EmoteSpan] = []
    at = 0
    for fragment in fragments:
        end = at + len(fragment.text)
        if fragment.emote and not any(mark.isspace() for mark in fragment.text):
            spans.append(EmoteSpan(fragment.text, fragment.emote.id, at, end))
        at = end
    if at != len(written):
        spans = []
    text = written.removesuffix(_CTCP).removeprefix(_ACTION) if written.startswith(_ACTION) else written
    cut = len(_ACTION) if text != written else 0
    if is_reply and text.startswith("@"):
        rest = text.partition(" ")[2].lstrip()
        cut, text = cut + len(text) - len(rest), rest
    kept = tuple(span for span in moved(tuple(spans), cut) if span.end <= len(text))
    return text, kept


def _poll(poll: told.ChannelPollBegin | told.ChannelPollEnd) -> str:
    choices = ", ".join(choice.title for choice in poll.choices)
    if isinstance(poll, told.ChannelPollBegin):
        return f"A poll began: {poll.title} ({choices})"
    best = max(poll.choices, key=lambda choice: choice.votes or 0, default=None)
    if poll.status == "terminated" or best is None or not best.votes:
        return f"The poll ended: {poll.title}"
    return f"The poll ended: {poll.title} Most voted for {best.title}."


def _prediction(
    prediction: told.ChannelPredictionBegin | told.ChannelPredictionLock | told.ChannelPredictionEnd,
) -> str:
    match prediction:
        case told.ChannelPredictionBegin():
            outcomes = ", ".join(outcome.title for outcome in prediction.outcomes)
            return f"A prediction began: {prediction.title} ({outcomes})"
        case told.ChannelPredictionLock():
            return f"The prediction is locked: {prediction.title}"
        case _:
            winner = prediction.winning_outcome
            return f"The prediction ended: {prediction.title}" + (f" It was {winner.title}." if winner else "")
