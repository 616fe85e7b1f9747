"""A model behind OpenAI's interface as a `Brain`: how it leaves the memory of its server and comes back."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.dialects.dialect import Question
from spark_vtuber.llm.openai_model import LOOK_S, OpenAIModel
from spark_vtuber.llm.openai_wire import RefusedError, Wire

ASK_S: Final = 5.0
"""How long a server may take to tell whether a model is in memory."""

POLL_S: Final = 0.05


class ServedBrain:
    """The model of a server. One that cannot be told to rest or wake is taken to load by itself what it is asked."""

    def __init__(self, model: OpenAIModel, wire: Wire, keep_alive: str, limit_s: float) -> None:
        """`wire` leads to the server of `model`; a change may take `limit_s`."""
        self._model = model
        self._wire = wire
        self._keep_alive = keep_alive
        self._limit_s = limit_s

    @property
    def key(self) -> str:
        """The server and the model."""
        return f"{self._wire.place} {self._name}"

    @property
    def _name(self) -> str:
        return self._model.capabilities.model

    async def is_awake(self) -> bool:
        """As the port says; of a server that cannot tell, always, of one that is not there, never."""
        try:
            await self._model.meet(LOOK_S)
            rest = self._model.dialect.rest
            return rest is None or rest.is_awake(await self._value(rest.asked(self._name), ASK_S), self._name)
        except EngineError as error:
            if error.code == "unreachable":
                return False
            raise

    async def wake(self) -> None:
        """As the port says. Some servers tell only now what the model can do."""
        await self._model.meet(LOOK_S)
        rest = self._model.dialect.rest
        if rest is not None:
            await self._change(rest.wake(self._name, self._keep_alive), self.is_awake, "come into memory")
            await self._model.look(LOOK_S)

    async def rest(self) -> None:
        """As the port says."""
        rest = self._model.dialect.rest
        if rest is not None:
            await self._change(rest.rest(self._name), self._is_gone, "leave the memory")

    async def _is_gone(self) -> bool:
        return not await self.is_awake()

    async def _change(self, request: Question, is_done: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = anyio.current_time() + self._limit_s
        await self._value(request, self._limit_s)
        while not await is_done():
            if anyio.current_time() >= deadline:
                message = f"{self._name} at {self._wire.place} did not {what} in {self._limit_s:g} s"
                raise EngineError("timeout", message, retryable=True, fix="raise llm.load_timeout_s")
            await anyio.sleep(POLL_S)

    async def _value(self, question: Question, timeout_s: float) -> object:
        """What the server answers. Raises `EngineError("no_swap")` where it does not know the request."""
        try:
            return await self._wire.value(question.path, question.body, timeout_s=timeout_s)
        except RefusedError as error:
            rest = self._model.dialect.rest
            fix = rest.fix if rest else ""
            raise EngineError("no_swap", f"models cannot be changed: {error.message}", fix=fix) from error
