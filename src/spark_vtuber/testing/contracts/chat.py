"""What every engine behind the `ChatSource` port promises, as functions that check it.

In a test: `@pytest.mark.parametrize("promise", PROMISES)`, then `await promise(Trial(...))` with a source that is open
and a room in which nothing was said. A broken promise raises `AssertionError` that says which one.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.chat.port import ChatSource
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import SPOKEN_KINDS, Author, ChatEvent, ChatKind, Reward

PATIENCE_S: Final = 60.0
"""A source is in the room, and brings what is said there, within this time."""

CLOSE_S: Final = 3.0
"""Leaving takes no longer."""

LINES: Final = tuple(f"line {number}" for number in range(20))


@dataclass(frozen=True, slots=True)
class Trial:
    """A source and its room.

    `speak` has viewers write the lines it is given, one after the other, once somebody reads; a record holds `LINES`
    and does nothing. `has_left` says whether nobody reads any more. `sent` are the lines that the source wrote itself.
    """

    source: ChatSource
    speak: Callable[[Sequence[str]], Awaitable[None]]
    has_left: Callable[[], bool]
    sent: Callable[[], Sequence[str]]


async def tells_each_line_once_and_in_order(trial: Trial) -> None:
    """What viewers wrote comes as they wrote it, with ids of its own and somebody who wrote it."""
    events = await _read(trial, LINES)
    _hold(tuple(event.text for event in events) == LINES, f"of {LINES} came {[event.text for event in events]}")
    _hold(len({event.id for event in events}) == len(events), "two lines have the same id")
    _hold(len({event.source for event in events}) == 1, "one source has several names")
    _hold(all(event.author.id and event.author.name for event in events), "a line has no author")


async def leaves_when_its_events_are_closed(trial: Trial) -> None:
    """Closing the generator ends the connection, soon."""
    await _read(trial, LINES)
    _hold(trial.has_left(), "it still reads after its events were closed")


async def leaves_when_its_reader_is_cancelled(trial: Trial) -> None:
    """Cancelling whoever waits for the next line ends the connection, soon."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_drain, trial.source)
        await anyio.sleep(5)
        left_s = anyio.current_time()
        tasks.cancel_scope.cancel()
    _hold(anyio.current_time() - left_s <= CLOSE_S, "cancelling its reader took too long")
    _hold(trial.has_left(), "it still reads after its reader was cancelled")


async def can_be_read_again(trial: Trial) -> None:
    """Whoever left may come back."""
    first = await _read(trial, LINES)
    second = await _read(trial, LINES)
    _hold(len(second) == len(first), "the second reading did not bring what the first brought")


async def writes_or_says_that_it_cannot(trial: Trial) -> None:
    """A line that was sent is in the room; a source that cannot write says so."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_drain, trial.source)
        await anyio.sleep(5)
        try:
            await trial.source.send("hello from the show")
        except EngineError as error:
            _hold(error.code == "read_only", f"it does not write and says {error.code}")
            _hold(not trial.sent(), "it says that it cannot write, and wrote")
        else:
            _hold(list(trial.sent()) == ["hello from the show"], f"the room has {trial.sent()}")
        tasks.cancel_scope.cancel()


async def settles_or_says_that_it_cannot(trial: Trial) -> None:
    """A purchase that nobody knows is refused, and so is every one where there are no rewards."""
    event = ChatEvent("1", "test", ChatKind.REWARD, Author("1", "ana"), reward=Reward("r", "a hat", ""))
    try:
        await trial.source.settle(event, is_done=True)
    except EngineError as error:
        _hold(bool(error.code), "the refusal has no code")
    else:
        _hold(False, "a purchase that was never made was settled")


Promise = Callable[[Trial], Awaitable[None]]

PROMISES: Final[tuple[Promise, ...]] = (
    tells_each_line_once_and_in_order,
    leaves_when_its_events_are_closed,
    leaves_when_its_reader_is_cancelled,
    can_be_read_again,
    writes_or_says_that_it_cannot,
    settles_or_says_that_it_cannot,
)


async def _read(trial: Trial, lines: Sequence[str]) -> list[ChatEvent]:
    """Read the source while viewers write, until it brought as many lines; then leave."""
    heard: list[ChatEvent] = []
    async with anyio.create_task_group() as tasks:

        async def speak() -> None:
            await anyio.sleep(5)
            await trial.speak(lines)

        tasks.start_soon(speak)
        with anyio.move_on_after(PATIENCE_S):
            async with aclosing(trial.source.events()) as events:
                async for event in events:
                    if event.kind in SPOKEN_KINDS:
                        heard.append(event)
                    if len(heard) >= len(lines):
                        break
                left_s = anyio.current_time()
            _hold(anyio.current_time() - left_s <= CLOSE_S, "closing its events took too long")
        tasks.cancel_scope.cancel()
    return heard


async def _drain(source: ChatSource) -> None:
    async with aclosing(source.events()) as events:
        async for _ in events:
            pass


def _hold(is_kept: bool, otherwise: str) -> None:
    if not is_kept:
        raise AssertionError(otherwise)
