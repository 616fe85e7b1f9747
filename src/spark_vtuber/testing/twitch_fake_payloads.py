"""The events of the fake Twitch as EventSub tells them. Pure functions of who, where and what.

Field names and types follow <https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types/>; a test compares them
with messages that the real one sent.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from spark_vtuber.testing.twitch_fake_wire import Json
from spark_vtuber.testing.twitch_fake_world import CustomReward, Redemption, User, nobody

Event = dict[str, Any]

TIERS: Final = ("1000", "2000", "3000")

NOTICES: Final = (
    "sub",
    "resub",
    "sub_gift",
    "community_sub_gift",
    "gift_paid_upgrade",
    "prime_paid_upgrade",
    "raid",
    "unraid",
    "pay_it_forward",
    "announcement",
    "bits_badge_tier",
    "charity_donation",
    "modiversary",
    "watch_streak",
)
SHARED_NOTICES: Final = (
    "sub",
    "resub",
    "sub_gift",
    "community_sub_gift",
    "gift_paid_upgrade",
    "prime_paid_upgrade",
    "pay_it_forward",
    "raid",
    "announcement",
    "modiversary",
)
ACTIONS: Final = (
    "followers",
    "slow",
    "vip",
    "unvip",
    "mod",
    "unmod",
    "ban",
    "unban",
    "warn",
    "timeout",
    "untimeout",
    "raid",
    "unraid",
    "delete",
    "automod_terms",
    "unban_request",
    "shared_chat_ban",
    "shared_chat_unban",
    "shared_chat_timeout",
    "shared_chat_untimeout",
    "shared_chat_delete",
)

_CHEER: Final = re.compile(r"([A-Za-z]+?)([1-9][0-9]*)\Z")
_BADGES: Final[Mapping[str, tuple[str, str]]] = {
    "broadcaster": ("1", ""),
    "moderator": ("1", ""),
    "vip": ("1", ""),
    "subscriber": ("6", "8"),
    "founder": ("0", "8"),
}


def badges(names: Sequence[str]) -> list[dict[str, str]]:
    """Badges by the names of their sets, such as `moderator`."""
    known = [(name, *_BADGES.get(name, ("1", ""))) for name in names]
    return [{"set_id": name, "id": id_, "info": info} for name, id_, info in known]


def message(text: str, emotes: Mapping[str, str], users: Mapping[str, User], *, has_bits: bool = False) -> Event:
    """A text with its fragments: known emotes, mentions of users, and cheermotes where bits come with it."""
    fragments: list[Event] = []
    for piece in re.findall(r"\S+|\s+", text):
        fragment = _fragment(piece, emotes, users, has_bits=has_bits)
        if fragments and fragment["type"] == "text" == fragments[-1]["type"]:
            fragments[-1]["text"] += piece
        else:
            fragments.append(fragment)
    return {"text": text, "fragments": fragments}


def _fragment(piece: str, emotes: Mapping[str, str], users: Mapping[str, User], *, has_bits: bool) -> Event:
    found: Event = {"type": "text", "text": piece, "cheermote": None, "emote": None, "mention": None}
    cheer = _CHEER.match(piece) if has_bits else None
    if piece in emotes:
        emote = {"id": emotes[piece], "emote_set_id": "0", "owner_id": "0", "format": ["static"]}
        return found | {"type": "emote", "emote": emote}
    if cheer is not None:
        bits = int(cheer[2])
        tier = max(step for step in (1, 100, 1000, 5000, 10_000) if step <= bits)
        return found | {"type": "cheermote", "cheermote": {"prefix": cheer[1].lower(), "bits": bits, "tier": tier}}
    if piece.startswith("@") and piece[1:].lower() in users:
        return found | {"type": "mention", "mention": users[piece[1:].lower()].under("")}
    return found


def source(channel: User | None, message_id: str | None, worn: Sequence[str]) -> Event:
    """Where a message of a shared chat comes from; nulls for the channel's own."""
    named: Mapping[str, str | None] = (
        nobody("source_broadcaster_") if channel is None else channel.under("source_broadcaster_")
    )
    return {
        **named,
        "source_message_id": message_id,
        "source_badges": None if channel is None else badges(worn),
        "is_source_only": None if channel is None else False,
    }


