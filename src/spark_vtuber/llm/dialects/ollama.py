"""Ollama: loads a model with the first request that names it, and keeps it for a while.

Its OpenAI interface takes neither `keep_alive` nor `num_ctx`. A request to its own interface without a prompt loads the
model and says for how long it is kept; later requests leave that as it is. How much the model remembers is decided when
it is loaded (`OLLAMA_CONTEXT_LENGTH`, or `PARAMETER num_ctx` of a Modelfile), and a longer prompt is cut without a
word: `GET /api/ps` tells the real length of a loaded model. An adapter is part of a model (`ADAPTER` of a Modelfile).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from spark_vtuber.llm.dialects.dialect import (
    Answers,
    Dialect,
    Question,
    Rest,
    Seen,
    a_count,
    a_text,
    an_object,
    objects,
)

LOADED: Final = "/api/ps"
SHOW: Final = "/api/show"
GENERATE: Final = "/api/generate"


def _questions(model: str) -> tuple[Question, ...]:
    return (Question(LOADED), Question(SHOW, {"model": model}))


def _entry(answer: Any, model: str) -> Mapping[str, Any]:
    """A model among those that are loaded."""
    loaded = objects(an_object(answer).get("models"))
    return next((entry for entry in loaded if same_model(a_text(entry.get("name")), model)), {})


def _read(seen: Seen, answers: Answers) -> Seen:
    skills = an_object(answers.get(SHOW)).get("capabilities")
    return replace(
        seen,
        context_tokens=a_count(_entry(answers.get(LOADED), seen.model).get("context_length")),
        takes_tools="tools" in skills if isinstance(skills, list) else seen.takes_tools,
    )


def same_model(one: str, other: str) -> bool:
    """Whether two names mean one model: `latest` is the tag where none is given."""
    return bool(one) and _tagged(one) == _tagged(other)


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _loading(model: str, keep_alive: str | int) -> Question:
    """A request that loads a model, or with 0 throws it out. A text must have a unit; seconds are a number."""
    kept = int(keep_alive) if str(keep_alive).lstrip("-").isdecimal() else keep_alive
    return Question(GENERATE, {"model": model, "keep_alive": kept, "stream": False})


DIALECT: Final = Dialect(
    name="ollama",
    title="Ollama",
    sampling={"temperature": "temperature", "top_p": "top_p"},
    questions=_questions,
    read=_read,
    adapter_fix="make a model with FROM and ADAPTER in a Modelfile, and name it as the character's model",
    rest=Rest(
        asked=lambda _model: Question(LOADED),
        is_awake=lambda answer, model: bool(_entry(answer, model)),
        wake=_loading,
        rest=lambda model: _loading(model, 0),
    ),
    warm=_loading,
)
