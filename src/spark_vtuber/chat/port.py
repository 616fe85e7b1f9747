"""The port of chat sources."""

from collections.abc import AsyncGenerator
from typing import Protocol

from spark_vtuber.core.events import ChatEvent


class ChatSource(Protocol):
    """A place where viewers write."""

    def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that happens in the chat, for as long as the caller reads.

        The source reconnects by itself with jittered back-off; an `EngineError` that is not retryable ends it.
        Closing the generator leaves the chat.
        """
        ...

    async def send(self, text: str) -> None:
        """Write into the chat. Raises `EngineError("read_only")` where that is not possible."""
        ...

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        """Mark the purchase of a reward as fulfilled, or give the viewer the points back.

        Raises `EngineError("read_only")` where that is not possible.
        """
        ...
