"""llama.cpp's `llama-server`: adapters by number in every request, a slot for each character.

Written against the server in llama-cpp-python 0.3.36 (`tools/server`), and what was measured of it:

* A request without `lora` gets every adapter at the scale the server was started with, usually 1: the full list goes
  with every request, with 0 for all that are not meant. The numbers are those of `GET /lora-adapters`.
* A slot forgets its prompt when the list changes, but the prompt cache in memory (`--cache-ram`, on by default) does
  not know under which adapter an entry was computed, and gives one character the other's (ggml-org/llama.cpp#26207).
  The server does not tell whether it has that cache. The trial shows it: of the prompts A, B, A in one slot the last is
  computed anew only where there is none. Until that is known prompts are computed anew (`cache_prompt: false`).
* Started without a model it is a router: models by name, which `/models/load` and `/models/unload` load and unload.
* An `id_slot` beyond the last slot wraps around, so characters share slots where there are fewer; the slot forgets its
  prompt at each change.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import Adapter
from spark_vtuber.llm.dialects.dialect import (
    MODELS,
    Answers,
    Dialect,
    Question,
    Rest,
    Seen,
    a_count,
    a_text,
    an_object,
    entry_of,
    objects,
)

ADAPTERS: Final = "/lora-adapters"
PROPS: Final = "/props"

_TRIALS: Final = (
    "Name the colours of a field in spring: green, yellow, white, and the red of poppies between the rows of corn.",
    "Count what lies on the desk: two pens, one cup, seven letters, a lamp, a key without a lock and an old ticket.",
)
"""Two prompts that share no more than the template's beginning, each of more than twenty words."""

_LEAST_COMPUTED: Final = 12
"""Tokens: fewer than the words of a trial, and more than a server computes of a prompt that it remembers."""

_MEMORY_FIX: Final = "start llama-server with --cache-ram 0"


def _questions(model: str) -> tuple[Question, ...]:
    """Of a router those of one model, which are told only while it is loaded; other servers do not look at the name."""
    which = f"?model={quote(model, safe='')}&autoload=false"
    return (Question(PROPS + which), Question(ADAPTERS + which))


def _read(seen: Seen, answers: Answers) -> Seen:
    props = an_object(answers.get(PROPS))
    flags = _flags(answers, seen.model)
    adapters = _adapters(answers.get(ADAPTERS))
    caps = an_object(props.get("chat_template_caps"))
    return replace(
        seen,
        adapters=None if not adapters and any(flag.startswith("--lora") for flag in flags) else adapters,
        context_tokens=a_count(an_object(props.get("default_generation_settings")).get("n_ctx")),
        slots=a_count(props.get("total_slots")) or 0,
        keeps_apart=not adapters or ("--cache-ram", "0") in pairwise(flags),
        takes_tools=caps.get("supports_tools") is not False,
    )


def _flags(answers: Answers, model: str) -> list[str]:
    """The flags with which a router starts a model; none where it is no router."""
    flags = an_object(entry_of(answers, model).get("status")).get("args")
    return [flag for flag in flags if isinstance(flag, str)] if isinstance(flags, list) else []


def _adapters(answer: Any) -> dict[str, int]:
    """Number by name, which is the file's without its ending; a second one of that name is called by its number."""
    found: dict[str, int] = {}
    for entry in objects(answer):
        number = entry.get("id")
        stem = PurePosixPath(a_text(entry.get("path")).replace("\\", "/")).name.removesuffix(".gguf")
        if type(number) is int and number >= 0:
            found[f"{stem}#{number}" if stem in found or not stem else stem] = number
    return found


def _shape(seen: Seen, adapter: Adapter | None, place: int) -> dict[str, Any]:
    adapters = seen.adapters
    if adapters is None:
        message = f"the adapters of {seen.model} are not known before it is loaded"
        raise EngineError("no_adapter", message, retryable=True, fix="set llm.slot, or load the model in the router")
    keys: dict[str, Any] = {"model": seen.model}
    if seen.slots:
        keys["id_slot"] = place % seen.slots
    if adapter is not None and adapter.name not in adapters:
        raise DIALECT.without(adapter, adapters)
    if adapters:
        keys["lora"] = _scales(adapters, adapter)
        keys["cache_prompt"] = seen.keeps_apart
    return keys


def _scales(adapters: Mapping[str, int], adapter: Adapter | None) -> list[dict[str, float]]:
    wanted = None if adapter is None else adapters[adapter.name]
    scale = 0.0 if adapter is None else adapter.scale
    return [{"id": number, "scale": scale if number == wanted else 0.0} for number in sorted(adapters.values())]


def _trial(seen: Seen) -> tuple[Mapping[str, Any], ...]:
    """In the last slot: where there are more than characters, nobody's prompt is pushed out by it."""
    if not seen.adapters or seen.keeps_apart:
        return ()
    keys = {**_shape(seen, None, max(seen.slots - 1, 0)), "cache_prompt": True, "max_tokens": 1}
    return tuple({**keys, "messages": [{"role": "user", "content": _TRIALS[index]}]} for index in (0, 1, 0))


def _conclude(seen: Seen, answers: tuple[Any, ...]) -> Seen:
    timings = an_object(an_object(answers[-1]).get("timings")) if answers else {}
    computed = a_count(timings.get("prompt_n"))
    if computed is None:
        note = "could not find out whether llama-server mixes up the prompts of adapters, so each is computed anew"
        return replace(seen, keeps_apart=False, note=note, fix=_MEMORY_FIX)
    if computed < _LEAST_COMPUTED:
        note = "llama-server keeps prompts in memory without telling adapters apart, so each is computed anew"
        return replace(seen, keeps_apart=False, note=note, fix=_MEMORY_FIX)
    return replace(seen, keeps_apart=True, note="", fix="")


def _is_loaded(answer: Any, model: str) -> bool:
    return an_object(entry_of({MODELS: answer}, model).get("status")).get("value") == "loaded"


DIALECT: Final = Dialect(
    name="llamacpp",
    title="llama.cpp",
    sampling={
        "temperature": "temperature",
        "top_p": "top_p",
        "min_p": "min_p",
        "repeat_penalty": "repeat_penalty",
    },
    questions=_questions,
    needed=frozenset({ADAPTERS}),
    read=_read,
    shape=_shape,
    trial=_trial,
    conclude=_conclude,
    adapter_fix="start llama-server with --lora FILE; the adapter's name is the file's without .gguf",
    has_adapters=True,
    rest=Rest(
        asked=lambda _model: Question(MODELS),
        is_awake=_is_loaded,
        wake=lambda model, _keep_alive: Question("/models/load", {"model": model}),
        rest=lambda model: Question("/models/unload", {"model": model}),
        fix="start llama-server as a router: with --models-dir FOLDER and without -m",
    ),
)
