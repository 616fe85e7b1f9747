"""Commands in a chat: what is one, who may run it, and how often. Nothing is performed here."""

import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.events import Role
from spark_vtuber.text.clean import clean

LONGEST_CALL: Final = 500
"""Characters that are looked at: the longest line that Twitch accepts."""

_NAME: Final = re.compile(r"[\w-]{1,30}(?=\s|$)")


class Rank(IntEnum):
    """What a viewer may do; whoever ranks higher may do all that those below may."""

    EVERYONE = 0
    SUBSCRIBER = 1
    VIP = 2
    MODERATOR = 3
    BROADCASTER = 4


_RANKS: Final = {
    Role.SUBSCRIBER: Rank.SUBSCRIBER,
    Role.VIP: Rank.VIP,
    Role.MODERATOR: Rank.MODERATOR,
    Role.BROADCASTER: Rank.BROADCASTER,
}

BUILT_IN: Final[Mapping[str, Rank]] = {
    "mute": Rank.MODERATOR,
    "unmute": Rank.MODERATOR,
    "style": Rank.MODERATOR,
    "scene": Rank.MODERATOR,
    "redeem": Rank.MODERATOR,
    "duet": Rank.MODERATOR,
    "persona": Rank.EVERYONE,
}
"""The commands that everybody has, and who may run them where the configuration does not say otherwise."""


def rank_of(roles: Collection[Role]) -> Rank:
    """The highest rank that these roles give."""
    return max((_RANKS.get(role, Rank.EVERYONE) for role in roles), default=Rank.EVERYONE)


@dataclass(frozen=True, slots=True)
class Call:
    """A command as a viewer wrote it: its name without the prefix, folded, and what stands after it, cleaned."""

    name: str
    arguments: str


def parse(text: str, prefix: str) -> Call | None:
    """The command that a line is, or None.

    A command begins with the prefix and goes on at once with a name: letters, digits, `_` and `-`, 30 at most. So
    "!!!" and "! well" are ordinary lines. An empty prefix makes nothing a command.
    """
    line = text.lstrip()
    if not prefix or not line.startswith(prefix):
        return None
    words = clean(line[len(prefix) :], LONGEST_CALL).text if line[len(prefix) :][:1].strip() else ""
    match = _NAME.match(words)
    if match is None:
        return None
    return Call(match[0].casefold(), words[match.end() :].strip())


@dataclass(frozen=True, slots=True)
class Permit:
    """Who may run a command, and how long it rests: after any call, and after one of the same viewer."""

    who: Rank
    cooldown_s: float = 0.0
    viewer_cooldown_s: float = 0.0


class Refusal(StrEnum):
    """Why a command is not performed: the viewer ranks too low, or it rests, for all or for this viewer."""

    ROLE = "role"
    COOLDOWN = "cooldown"
    VIEWER_COOLDOWN = "viewer_cooldown"


class Turnstile:
    """Lets calls of commands pass or says why not; one that passes starts the cooldowns.

    A refused call starts none: whoever may not run a command cannot keep others from it. The cooldowns of `viewers`
    calls are remembered; the oldest are forgotten first.
    """

    def __init__(self, clock: Clock, viewers: int = 5_000) -> None:
        self._clock = clock
        self._viewers = viewers
        self._last: dict[str, float] = {}
        self._last_of: OrderedDict[tuple[str, str], float] = OrderedDict()

    def refuse(self, name: str, permit: Permit, viewer: str, rank: Rank) -> Refusal | None:
        """Why `viewer`, an id that is unique in the show, may not run the command `name` now; None = it passes."""
        if rank < permit.who:
            return Refusal.ROLE
        now_s = self._clock.now()
        if _rests(self._last.get(name), permit.cooldown_s, now_s):
            return Refusal.COOLDOWN
        own = (name, viewer)
        if _rests(self._last_of.get(own), permit.viewer_cooldown_s, now_s):
            return Refusal.VIEWER_COOLDOWN
        if permit.cooldown_s > 0:
            self._last[name] = now_s
        if permit.viewer_cooldown_s > 0:
            self._last_of[own] = now_s
            self._last_of.move_to_end(own)
            while len(self._last_of) > self._viewers:
                self._last_of.popitem(last=False)
        return None


def _rests(since_s: float | None, cooldown_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s < cooldown_s
