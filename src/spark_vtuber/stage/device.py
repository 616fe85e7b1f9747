"""The show's sound on a local device: a client of the stage that is the audio owner before any page."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import anyio

from spark_vtuber.core.desk import StagePeer
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage import client
from spark_vtuber.stage.port import Position
from spark_vtuber.stage.ring import Samples, SoundRing

NAME: Final = "device"
REPORT_S: Final = 0.1
"""While it sounds, the position heard is told ten times a second."""

BEGIN_S: Final = 0.01
"""How closely the begin of an utterance is looked for."""

IDLE_S: Final = 1.0
"""How often a silent device is looked after: one that was unplugged stops without a word."""


class Speaker(Protocol):
    """A running output of one channel."""

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    @property
    def rate(self) -> int:
        """Frames a second."""
        ...

    def now_s(self) -> float:
        """The instant that leaves the speaker now, on its own clock."""
        ...

    def play(self, render: Callable[[int, float], Samples]) -> None:
        """Ask `render(frames, at_s)` for every block from now on, in a thread of its own; silence until then."""
        ...

    def check(self) -> None:
        """Raises `EngineError("device_lost")` where the device is gone."""
        ...


OpenSpeaker = Callable[[], AbstractAsyncContextManager[Speaker]]


async def play_on(
    open_speaker: OpenSpeaker,
    connect: Callable[[], AbstractAsyncContextManager[StagePeer]],
    report: Callable[..., None],
) -> None:
    """Play the show until cancelled; `connect` joins the stage as its device.

    Raises:
        EngineError: the device is not there or is gone; `device_lost` can be tried again.
    """
    async with open_speaker() as speaker:
        ring = SoundRing(speaker.rate)
        speaker.play(ring.render)
        report("ok", f"plays on {speaker.name}")
        async with connect() as peer:
            await _Player(peer, speaker, ring).run()


class _Player:
    def __init__(self, peer: StagePeer, speaker: Speaker, ring: SoundRing) -> None:
        self._peer = peer
        self._speaker = speaker
        self._ring = ring
        self._is_owner = False
        self._told = Position(0, 0)
        self._news = anyio.Event()

    async def run(self) -> None:
        """Play until cancelled, or until the stage ends the connection because this thread was held up too long."""
        self._peer.receive(client.hello(NAME, has_audio=True))
        failure = EngineError("device_lost", "the sound device fell behind", retryable=True)
        async with anyio.create_task_group() as tasks:

            async def report() -> None:
                nonlocal failure
                failure = await self._report()
                tasks.cancel_scope.cancel()

            tasks.start_soon(report)
            async for frame in self._peer.frames():
                self._take(client.read(frame))
            tasks.cancel_scope.cancel()
        raise failure

    def _take(self, frame: client.Message | client.Sound) -> None:
        if isinstance(frame, client.Sound):
            self._ring.sound(frame.utterance, frame.pcm)
            self._news.set()
            return
        match frame.type:
            case "audio.owner":
                self._is_owner = bool(frame["you"])
            case "speech.start" if self._is_owner:
                self._ring.begin(frame["utterance"], TurnId(frame["turn"]), frame["sample_rate"])
            case "speech.end":
                self._ring.end(frame["utterance"], frame["samples"])
                self._news.set()
            case "speech.cancel":
                turn = TurnId(frame["turn"])
                cut = self._ring.cancel(turn)
                self._told = max(self._told, cut or self._told)
                self._peer.receive(client.flushed(turn, self._told))

    async def _report(self) -> EngineError:
        """Tell the position while something sounds: closely until it begins, then ten times a second.

        Gives why the device is gone, once it is.
        """
        while True:
            while not self._ring.is_silent(self._speaker.now_s()):
                before = self._told
                self._tell()
                await anyio.sleep(REPORT_S if self._told > before else BEGIN_S)
            self._tell()
            self._news = anyio.Event()
            with anyio.move_on_after(IDLE_S):
                await self._news.wait()
            try:
                self._speaker.check()
            except EngineError as error:
                return error

    def _tell(self) -> None:
        position = self._ring.heard(self._speaker.now_s())
        if position > self._told:
            self._told = position
            self._peer.receive(client.playback(position))