def chat_message(  # noqa: PLR0913 - as many facts as the event has
    channel: User,
    chatter: User,
    id_: str,
    text: Json,
    *,
    worn: Sequence[str] = (),
    bits: int = 0,
    reply: Json | None = None,
    reward_id: str | None = None,
    kind: str = "text",
    origin: Json | None = None,
) -> Event:
    """`channel.chat.message`."""
    return {
        **channel.under("broadcaster_"),
        **chatter.under("chatter_"),
        "message_id": id_,
        "message": text,
        "color": chatter.color,
        "badges": badges(worn),
        "message_type": kind,
        "cheer": {"bits": bits} if bits else None,
        "reply": reply,
        "channel_points_custom_reward_id": reward_id,
        "channel_points_animation_id": None,
        **(origin or source(None, None, ())),
    }


def reply_to(parent: Json) -> Event:
    """What a reply says about the message that it answers; a thread is as deep as Twitch's: one."""
    return {
        "parent_message_id": parent["message_id"],
        "parent_message_body": parent["message"]["text"],
        "parent_user_id": parent["chatter_user_id"],
        "parent_user_name": parent["chatter_user_name"],
        "parent_user_login": parent["chatter_user_login"],
        "thread_message_id": parent["message_id"],
        "thread_user_id": parent["chatter_user_id"],
        "thread_user_name": parent["chatter_user_name"],
        "thread_user_login": parent["chatter_user_login"],
    }


def notice(  # noqa: PLR0913 - as many facts as the event has
    channel: User,
    chatter: User | None,
    id_: str,
    kind: str,
    about: Json,
    system_message: str,
    text: Json,
    *,
    worn: Sequence[str] = (),
    origin: Json | None = None,
) -> Event:
    """`channel.chat.notification` of a kind of `NOTICES`. With an `origin` it comes out of a shared chat."""
    name = f"shared_chat_{kind}" if origin else kind
    nothing = dict.fromkeys((*NOTICES, *(f"shared_chat_{one}" for one in SHARED_NOTICES)))
    return {
        **channel.under("broadcaster_"),
        **(chatter.under("chatter_") if chatter else nobody("chatter_")),
        "chatter_is_anonymous": chatter is None,
        "color": chatter.color if chatter else "",
        "badges": badges(worn),
        "system_message": system_message,
        "message_id": id_,
        "message": text,
        "notice_type": name,
        **nothing,
        name: about,
        **(origin or source(None, None, ())),
    }


def resub_notice(tier: str, months: int, streak: int | None, *, is_prime: bool) -> Event:
    """What a resub's notice is about."""
    return {
        "cumulative_months": months,
        "duration_months": 1,
        "streak_months": streak,
        "sub_tier": tier,
        "is_prime": is_prime,
        "is_gift": False,
        "gifter_is_anonymous": None,
        **nobody("gifter_"),
    }


def gift_notice(recipient: User, tier: str, total: int | None, community_id: str | None) -> Event:
    """What the notice of a gift to one viewer is about."""
    return {
        "duration_months": 1,
        "cumulative_total": total,
        **recipient.under("recipient_"),
        "sub_tier": tier,
        "community_gift_id": community_id,
    }


def subscribe(channel: User, user: User, tier: str, *, is_gift: bool = False) -> Event:
    """`channel.subscribe`, and `channel.subscription.end`."""
    return {**user.under(""), **channel.under("broadcaster_"), "tier": tier, "is_gift": is_gift}


def subscription_message(channel: User, user: User, tier: str, text: Json, months: int, streak: int | None) -> Event:
    """`channel.subscription.message`."""
    emotes, at = [], 0
    for fragment in text["fragments"]:
        if fragment["emote"]:
            emotes.append({"begin": at, "end": at + len(fragment["text"]) - 1, "id": fragment["emote"]["id"]})
        at += len(fragment["text"])
    return {
        **user.under(""),
        **channel.under("broadcaster_"),
        "tier": tier,
        "message": {"text": text["text"], "emotes": emotes or None},
        "cumulative_months": months,
        "streak_months": streak,
        "duration_months": 1,
    }


def subscription_gift(channel: User, giver: User | None, total: int, tier: str, so_far: int | None) -> Event:
    """`channel.subscription.gift`; without a giver it is anonymous."""
    return {
        **(giver.under("") if giver else nobody("")),
        **channel.under("broadcaster_"),
        "total": total,
        "tier": tier,
        "cumulative_total": so_far if giver else None,
        "is_anonymous": giver is None,
    }


def cheer(channel: User, user: User | None, bits: int, text: str) -> Event:
    """`channel.cheer`."""
    named = user.under("") if user else nobody("")
    is_anonymous = user is None
    return {"is_anonymous": is_anonymous, **named, **channel.under("broadcaster_"), "message": text, "bits": bits}


