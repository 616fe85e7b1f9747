"""Chat of a Twitch channel, read over IRC without an account."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Final

import anyio
from anyio.abc import ByteStream, TaskGroup
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spark_vtuber.chat.buffer import EventBuffer, filled, own_tasks
from spark_vtuber.chat.twitch_irc_link import Connect, Link, Pace, Pauses, hold
from spark_vtuber.chat.twitch_irc_protocol import Conversation, Refused
from spark_vtuber.chat.twitch_irc_room import Room
from spark_vtuber.core.desk import State
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import Serial

PROBE_S: Final = 5.0

_FIXES: Final = {
    "banned": "this channel or server does not let strangers read",
    "channel_gone": "check the spelling of chat.twitch.channel; a suspended channel has no chat",
    "not_let_in": "the server wants an account; check chat.twitch.host",
}

Report = Callable[..., None]
"""Called as `report(state, detail, fix)`."""


class TwitchOptions(BaseModel):
    """Keys of `[chat.twitch]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Annotated[
        str, Field(pattern=r"^#?[A-Za-z0-9_]{0,25}$"), AfterValidator(lambda name: name.removeprefix("#").lower())
    ]
    host: str = "irc.chat.twitch.tv"
    port: int = Field(default=6697, ge=1, le=65535)
    tls: bool = True


async def connect_tcp(options: TwitchOptions, ssl_context: ssl.SSLContext | None = None) -> ByteStream:
    """A connection to the configured server; with TLS its certificate is checked against its name.

    Raises:
        OSError: it could not be made. A certificate that is not trusted is `ssl.SSLCertVerificationError`.
    """
    if not options.tls:
        return await anyio.connect_tcp(options.host, options.port)
    return await anyio.connect_tcp(
        options.host,
        options.port,
        tls=True,
        ssl_context=ssl_context,
        tls_hostname=options.host,
        tls_standard_compatible=False,
    )


class TwitchReader:
    """A `ChatSource` that reads one channel, for as long as `tasks` lives; see `reading`."""

    def __init__(self, options: TwitchOptions, env: EngineEnv, tasks: TaskGroup, connect: Connect, pace: Pace) -> None:
        self._channel = options.channel
        self._where = f"{options.host}:{options.port}"
        self._random = env.random
        self._log = env.log
        self._report: Report = env.ports.get("report", _unreported)
        self._tasks = tasks
        self._connect = connect
        self._pace = pace
        self._room = Room(options.channel, Serial(f"{env.random.getrandbits(32):08x}-").next)

    def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that happens in the chat; connects again, with jittered pauses, as often as it must.

        The connection is read whether or not the caller keeps up; see `EventBuffer` for what is dropped. Closing the
        generator leaves the chat.

        Raises:
            EngineError: `banned`, `channel_gone` or `not_let_in`; none of them can be retried.
        """
        return filled(self._tasks, self._keep_connected, 3 * self._pace.leave_s)

    async def send(self, text: str) -> None:
        """Reading without an account cannot write."""
        raise EngineError(
            "read_only",
            f"the chat of {self._channel} is read without an account: {text[:20]!r} was not sent",
            fix="sending needs an account",
        )

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        """Reading without an account cannot change anything."""
        del event, is_done
        raise EngineError("read_only", f"the chat of {self._channel} is read without an account", fix="sign in")

    async def _keep_connected(self, buffer: EventBuffer) -> None:
        """One connection after the other, until one is refused.

        A server that goes down is read until its successor is in the room; a line that both bring counts once.
        """
        self._report("starting", f"connects to {self._where}")
        pauses = Pauses(self._pace, self._random)
        leaving: Link | None = None
        async with anyio.create_task_group() as links:
            while True:
                link = self._start(links, buffer)
                await link.until(lambda link: link.is_joined or link.is_over)
                if link.is_joined:
                    if leaving is not None:
                        leaving.scope.cancel()
                    await self._stay(link, pauses)
                    leaving = link if link.is_moving else None
                if link.is_refused:
                    links.cancel_scope.cancel()
                    return
                await self._pause(link, pauses)

    def _start(self, links: TaskGroup, buffer: EventBuffer) -> Link:
        link = Link()
        conversation = Conversation(self._channel, self._room, self._random)
        links.start_soon(hold, link, self._connect, conversation, self._pace, partial(self._tell, buffer))
        return link

    async def _stay(self, link: Link, pauses: Pauses) -> None:
        """Until the connection breaks or must be left."""
        self._report("ok", f"reads #{self._channel} at {self._where}")
        joined_s = anyio.current_time()
        await link.until(lambda link: link.is_moving or link.is_over)
        if anyio.current_time() - joined_s >= self._pace.calm_s:
            pauses.reset()

    async def _pause(self, link: Link, pauses: Pauses) -> None:
        """Before the next attempt; none where the server asked for it, unless it asks again and again."""
        is_asked = link.is_moving and pauses.is_fresh
        pause_s = pauses.next_s()
        if is_asked:
            self._report("ok", f"reads #{self._channel} at {self._where}, which asked to connect again")
            return
        why = link.ending or "it asked to connect again"
        self._report("degraded", f"{self._where}: {why}; next attempt in {pause_s:.1f} s", link.fix)
        await anyio.sleep(pause_s)

    def _tell(self, buffer: EventBuffer, told: ChatEvent | Refused) -> None:
        if isinstance(told, Refused):
            message = f"#{self._channel} at {self._where} cannot be read: {told.message}"
            buffer.fail(EngineError(told.code, message, fix=_FIXES[told.code]))
        elif not buffer.put(told) and buffer.dropped.bit_count() == 1:
            lost = f"{buffer.dropped} lines were dropped because the show did not keep up"
            self._log.warning("twitch: %s", lost)
            self._report("ok", f"reads #{self._channel} at {self._where}; {lost}")


def _unreported(state: State, detail: str = "", fix: str = "") -> None:
    """For a reader nobody watches."""


@asynccontextmanager
async def reading(
    options: TwitchOptions, env: EngineEnv, connect: Connect, pace: Pace | None = None
) -> AsyncIterator[TwitchReader]:
    """A reader over connections that `connect` makes; it connects when its events are asked for."""
    if not options.channel:
        raise EngineError("no_channel", "no Twitch channel is configured", fix="set chat.twitch.channel")
    async with own_tasks() as tasks:
        yield TwitchReader(options, env, tasks, connect, pace or Pace())


@asynccontextmanager
async def _open(options: TwitchOptions, env: EngineEnv) -> AsyncIterator[TwitchReader]:
    async with reading(options, env, partial(connect_tcp, options)) as reader:
        yield reader


async def _probe(options: TwitchOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    """Whether the configured server can be reached; nothing is said to it."""
    del env
    if not options.channel:
        yield Finding("twitch", "note", "off")
        return
    where = f"{options.host}:{options.port}"
    try:
        with anyio.fail_after(PROBE_S):
            stream = await connect_tcp(options)
            await stream.aclose()
    except (OSError, TimeoutError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        why = str(error) or "no answer"
        yield Finding("twitch", "error", f"{where} cannot be reached: {why}", "check the network and chat.twitch.host")
    else:
        yield Finding("twitch", "ok", f"{where} can be reached; reads #{options.channel} without an account")


SPEC: Final = EngineSpec(
    options=TwitchOptions,
    open=_open,
    probe=_probe,
    summary="reads the chat of a Twitch channel without an account",
    licence="Apache-2.0",
)
