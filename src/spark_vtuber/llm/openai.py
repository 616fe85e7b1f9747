"""Any server with OpenAI's chat completions interface: vLLM, llama.cpp, Ollama, LM Studio, SGLang, TensorRT-LLM, cloud.

What they differ in is in `dialects`; which one answers is seen when the engine opens, and again after a failure.

Codes of the errors this engine raises:

* `unreachable` (retryable): nobody answers at the address;
* `timeout` (retryable): no first text, or no next piece, in time;
* `dropped` (retryable): the connection broke before the answer was finished;
* `overloaded`, `server_error` (retryable): HTTP 429, HTTP 5xx;
* `refused`: another HTTP status, or an error object in a 200;
* `no_adapter`: the server lacks the character's adapter;
* `no_swap`: the server cannot take a model out of its memory or in again;
* `bad_answer`: something that is no answer at all;
* `empty`: a finished answer without any text;
* `no_model`: no model is configured and the server lists none;
* `no_secret`: a referenced secret is missing (when the engine is opened).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio

from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.dialects.dialect import Dialect, Seen
from spark_vtuber.llm.openai_brain import ServedBrain
from spark_vtuber.llm.openai_look import look
from spark_vtuber.llm.openai_model import LOOK_S, OpenAIModel
from spark_vtuber.llm.openai_options import SECRET_PREFIX, OpenAIOptions
from spark_vtuber.llm.openai_wire import Wire
from spark_vtuber.llm.port import LLM
from spark_vtuber.llm.swap import Slots, SwappedModel

_SECRET_CHARS: Final = 8
"""The value of a header this long may be a key, also where it was written into the configuration."""


def _secret(reference: str, env: EngineEnv) -> str:
    name = reference.removeprefix(SECRET_PREFIX)
    value = env.secret(name).strip()
    if not value or not value.isascii() or not value.isprintable():
        raise EngineError(
            "no_secret", f"the value behind {reference} is no key", fix=f"set it again: spark-vtuber secrets set {name}"
        )
    return value


def _wire(options: OpenAIOptions, env: EngineEnv) -> Wire:
    headers = dict(options.extra_headers)
    secrets = []
    for name, value in options.extra_headers.items():
        if value.startswith(SECRET_PREFIX):
            headers[name] = _secret(value, env)
        if headers[name] is not value or len(value) >= _SECRET_CHARS:
            secrets.append(headers[name])
    if options.api_key is not None:
        key = _secret(options.api_key, env)
        headers["Authorization"] = f"Bearer {key}"
        secrets.append(key)
    return Wire(
        options.base_url,
        env.http,
        env.random,
        headers=headers,
        secrets=tuple(secrets),
        connect_timeout_s=options.connect_timeout_s,
    )


@asynccontextmanager
async def _open(options: OpenAIOptions, env: EngineEnv) -> AsyncIterator[LLM]:
    """The model. A server that is not there yet is looked at again by the next stream; only `no_secret` is raised here.

    The server is looked at also where everything is configured: the first viewer does not wait for what a first request
    costs.
    """
    wire = _wire(options, env)
    model = OpenAIModel(options, wire, tuple(persona.id for persona in env.personas), env.log)
    try:
        await model.look(LOOK_S)
    except EngineError as error:
        env.log.info("the model server does not answer yet: %s", error.message)
    if not options.slot:
        async with _beside(model.keep_in_view):
            yield model
        return
    slots = env.ports.get("slots") or Slots()
    brain = ServedBrain(model, wire, options.keep_alive, options.load_timeout_s)
    announce, report = env.ports.get("announce", _to_nobody), env.ports.get("report", _to_nobody)
    swapped = SwappedModel(model, brain, slots(options.slot), announce, report)
    async with _beside(swapped.keep):
        yield swapped


def _to_nobody(*_what: object, **_data: object) -> None:
    """Nobody is told."""


@asynccontextmanager
async def _beside(task: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run a task until the context is left; what is raised within comes out as it is."""
    raised: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(task)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the task group's exception group
            raised = error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised


async def _probe(options: OpenAIOptions, env: EngineEnv) -> AsyncGenerator[Finding, None]:
    try:
        dialect, seen = await look(_wire(options, env), options.dialect, options.model, options.connect_timeout_s)
    except EngineError as error:
        yield Finding("llm", "error", error.message, error.fix)
        return
    if options.model and options.model not in seen.models:
        fix = (
            f"set llm.model to one of: {', '.join(seen.models[:5])}" if seen.models else "load the model in the server"
        )
        yield Finding("llm", "warning", f"{options.base_url} does not list the model {options.model}", fix)
    else:
        yield Finding("llm", "ok", f"{options.base_url} ({dialect.title}) offers {seen.model}")
    for persona in env.personas:
        if (finding := _adapter_finding(dialect, seen, persona)) is not None:
            yield finding
    if seen.note:
        yield Finding("llm", "note", seen.note, seen.fix)


def _adapter_finding(dialect: Dialect, seen: Seen, persona: PersonaView) -> Finding | None:
    """What is wrong with a character's adapter."""
    adapter = persona.adapter
    if adapter is None:
        return None
    if not dialect.has_adapters:
        detail = f"{dialect.title} takes no adapter by name; {persona.name} would speak without {adapter.name}"
        return Finding("llm", "warning", detail, dialect.adapter_fix)
    if seen.adapters is not None and adapter.name not in seen.adapters:
        error = dialect.without(adapter, seen.adapters)
        return Finding("llm", "warning", error.message, error.fix)
    return None


SPEC: Final = EngineSpec(
    options=OpenAIOptions,
    open=_open,
    probe=_probe,
    summary="any server with OpenAI's chat completions interface",
    licence="Apache-2.0",
)
