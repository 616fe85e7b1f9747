"""Whom the show answers: a few named policies, each a small table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.events import ChatKind, Role
from spark_vtuber.pipeline.choosing.scores import is_paid

_MEMBERS: Final = frozenset({Role.SUBSCRIBER, Role.VIP, Role.MODERATOR, Role.BROADCASTER})


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is answered, and how soon after the last answer.

    `addressed_only`: of ordinary lines only those that name a character; `members_only`: only those of members of the
    channel. Paid lines, events and what the operator asks for always pass. Unpaid lines wait until the last answer
    ended `pause_s` ago. `idle_talk`: whether characters may talk by themselves.
    """

    addressed_only: bool = False
    members_only: bool = False
    pause_s: float = 0.0
    is_pause_set: bool = False
    idle_talk: bool = True


POLICIES: Final[Mapping[str, Policy]] = {
    "solo": Policy(),
    "co-stream": Policy(addressed_only=True, pause_s=6.0, idle_talk=False),
    "subscriber-only": Policy(members_only=True),
    "slow": Policy(is_pause_set=True),
}
"""`solo`: the character carries the show. `co-stream`: a person does, and the character speaks when it is spoken to.
`subscriber-only`: members are answered. `slow`: one answer every `[inbox] slow_s` seconds."""


def admits(policy: Policy, cue: Cue, *, is_addressed: bool) -> bool:
    """Whether a cue may be answered at all under a policy."""
    if cue.priority >= Urgency.ANSWER_NOW or is_paid(cue):
        return True
    if cue.kind is CueKind.IDLE:
        return policy.idle_talk
    if cue.event is None or cue.event.kind not in (ChatKind.MESSAGE, ChatKind.ACTION):
        return True
    if policy.addressed_only and not is_addressed:
        return False
    return not policy.members_only or bool(cue.event.author.roles & _MEMBERS)


def pause_s(policy: Policy, slow_s: float) -> float:
    """How long unpaid lines wait after an answer."""
    return slow_s if policy.is_pause_set else policy.pause_s
