"""The port of language models."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.personas import PersonaView


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation a model is shown."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class LLMRequest:
    """What a model is asked for one turn.

    `messages` is the whole prompt. Engines without a model answer from `cue` and `persona` instead. With a `schema` the
    answer shall be one JSON value of that JSON schema; a server that cannot be held to it is asked without, so whoever
    asks must check.
    """

    persona: PersonaView
    cue: Cue
    messages: tuple[Message, ...]
    max_tokens: int = 300
    temperature: float | None = None
    stop: tuple[str, ...] = field(default=())
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer, as generated: it may hold markup and cut words anywhere."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the server reports them; None where it does not."""

    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None


LLMPart = TextDelta | Usage


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine is: its name and model for people, and whether it needs no weights."""

    engine: str
    model: str = ""
    is_scripted: bool = False


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
