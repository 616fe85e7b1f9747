"""What stands behind an address: which kind of server, which model, what it can do."""

from collections.abc import Iterable
from typing import Any, Final

import anyio

from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.llm.dialects.dialect import MODELS, Dialect, Question, Seen
from spark_vtuber.llm.dialects.table import AUTO, DIALECTS, SIGNS, by_owner, by_signs
from spark_vtuber.llm.openai_protocol import models_of
from spark_vtuber.llm.openai_wire import Wire

_UNTOLD: Final = frozenset({"refused", "bad_answer"})
"""How a server fails that has no answer to a question; another failure may pass."""


async def look(wire: Wire, name: str, model: str, timeout_s: float) -> tuple[Dialect, Seen]:
    """The dialect `name`, or with `auto` the one that the server shows, and what was seen; nothing is changed there.

    Without a `model` the first is taken that the server lists and that is not for embeddings. The list of models must
    come, unless there is a `model` and the server has no such list; what else was not answered in time counts as not
    told.

    Raises:
        EngineError: as `Wire.value`, or `no_model`.
    """
    deadline = anyio.current_time() + timeout_s
    listed, names = await _list(wire, timeout_s, is_needed=not model)
    if not model and not names:
        fix = "load a model in the server, or set llm.model"
        raise EngineError("no_model", f"{wire.place} lists no model", fix=fix)
    chosen = model or next((name for name in names if "embed" not in name.lower()), names[0])
    answers: dict[str, Any] = {MODELS: listed}
    dialect = by_owner(answers) if name == AUTO else DIALECTS[name]
    if dialect is None:
        await _ask(wire, map(Question, SIGNS), answers, deadline)
        dialect = by_signs(answers)
    await _ask(wire, dialect.questions(chosen), answers, deadline)
    if missing := sorted(dialect.needed - answers.keys()):
        raise EngineError("timeout", f"{wire.place} did not answer {missing[0]}", retryable=True)
    return dialect, dialect.read(Seen(model=chosen, models=names), answers)


async def _list(wire: Wire, timeout_s: float, *, is_needed: bool) -> tuple[Any, tuple[str, ...]]:
    """The server's list of models and the names in it; nothing where it has none that is needed."""
    try:
        listed = await wire.value(MODELS, timeout_s=timeout_s)
        return listed, models_of(listed)
    except ProtocolError as error:
        failure = EngineError("bad_answer", f"{wire.place}: {error.message}")
    except EngineError as error:
        failure = error
    if is_needed or failure.code not in _UNTOLD:
        raise failure
    return None, ()


async def try_out(wire: Wire, dialect: Dialect, seen: Seen, timeout_s: float) -> Seen:
    """What the dialect's trial shows of the server, which answers a few short requests for it."""
    bodies = dialect.trial(seen)
    if not bodies:
        return seen
    answers = []
    for body in bodies:
        try:
            answers.append(await wire.value("/v1/chat/completions", body, timeout_s=timeout_s))
        except EngineError:
            answers.append(None)
    return dialect.conclude(seen, tuple(answers))


async def _ask(wire: Wire, questions: Iterable[Question], answers: dict[str, Any], deadline: float) -> None:
    """Ask everything at once that was not answered yet."""

    async def ask(question: Question) -> None:
        path = question.path.partition("?")[0]
        timeout_s = deadline - anyio.current_time()
        try:
            answers[path] = await wire.value(question.path, question.body, timeout_s=timeout_s)
        except EngineError as error:
            if error.code in _UNTOLD:
                answers[path] = None

    async with anyio.create_task_group() as tasks:
        for question in questions:
            if question.path.partition("?")[0] not in answers:
                tasks.start_soon(ask, question)
