"""A model that calls tools as scripted, and tools that note what they are called with."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta
from spark_vtuber.pipeline.tools import Caller, Instrument


class CallingModel:
    """Gives the `passes` in order, the last one for ever: texts, calls and counts as they stand.

    Each part comes `part_s` after the one before. `requests` are the requests so far.
    """

    def __init__(
        self,
        *passes: Sequence[str | LLMPart],
        part_s: float = 0.05,
        takes_tools: bool = True,
        takes_schema: bool = False,
    ) -> None:
        self.passes = passes
        self.part_s = part_s
        self.requests: list[LLMRequest] = []
        self.capabilities = Capabilities("scripted", "calls", takes_tools=takes_tools, takes_schema=takes_schema)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The next pass of the script."""
        parts = self.passes[min(len(self.requests), len(self.passes) - 1)]
        self.requests.append(request)
        for part in parts:
            await anyio.sleep(self.part_s)
            yield TextDelta(part) if isinstance(part, str) else part


@dataclass
class FakeAct:
    """Takes `takes_s`, raises `error` where there is one, and says `says`; `called` are the arguments so far."""

    says: str = ""
    takes_s: float = 0.0
    error: SparkError | None = None
    called: list[Mapping[str, Any]] = field(default_factory=list)

    async def __call__(self, arguments: Mapping[str, Any], caller: Caller, /) -> str:
        """Note the arguments."""
        del caller
        self.called.append(dict(arguments))
        await anyio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error
        return self.says


def an_instrument(name: str, act: FakeAct, *, answers: bool = False) -> Instrument:
    """A tool with one argument, a text called `what`."""
    what = {"type": "string", "maxLength": 40}
    schema = {"type": "object", "properties": {"what": what}, "required": ["what"]}
    return Instrument(Tool(name, f"Call {name}.", schema), act, answers)


def a_call(name: str, arguments: str = '{"what": "it"}', id: str = "c1") -> ToolCall:
    """A call as a model writes it."""
    return ToolCall(id, name, arguments)
