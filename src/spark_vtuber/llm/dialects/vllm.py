"""vLLM: an adapter is a model of its own by name; guided JSON; sleep and wake.

Adapters are listed by `GET /v1/models` with their base as `parent`; one that was loaded later may be missing there
(vllm-project/vllm#11761), so a name that is not listed is asked for all the same. An unknown one is a 404. The strength
of an adapter is fixed when it is loaded. Cached tokens are counted with `--enable-prompt-tokens-details`.
"""

from dataclasses import replace
from typing import Any, Final

from spark_vtuber.core.personas import Adapter
from spark_vtuber.llm.dialects.dialect import Answers, Dialect, Seen, a_count, a_text, entries_of, entry_of


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
)
