"""The stage that records: sound and timeline as they would be heard, on the wall clock or at once."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from anyio.lowlevel import checkpoint

from spark_vtuber.core.audio import BYTES_PER_SAMPLE
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.clock import HeardClock
from spark_vtuber.stage.playhead import Playhead
from spark_vtuber.stage.port import Caption, Emote, Part, Position, SpeechEnd, SpeechSound, SpeechStart
from spark_vtuber.stage.tape import open_tape
from spark_vtuber.stage.timeline import Tape, Timeline
from spark_vtuber.stage.track import REACH_S


class RecorderStage:
    """A `Stage` that puts on a tape what is heard. With `is_instant` that is everything, at once.

    Raises what the tape raises.
    """

    def __init__(self, tape: Tape, clock: Clock, sample_rate: int, *, is_instant: bool = False) -> None:
        self._clock = clock
        self._heard = HeardClock(is_instant=is_instant)
        self._playhead = Playhead(self._heard, clock)
        self._timeline = Timeline(tape, sample_rate)

    async def perform(self, part: Part) -> None:
        """Take the part; what was heard meanwhile goes to the tape."""
        position = self.position()
        if self._takes(part, self._clock.now()):
            self._timeline.take(part, position)
            self._timeline.settle(self.position())
        self._playhead.stir()
        await checkpoint()

    def position(self) -> Position:
        """What is heard now."""
        return self._playhead.position()

    async def reached(self, position: Position) -> float:
        """As the port says, to the sample."""
        return await self._playhead.reached(position)

    async def flush(self, turn: TurnId) -> Position:
        """Cut the recording of the turn at what is heard now."""
        self._heard.flush(turn, self._clock.now())
        self._timeline.cut(turn, self.position())
        self._playhead.stir()
        await checkpoint()
        return self.position()

    def close(self) -> None:
        """Put the rest of what was heard on the tape."""
        self._timeline.close(self.position())

    def _takes(self, part: Part, now: float) -> bool:
        match part:
            case SpeechStart(utterance, sample_rate):
                return self._heard.start(utterance.number, utterance.turn, sample_rate, now)
            case SpeechSound(number, first_sample, pcm):
                return self._heard.arrive(number, first_sample, len(pcm) // BYTES_PER_SAMPLE, now)
            case SpeechEnd(number, samples):
                return self._heard.end(number, samples, now)
            case Emote(utterance=number) | Caption(utterance=number):
                return not self._heard.is_cut(number)
            case _:
                return True


@asynccontextmanager
async def recording(
    path: Path, clock: Clock, sample_rate: int, *, is_instant: bool = False
) -> AsyncIterator[RecorderStage]:
    """A recorder that writes to `path` (`.wav`) and the timeline beside it (`.json`); complete when left.

    Raises `EngineError("stage_failed")` where the files cannot be written.
    """
    async with open_tape(path, sample_rate) as tape:
        stage = RecorderStage(tape, clock, sample_rate, is_instant=is_instant)
        yield stage
        stage.close()


@asynccontextmanager
async def recording_along(path: Path, sample_rate: int, position: Callable[[], Position]) -> AsyncIterator[Timeline]:
    """A follower of an ensemble that records what another stage hears; `position` tells how far that is at the end.

    Raises `EngineError("stage_failed")` where the files cannot be written.
    """
    async with open_tape(path, sample_rate) as tape:
        timeline = Timeline(tape, sample_rate, hold_s=REACH_S)
        yield timeline
        timeline.close(position())
