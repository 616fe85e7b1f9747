"""The port of language models."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.tools import Tool, ToolCall


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation a model is shown.

    `calls` are what an assistant message called; a tool message is the result of the call whose id `answers` is.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class LLMRequest:
    """What a model is asked for one turn.

    `messages` is the whole prompt. Engines without a model answer from `cue` and `persona` instead. With a `schema` the
    answer shall be one JSON value of that JSON schema; a server that cannot be held to it is asked without, so whoever
    asks must check. `tools` may be called: a call comes as a `ToolCall` among the parts, its arguments unchecked.
    Sampling and the adapter are the persona's.
    """

    persona: PersonaView
    cue: Cue
    messages: tuple[Message, ...]
    max_tokens: int = 300
    temperature: float | None = None
    stop: tuple[str, ...] = field(default=())
    schema: Mapping[str, Any] | None = None
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer, as generated: it may hold markup and cut words anywhere."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the server reports them; None where it does not.

    `tokens_drafted` were proposed by a draft model or by n-grams, `tokens_accepted` of them were kept.
    """

    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    tokens_drafted: int | None = None
    tokens_accepted: int | None = None


LLMPart = TextDelta | ToolCall | Usage


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine is: its name and model for people, whether it needs no weights, and what was seen of its server.

    `dialect` names the kind of server. `context_tokens` is the longest prompt with its answer, None where nobody said.
    `adapters` are those the server has loaded. `is_shared`: the model leaves the memory for another's, so that it is
    not to be asked for trifles.
    """

    engine: str
    model: str = ""
    is_scripted: bool = False
    dialect: str = ""
    context_tokens: int | None = None
    adapters: tuple[str, ...] = ()
    takes_schema: bool = False
    takes_tools: bool = False
    is_shared: bool = False


class LLM(Protocol):
    """A language model that answers as a stream."""

    @property
    def capabilities(self) -> Capabilities:
        """What stands behind the port."""
        ...

    def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The answer, piece by piece; `Usage` at most once.

        Every piece of text is given exactly once. Closing the generator or cancelling the caller aborts the
        request at the server. Raises `EngineError` (`unreachable`, `timeout`, `bad_answer`, `refused` …); a call is
        retried inside the engine only while nothing was given yet.
        """
        ...


async def written(model: LLM, request: LLMRequest, most_chars: int) -> str:
    """The text of a whole answer, for a question whose answer nobody speaks.

    One that grows beyond `most_chars` is left, and may be cut. Raises `EngineError` as the model does.
    """
    text = ""
    async with aclosing(model.stream(request)) as parts:
        async for part in parts:
            if isinstance(part, TextDelta):
                text += part.text
            if len(text) > most_chars:
                break
    return text
