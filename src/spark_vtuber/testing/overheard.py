"""A show overheard from outside: what it says and when, and how far off a mouth in VTube Studio is from it."""

import math
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from spark_vtuber.avatar.mouth import mouth_at
from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.stage import client
from spark_vtuber.testing.live import LiveShow
from spark_vtuber.testing.vts_studio import Injected

RATE: Final = 24_000
FAR_MS: Final = 120
"""Further off than this is not looked for."""

FRAME_MS: Final = 1000 / 60
"""The floor: VTube Studio shows a value with its next frame."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@dataclass(slots=True)
class Said:
    """An utterance of the show: when its first sound came, its cues, its sound."""

    came_s: float = 0.0
    cues: list[VisemeCue] = field(default_factory=list)
    pcm: bytes = b""

    @property
    def length_s(self) -> float:
        """How long it sounds."""
        return len(self.pcm) / 2 / RATE


class Heard:
    """How far the mouth must be open at an instant, in a show that nobody listens to: the wall clock is its ear.

    An utterance begins when its first sound is there and the one before is over.
    """

    def __init__(self, said: Sequence[Said]) -> None:
        self._said: list[tuple[float, Said]] = []
        free_s = -math.inf
        for one in said:
            began_s = max(one.came_s, free_s)
            free_s = began_s + one.length_s
            self._said.append((began_s, one))

    def open_at(self, at_s: float) -> float:
        """0 closed to 1 open."""
        for began_s, one in self._said:
            if began_s <= at_s < began_s + one.length_s:
                return mouth_at(one.cues, (at_s - began_s) * 1000).open
        return 0.0

    def errors_ms(self, injections: Sequence[Injected]) -> Iterator[float]:
        """For every value that was shown while the mouth had to move: how long before or after it was right."""
        for one in injections:
            at_s, value = one.taken_s, one.values["MouthOpen"]
            if abs(self.open_at(at_s - FRAME_MS / 1000) - self.open_at(at_s + FRAME_MS / 1000)) > 0.1:
                nearest = sorted(range(-FAR_MS, FAR_MS + 1), key=abs)
                yield next((ms for ms in nearest if abs(self.open_at(at_s - ms / 1000) - value) <= 0.03), FAR_MS)


@asynccontextmanager
async def overhearing(show: LiveShow) -> AsyncIterator[dict[int, Said]]:
    """A client of the stage without a sound of its own, that keeps what is said and when it came."""
    said: dict[int, Said] = {}
    async with (
        connect(f"ws://127.0.0.1:{show.port}/api/stage", max_size=None) as socket,
        anyio.create_task_group() as tasks,
    ):
        await socket.send(client.hello("ear", has_audio=False))
        tasks.start_soon(_overhear, socket, said)
        yield said
        tasks.cancel_scope.cancel()


async def _overhear(socket: ClientConnection, said: dict[int, Said]) -> None:
    try:
        async for frame in socket:
            now, heard = SystemClock().now(), client.read(frame)
            if isinstance(heard, client.Sound):
                one = said[heard.utterance]
                one.came_s = one.came_s or now
                one.pcm += heard.pcm
            elif heard.type == "speech.start":
                said[heard["utterance"]] = Said()
            elif heard.type == "speech.cues":
                said[heard["utterance"]].cues += [VisemeCue(ms, name, weight) for ms, name, weight in heard["visemes"]]
    except ConnectionClosed:
        return
