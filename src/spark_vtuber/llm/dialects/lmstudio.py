"""LM Studio: models are loaded by the first request that names them; `GET /api/v0/models` tells which are.

A model that is not loaded has no context yet; what is told then is the longest it could have, which is more than it
will be loaded with, so nothing is taken from it.
"""

from dataclasses import replace
from typing import Final

from spark_vtuber.llm.dialects.dialect import Answers, Dialect, Question, Seen, a_count, an_object, objects

MODELS: Final = "/api/v0/models"


def _questions(_model: str) -> tuple[Question, ...]:
    return (Question(MODELS),)


def _read(seen: Seen, answers: Answers) -> Seen:
    entries = objects(an_object(answers.get(MODELS)).get("data"))
    entry = next((entry for entry in entries if entry.get("id") == seen.model), {})
    skills = entry.get("capabilities")
    is_loaded = entry.get("state") == "loaded"
    is_waiting = bool(entry) and not is_loaded
    return replace(
        seen,
        context_tokens=a_count(entry.get("loaded_context_length")) if is_loaded else None,
        takes_tools="tool_use" in skills if isinstance(skills, list) else seen.takes_tools,
        note=f"LM Studio loads {seen.model} with the first request, which takes a while" if is_waiting else "",
        fix="load the model in LM Studio before the show" if is_waiting else "",
    )


DIALECT: Final = Dialect(
    name="lmstudio",
    title="LM Studio",
    sampling={"temperature": "temperature", "top_p": "top_p", "repeat_penalty": "repeat_penalty"},
    questions=_questions,
    read=_read,
    adapter_fix="merge the adapter into a model of its own and name that as the character's model",
)
