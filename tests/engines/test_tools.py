"""Calls of tools that a real server is held to by an envelope, from weights that know neither words nor tools."""

from dataclasses import replace

import pytest

from spark_vtuber.core.arguments import arguments_of
from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.llm.enveloped import Enveloped
from spark_vtuber.llm.port import LLM, Capabilities, TextDelta
from spark_vtuber.testing.bench.engine_answer import greedy
from spark_vtuber.testing.llama_server import LlamaServer
from spark_vtuber.testing.tiny_show import PERSONAS, a_show, our_client

pytestmark = pytest.mark.engines

ANSWERS = 24
FACE = {"type": "string", "enum": ["happy", "sad", "smug"]}
STEPS = {"type": "integer", "minimum": 0, "maximum": 9}
TOOLS = (
    Tool("face", "Change your face.", {"type": "object", "properties": {"face": FACE}, "required": ["face"]}),
    Tool("walk", "Walk.", {"type": "object", "properties": {"steps": STEPS}, "required": ["steps"]}),
)


class WithoutTools:
    """A model whose server says that it has no tools."""

    def __init__(self, model: LLM) -> None:
        self._model = model
        self.stream = model.stream

    @property
    def capabilities(self) -> Capabilities:
        return replace(self._model.capabilities, takes_tools=False, takes_schema=True)


async def test_every_call_that_comes_is_one_of_the_tools_with_right_arguments(server: LlamaServer) -> None:
    calls: list[ToolCall] = []
    spoken = 0
    async with our_client(server) as model:
        able = Enveloped(WithoutTools(model))
        for number, asked in enumerate(a_show(ANSWERS, seed=5)):
            request = replace(greedy(PERSONAS[number % 2], asked.prompt, max_tokens=300), tools=TOOLS, temperature=1.0)
            parts = [part async for part in able.stream(request)]
            calls += [part for part in parts if isinstance(part, ToolCall)]
            spoken += any(isinstance(part, TextDelta) for part in parts)
    known = {tool.name: tool for tool in TOOLS}
    print(f"{ANSWERS} answers, {spoken} with words, {len(calls)} calls")
    assert [call for call in calls if not arguments_of(known[call.name], call.arguments)] == []
    assert len(calls) >= ANSWERS // 4
