"""The cheap gates at the door: decided before anything costs time."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.events import PAID_KINDS, ChatEvent, Role
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.choosing.sieve import Sieve
from spark_vtuber.text.fold import fold

CREW: Final = frozenset({Role.BROADCASTER, Role.MODERATOR})
"""Who runs the channel is never struck."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How much one viewer may write, and how long the same words count as a repetition.

    A viewer may send `burst` lines at once and `per_s` a second after that. No line is longer than `longest`
    characters, and the first `compared` of it tell repetitions. `viewers` and `lines` bound the memory.
    """

    per_s: float = 0.5
    burst: int = 5
    duplicate_s: float = 30.0
    longest: int = 4_000
    compared: int = 500
    viewers: int = 5_000
    lines: int = 5_000


class Gates:
    """Lets a line in, or says why not. Money passes the rate and repetition gates, and buys nobody out of the others.

    `is_ignored` says of a source and an author's id whether the operator bars them, `is_struck` whether they were
    blocked too often of late. While more is written than can be read, `sieve` picks.
    """

    def __init__(
        self,
        clock: Clock,
        limits: GateLimits | None = None,
        is_ignored: Callable[[str, str], bool] = lambda _source, _author: False,
        sieve: Sieve | None = None,
    ) -> None:
        self._clock = clock
        self._is_ignored = is_ignored
        self.sieve = sieve or Sieve(())
        self.is_struck: Callable[[str, str], bool] = lambda _source, _author: False
        self.limits = limits or GateLimits()
        self._tokens: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._said: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    def refuse(self, event: ChatEvent) -> Reason | None:
        """Why the line is not let in, or None; a line that is let in is remembered."""
        if not self._is_new((event.source, event.id)):
            return Reason.DUPLICATE
        if len(event.text) > self.limits.longest:
            return Reason.SIZE
        if barred := self._barred(event):
            return barred
        if event.kind in PAID_KINDS:
            return None
        if not event.text.strip() and not event.amount:
            return Reason.EMPTY
        viewer = (event.source, event.author.id)
        if reason := self._crowded_out(event, viewer):
            return reason
        if self._is_repeated((*viewer, fold(event.text[: self.limits.compared]))):
            return Reason.DUPLICATE
        return None

    def _barred(self, event: ChatEvent) -> Reason | None:
        """Why its author gets no answer, whatever is written."""
        if self._is_ignored(event.source, event.author.id):
            return Reason.IGNORED
        if self.is_struck(event.source, event.author.id) and not event.author.roles & CREW:
            return Reason.STRUCK
        return None

    def _crowded_out(self, event: ChatEvent, viewer: tuple[str, str]) -> Reason | None:
        """Why a line is one too many, of its author or of all."""
        if not self._has_token(viewer):
            return Reason.RATE
        return None if self.sieve.lets_in(event, self._clock.now()) else Reason.FULL

    def _is_new(self, key: tuple[str, str]) -> bool:
        if key in self._ids:
            return False
        self._ids[key] = None
        if len(self._ids) > self.limits.lines:
            self._ids.popitem(last=False)
        return True

    def _has_token(self, viewer: tuple[str, str]) -> bool:
        now_s = self._clock.now()
        tokens, since_s = self._tokens.pop(viewer, (float(self.limits.burst), now_s))
        tokens = min(self.limits.burst, tokens + (now_s - since_s) * self.limits.per_s)
        has_token = tokens >= 1
        self._tokens[viewer] = (tokens - 1 if has_token else tokens, now_s)
        full_s = now_s - self.limits.burst / self.limits.per_s
        while len(self._tokens) > self.limits.viewers or next(iter(self._tokens.values()))[1] < full_s:
            self._tokens.popitem(last=False)
        return has_token

    def _is_repeated(self, key: tuple[str, str, str]) -> bool:
        now_s = self._clock.now()
        said_s = self._said.pop(key, None)
        self._said[key] = now_s
        while len(self._said) > self.limits.lines or next(iter(self._said.values())) < now_s - self.limits.duplicate_s:
            self._said.popitem(last=False)
        return said_s is not None and now_s - said_s < self.limits.duplicate_s
