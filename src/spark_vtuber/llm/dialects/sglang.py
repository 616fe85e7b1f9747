"""SGLang: an adapter by `lora_path`, which takes the name it was loaded under.

`GET /server_info` (older servers: `/get_server_info`) tells the arguments the server was started with. Where it was
started without `--tool-call-parser`, calls would come as plain text, so tools are not offered.
"""

from dataclasses import replace
from typing import Any, Final

from spark_vtuber.core.personas import Adapter
from spark_vtuber.llm.dialects.dialect import (
    Answers,
    Dialect,
    Question,
    Seen,
    a_count,
    a_text,
    an_object,
    entry_of,
    objects,
)

INFO: Final = "/server_info"
OLD_INFO: Final = "/get_server_info"


def _questions(_model: str) -> tuple[Question, ...]:
    return (Question(INFO), Question(OLD_INFO))


def _read(seen: Seen, answers: Answers) -> Seen:
    info = an_object(answers.get(INFO)) or an_object(answers.get(OLD_INFO))
    tokens = a_count(entry_of(answers, seen.model).get("max_model_len")) or a_count(info.get("context_length"))
    return replace(
        seen,
        adapters=_adapters(info.get("lora_paths")),
        context_tokens=tokens,
        takes_tools=bool(info.get("tool_call_parser")) if info else seen.takes_tools,
    )


def _adapters(paths: Any) -> dict[str, int] | None:
    """Names of adapters; the server tells them as an object, or as a list of objects."""
    if isinstance(paths, dict):
        names = [name for name in paths if isinstance(name, str)]
    elif isinstance(paths, list):
        names = [name for entry in objects(paths) if (name := a_text(entry.get("lora_name")))]
    else:
        return None
    return {name: number for number, name in enumerate(names)}


def _shape(seen: Seen, adapter: Adapter | None, place: int) -> dict[str, Any]:
    del place
    return {"model": seen.model} if adapter is None else {"model": seen.model, "lora_path": adapter.name}


DIALECT: Final = Dialect(
    name="sglang",
    title="SGLang",
    sampling={
        "temperature": "temperature",
        "top_p": "top_p",
        "min_p": "min_p",
        "repeat_penalty": "repetition_penalty",
    },
    questions=_questions,
    read=_read,
    shape=_shape,
    unknown_adapter=frozenset({400, 404}),
    adapter_fix="start SGLang with --enable-lora --lora-paths NAME=FOLDER, or correct the adapter's name",
    has_adapters=True,
)