def bits_use(channel: User, user: User, bits: int, text: Json) -> Event:
    """`channel.bits.use` of a cheer."""
    about = {"bits": bits, "type": "cheer", "power_up": None, "custom_power_up": None, "message": text}
    return {**user.under(""), **channel.under("broadcaster_"), **about}


def follow(channel: User, user: User, at: str) -> Event:
    """`channel.follow`."""
    return {**user.under(""), **channel.under("broadcaster_"), "followed_at": at}


def raid(channel: User, raider: User, viewers: int) -> Event:
    """`channel.raid` into a channel."""
    return {**raider.under("from_broadcaster_"), **channel.under("to_broadcaster_"), "viewers": viewers}


def redemption(channel: User, bought: Redemption) -> Event:
    """`channel.channel_points_custom_reward_redemption.add`, and `.update`."""
    reward = bought.reward
    return {
        **channel.under("broadcaster_"),
        "id": bought.id,
        **bought.user.under(""),
        "user_input": bought.text,
        "status": bought.status.lower(),
        "reward": {"id": reward.id, "title": reward.title, "cost": reward.cost, "prompt": reward.prompt},
        "redeemed_at": bought.at,
    }


def reward(channel: User, one: CustomReward) -> Event:
    """`channel.channel_points_custom_reward.add`, `.update` and `.remove`; Helix shows rewards much the same."""
    pictures = {f"url_{size}x": f"https://static-cdn.jtvnw.net/reward/default-{size}.png" for size in (1, 2, 4)}
    return {
        "id": one.id,
        **channel.under("broadcaster_"),
        "is_enabled": one.is_enabled,
        "is_paused": one.is_paused,
        "is_in_stock": True,
        "title": one.title,
        "cost": one.cost,
        "prompt": one.prompt,
        "is_user_input_required": one.wants_text,
        "should_redemptions_skip_request_queue": one.skips_queue,
        "cooldown_expires_at": None,
        "redemptions_redeemed_current_stream": None,
        "max_per_stream": {"is_enabled": False, "value": 0},
        "max_per_user_per_stream": {"is_enabled": False, "value": 0},
        "global_cooldown": {"is_enabled": False, "seconds": 0},
        "background_color": "#00E5CB",
        "image": None,
        "default_image": pictures,
    }


def ban(channel: User, moderator: User, user: User, reason: str, at: str, ends_at: str | None) -> Event:
    """`channel.ban`: for ever, or a timeout with an end."""
    return {
        **user.under(""),
        **channel.under("broadcaster_"),
        **moderator.under("moderator_"),
        "reason": reason,
        "banned_at": at,
        "ends_at": ends_at,
        "is_permanent": ends_at is None,
    }


def moderate(channel: User, moderator: User, action: str, about: Json | None = None) -> Event:
    """`channel.moderate`; actions without a field of their own (`clear`, `emoteonly` …) have nothing to say."""
    return {
        **channel.under("broadcaster_"),
        **nobody("source_broadcaster_"),
        **moderator.under("moderator_"),
        "action": action,
        **dict.fromkeys(ACTIONS),
        **({action: about} if action in ACTIONS else {}),
    }


def deletion(channel: User, target: User, message_id: str | None = None) -> Event:
    """`channel.chat.message_delete`, and without a message `channel.chat.clear_user_messages`."""
    about = {} if message_id is None else {"message_id": message_id}
    return {**channel.under("broadcaster_"), **target.under("target_"), **about}


def suspicion(channel: User, moderator: User, user: User, status: str) -> Event:
    """`channel.suspicious_user.update`."""
    return {
        **channel.under("broadcaster_"),
        **moderator.under("moderator_"),
        **user.under(""),
        "low_trust_status": status,
    }


def held(channel: User, user: User, message_id: str, text: Json, at: str) -> Event:
    """`automod.message.hold`, version 2."""
    automod = {"category": "aggressive", "level": 1, "boundaries": [{"start_pos": 0, "end_pos": 1}]}
    fragments = [{key: value for key, value in one.items() if key != "mention"} for one in text["fragments"]]
    return {
        **channel.under("broadcaster_"),
        **user.under(""),
        "message_id": message_id,
        "message": {"text": text["text"], "fragments": fragments},
        "reason": "automod",
        "automod": automod,
        "blocked_term": None,
        "held_at": at,
    }
