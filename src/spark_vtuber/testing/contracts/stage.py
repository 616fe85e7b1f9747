"""What every stage behind the `Stage` port promises, as functions that check it on the virtual clock.

In a test: `@pytest.mark.parametrize("promise", PROMISES)`, then `await promise(Trial(stage, clock, tolerance_s))` with
a new stage that plays in real time and is heard at most `tolerance_s` late. A broken promise raises `AssertionError`
that says which one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.core.audio import silence
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Clause, Outcome, Utterance
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart, Stage, TurnOver

RATE: Final = 24_000


def utterance(number: int, turn: str = "t1", persona: str = "main", text: str = "Hello.") -> Utterance:
    """An utterance that says `text` as it is shown."""
    return Utterance(number, TurnId(turn), PersonaId(persona), Clause(text, text, text))


async def speak(stage: Stage, number: int, seconds: float, turn: str = "t1") -> Position:
    """Hand over a whole utterance at once; gives the position of its end."""
    samples = round(seconds * RATE)
    await stage.perform(SpeechStart(utterance(number, turn), RATE))
    await stage.perform(SpeechSound(number, 0, silence(seconds * 1000, RATE)))
    await stage.perform(SpeechEnd(number, samples))
    return Position(number, samples)


@dataclass(frozen=True, slots=True)
class Trial:
    """A stage under test, the clock it runs on, and how late its sound may be heard."""

    stage: Stage
    clock: Clock
    tolerance_s: float = 0.001


async def is_heard_in_real_time(trial: Trial) -> None:
    """An utterance begins at once and takes as long as its sound."""
    stage, began = trial.stage, trial.clock.now()
    end = await speak(stage, 1, 2.0)
    first = await stage.reached(Position(1, 1)) - began
    last = await stage.reached(end) - began
    _hold(0 <= first <= trial.tolerance_s + 1 / RATE, f"the first sample was heard after {first} s")
    _hold(2.0 <= last <= 2.0 + trial.tolerance_s, f"two seconds of sound took {last} s")


async def never_goes_back(trial: Trial) -> None:
    """The position follows the sound, forwards only."""
    await speak(trial.stage, 1, 0.5)
    await speak(trial.stage, 2, 0.5)
    seen = []
    for _ in range(30):
        seen.append(trial.stage.position())
        await anyio.sleep(0.05)
    _hold(seen == sorted(seen), "the position went back")
    _hold(seen[-1] == Position(2, RATE // 2), f"the last position is {seen[-1]}")
    _hold(any(Position(1, 0) < position < Position(1, RATE // 2) for position in seen), "the position jumped")


async def plays_back_to_back(trial: Trial) -> None:
    """An utterance begins where the one before ends."""
    end = await speak(trial.stage, 1, 0.4)
    await speak(trial.stage, 2, 0.4)
    ended = await trial.stage.reached(end)
    began = await trial.stage.reached(Position(2, 0))
    _hold(0 <= began - ended <= trial.tolerance_s, f"there are {began - ended} s between two utterances")


async def hears_nothing_that_did_not_arrive(trial: Trial) -> None:
    """The position waits for sound, and goes on when it comes."""
    stage = trial.stage
    await stage.perform(SpeechStart(utterance(1), RATE))
    await stage.perform(SpeechSound(1, 0, silence(100, RATE)))
    await anyio.sleep(1.0)
    _hold(stage.position() == Position(1, RATE // 10), f"after 0.1 s of sound the position is {stage.position()}")
    await stage.perform(SpeechSound(1, RATE // 10, silence(100, RATE)))
    await stage.perform(SpeechEnd(1, RATE // 5))
    resumed = trial.clock.now()
    took = await stage.reached(Position(1, RATE // 5)) - resumed
    _hold(took <= 0.1 + trial.tolerance_s, f"the second 0.1 s of sound took {took} s")


async def keeps_what_was_heard_before_a_flush(trial: Trial) -> None:
    """A flush gives the last position heard, in time, and nothing is heard after it."""
    stage = trial.stage
    await speak(stage, 1, 2.0)
    await speak(stage, 2, 2.0)
    await stage.reached(Position(1, RATE))
    asked = trial.clock.now()
    position = await stage.flush(TurnId("t1"))
    took = trial.clock.now() - asked
    _hold(took <= 0.2, f"the flush took {took} s")
    _hold(position.utterance == 1, f"the flush gave {position}")
    _hold(abs(position.sample - RATE) <= (took + trial.tolerance_s) * RATE, f"cut at {RATE}, the flush gave {position}")
    rest = stage.position()
    await anyio.sleep(5.0)
    _hold(stage.position() == rest, "sound was heard after the flush")


async def releases_those_who_wait_for_flushed_sound(trial: Trial) -> None:
    """Waiting for sound that will never be heard ends with the flush."""
    released: list[float] = []

    async def wait(position: Position) -> None:
        released.append(await trial.stage.reached(position))

    end = await speak(trial.stage, 1, 2.0)
    await speak(trial.stage, 2, 2.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait, end)
        tasks.start_soon(wait, Position(2, 1))
        await trial.stage.reached(Position(1, RATE // 2))
        asked = trial.clock.now()
        await trial.stage.flush(TurnId("t1"))
    _hold(all(0 <= at - asked <= 0.2 for at in released), f"released at {released}, flushed at {asked}")


async def spares_other_turns(trial: Trial) -> None:
    """The next turn plays at once after a flush."""
    await speak(trial.stage, 1, 1.0, "t1")
    await trial.stage.reached(Position(1, RATE // 2))
    await trial.stage.flush(TurnId("t1"))
    silent = trial.clock.now()
    took = await trial.stage.reached(await speak(trial.stage, 2, 1.0, "t2")) - silent
    _hold(took <= 1.0 + trial.tolerance_s, f"one second of sound of the next turn took {took} s")


async def knows_how_to_flush_nothing(trial: Trial) -> None:
    """A flush of a turn that nobody knows changes nothing."""
    stage = trial.stage
    position = await stage.flush(TurnId("nobody"))
    _hold(position == stage.position() == Position(0, 0), f"before any sound the flush gave {position}")
    end = await speak(stage, 1, 0.2)
    await stage.reached(end)
    position = await stage.flush(TurnId("nobody"))
    _hold(position == end, f"after the end {end} the flush gave {position}")


async def drops_sound_of_a_cancelled_turn(trial: Trial) -> None:
    """Parts of a turn that come after its flush are taken and not heard."""
    stage = trial.stage
    await stage.perform(SpeechStart(utterance(1), RATE))
    await stage.perform(SpeechSound(1, 0, silence(500, RATE)))
    await stage.reached(Position(1, 1))
    await stage.flush(TurnId("t1"))
    rest = stage.position()
    await stage.perform(SpeechSound(1, RATE // 2, silence(500, RATE)))
    await stage.perform(SpeechEnd(1, RATE))
    await speak(stage, 2, 0.5)
    await anyio.sleep(3.0)
    _hold(stage.position() == rest, "sound of a cancelled turn was heard")


async def takes_faces_and_captions_at_any_time(trial: Trial) -> None:
    """Parts without sound move no position."""
    stage = trial.stage
    await stage.perform(Emote(PersonaId("main"), "happy"))
    await stage.perform(Caption(PersonaId("main"), "Hello."))
    await stage.perform(Emote(PersonaId("main"), "sad", 0.5, 1, 20.0))
    await stage.perform(TurnOver(TurnId("t1"), Outcome.COMPLETED, "Hello."))
    _hold(stage.position() == Position(0, 0), f"without sound the position is {stage.position()}")


async def passes_over_an_utterance_without_sound(trial: Trial) -> None:
    """An empty utterance is heard at once."""
    await trial.stage.perform(SpeechStart(utterance(1), RATE))
    await trial.stage.perform(SpeechEnd(1, 0))
    end = await speak(trial.stage, 2, 0.2)
    await trial.stage.reached(Position(1, 0))
    await trial.stage.reached(end)
    _hold(trial.stage.position() == end, f"at the end {end} the position is {trial.stage.position()}")


Promise = Callable[[Trial], Awaitable[None]]

PROMISES: Final[tuple[Promise, ...]] = (
    is_heard_in_real_time,
    never_goes_back,
    plays_back_to_back,
    hears_nothing_that_did_not_arrive,
    keeps_what_was_heard_before_a_flush,
    releases_those_who_wait_for_flushed_sound,
    spares_other_turns,
    knows_how_to_flush_nothing,
    drops_sound_of_a_cancelled_turn,
    takes_faces_and_captions_at_any_time,
    passes_over_an_utterance_without_sound,
)


def _hold(is_kept: bool, otherwise: str) -> None:
    if not is_kept:
        raise AssertionError(otherwise)
