"""Reads and writes one Twitch channel with an account."""

import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from spark_vtuber.chat.buffer import EventBuffer, filled, own_tasks
from spark_vtuber.chat.oauth import Identity, Tokens, not_signed_in
from spark_vtuber.chat.oauth_account import Account, OAuth
from spark_vtuber.chat.twitch_eventsub import Inbound, Notification, Revoked, Seen, told
from spark_vtuber.chat.twitch_eventsub_link import Line, OpenWire, Ties, hold, open_socket
from spark_vtuber.chat.twitch_features import (
    LOGIN,
    PURCHASES,
    SECRET,
    Permissions,
    TwitchAccountOptions,
    compared,
    features_of,
    provider_of,
)
from spark_vtuber.chat.twitch_helix import Helix
from spark_vtuber.chat.twitch_irc_link import Pace, Pauses
from spark_vtuber.chat.twitch_writing import OwnLines, Pen, checked_line
from spark_vtuber.core.accounts import AccountView
from spark_vtuber.core.desk import State
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.core.events import ChatEvent

VALIDATE_S: Final = 3_600.0
"""Twitch demands that a token is validated when it is first used, and hourly."""

AGAIN_S: Final = 60.0
"""Before a validation that nobody answered is tried again."""

UNHEARD_MS: Final = 60_000
"""How long before its end was noticed a connection may have been dead."""

CATCH_UP_S: Final = 10.0
"""Longest search for purchases: meanwhile nobody sees that the connection wants to move, for which there is half a
minute. One that takes longer is made again with the next connection."""

READY_S: Final = 10.0
"""How long a line waits for the connection."""


