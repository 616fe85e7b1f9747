"""Replay of a recorded chat: a file of JSON lines, at the pace it was recorded or faster.

A line is one object: `at` (seconds from the start, not falling), `author`, `text`, and optionally `kind`, `amount`,
`currency`, `id`, `target`, `persona`.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId

SOURCE: Final = "replay"
LONGEST_LINE: Final = 64 * 1024


class ReplayOptions(BaseModel):
    """Keys of `[chat.replay]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    speed: float = Field(default=1.0, gt=0, le=1_000)


class Recorded(BaseModel):
    """One line of a chat log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    author: Annotated[str, Field(max_length=200)] = "viewer"
    text: str = ""
    kind: ChatKind = ChatKind.MESSAGE
    amount: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    currency: Annotated[str, Field(max_length=8)] = ""
    id: str | None = None
    target: str | None = None
    persona: str | None = None


class Replay:
    """A `ChatSource` that reads a log once."""

    def __init__(self, file: Path, speed: float) -> None:
        self._file = file
        self._speed = speed

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """The recorded events, each when its time has come; ends with the file.

        Raises:
            EngineError: `bad_log` with the number of the line that cannot be read.
        """
        started_s = anyio.current_time()
        for number, recorded in enumerate(read(self._file), start=1):
            await anyio.sleep_until(started_s + recorded.at / self._speed)
            yield _event(number, recorded)

    async def send(self, text: str) -> None:
        """A record cannot be written to."""
        raise EngineError("read_only", f"a replay takes no messages: {text[:20]!r} was not sent")

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        """What was bought in a record is over."""
        del event, is_done
        raise EngineError("read_only", "a replay has no rewards to settle")


def read(file: Path) -> Iterator[Recorded]:
    """The lines of a log, one at a time.

    Raises:
        EngineError: `bad_log`, also where times fall.
    """
    last_s = 0.0
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                recorded = _parsed(file, number, line)
                if recorded.at < last_s:
                    raise _bad(file, number, f"its time {recorded.at:g} is before that of the line above")
                last_s = recorded.at
                yield recorded
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError("bad_log", f"{file} cannot be read: {error}", fix="check the path") from error


def _parsed(file: Path, number: int, line: str) -> Recorded:
    if len(line) > LONGEST_LINE:
        raise _bad(file, number, "it is too long")
    try:
        return Recorded.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad(file, number, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise _bad(file, number, "it is not JSON") from error


def _bad(file: Path, number: int, why: str) -> EngineError:
    return EngineError(
        "bad_log", f"{file.name}, line {number}: {why}", fix='a line is {"at": 1.5, "author": …, "text": …}'
    )


def _event(number: int, recorded: Recorded) -> ChatEvent:
    return ChatEvent(
        id=recorded.id or f"r{number}",
        source=SOURCE,
        kind=recorded.kind,
        author=Author(id=recorded.author.casefold(), name=recorded.author),
        text=recorded.text,
        amount=recorded.amount,
        currency=recorded.currency,
        target=recorded.target,
        persona=PersonaId(recorded.persona) if recorded.persona else None,
    )


@asynccontextmanager
async def _open(options: ReplayOptions, env: EngineEnv) -> AsyncIterator[Replay]:
    del env
    yield Replay(_existing(options.file), options.speed)


def _existing(name: str) -> Path:
    file = Path(name).expanduser()
    if not file.is_file():
        raise EngineError("bad_log", f"there is no chat log {file}", fix="check the path")
    return file


async def _probe(options: ReplayOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    del env
    if not options.file:
        yield Finding("replay", "note", "off")
        return
    try:
        count = sum(1 for _ in read(_existing(options.file)))
    except EngineError as error:
        yield Finding("replay", "error", error.message, error.fix)
    else:
        yield Finding("replay", "ok", f"{count} lines in {options.file}")


SPEC: Final = EngineSpec(
    options=ReplayOptions,
    open=_open,
    probe=_probe,
    summary="plays back a recorded chat",
    licence="Apache-2.0",
)
