"""What a Twitch account can be used for: which permissions each use needs, and what Twitch then tells.

Source: Twitch's pages "Access token scopes" and "EventSub subscription types". Types are named by twitchio's classes,
which know version and condition of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spark_vtuber.chat.oauth import Provider

Standing = Literal["anybody", "moderator", "broadcaster"]
SECRET: Final = "twitch-account"  # noqa: S105 - the name of a secret
LOGIN: Final = "spark-vtuber chat login twitch"
PURCHASES: Final = "channel.channel_points_custom_reward_redemption.add"


@dataclass(frozen=True, slots=True)
class Feature:
    """One use of an account, and who may have it in a channel. `topics` are classes of `twitchio.eventsub`."""

    name: str
    scopes: tuple[str, ...]
    topics: tuple[str, ...] = ()
    who: Standing = "anybody"


CHAT: Final = Feature(
    "chat",
    ("user:read:chat",),
    (
        "ChatMessageSubscription",
        "ChatNotificationSubscription",
        "ChatMessageDeleteSubscription",
        "ChatClearUserMessagesSubscription",
        "ChatClearSubscription",
    ),
)
"""Always on. Subscriptions, gifts, raids and bits are told in the chat, bans as the clearing of a user's messages."""

FEATURES: Final = (
    CHAT,
    Feature("write", ("user:write:chat",)),
    Feature("rewards", ("channel:manage:redemptions",), ("ChannelPointsRedeemAddSubscription",), who="broadcaster"),
    Feature("follows", ("moderator:read:followers",), ("ChannelFollowSubscription",), who="moderator"),
    Feature("power_ups", ("bits:read",), ("ChannelBitsUseSubscription",), who="broadcaster"),
    Feature(
        "hype_trains",
        ("channel:read:hype_train",),
        ("HypeTrainBeginSubscription", "HypeTrainProgressSubscription", "HypeTrainEndSubscription"),
        who="broadcaster",
    ),
    Feature(
        "polls",
        ("channel:read:polls",),
        ("ChannelPollBeginSubscription", "ChannelPollEndSubscription"),
        who="broadcaster",
    ),
    Feature(
        "predictions",
        ("channel:read:predictions",),
        ("ChannelPredictionBeginSubscription", "ChannelPredictionLockSubscription", "ChannelPredictionEndSubscription"),
        who="broadcaster",
    ),
    Feature("ads", ("channel:read:ads",), ("AdBreakBeginSubscription",), who="broadcaster"),
)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What an account was granted beside what is switched on: scopes that lack, and scopes that nothing uses."""

    missing: tuple[str, ...]
    excess: tuple[str, ...]
    lost: tuple[str, ...]
    """Names of the features that do not work for the lack of a scope."""


def wanted(switched_on: Iterable[str]) -> tuple[Feature, ...]:
    """The features to use, the chat first."""
    names = {CHAT.name, *switched_on}
    return tuple(one for one in FEATURES if one.name in names)


def scopes_of(features: Iterable[Feature]) -> tuple[str, ...]:
    """Exactly the scopes that these need, sorted."""
    return tuple(sorted({scope for one in features for scope in one.scopes}))


def compared(features: tuple[Feature, ...], granted: Iterable[str]) -> Permissions:
    """What is missing for `features`, and what is too much."""
    granted, needed = set(granted), set(scopes_of(features))
    lost = tuple(one.name for one in features if not granted.issuperset(one.scopes))
    return Permissions(tuple(sorted(needed - granted)), tuple(sorted(granted - needed)), lost)


class TwitchAccountOptions(BaseModel):
    """Keys of `[chat.twitch]` that concern an account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Annotated[
        str, Field(pattern=r"^#?[A-Za-z0-9_]{0,25}$"), AfterValidator(lambda name: name.removeprefix("#").lower())
    ] = ""
    client_id: str = ""
    features: dict[str, bool] = Field(default_factory=dict)
    api_url: str = "https://api.twitch.tv/helix"
    id_url: str = "https://id.twitch.tv/oauth2"
    events_url: str = "wss://eventsub.wss.twitch.tv/ws"


def features_of(options: TwitchAccountOptions) -> tuple[Feature, ...]:
    """What is switched on."""
    return wanted(name for name, is_on in options.features.items() if is_on)


def provider_of(id_url: str, client_id: str) -> Provider:
    """Where Twitch accounts sign in: a public client, without a secret."""
    return Provider(
        title="Twitch",
        device_url=f"{id_url}/device",
        token_url=f"{id_url}/token",
        validate_url=f"{id_url}/validate",
        revoke_url=f"{id_url}/revoke",
        client_id=client_id,
        login=LOGIN,
        scope_field="scopes",
    )
