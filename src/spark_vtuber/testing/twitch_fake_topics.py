"""What can be subscribed to at the fake Twitch: versions, conditions, scopes, and whose token it takes.

Source: <https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types/>, as of 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of subscription.

    `scopes`: one of each group is needed. `keys` are the keys of the condition that must be there; `optional` ones may.
    `owner` is the key whose value must be the user of the token, empty where anybody may listen.
    """

    keys: tuple[str, ...]
    owner: str
    scopes: tuple[tuple[str, ...], ...] = ()
    optional: tuple[str, ...] = ()


CHANNEL: Final = "broadcaster_user_id"


def _own(*scopes: str) -> Topic:
    return Topic((CHANNEL,), CHANNEL, (scopes,))


_CHAT: Final = Topic((CHANNEL, "user_id"), "user_id", (("user:read:chat",),))
_OPEN: Final = Topic((CHANNEL,), "")
_REWARDS: Final = ("channel:read:redemptions", "channel:manage:redemptions")
_REWARD: Final = Topic((CHANNEL,), CHANNEL, (_REWARDS,), optional=("reward_id",))
_POLLS: Final = _own("channel:read:polls", "channel:manage:polls")
_PREDICTIONS: Final = _own("channel:read:predictions", "channel:manage:predictions")
_SUBSCRIPTIONS: Final = _own("channel:read:subscriptions")
_HYPE_TRAIN: Final = _own("channel:read:hype_train")
_MODERATED: Final = ("blocked_terms", "chat_settings", "unban_requests", "banned_users", "chat_messages", "warnings")
_MODERATE: Final = (
    *((f"moderator:read:{what}", f"moderator:manage:{what}") for what in _MODERATED),
    ("moderator:read:moderators",),
    ("moderator:read:vips",),
)


def _moderator(*groups: tuple[str, ...]) -> Topic:
    return Topic((CHANNEL, "moderator_user_id"), "moderator_user_id", groups)


TOPICS: Final[Mapping[tuple[str, str], Topic]] = {
    ("automod.message.hold", "2"): _moderator(("moderator:manage:automod",)),
    ("channel.ad_break.begin", "1"): _own("channel:read:ads"),
    ("channel.ban", "1"): _own("channel:moderate"),
    ("channel.bits.use", "1"): _own("bits:read"),
    ("channel.channel_points_automatic_reward_redemption.add", "2"): _own(*_REWARDS),
    ("channel.channel_points_custom_reward.add", "1"): _own(*_REWARDS),
    ("channel.channel_points_custom_reward.update", "1"): _REWARD,
    ("channel.channel_points_custom_reward.remove", "1"): _REWARD,
    ("channel.channel_points_custom_reward_redemption.add", "1"): _REWARD,
    ("channel.channel_points_custom_reward_redemption.update", "1"): _REWARD,
    ("channel.chat.clear", "1"): _CHAT,
    ("channel.chat.clear_user_messages", "1"): _CHAT,
    ("channel.chat.message", "1"): _CHAT,
    ("channel.chat.message_delete", "1"): _CHAT,
    ("channel.chat.notification", "1"): _CHAT,
    ("channel.cheer", "1"): _own("bits:read"),
    ("channel.follow", "2"): _moderator(("moderator:read:followers",)),
    ("channel.hype_train.begin", "1"): _HYPE_TRAIN,
    ("channel.hype_train.begin", "2"): _HYPE_TRAIN,
    ("channel.hype_train.end", "1"): _HYPE_TRAIN,
    ("channel.hype_train.end", "2"): _HYPE_TRAIN,
    ("channel.hype_train.progress", "1"): _HYPE_TRAIN,
    ("channel.hype_train.progress", "2"): _HYPE_TRAIN,
    ("channel.moderate", "2"): _moderator(*_MODERATE),
    ("channel.poll.begin", "1"): _POLLS,
    ("channel.poll.end", "1"): _POLLS,
    ("channel.poll.progress", "1"): _POLLS,
    ("channel.prediction.begin", "1"): _PREDICTIONS,
    ("channel.prediction.end", "1"): _PREDICTIONS,
    ("channel.prediction.lock", "1"): _PREDICTIONS,
    ("channel.prediction.progress", "1"): _PREDICTIONS,
    ("channel.raid", "1"): Topic((), "", optional=("from_broadcaster_user_id", "to_broadcaster_user_id")),
    ("channel.shared_chat.begin", "1"): _OPEN,
    ("channel.shared_chat.end", "1"): _OPEN,
    ("channel.shared_chat.update", "1"): _OPEN,
    ("channel.subscribe", "1"): _SUBSCRIPTIONS,
    ("channel.subscription.end", "1"): _SUBSCRIPTIONS,
    ("channel.subscription.gift", "1"): _SUBSCRIPTIONS,
    ("channel.subscription.message", "1"): _SUBSCRIPTIONS,
    ("channel.suspicious_user.update", "1"): _moderator(("moderator:read:suspicious_users",)),
    ("channel.unban", "1"): _own("channel:moderate"),
    ("channel.update", "2"): _OPEN,
    ("stream.offline", "1"): _OPEN,
    ("stream.online", "1"): _OPEN,
}
"""By type and version. Twitch's reference has version 1 of hype trains no more; clients of 2025 still ask for it."""