class TwitchAccount:
    """A `ChatSource` that reads and writes one channel, for as long as `tasks` lives; see `reading`."""

    def __init__(
        self, options: TwitchAccountOptions, env: EngineEnv, tasks: TaskGroup, open_wire: OpenWire, pace: Pace
    ) -> None:
        tokens = kept_tokens(options, env)
        self._options = options
        self._provider = provider_of(options.id_url, tokens.client_id)
        oauth = OAuth(self._provider, env.http, env.clock)
        self._account = Account(oauth, tokens, SECRET, env.keep_secret, env.clock)
        self._helix = Helix(options.api_url, self._provider, self._account, env.http)
        self._random, self._clock, self._log = env.random, env.clock, env.log
        self._report: Callable[..., None] = env.ports.get("report", _unreported)
        self._tell_account: Callable[[AccountView], None] = env.ports.get("account", _untold)
        self._tasks = tasks
        self._open_wire = open_wire
        self._pace = pace
        self._features = features_of(options)
        self._own = OwnLines()
        self._pen = Pen(self._helix, self._own, env.clock)
        self._login = ""
        self._permissions = Permissions((), (), ())
        self._refused: dict[str, str] = {}
        self._topics: set[str] = set()
        self._ready = anyio.Event()
        self._doubt = anyio.Event()
        self._room: Any = None
        self._unread: set[str] = set()
        self._lost_ms: int | None = None

    def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that is told; connects again, with jittered pauses, as often as it must.

        Raises:
            EngineError: `signed_out`, `missing_scope`, `channel_gone` or `refused`; none of them can be retried.
        """
        return filled(self._tasks, self._read, 3 * self._pace.leave_s)

    async def send(self, text: str) -> None:
        """Write a line of at most 500 characters; waits up to `PATIENCE_S` for its turn.

        Raises:
            EngineError: `rate`, `too_long`, `read_only`, `missing_scope`, `not_connected`, or what Twitch says.
        """
        line = checked_line(text)
        self._may("write")
        await self._be_ready()
        await self._doubting(self._pen.write(line))

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        """Mark the purchase of a reward as fulfilled, or give the points back. Raises as `send`."""
        reward = event.reward
        if reward is None or not reward.redemption:
            raise EngineError("read_only", "Twitch told this purchase without its id", fix="sign in as the broadcaster")
        self._may("rewards")
        await self._be_ready()
        await self._doubting(self._helix.settle(self._own.channel_id, reward.id, reward.redemption, is_done=is_done))

    def _may(self, feature: str) -> None:
        """Raises `EngineError` where a feature is off or not permitted."""
        if all(one.name != feature for one in self._features):
            what = f"{feature} is switched off"
            raise EngineError("read_only", what, fix=f"set chat.twitch.features.{feature} = true, then: {LOGIN}")
        if feature in self._permissions.lost:
            raise EngineError("missing_scope", f"the account may not {feature}", fix=f"sign in again: {LOGIN}")

    async def _doubting(self, act: Awaitable[None]) -> None:
        """Do something as the account; where that is not accepted any more, the reader finds out at once too."""
        try:
            await act
        except EngineError as error:
            if error.code == "signed_out":
                self._doubt.set()
            raise

    async def _be_ready(self) -> None:
        with anyio.move_on_after(READY_S):
            await self._ready.wait()
            return
        raise EngineError("not_connected", "Twitch is not connected yet", retryable=True, fix="wait a little")

    async def _read(self, buffer: EventBuffer) -> None:
        """Find out who and where this is, then hold connections, until one failure is final."""
        self._report("starting", "asks Twitch whose the account is")
        pauses = Pauses(self._pace, self._random)
        while True:
            try:
                await self._prepare()
                break
            except EngineError as error:
                if not error.retryable:
                    self._fail(buffer, error)
                    return
                pause_s = pauses.next_s()
                self._report("degraded", f"{error.message}; next attempt in {pause_s:.1f} s", error.fix)
                await anyio.sleep(pause_s)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._stay_valid, buffer)
            await self._keep_connected(tasks, buffer)
            tasks.cancel_scope.cancel()

    async def _prepare(self) -> None:
        identity = await self._account.validate()
        self._known(identity)
        if self._permissions.lost and "chat" in self._permissions.lost:
            what = f"the account of {identity.login} may not read the chat: it lacks user:read:chat"
            raise EngineError("missing_scope", what, fix=f"sign in again: {LOGIN}")
        channel = self._options.channel or identity.login
        is_own = channel == identity.login.lower()
        self._own.user_id = identity.user_id
        self._own.channel_id = identity.user_id if is_own else await self._helix.user_id(channel)
        if is_own:
            self._pen.moderates()
        self._room = load_room().AccountRoom(self._own.channel_id, self._topics, self._own.has)

    def _known(self, identity: Identity) -> None:
        self._login = identity.login
        self._permissions = compared(self._features, identity.scopes)
        lost, missing, excess = self._permissions.lost, self._permissions.missing, self._permissions.excess
        detail = f"lacks the permission for {', '.join(lost)} ({', '.join(missing)})" if lost else ""
        if excess and not lost:
            detail = f"may do more than is used: {', '.join(excess)}"
        fix = f"sign in again: {LOGIN}" if detail else ""
        self._tell_account(
            AccountView("twitch", self._provider.title, "signed_in", identity.login, missing, excess, detail, fix)
        )

    def _fail(self, buffer: EventBuffer, error: EngineError) -> None:
        if error.code in ("signed_out", "missing_scope"):
            missing, excess = self._permissions.missing, self._permissions.excess
            title = self._provider.title
            self._tell_account(
                AccountView("twitch", title, "refused", self._login, missing, excess, error.message, error.fix)
            )
        buffer.fail(error)

    async def _stay_valid(self, buffer: EventBuffer) -> None:
        """Validate hourly, and at once when Twitch says that a permission was taken back."""
        wait_s = VALIDATE_S
        while True:
            with anyio.move_on_after(wait_s):
                await self._doubt.wait()
            self._doubt = anyio.Event()
            wait_s = VALIDATE_S
            try:
                self._known(await self._account.validate())
            except EngineError as error:
                if not error.retryable:
                    self._fail(buffer, error)
                    return
                self._log.warning("twitch: the account could not be validated: %s", error.message)
                wait_s = AGAIN_S

    async def _keep_connected(self, tasks: TaskGroup, buffer: EventBuffer) -> None:
        """One connection after the other; one that moves is read until its successor is there."""
        inbound = Inbound(Seen())
        ties = Ties(
            open=self._open_wire,
            subscribe=self._subscribe,
            tell=partial(self._tell, buffer),
            revoked=self._revoked,
            refuse=partial(self._fail, buffer),
        )
        pauses = Pauses(self._pace, self._random)
        leaving: Line | None = None
        line = Line(self._options.events_url)
        while True:
            tasks.start_soon(hold, line, inbound, ties, self._pace)
            link = line.link
            await link.until(lambda link: link.is_joined or link.is_over)
            if link.is_joined:
                if leaving is not None:
                    leaving.link.scope.cancel()
                self._tell_state()
                await self._catch_up(buffer)
                joined_s = anyio.current_time()
                await link.until(lambda link: link.is_moving or link.is_over)
                if anyio.current_time() - joined_s >= self._pace.calm_s:
                    pauses.reset()
                leaving = line if link.is_moving else None
            if link.is_refused:
                return
            is_asked = link.is_moving and not link.is_over and pauses.is_fresh
            if link.is_joined and not is_asked and self._lost_ms is None:
                self._lost_ms = self._clock.unix_ms() - UNHEARD_MS
            pause_s = pauses.next_s()
            if not is_asked:
                why = link.ending or "it asked to connect again"
                self._report("degraded", f"Twitch's events: {why}; next attempt in {pause_s:.1f} s", link.fix)
                await anyio.sleep(pause_s)
            line = Line(line.moving_to, goes_on=True) if is_asked else Line(self._options.events_url)

    async def _catch_up(self, buffer: EventBuffer) -> None:
        """Ask for what was bought while nothing was heard: Twitch tells it no more, and somebody paid for it."""
        if self._lost_ms is None or PURCHASES not in self._topics:
            return
        since = datetime.fromtimestamp(self._lost_ms / 1000, UTC)
        why = "it took too long"
        with anyio.move_on_after(CATCH_UP_S):
            try:
                for purchase in await self._helix.open_purchases(self._own.channel_id, since):
                    self._tell(buffer, told(str(purchase.get("id")), PURCHASES, purchase))
            except EngineError as error:
                why = error.message
            else:
                self._lost_ms = None
                return
        self._log.warning("twitch: what was bought meanwhile is not known: %s", why)

    async def _subscribe(self, session: str) -> None:
        """Ask for everything that is switched on and permitted, the chat first.

        Only the chat must be allowed; what else is refused is named.
        """
        subscriptions: Any = import_module("twitchio.eventsub.subscriptions")
        self._refused = {}
        for feature in self._features:
            if feature.name in self._permissions.lost:
                continue
            if feature.who == "broadcaster" and self._own.user_id != self._own.channel_id:
                self._refused[feature.name] = "needs the account of the broadcaster"
                continue
            try:
                for name in feature.topics:
                    await self._subscribe_to(getattr(subscriptions, name), session)
            except EngineError as error:
                if error.code != "refused" or feature.name == "chat":
                    raise
                self._refused[feature.name] = error.message
            else:
                if feature.who == "moderator":
                    self._pen.moderates()
        self._ready.set()

    async def _subscribe_to(self, kind: Any, session: str) -> None:
        own = self._own
        payload = kind(broadcaster_user_id=own.channel_id, user_id=own.user_id, moderator_user_id=own.user_id)
        condition = {key: value for key, value in payload.condition.items() if value}
        await self._helix.subscribe(payload.type, payload.version, condition, session)
        self._topics.add(payload.type)

    def _tell(self, buffer: EventBuffer, note: Notification) -> None:
        try:
            event = self._room.read(note)
        except ProtocolError as error:
            if note.topic not in self._unread:
                self._unread.add(note.topic)
                self._log.warning("twitch: %s", error.message)
            return
        if event is not None and not buffer.put(event) and buffer.dropped.bit_count() == 1:
            self._log.warning("twitch: %d lines were dropped because the show did not keep up", buffer.dropped)

    def _revoked(self, revoked: Revoked) -> None:
        """Twitch ended a subscription: the account may be gone, or only a permission."""
        self._topics.discard(revoked.topic)
        self._refused[revoked.topic] = revoked.status.replace("_", " ")
        self._doubt.set()
        self._tell_state()

    def _tell_state(self) -> None:
        channel = self._options.channel or self._login
        said = f"reads #{channel} as {self._login}"
        troubles = [f"{name}: {why}" for name, why in self._refused.items()]
        if self._permissions.lost:
            missing = ", ".join(self._permissions.missing)
            troubles.append(f"{', '.join(self._permissions.lost)} lack the permission {missing}")
        state, fix = ("degraded", f"sign in again: {LOGIN}") if self._permissions.lost else ("ok", "")
        self._report(state, "; ".join([said, *troubles]), fix)


def kept_tokens(options: TwitchAccountOptions, env: EngineEnv) -> Tokens:
    """The tokens of the account. Raises `EngineError`: `not_signed_in`, `bad_account`."""
    try:
        kept = env.secret(SECRET)
    except EngineError as error:
        if error.code != "no_secret":
            raise
        raise not_signed_in(provider_of(options.id_url, options.client_id)) from error
    return Tokens.from_json(kept)


def _unreported(state: State, detail: str = "", fix: str = "") -> None:
    """For a reader nobody watches."""


def _untold(_view: AccountView) -> None:
    """For a reader without accounts beside it."""


@asynccontextmanager
async def reading(
    options: TwitchAccountOptions, env: EngineEnv, open_wire: OpenWire = open_socket, pace: Pace | None = None
) -> AsyncIterator[TwitchAccount]:
    """A reader; it connects when its events are asked for. Raises `EngineError` where nobody is signed in."""
    async with own_tasks() as tasks:
        yield TwitchAccount(options, env, tasks, open_wire, pace or Pace())


def load_room() -> Any:
    """The module `twitch_account_room`, and twitchio with it: half a second of a core the first time.

    Raises:
        EngineError: `not_installed`.
    """
    try:
        with warnings.catch_warnings():
            # twitchio's own web server inherits from a class of aiohttp that asks not to be inherited from
            warnings.simplefilter("ignore", DeprecationWarning)
            return import_module("spark_vtuber.chat.twitch_account_room")
    except ImportError as error:
        raise not_installed(error.name or "") from error


def not_installed(name: str) -> EngineError:
    """The extra is missing, or something that it needs."""
    what = f"reading Twitch with an account needs the extra twitch ({name} is missing)"
    return EngineError("not_installed", what, fix='pip install "spark-vtuber[twitch]"')
