"""The `LLM` port over one server with OpenAI's interface, in the dialect of that server."""

import json
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, assert_never

import anyio

from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.llm.dialects.dialect import Dialect, Seen
from spark_vtuber.llm.dialects.table import AUTO, DIALECTS
from spark_vtuber.llm.openai_look import look, try_out
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.openai_protocol import AnswerReader, Cut, Failure, Finish, Part, Text, Thought
from spark_vtuber.llm.openai_wire import PassingError, RefusedError, Wire
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta, Usage
from spark_vtuber.llm.prompt_json import PromptEncoder

CHARS_PER_TOKEN: Final = 16
"""No tokenizer gives more characters for an average token; an answer beyond this ignores its limit."""

TAIL_S: Final = 0.25
"""How long the token counts may come after the last piece of text."""

LOOK_AGAIN_S: Final = 15.0
"""How often a server whose adapters have numbers is looked at, in case another took its place."""

LOOK_S: Final = 1.0
"""How long a server may take to tell of itself."""

TRIAL_S: Final = 30.0
"""How long one request of a trial may take; it runs beside everything else."""


_GONE: Final = frozenset({"unreachable", "dropped", "server_error"})
"""Failures of a server that may be another one when it is back; one that is only slow is the same."""


class OpenAIModel:
    """A model behind a base URL. Several streams may run at once.

    `personas` are numbered in their order; a character that is not among them is numbered when it first asks.
    """

    def __init__(
        self, options: OpenAIOptions, wire: Wire, personas: tuple[PersonaId, ...], log: logging.Logger
    ) -> None:
        self._options = options
        self._wire = wire
        self._log = log
        self._prompts = PromptEncoder()
        self._heads: dict[PersonaId, tuple[tuple[Any, ...], bytes]] = {}
        self._places = {persona: place for place, persona in enumerate(personas)}
        self._dialect = DIALECTS["openai" if options.dialect == AUTO else options.dialect]
        self._seen = Seen(model=options.model, adapters={})
        self._must_look = not options.model or self._dialect.name != "openai"
        self._is_news = False
        self._news = anyio.Event()

    @property
    def capabilities(self) -> Capabilities:
        """The model's name is empty until the server was asked for it."""
        seen = self._seen
        return Capabilities(
            engine="openai",
            model=seen.model,
            dialect=self._dialect.name,
            context_tokens=seen.context_tokens,
            adapters=tuple(seen.adapters or ()),
            takes_schema=seen.takes_schema,
            takes_tools=seen.takes_tools,
        )

    @property
    def dialect(self) -> Dialect:
        """That of the server, as far as it was seen."""
        return self._dialect

    async def meet(self, timeout_s: float) -> None:
        """Look where that was not done, or where the server failed since. Raises as `look`."""
        if self._must_look:
            await self.look(timeout_s)

    async def look(self, timeout_s: float) -> None:
        """See what stands behind the address.

        Raises:
            EngineError: as `openai_look.look`; the next stream looks again.
        """
        self._must_look = True
        self._dialect, seen = await look(self._wire, self._options.dialect, self._options.model, timeout_s)
        self._must_look = False
        if self._options.prompt_memory == "off":
            seen = replace(seen, keeps_apart=True)
        if seen.note and seen.note != self._seen.note:
            self._log.warning("%s; fix: %s", seen.note, seen.fix)
        self._seen = seen
        self._is_news = True
        self._news.set()

    async def keep_in_view(self) -> None:
        """Try out what a look showed, and look again now and then where another server would go unnoticed."""
        while True:
            while self._is_news:
                self._is_news = False
                await self._try_out()
            self._news = anyio.Event()
            with anyio.move_on_after(LOOK_AGAIN_S if self._has_numbered_adapters else float("inf")) as patience:
                await self._news.wait()
            if patience.cancelled_caught:
                await self._look_again()

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The answer; see the port. One more attempt is made where nothing was given and the failure may pass.

        A server that refuses a request with a schema or with tools, and takes it without, is asked without from then
        on.
        """
        deadline = anyio.current_time() + self._options.first_token_timeout_s
        await self.meet(self._options.first_token_timeout_s)
        limit = CHARS_PER_TOKEN * self._max_tokens(request)
        is_given = False
        pause_s = 0.0
        asked = self._as_taken(request)
        try:
            async with aclosing(self._attempt(self._body(asked), limit, deadline)) as parts:
                async for part in parts:
                    is_given = True
                    yield part
        except PassingError as error:
            self._doubt(error)
            if is_given or anyio.current_time() + error.pause_s >= deadline:
                raise
            pause_s = error.pause_s
        except RefusedError as error:
            self._blame_the_adapter(request, error)
            if is_given or not error.is_unwanted or (asked.schema is None and not asked.tools):
                raise
            asked = replace(asked, schema=None) if asked.schema is not None else replace(asked, tools=())
        except EngineError as error:
            self._doubt(error)
            raise
        else:
            return
        await anyio.sleep(pause_s)
        async with aclosing(self._attempt(self._body(asked), limit, deadline)) as parts:
            async for part in parts:
                self._learn(request, asked)
                yield part

    async def _attempt(self, body: bytes, limit: int, deadline: float) -> AsyncGenerator[LLMPart, None]:
        reader = AnswerReader(limit)
        is_given = False
        async with aclosing(self._wire.chat(body)) as chunks:
            while not reader.is_done:
                chunk = await self._wire.next(chunks, deadline, is_optional=reader.is_finished)
                for part in self._parts(reader, chunk):
                    match part:
                        case Text():
                            is_given = True
                            yield TextDelta(part.text)
                        case Usage() | ToolCall():
                            is_given = is_given or isinstance(part, ToolCall)
                            yield part
                        case Failure():
                            raise self._wire.failed(part.status, f": {self._wire.shown(part.message)}")
                        case Cut():
                            raise self._wire.dropped()
                        case Thought() | Finish():
                            pass
                        case _:
                            assert_never(part)
                    deadline = self._deadline(deadline, is_given=is_given, is_finished=reader.is_finished)
        if not is_given:
            fix = "raise llm.max_tokens, or turn the model's reasoning off"
            raise EngineError("empty", f"{self._wire.place} gave no text", fix=fix)

    def _parts(self, reader: AnswerReader, chunk: bytes | None) -> Iterator[Part | ToolCall]:
        """What a chunk completes; the tool calls come when the answer is finished."""
        try:
            for part in reader.close() if chunk is None else reader.feed(chunk):
                yield part
                if isinstance(part, Finish):
                    yield from reader.tool_calls
        except ProtocolError as error:
            raise EngineError("bad_answer", f"{self._wire.place}: {error.message}") from error

    def _deadline(self, deadline: float, *, is_given: bool, is_finished: bool) -> float:
        now = anyio.current_time()
        if is_finished:
            return min(deadline, now + TAIL_S)
        return now + self._options.token_timeout_s if is_given else deadline

    def _max_tokens(self, request: LLMRequest) -> int:
        own = self._options.max_tokens
        return request.max_tokens if own is None else min(own, request.max_tokens)

    def _body(self, request: LLMRequest) -> bytes:
        messages = self._prompts.encode(request.persona.id, request.messages)
        return self._head(request) + b',"messages":' + messages + b"}"

    def _head(self, request: LLMRequest) -> bytes:
        """The request but its messages, without the end; it is the one of the turn before unless something changed."""
        persona = request.persona
        limit = self._max_tokens(request)
        why = (
            self._dialect,
            self._seen,
            persona.adapter,
            persona.sampling,
            request.temperature,
            request.stop,
            limit,
            request.schema,
            request.tools,
        )
        last = self._heads.get(persona.id)
        if last is not None and last[0] == why:
            return last[1]
        keys = self._keys(request, limit)
        head = json.dumps(keys, separators=(",", ":")).encode()[:-1]
        self._heads[persona.id] = (why, head)
        return head

    def _keys(self, request: LLMRequest, limit: int) -> dict[str, Any]:
        persona = request.persona
        place = self._places.setdefault(persona.id, len(self._places))
        try:
            keys = self._dialect.shape(self._seen, persona.adapter, place)
        except EngineError:
            self._must_look = True
            raise
        keys |= {"stream": True, "stream_options": {"include_usage": True}}
        if self._options.temperature is not None:
            keys["temperature"] = self._options.temperature
        keys |= self._dialect.sampled(persona.sampling)
        if request.temperature is not None:
            keys["temperature"] = request.temperature
        if request.stop:
            keys["stop"] = request.stop
        if "max_completion_tokens" not in self._options.extra_body:
            keys["max_tokens"] = limit
        if request.schema is not None:
            shape = {"name": "answer", "strict": True, "schema": request.schema}
            keys["response_format"] = {"type": "json_schema", "json_schema": shape}
        if request.tools:
            keys["tools"] = [_function(tool) for tool in request.tools]
        return keys | self._options.extra_body

    def _as_taken(self, request: LLMRequest) -> LLMRequest:
        """The request without what the server is known to refuse."""
        if request.schema is not None and not self._seen.takes_schema:
            request = replace(request, schema=None)
        return replace(request, tools=()) if request.tools and not self._seen.takes_tools else request

    def _learn(self, request: LLMRequest, taken: LLMRequest) -> None:
        """The server answers what it was asked in the second attempt; what was left out is not offered again."""
        if request.schema is not None and taken.schema is None and self._seen.takes_schema:
            self._seen = replace(self._seen, takes_schema=False)
        elif request.tools and not taken.tools and self._seen.takes_tools:
            self._seen = replace(self._seen, takes_tools=False)

    def _blame_the_adapter(self, request: LLMRequest, error: RefusedError) -> None:
        """Raise `no_adapter` where that is why the server refused."""
        adapter = request.persona.adapter
        if adapter is None or error.status not in self._dialect.unknown_adapter:
            return
        said = error.message.lower()
        if error.status == 404 or "lora" in said or "adapter" in said or adapter.name.lower() in said:
            raise self._dialect.without(adapter, self._seen.adapters or ()) from error

    def _doubt(self, error: EngineError) -> None:
        """After a failure another server may stand there, with other numbers for its adapters."""
        if error.code in _GONE and self._has_numbered_adapters:
            self._must_look = True

    @property
    def _has_numbered_adapters(self) -> bool:
        return self._dialect.name == "llamacpp" and bool(self._seen.adapters)

    async def _try_out(self) -> None:
        """Find out by a trial what the server does not tell, and have it load its model where it has not."""
        await self._warm_up()
        seen = self._seen
        tried = await try_out(self._wire, self._dialect, seen, TRIAL_S)
        if tried.note and tried.note != seen.note:
            self._log.warning("%s; fix: %s", tried.note, tried.fix)
        if not self._is_news:
            self._seen = replace(self._seen, keeps_apart=tried.keeps_apart, note=tried.note, fix=tried.fix)

    async def _warm_up(self) -> None:
        if self._dialect.warm is None:
            return
        request = self._dialect.warm(self._seen.model, self._options.keep_alive)
        try:
            await self._wire.value(request.path, request.body, timeout_s=self._options.load_timeout_s)
            _, seen = await look(self._wire, self._dialect.name, self._options.model, LOOK_S)
        except EngineError as error:
            self._log.info("%s could not be loaded beforehand: %s", self._seen.model, error.message)
            return
        self._seen = replace(self._seen, context_tokens=seen.context_tokens)

    async def _look_again(self) -> None:
        """See whether it is still the same server; what was tried out of it holds as long as it tells the same."""
        tried, adapters, must_look = self._seen, self._seen.adapters, self._must_look
        try:
            await self.look(LOOK_S)
        except EngineError as error:
            self._must_look = must_look or error.code in _GONE
            self._log.info("the model server does not answer: %s", error.message)
            return
        if self._seen.adapters == adapters and self._seen.slots == tried.slots:
            self._seen = replace(self._seen, keeps_apart=tried.keeps_apart, note=tried.note, fix=tried.fix)
            self._is_news = False


def _function(tool: Tool) -> dict[str, Any]:
    """A tool as OpenAI's interface has it."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
