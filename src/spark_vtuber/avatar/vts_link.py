"""A connection to VTube Studio: requests that wait for their answer, and events in between."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import anyio

from spark_vtuber.avatar.vts_protocol import Answer, Conversation, Event, Refusal
from spark_vtuber.core.errors import EngineError, ProtocolError

ANSWER_S: Final = 3.0
"""VTube Studio answers with its next frame; one that takes so long hangs."""


class Lost(EngineError):
    """The connection is over, or never was; another attempt may succeed."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__("avatar_lost", message, retryable=True, fix=fix)


class Refused(EngineError):
    """VTube Studio answered with an error; `number` is its id."""

    def __init__(self, number: int, message: str, kind: str) -> None:
        super().__init__("avatar_refused", f"{kind}: {message or 'refused'} (error {number})", retryable=True)
        self.number = number


class Wire(Protocol):
    """Text frames, both ways. Both calls raise `Lost` when the connection is over."""

    async def send(self, text: str) -> None:
        """Send one frame."""
        ...

    async def receive(self) -> str:
        """Wait for the next frame."""
        ...


Connect = Callable[[], AbstractAsyncContextManager[Wire]]
"""Opens a connection; entering raises `Lost` where that fails."""


@dataclass(slots=True)
class _Question:
    answered: anyio.Event = field(default_factory=anyio.Event)
    answer: Answer | Refusal | None = None


class Link:
    """An open connection; see `linked`. `beside(job)` runs a job for as long as the connection lives."""

    def __init__(
        self, wire: Wire, hear: Callable[[Event], None], beside: Callable[[Callable[[], Awaitable[None]]], None]
    ) -> None:
        self.beside = beside
        self._wire = wire
        self._hear = hear
        self._conversation = Conversation()
        self._questions: dict[str, _Question] = {}

    async def ask(
        self, kind: str, data: Mapping[str, Any] | None = None, *, answer_s: float = ANSWER_S
    ) -> Mapping[str, Any]:
        """The data of the response to a request. Several may wait at once; cancelling forgets the question.

        Raises:
            Refused: VTube Studio answered with an error.
            Lost: no answer came in time, or the connection broke.
        """
        id_, text = self._conversation.ask(kind, data)
        question = self._questions[id_] = _Question()
        try:
            with anyio.move_on_after(answer_s):
                await self._wire.send(text)
                await question.answered.wait()
        finally:
            del self._questions[id_]
            self._conversation.forget(id_)
        match question.answer:
            case Answer(data=found):
                return found
            case Refusal(number=number, message=message):
                raise Refused(number, message, kind)
            case _:
                raise Lost(f"VTube Studio did not answer {kind} within {answer_s:g} s")

    async def order(self, kind: str, data: Mapping[str, Any] | None = None) -> None:
        """Send a request whose answer nobody waits for. Raises `Lost`."""
        id_, text = self._conversation.ask(kind, data)
        self._conversation.forget(id_)
        await self._wire.send(text)

    async def read_on(self) -> None:
        """Hand every frame to whom it belongs, until the connection is over.

        Raises:
            Lost: it is over, or what came is not VTube Studio's.
        """
        while True:
            text = await self._wire.receive()
            try:
                message = self._conversation.read(text)
            except ProtocolError as error:
                raise Lost(error.message, fix="check which program listens on this port") from error
            if isinstance(message, Event):
                self._hear(message)
            elif (question := self._questions.get(message.id)) is not None:
                question.answer = message
                question.answered.set()


@asynccontextmanager
async def linked(connect: Connect, hear: Callable[[Event], None]) -> AsyncIterator[Link]:
    """A connection with one task that reads it. `hear` gets events, in order; it must not block.

    Raises the `EngineError` of the body, of a job beside it, or `Lost`, whichever comes first; the rest is cancelled.
    """
    raised: EngineError | None = None

    async def run(job: Callable[[], Awaitable[None]]) -> None:
        nonlocal raised
        try:
            await job()
        except EngineError as error:
            raised = raised or error
            tasks.cancel_scope.cancel()

    def beside(job: Callable[[], Awaitable[None]]) -> None:
        tasks.start_soon(run, job)

    async with connect() as wire, anyio.create_task_group() as tasks:
        link = Link(wire, hear, beside)
        beside(link.read_on)
        try:
            yield link
        except EngineError as error:
            raised = raised or error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised
