"""Chat sources: each runs while its table of the configuration says where to read."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pydantic import BaseModel

from spark_vtuber import engines
from spark_vtuber.app.house import House
from spark_vtuber.chat.port import ChatSource
from spark_vtuber.config.chat_keys import Chat
from spark_vtuber.core.accounts import AccountView
from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent

SOURCES: Final = ("twitch", "youtube", "replay")
"""Names of the tables below `[chat]` that are read from."""


def engine_of(chat: Chat, source: str) -> tuple[str, dict[str, Any]] | None:
    """The name of the engine that reads a source, and its keys; None where the source is off."""
    match source:
        case "twitch" if chat.twitch.account:
            name = "twitch-account"
        case "twitch" if chat.twitch.channel:
            name = "twitch"
        case "youtube" if chat.youtube.channel or chat.youtube.video:
            name = "youtube"
        case "replay" if chat.replay.file:
            name = "replay"
        case _:
            return None
    return name, getattr(chat, source).model_dump()


def options_of(spec: EngineSpec, keys: Mapping[str, Any]) -> BaseModel:
    """The options of an engine out of a table that holds keys of others too."""
    takes_all = spec.options.model_config.get("extra") == "allow"
    own = keys if takes_all else {key: keys[key] for key in spec.options.model_fields if key in keys}
    return spec.options.model_validate(own)


class ChatSources:
    """Keeps the sources running that are switched on; a change of a source's keys starts it anew.

    `tell_account` hears from sources that use an account how that is.
    """

    def __init__(self, house: House, receive: Callable[[ChatEvent], None]) -> None:
        self._house = house
        self._receive = receive
        self._started: set[str] = set()
        self._open: dict[str, ChatSource] = {}
        self.tell_account: Callable[[AccountView], None] = _untold

    def look(self) -> None:
        """Start the sources that are on and were not started yet."""
        for name in SOURCES:
            if name not in self._started and engine_of(self._house.config.chat, name):
                self._started.add(name)
                read = partial(self._house.live.follow, f"chat.{name}", partial(self._read, name))
                self._house.keep_running(f"chat:{name}", "chat", read)

    async def send(self, name: str, text: str) -> None:
        """Write into the chat of a source.

        Raises:
            EngineError: `not_connected`, `read_only`, or what the platform says.
        """
        await self._source(name).send(text)

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        """Mark the purchase of a reward as fulfilled, or give the points back. Raises as `send`."""
        await self._source(event.source).settle(event, is_done=is_done)

    def _source(self, name: str) -> ChatSource:
        if name not in self._open:
            raise EngineError("not_connected", f"{name} is not connected", fix=f"see [chat.{name}]")
        return self._open[name]

    async def _read(self, name: str) -> None:
        """Read a source to its end; one that cannot work as it is set up waits for other settings."""
        house = self._house
        report = house.board.reporter(f"chat:{name}", "chat")
        chosen = engine_of(house.config.chat, name)
        if chosen is None:
            report("off", "not set up")
            return
        report("ok")
        engine, keys = chosen
        spec = engines.spec("chat", engine)
        options = options_of(spec, keys)
        try:
            env = house.environment(report)
            env = replace(env, ports={**env.ports, "account": self.tell_account})
            async with spec.open(options, env) as opened:
                source: ChatSource = opened
                self._open[name] = source
                async with aclosing(source.events()) as events:
                    async for event in events:
                        self._receive(event)
        except EngineError as error:
            if error.retryable:
                raise
            report("failed", error.message, error.fix)
        else:
            report("off", "the source has ended")
        finally:
            self._open.pop(name, None)


def _untold(_view: AccountView) -> None:
    """For sources without accounts beside them."""
