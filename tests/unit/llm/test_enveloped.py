import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.llm.enveloped import Enveloped
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, Message, TextDelta, Usage
from spark_vtuber.testing.models import a_request

FACE = Tool("face", "Change your face.", {"type": "object", "properties": {"name": {"type": "string"}}})
HAPPY = '{"say": "Oh, \\"hi\\" there!", "calls": [{"name": "face", "arguments": {"name": "happy"}}]}'


class Server:
    """A model that writes a text in pieces of `size` characters."""

    def __init__(self, text: str, size: int = 3, takes_tools: bool = False, takes_schema: bool = True) -> None:
        self.text = text
        self.size = size
        self.capabilities = Capabilities("x", takes_tools=takes_tools, takes_schema=takes_schema)
        self.requests: list[LLMRequest] = []

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        self.requests.append(request)
        for at in range(0, len(self.text), self.size):
            yield TextDelta(self.text[at : at + self.size])
        yield Usage(tokens_out=3)


def asked(*messages: Message, tools: Sequence[Tool] = (FACE,)) -> LLMRequest:
    system = Message("system", "You are Spark.")
    return replace(a_request("hello"), messages=(system, *messages), tools=tuple(tools))


async def answer(server: Server, request: LLMRequest) -> list[LLMPart]:
    return [part async for part in Enveloped(server).stream(request)]


def words(parts: Sequence[LLMPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextDelta))


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_what_is_said_and_called_comes_out_of_the_envelope(size: int) -> None:
    server = Server(HAPPY, size)
    parts = await answer(server, asked())
    assert words(parts) == 'Oh, "hi" there!'
    assert [part for part in parts if isinstance(part, ToolCall)] == [ToolCall("call-0", "face", '{"name": "happy"}')]
    assert Usage(tokens_out=3) in parts


async def test_words_come_while_the_calls_are_still_written() -> None:
    parts = await answer(Server(HAPPY, 1), asked())
    last_word = max(number for number, part in enumerate(parts) if isinstance(part, TextDelta))
    assert last_word < len(parts) - 2


async def test_the_server_is_asked_with_a_schema_and_the_tools_in_words() -> None:
    server = Server(HAPPY)
    await answer(server, asked(Message("user", "hi")))
    (request,) = server.requests
    assert request.tools == ()
    assert request.schema is not None
    assert request.messages[0].content.startswith("You are Spark.\n\n")
    assert "face: Change your face." in request.messages[0].content
    assert request.messages[1] == Message("user", "hi")


async def test_calls_and_results_of_before_are_words_too() -> None:
    call = ToolCall("c", "face", '{"name": "sad"}')
    broken = replace(call, arguments="{")
    server = Server(HAPPY)
    said = Message("assistant", "Hm.", calls=(call, broken))
    results = (Message("tool", "done", answers="c"), Message("tool", "not done", answers="c"))
    await answer(server, asked(Message("user", "hi"), said, *results, Message("user", "well?")))
    sent = server.requests[0].messages
    assert [message.role for message in sent] == ["system", "user", "assistant", "user", "user"]
    assert json.loads(sent[2].content)["calls"][0] == {"name": "face", "arguments": {"name": "sad"}}
    assert sent[3].content == "done\nnot done"
    await answer(server, asked(said, *results))
    assert server.requests[1].messages[-1].content == "done\nnot done"


async def test_a_prompt_without_a_system_message_gets_one() -> None:
    server = Server(HAPPY)
    await answer(server, replace(asked(), messages=(Message("user", "hi"),)))
    assert [message.role for message in server.requests[0].messages] == ["system", "user"]


@pytest.mark.parametrize("text", ["Just words, no braces.", " And {this} too."])
async def test_plain_words_are_spoken_as_they_come(text: str) -> None:
    parts = await answer(Server(text), asked())
    assert words(parts) == text
    assert not any(isinstance(part, ToolCall) for part in parts)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ('{"calls": [], "say": "late"}', "late"),
        ('{"say": "", "calls": []}', ""),
        ('{"say": "cut off in the mid', "cut off in the mid"),
        ("{ no json at all", "{ no json at all"),
        ('{"face": "happy"}', ""),
        ('```json\n{"calls": [{"name": "face"', ""),
        ("{}", ""),
    ],
)
async def test_whatever_is_written_ends_in_words(text: str, spoken: str) -> None:
    assert words(await answer(Server(text), asked())) == spoken


@pytest.mark.parametrize(
    ("takes_tools", "takes_schema", "tools"), [(True, True, (FACE,)), (False, False, (FACE,)), (False, True, ())]
)
async def test_other_requests_pass_as_they_are(takes_tools: bool, takes_schema: bool, tools: tuple[Tool, ...]) -> None:
    server = Server("Hello.", takes_tools=takes_tools, takes_schema=takes_schema)
    request = asked(tools=tools)
    assert words(await answer(server, request)) == "Hello."
    assert server.requests == [request]
    assert Enveloped(server).capabilities is server.capabilities
