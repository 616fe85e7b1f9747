"""Commands in the chat and purchases of rewards: taken at once where lines come in, performed beside the show."""

from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

import anyio

from spark_vtuber.app.performer import MAX_NAME, Deed, Performer
from spark_vtuber.chat.commands import BUILT_IN, Call, Permit, Rank, Refusal, Turnstile, parse, rank_of
from spark_vtuber.config.commands_keys import CommandSettings, RewardSettings
from spark_vtuber.core.audit import Audit
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.telemetry.exposition import Reading
from spark_vtuber.text.clean import clean

CAPACITY: Final = 64
"""Commands that wait; purchases have as much room again."""

AT_ONCE: Final = 8
"""What is performed at a time: a mute must not wait for an OBS that is slow."""

DRY_RUN: Final = "dry_run"
"""Why nothing is done, and no points are given back, in a show that only chooses."""

PERFORM_S: Final = 10.0
SETTLE_S: Final = 10.0
PURCHASES: Final = 5_000
"""Purchases whose ids are remembered, so that none counts twice."""


class Settle(Protocol):
    """Marks a purchase as fulfilled or gives the points back, as `ChatSource.settle`; raises `SparkError`."""

    async def __call__(self, event: ChatEvent, /, *, is_done: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Where commands come from and what becomes known of them.

    `gates` are of their own kind: they count commands only. `bar` says why nothing is done now, as "panic", or nothing.
    """

    clock: Clock
    gates: Gates
    is_ignored: Callable[[str, str], bool]
    bar: Callable[[], str]
    tally: Tally
    announce: Announce
    audit: Audit
    settle: Settle


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration as it is now."""

    prefix: Callable[[], str]
    commands: Callable[[], Mapping[str, CommandSettings]]


@dataclass(frozen=True, slots=True)
class _Command:
    event: ChatEvent
    call: Call
    rank: Rank


@dataclass(frozen=True, slots=True)
class _Purchase:
    event: ChatEvent
    title: str
    settings: RewardSettings


_Job = _Command | _Purchase


class ChatCommands:
    """Takes commands and purchases out of the chat.

    Every outcome is announced: `command` with the command's own name, `redeem` with the title as configured; both with
    `outcome` (done, refused, cooldown or failed) and a `reason`, and with nothing that a viewer wrote.
    """

    def __init__(self, door: Door, rules: Rules, performer: Performer) -> None:
        self._door = door
        self._rules = rules
        self._performer = performer
        self._turnstile = Turnstile(door.clock)
        self._queue: deque[_Job] = deque()
        self._running = 0
        self._news = anyio.Event()
        self._bought: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._outcomes: Counter[tuple[str, str]] = Counter()

    @property
    def waiting(self) -> int:
        """How much waits to be performed."""
        return len(self._queue)

    @property
    def reading(self) -> Reading:
        """What became of commands, for the metrics. Names are those of the configuration, never a viewer's words."""
        return Reading(
            "spark_vtuber_commands_total",
            "Commands of the chat and purchases of rewards, by outcome.",
            lambda: list(self._outcomes.items()),
            labels=("name", "outcome"),
            kind="counter",
        )

    def take(self, event: ChatEvent) -> ChatEvent | None:
        """What is to be answered of an event: the event, the line that a command made of it, or None. Never waits."""
        match event.kind:
            case ChatKind.MESSAGE:
                call = parse(event.text, self._rules.prefix())
                return event if call is None else self._command(event, call)
            case ChatKind.REWARD:
                return self._purchase(event)
            case ChatKind.DELETION | ChatKind.BAN | ChatKind.CLEAR:
                self._retract(event)
                return event
            case _:
                return event

    async def run(self) -> None:
        """Perform what was taken, for ever."""
        self._running = 0
        async with anyio.create_task_group() as tasks:
            while True:
                while self._queue and self._running < AT_ONCE:
                    self._running += 1
                    tasks.start_soon(self._perform, self._queue.popleft())
                self._news = anyio.Event()
                await self._news.wait()

    def _command(self, event: ChatEvent, call: Call) -> ChatEvent | None:
        if (barred := self._door.gates.refuse(event)) is not None:
            self._drop(event, barred)
            return None
        known = _named(call.name, self._rules.commands())
        if known is None:
            self._drop(event, Reason.COMMAND)
            return None
        name, permit = known
        rank = rank_of(event.author.roles)
        refusal = self._turnstile.refuse(name, permit, f"{event.source}\0{event.author.id}", rank)
        if refusal is not None:
            outcome = "refused" if refusal is Refusal.ROLE else "cooldown"
            self._tell_command(event, name, outcome, refusal.value)
            self._drop(event, Reason.COMMAND)
            return None
        if name == "persona":
            return self._directed(event, call)
        self._drop(event, Reason.COMMAND)
        if not self._put(_Command(event, replace(call, name=name), rank), CAPACITY):
            self._tell_command(event, name, "failed", "full")
        return None

    def _directed(self, event: ChatEvent, call: Call) -> ChatEvent | None:
        """The line for one character that `!persona` makes."""
        try:
            persona, text = self._performer.addressed(call.arguments)
        except SparkError as error:
            self._tell_command(event, "persona", "failed", error.code)
            self._drop(event, Reason.COMMAND)
            return None
        self._tell_command(event, "persona", "done")
        return replace(event, text=text, persona=persona, emotes=frozenset(), emote_spans=())

    def _purchase(self, event: ChatEvent) -> ChatEvent | None:
        """A reward that is configured is performed; what it has characters say stands for an answer to the event."""
        reward = event.reward
        found = self._performer.reward(reward.title, reward.id) if reward is not None else None
        if reward is None or found is None or self._door.is_ignored(event.source, event.author.id):
            return event
        is_new = self._remember((event.source, reward.redemption or event.id))
        title, settings = found
        if is_new and not self._put(_Purchase(event, title, settings), 2 * CAPACITY):
            self._tell_redeem(event, title, "failed", "full")
        if not (settings.cue or settings.duet):
            return event
        self._door.tally.received += 1
        return None

    async def _perform(self, job: _Job) -> None:
        try:
            match job:
                case _Command(event, call, rank):
                    await self._perform_command(event, call, rank)
                case _Purchase(event, title, settings):
                    await self._perform_purchase(event, title, settings)
        finally:
            self._running -= 1
            self._news.set()

    async def _perform_command(self, event: ChatEvent, call: Call, rank: Rank) -> None:
        deed, reason = await self._tried(partial(self._performer.command, event, call))
        if deed is None:
            self._tell_command(event, call.name, "failed", reason)
            return
        self._tell_command(event, call.name, "done", deed.trouble)
        if rank >= Rank.MODERATOR or deed.target:
            who = f"{rank.name.lower()} {clean(event.author.name, MAX_NAME).text} of {event.source}"
            self._door.audit(f"command.{call.name}", actor=who, target=deed.target, old=deed.old, new=deed.new)

    async def _perform_purchase(self, event: ChatEvent, title: str, settings: RewardSettings) -> None:
        deed, reason = await self._tried(partial(self._performer.act, settings, event, event.text))
        is_done = deed is not None
        settled = ""
        is_ours = event.reward is not None and event.reward.redemption and reason != DRY_RUN
        if is_ours and (settings.fulfil or not is_done):
            settled = await self._settled(event, is_done=is_done)
        self._tell_redeem(event, title, "done" if deed else "failed", deed.trouble if deed else reason, settled)

    async def _tried(self, work: Callable[[], Awaitable[Deed]]) -> tuple[Deed | None, str]:
        """What was done; or None and the code of what kept it from being done."""
        if bar := self._door.bar():
            return None, bar
        try:
            with anyio.fail_after(PERFORM_S):
                return await work(), ""
        except TimeoutError:
            return None, "late"
        except SparkError as error:
            return None, error.code

    async def _settled(self, event: ChatEvent, *, is_done: bool) -> str:
        """What became of the points: "fulfilled", "refunded", or the code of what went wrong."""
        try:
            with anyio.fail_after(SETTLE_S):
                await self._door.settle(event, is_done=is_done)
        except TimeoutError:
            return "late"
        except SparkError as error:
            return error.code
        return "fulfilled" if is_done else "refunded"

    def _put(self, job: _Job, capacity: int) -> bool:
        if len(self._queue) >= capacity:
            return False
        self._queue.append(job)
        self._news.set()
        return True

    def _retract(self, event: ChatEvent) -> None:
        """What a moderator took back and what a banned viewer asked for is not performed any more."""

        def is_meant(other: ChatEvent) -> bool:
            if other.source != event.source:
                return False
            wanted = other.id if event.kind is ChatKind.DELETION else other.author.id
            return event.kind is ChatKind.CLEAR or event.target == wanted

        for job in [job for job in self._queue if isinstance(job, _Command) and is_meant(job.event)]:
            self._queue.remove(job)
            self._tell_command(job.event, job.call.name, "failed", "taken_back")

    def _remember(self, purchase: tuple[str, str]) -> bool:
        """Whether a purchase was not seen before."""
        if purchase in self._bought:
            return False
        self._bought[purchase] = None
        if len(self._bought) > PURCHASES:
            self._bought.popitem(last=False)
        return True

    def _drop(self, event: ChatEvent, reason: Reason) -> None:
        self._door.tally.received += 1
        self._door.tally.line_refused(event, reason)

    def _tell_command(self, event: ChatEvent, name: str, outcome: str, reason: str = "") -> None:
        self._tell("command", event, name, outcome, {"name": name, "outcome": outcome, "reason": reason})

    def _tell_redeem(self, event: ChatEvent, title: str, outcome: str, reason: str = "", settled: str = "") -> None:
        told = {"title": title, "outcome": outcome, "reason": reason, "settled": settled}
        self._tell("redeem", event, "redeem", outcome, told)

    def _tell(self, type: str, event: ChatEvent, name: str, outcome: str, told: Mapping[str, Any]) -> None:
        self._outcomes[name, outcome] += 1
        self._door.announce(type, id=event.id, source=event.source, **told)


def _named(word: str, commands: Mapping[str, CommandSettings]) -> tuple[str, Permit] | None:
    """The command that a word means, by name or alias, and who may run it; None for none, or one that is off."""
    name = word if word in BUILT_IN or word in commands else _aliased(word, commands.items())
    settings = commands.get(name, _PLAIN) if name else _OFF
    if not settings.on:
        return None
    who = BUILT_IN.get(name, Rank.EVERYONE) if settings.who is None else Rank[settings.who.upper()]
    return name, Permit(who, settings.cooldown_s, settings.viewer_cooldown_s)


def _aliased(word: str, commands: Iterable[tuple[str, CommandSettings]]) -> str:
    return next((name for name, one in commands if word in one.aliases), "")


_PLAIN: Final = CommandSettings()
_OFF: Final = CommandSettings(on=False)
