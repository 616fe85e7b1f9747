"""What a line is worth: named numbers that add up, so that every choice can be explained.

Anything that was paid for goes before everything that was not: `PAID` is more than all other scores together. Among
paid lines the gift counts by its logarithm, and each second of waiting counts one, so that after a minute the oldest
goes before any gift.
"""

import math
from collections.abc import Mapping
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind, Flood
from spark_vtuber.core.events import PAID_KINDS, ChatKind, Role
from spark_vtuber.pipeline.choosing.money import value
from spark_vtuber.pipeline.choosing.reading import Reading

PAID: Final = 100.0
GIFT: Final = 8.0
"""For every doubling of the gift."""
MOST_GIFT: Final = 40.0
MOST_WAITED: Final = 60.0

ADDRESSED: Final = 20.0
EVENTS: Final[Mapping[ChatKind, float]] = {
    ChatKind.RAID: 15.0,
    ChatKind.REWARD: 15.0,
    ChatKind.HYPE_TRAIN: 12.0,
    ChatKind.POLL: 10.0,
    ChatKind.PREDICTION: 10.0,
    ChatKind.FOLLOW: 6.0,
}
QUESTION: Final = 8.0
SUBSTANCE: Final = 4.0
SUBSTANTIAL: Final = 3
"""Words of a line that says something."""
MEMBER: Final = 2.0
NEWCOMER: Final = 3.0
REGULAR: Final = 4.0
ASKED: Final = 4.0
"""For every doubling of those who ask the same."""
MOST_ASKED: Final = 12.0
NOVEL: Final = 6.0
TOPIC: Final = 4.0
SERVED: Final = -8.0
"""For a viewer who had all of the last answers; a part of it for a part of them."""
FLOOD: Final = -20.0
FRESH: Final = 10.0
FRESH_S: Final = 60.0
"""A line loses its freshness evenly over this time."""

Scores = dict[str, float]

_MEMBERS: Final = frozenset({Role.SUBSCRIBER, Role.VIP, Role.MODERATOR, Role.BROADCASTER})


def standing(cue: Cue, reading: Reading, visits: int = 1) -> Scores:
    """What speaks for a line whenever it is chosen. `visits` counts the streams that its author came to."""
    return {**_of_kind(cue), **_of_words(cue, reading), **_of_author(cue, visits), **_of_crowd(cue, reading)}


def _of_kind(cue: Cue) -> Scores:
    scores: Scores = {"priority": float(cue.priority)} if cue.priority else {}
    event = cue.event
    if event is not None and event.kind in PAID_KINDS:
        scores["paid"] = PAID
        scores["gift"] = min(MOST_GIFT, GIFT * math.log2(1.0 + value(event)))
    elif event is not None and event.kind in EVENTS:
        scores["event"] = EVENTS[event.kind]
    return scores


def _of_words(cue: Cue, reading: Reading) -> Scores:
    scores: Scores = {}
    if reading.named or cue.persona is not None:
        scores["addressed"] = ADDRESSED
    if reading.is_question:
        scores["question"] = QUESTION
    if len(reading.words) >= SUBSTANTIAL and not reading.is_wall:
        scores["substance"] = SUBSTANCE
    return scores


def _of_author(cue: Cue, visits: int) -> Scores:
    scores: Scores = {"regular": min(REGULAR, float(visits - 1))} if visits > 1 else {}
    roles = cue.event.author.roles if cue.event is not None else frozenset[Role]()
    if roles & _MEMBERS:
        scores["member"] = MEMBER
    if Role.FIRST_TIME in roles:
        scores["newcomer"] = NEWCOMER
    return scores


def _of_crowd(cue: Cue, reading: Reading) -> Scores:
    if reading.is_wall:
        return {"emotes": FLOOD}
    if cue.flood is Flood.COPYPASTA:
        return {"copypasta": FLOOD}
    return {"asked": min(MOST_ASKED, ASKED * math.log2(cue.asked_by))} if cue.asked_by > 1 else {}


def passing(cue: Cue, latest_s: float, now_s: float) -> Scores:
    """What time makes of a line's worth: how fresh it is, how long whoever paid waits.

    `latest_s` is when somebody last wrote it.
    """
    paid = is_paid(cue)
    return {"waited" if paid else "fresh": elapsed(paid, cue.admitted_s, latest_s, now_s)}


def elapsed(paid: bool, admitted_s: float, latest_s: float, now_s: float) -> float:
    """The number of `passing`."""
    if paid:
        return min(MOST_WAITED, max(0.0, now_s - admitted_s))
    return FRESH * max(0.0, 1.0 - max(0.0, now_s - latest_s) / FRESH_S)


def is_paid(cue: Cue) -> bool:
    """Whether something was given with the line."""
    return cue.event is not None and cue.event.kind in PAID_KINDS


def is_plain(cue: Cue) -> bool:
    """Whether the cue is an ordinary line of the chat: nothing was paid, nobody asked for its answer."""
    return (
        cue.kind is CueKind.CHAT
        and cue.event is not None
        and cue.event.kind in (ChatKind.MESSAGE, ChatKind.ACTION)
        and not cue.priority
    )
