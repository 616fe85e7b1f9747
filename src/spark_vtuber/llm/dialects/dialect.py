"""What kinds of model servers differ in, as values and pure functions: nothing here asks a server.

The client asks the `questions` of a dialect when it connects, gives the answers to `read`, and puts what `shape`
returns into the body of every request. What a server said is hostile input: a dialect takes from it only what has the
right type, and an answer that makes no sense counts as none.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import Adapter, Sampling

MODELS: Final = "/v1/models"

MAX_NAMES: Final = 10_000
"""More models or adapters than this are no honest list."""

_SHOWN_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class Question:
    """A request whose answer tells something of the server: a GET below its root, with a `body` a POST."""

    path: str
    body: Mapping[str, Any] | None = None


Answers = Mapping[str, Any]
"""The JSON values by the path of their question, without its query; None where the server has no such answer.

What was not answered in time is missing.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a server.

    `model` is the name it is asked for. `adapters` are those it has loaded, each with the number the server gives it;
    None where it does not tell. `slots` are the conversations it keeps apart, 0 where it does not tell. `keeps_apart`:
    what it computed under one adapter is never used under another. `takes_schema` and `takes_tools` hold until the
    server refuses one. `note` and `fix` are for the streamer.
    """

    model: str = ""
    models: tuple[str, ...] = ()
    adapters: Mapping[str, int] | None = None
    context_tokens: int | None = None
    slots: int = 0
    keeps_apart: bool = True
    takes_schema: bool = True
    takes_tools: bool = True
    note: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """How a server's model leaves its memory and comes back.

    `asked(model)` is a question whose answer `is_awake(answer, model)` reads; `wake(model, keep_alive)` and
    `rest(model)` are requests. A server may answer these before it is done. `fix` is what to do where it refuses.
    """

    asked: Callable[[str], Question]
    is_awake: Callable[[Any, str], bool]
    wake: Callable[[str, str], Question]
    rest: Callable[[str], Question]
    fix: str = ""


def _no_questions(_model: str) -> tuple[Question, ...]:
    return ()


def _as_it_was(seen: Seen, _answers: Any) -> Seen:
    return seen


def _name_of_the_model(seen: Seen, _adapter: Adapter | None, _place: int) -> dict[str, Any]:
    return {"model": seen.model}


def _no_trial(_seen: Seen) -> tuple[Mapping[str, Any], ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of server.

    `questions(model)` are asked at every connection and `read(seen, answers)` makes of the answers what was seen.
    Without an answer to those that are `needed` nothing may be asked of the model.
    `shape(seen, adapter, place)` are the keys of a request for a character with that adapter; `place` numbers the
    characters from 0. It raises `EngineError("no_adapter")` where the server cannot have the adapter.
    `sampling` are the server's names of our sampling keys; those it does not know are left out. Answers with a status
    of `unknown_adapter` to a request with an adapter mean that the server lacks it, and `adapter_fix` says what to do.

    `trial(seen)` are bodies of chat completions that show how the server behaves, and `conclude(seen, answers)` what
    follows from the answers, which are None where one failed; they run beside the first requests, never before them.

    `rest` is there where a model can leave the memory; `warm(model, keep_alive)` is a request that loads it beforehand.
    """

    name: str
    title: str
    sampling: Mapping[str, str]
    questions: Callable[[str], tuple[Question, ...]] = _no_questions
    needed: frozenset[str] = field(default=frozenset())
    read: Callable[[Seen, Answers], Seen] = _as_it_was
    shape: Callable[[Seen, Adapter | None, int], dict[str, Any]] = _name_of_the_model
    trial: Callable[[Seen], tuple[Mapping[str, Any], ...]] = _no_trial
    conclude: Callable[[Seen, tuple[Any, ...]], Seen] = _as_it_was
    unknown_adapter: frozenset[int] = field(default=frozenset())
    adapter_fix: str = ""
    has_adapters: bool = False
    rest: Rest | None = None
    warm: Callable[[str, str], Question] | None = None

    def sampled(self, sampling: Sampling) -> dict[str, float]:
        """The keys of a request for a character's sampling, as far as the server knows them."""
        values = {name: getattr(sampling, name) for name in self.sampling}
        return {self.sampling[name]: value for name, value in values.items() if value is not None}

    def without(self, adapter: Adapter, has: Iterable[str] = ()) -> EngineError:
        """The error for an adapter that the server lacks; `has` are those it has."""
        known = ", ".join(map(_shown, sorted(has)[:5]))
        what = f"it has {known}" if known else "it has none"
        message = f"{self.title} has no adapter {_shown(adapter.name)}; {what}"
        return EngineError("no_adapter", message, fix=self.adapter_fix)


def _shown(name: str) -> str:
    name = "".join(char if char.isprintable() else " " for char in name)
    return name if len(name) <= _SHOWN_CHARS else name[: _SHOWN_CHARS - 1] + "…"


def an_object(value: Any) -> Mapping[str, Any]:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The JSON objects of a list; none where it is no list."""
    return [entry for entry in value[:MAX_NAMES] if isinstance(entry, dict)] if isinstance(value, list) else []


def a_count(value: Any) -> int | None:
    """`value` where it is a whole number above 0."""
    return value if type(value) is int and value > 0 else None


def a_text(value: Any) -> str:
    """`value` where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def entries_of(answers: Answers) -> list[Mapping[str, Any]]:
    """The server's models as `GET /v1/models` lists them."""
    return objects(an_object(answers.get(MODELS)).get("data"))


def entry_of(answers: Answers, model: str) -> Mapping[str, Any]:
    """What `GET /v1/models` says of one model."""
    return next((entry for entry in entries_of(answers) if entry.get("id") == model), {})
