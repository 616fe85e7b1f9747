"""Events of the fake Twitch that go on for a while: hype trains, polls, predictions, ads, shared chats. Pure functions.

Field names follow <https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types/>.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spark_vtuber.testing.twitch_fake_payloads import Event
from spark_vtuber.testing.twitch_fake_world import User


@dataclass(slots=True)
class HypeTrain:
    """A hype train on its way. Instants are stamps."""

    id: str
    started_at: str
    expires_at: str
    level: int = 1
    total: int = 0
    goal: int = 1600
    givers: list[tuple[User, str, int]] = field(default_factory=list)

    def contributions(self) -> list[Event]:
        """Who gave most, at most one of each kind."""
        best = {kind: (user, kind, total) for user, kind, total in sorted(self.givers, key=lambda one: one[2])}
        return [{**user.under(""), "type": kind, "total": total} for user, kind, total in best.values()]


def hype_train(channel: User, train: HypeTrain, phase: str, at: str, cooldown_ends_at: str) -> Event:
    """`channel.hype_train.begin`, `.progress` and `.end`, version 2."""
    event: Event = {
        "id": train.id,
        **channel.under("broadcaster_"),
        "total": train.total,
        "top_contributions": train.contributions(),
        "shared_train_participants": None,
        "level": train.level,
        "started_at": train.started_at,
        "is_shared_train": False,
        "type": "regular",
    }
    if phase == "end":
        return event | {"ended_at": at, "cooldown_ends_at": cooldown_ends_at}
    event |= {"progress": train.total % train.goal, "goal": train.goal, "expires_at": train.expires_at}
    return event | ({"all_time_high_level": 4, "all_time_high_total": 2845} if phase == "begin" else {})


def old_hype_train(train: HypeTrain, event: Mapping[str, Any]) -> Event:
    """The same in version 1."""
    gone = {"shared_train_participants", "is_shared_train", "type", "all_time_high_level", "all_time_high_total"}
    kept = {key: value for key, value in event.items() if key not in gone}
    last = {"last_contribution": train.contributions()[-1] if train.givers else None} if "goal" in kept else {}
    return kept | last | {"is_golden_kappa_train": False}


def poll(
    channel: User, id_: str, title: str, votes: Mapping[str, int], started_at: str, ends_at: str, status: str = ""
) -> Event:
    """`channel.poll.begin` and `.progress`; with a `status` (completed, archived, terminated) `.end`."""
    choices = [
        {"id": f"{id_}-{number}", "title": choice, "bits_votes": 0, "channel_points_votes": 0, "votes": count}
        for number, (choice, count) in enumerate(votes.items())
    ]
    return {
        "id": id_,
        **channel.under("broadcaster_"),
        "title": title,
        "choices": choices,
        "bits_voting": {"is_enabled": False, "amount_per_vote": 0},
        "channel_points_voting": {"is_enabled": False, "amount_per_vote": 0},
        "started_at": started_at,
        **({"status": status, "ended_at": ends_at} if status else {"ends_at": ends_at}),
    }


def prediction(  # noqa: PLR0913 - as many facts as the event has
    channel: User,
    id_: str,
    title: str,
    points: Mapping[str, int],
    started_at: str,
    at: str,
    phase: str,
    *,
    winner: str = "",
    predictors: Sequence[User] = (),
) -> Event:
    """`channel.prediction.begin`, `.progress`, `.lock` and `.end`; without a `winner` it was canceled.

    `at` is when it locks, was locked or ended, by phase.
    """
    outcomes: list[Event] = []
    for number, (title_, count) in enumerate(points.items()):
        outcome: Event = {"id": f"{id_}-{number}", "title": title_, "color": "pink" if number else "blue"}
        if phase != "begin":
            won = None if phase != "end" else 2 * count if title_ == winner else 0
            top = [{**one.under(""), "channel_points_won": won, "channel_points_used": count} for one in predictors]
            outcome |= {"users": len(predictors), "channel_points": count, "top_predictors": top}
        outcomes.append(outcome)
    event = {"id": id_, **channel.under("broadcaster_"), "title": title, "outcomes": outcomes, "started_at": started_at}
    if phase != "end":
        return event | {"locked_at" if phase == "lock" else "locks_at": at}
    won_by = next((one["id"] for one in outcomes if one["title"] == winner), None)
    return event | {"winning_outcome_id": won_by, "status": "resolved" if won_by else "canceled", "ended_at": at}


def ad_break(channel: User, seconds: int, at: str, *, is_automatic: bool) -> Event:
    """`channel.ad_break.begin`."""
    return {
        "duration_seconds": seconds,
        "started_at": at,
        "is_automatic": is_automatic,
        **channel.under("broadcaster_"),
        **channel.under("requester_"),
    }


def shared_chat(channel: User, session_id: str, host: User, members: Sequence[User] | None) -> Event:
    """`channel.shared_chat.begin` and `.update`; without members `.end`."""
    listed = {} if members is None else {"participants": [one.under("broadcaster_") for one in members]}
    return {
        "session_id": session_id,
        **channel.under("broadcaster_"),
        **host.under("host_broadcaster_"),
        **listed,
    }


def online(channel: User, id_: str, at: str) -> Event:
    """`stream.online`."""
    return {"id": id_, **channel.under("broadcaster_"), "type": "live", "started_at": at}


def update(channel: User, title: str, category: str) -> Event:
    """`channel.update`, version 2."""
    return {
        **channel.under("broadcaster_"),
        "title": title,
        "language": "en",
        "category_id": "509658",
        "category_name": category,
        "content_classification_labels": [],
    }
