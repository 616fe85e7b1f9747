"""One place for several models: whoever wants to think first gets the other's model out of it and its own in.

A `Slot` is the memory that holds one model at a time. A `SwappedModel` is an `LLM` whose model lives in such a slot: an
answer begins when the model is in place, and nobody takes the place before the answer was read or left. So the other
character finishes first; what it says is still heard while the models change. A change that has begun is brought to
its end also where nobody waits for it any more: half a change leaves no model at all.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.llm.port import LLM, Capabilities, LLMPart, LLMRequest

MAX_WAITING: Final = 16
"""Answers that may wait for one model; beyond that whoever asks waits to be let in."""


class Announce(Protocol):
    """Tells everybody of something that happened; must neither wait nor fail."""

    def __call__(self, type: str, /, **data: Any) -> None: ...


Report = Callable[[str, str, str], None]
"""State, detail and fix of the engine, for the board."""


class Brain(Protocol):
    """A model that can leave the memory and come back. `key` is the same for what is one model on one server."""

    @property
    def key(self) -> str:
        """The server and the model."""
        ...

    async def is_awake(self) -> bool:
        """Whether it is in memory. Raises `EngineError`."""
        ...

    async def wake(self) -> None:
        """Have it in memory. Raises `EngineError`."""
        ...

    async def rest(self) -> None:
        """Have it out of memory. Raises `EngineError`."""
        ...


class Slot:
    """A place for one model. Those that share it are known to it; they take turns in the order in which they ask."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._brains: list[Brain] = []
        self._in_place = ""

    @asynccontextmanager
    async def share(self, brain: Brain) -> AsyncIterator[None]:
        """While the context is open, `brain` may be taken out for another."""
        self._brains.append(brain)
        try:
            yield
        finally:
            self._brains.remove(brain)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While the context is open, nobody else has the place."""
        async with self._lock:
            yield

    def holds(self, brain: Brain) -> bool:
        """Whether the model is in place, as far as is known."""
        return self._in_place == brain.key

    def forget(self) -> None:
        """What is in place must be asked for again."""
        self._in_place = ""

    async def place(self, brain: Brain) -> None:
        """Take the others out and `brain` in; to be called within `turn`.

        Raises:
            EngineError: a model did not come or go; which one is in place is then asked for again.
        """
        if self.holds(brain):
            return
        self.forget()
        for other in {one.key: one for one in self._brains if one.key != brain.key}.values():
            if await other.is_awake():
                await other.rest()
        if not await brain.is_awake():
            await brain.wake()
        self._in_place = brain.key


class Slots:
    """The slots of a show by their names."""

    def __init__(self) -> None:
        self._slots: dict[str, Slot] = {}

    def __call__(self, name: str) -> Slot:
        """The slot of a name; whoever names it first makes it."""
        return self._slots.setdefault(name, Slot())


@dataclass(slots=True)
class _Visit:
    """One answer that wants its model in place."""

    persona: PersonaId
    placed: anyio.Event = field(default_factory=anyio.Event)
    is_over: anyio.Event = field(default_factory=anyio.Event)
    error: EngineError | None = None


class SwappedModel:
    """An `LLM` that shares a slot. It works while `keep` runs."""

    def __init__(self, model: LLM, brain: Brain, slot: Slot, announce: Announce, report: Report) -> None:
        self._model = model
        self._brain = brain
        self._slot = slot
        self._announce = announce
        self._report = report
        self._in, self._visits = anyio.create_memory_object_stream[_Visit](MAX_WAITING)

    @property
    def capabilities(self) -> Capabilities:
        """Those of the model itself; it is shared."""
        return replace(self._model.capabilities, is_shared=True)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """As the port says; the first piece waits for the slot and for the change of models."""
        visit = _Visit(request.persona.id)
        try:
            await self._in.send(visit)
            await visit.placed.wait()
            if visit.error is not None:
                raise visit.error
            async with aclosing(self._model.stream(request)) as parts:
                async for part in parts:
                    yield part
        except EngineError:
            self._slot.forget()
            raise
        finally:
            visit.is_over.set()

    async def keep(self) -> None:
        """Bring the model into its place for one answer after the other, until cancelled."""
        with self._in, self._visits:
            async with self._slot.share(self._brain):
                async for visit in self._visits:
                    if not visit.is_over.is_set():
                        await self._serve(visit)

    async def _serve(self, visit: _Visit) -> None:
        async with self._slot.turn():
            if visit.is_over.is_set():
                return
            try:
                await self._place(visit.persona)
            except EngineError as error:
                visit.error = error
            visit.placed.set()
            await visit.is_over.wait()

    async def _place(self, persona: PersonaId) -> None:
        if self._slot.holds(self._brain):
            return
        model = self._model.capabilities.model
        begun_s = anyio.current_time()
        self._report("ok", f"changing brains: {model} comes into the slot", "")
        self._announce("brain.changing", persona=persona, model=model)
        try:
            await self._slot.place(self._brain)
        except EngineError as error:
            self._report("degraded", f"{model} did not come into the slot: {error.message}", error.fix)
            self._announce("brain.failed", persona=persona, model=model, code=error.code, message=error.message)
            raise
        ms = round((anyio.current_time() - begun_s) * 1000)
        self._report("ok", f"{model} is in the slot", "")
        self._announce("brain.changed", persona=persona, model=model, ms=ms)
