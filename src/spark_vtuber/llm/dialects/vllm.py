"""vLLM: an adapter is a model of its own by name; guided JSON; sleep and wake.

Adapters are listed by `GET /v1/models` with their base as `parent`; one that was loaded later may be missing there
(vllm-project/vllm#11761), so a name that is not listed is asked for all the same. An unknown one is a 404. The strength
of an adapter is fixed when it is loaded. Cached tokens are counted with `--enable-prompt-tokens-details`. Sleep needs
`--enable-sleep-mode` and `VLLM_SERVER_DEV_MODE=1`; at level 1 the weights wait in the machine's memory.
"""

from dataclasses import replace
from typing import Any, Final

from spark_vtuber.core.personas import Adapter
from spark_vtuber.llm.dialects.dialect import (
    Answers,
    Dialect,
    Question,
    Rest,
    Seen,
    a_count,
    a_text,
    an_object,
    entries_of,
    entry_of,
)


def _read(seen: Seen, answers: Answers) -> Seen:
    entries = entries_of(answers)
    base = seen.model
    if a_text(entry_of(answers, base).get("parent")):
        base = next((a_text(entry.get("id")) for entry in entries if not a_text(entry.get("parent"))), base)
    adapters = [a_text(entry.get("id")) for entry in entries if a_text(entry.get("parent"))]
    return replace(
        seen,
        model=base,
        adapters={name: number for number, name in enumerate(adapters)},
        context_tokens=a_count(entry_of(answers, base).get("max_model_len")),
    )


def _shape(seen: Seen, adapter: Adapter | None, place: int) -> dict[str, Any]:
    del place
    return {"model": seen.model if adapter is None else adapter.name}


DIALECT: Final = Dialect(
    name="vllm",
    title="vLLM",
    sampling={
        "temperature": "temperature",
        "top_p": "top_p",
        "min_p": "min_p",
        "repeat_penalty": "repetition_penalty",
    },
    read=_read,
    shape=_shape,
    unknown_adapter=frozenset({404}),
    adapter_fix="start vLLM with --enable-lora --lora-modules NAME=FOLDER, or correct the adapter's name",
    has_adapters=True,
    rest=Rest(
        asked=lambda _model: Question("/is_sleeping"),
        is_awake=lambda answer, _model: an_object(answer).get("is_sleeping") is False,
        wake=lambda _model, _keep_alive: Question("/wake_up", {}),
        rest=lambda _model: Question("/sleep?level=1", {}),
        fix="start vLLM with --enable-sleep-mode and VLLM_SERVER_DEV_MODE=1 in its environment",
    ),
)
