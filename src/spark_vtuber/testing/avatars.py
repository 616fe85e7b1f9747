"""An avatar to test: a fake stage that is heard, a fake VTube Studio, and sentences whose mouth is known."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Final

import anyio

from spark_vtuber.avatar.mapping import SavedFaces
from spark_vtuber.avatar.mouth import shape
from spark_vtuber.avatar.options import VTubeStudioOptions
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.avatar.vtube_studio import Means, Open, VTubeStudioAvatar
from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.avatars import AvatarView
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.stage.port import Emote, Part, SpeechEnd, SpeechSound, SpeechStart
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.vts_server import FakeVTubeStudio, fake_studio
from spark_vtuber.testing.vts_studio import Injected

RATE: Final = 24_000
MAIN: Final = PersonaId("main")

TALK: Final = tuple(
    VisemeCue(180.0 * index, name)  # type: ignore[arg-type]  # the names are visemes
    for index, name in enumerate("sil aa PP oh sil E ou PP aa ih sil oh aa PP E sil".split())
)
"""Seven vowels in 2.7 s, with a change of the mouth every 180 ms; the lips close in between."""

TALK_MS: Final = TALK[-1].ms + 100.0


class AvatarRig:
    """`say` performs a sentence on the stage, and the avatar follows."""

    def __init__(
        self, clock: Clock, studio: FakeVTubeStudio, data_dir: Path, connect: Open | None, **options: Any
    ) -> None:
        self.clock = clock
        self.fake = studio
        self.studio = studio.studio
        self.stage = FakeStage(clock)
        self.views: list[AvatarView] = []
        self.tokens = TokenStore(data_dir)
        self.saved = SavedFaces(data_dir)
        self.avatar = VTubeStudioAvatar(
            MAIN,
            VTubeStudioOptions(**({"motion": 0.0} | options)),
            Means(
                clock,
                random.Random(7),
                connect or (lambda _host, _port: studio.connect()),
                self.tokens,
                self.saved,
                self.stage.position,
                self.views.append,
            ),
        )
        self._numbers = count(1)
        self._life = anyio.CancelScope()

    async def live(self) -> None:
        """Run the avatar until cancelled, anew after every `restart`."""
        while True:
            with anyio.CancelScope() as self._life:
                await self.avatar.run()

    def restart(self) -> None:
        """As a supervisor does."""
        self._life.cancel()

    @property
    def states(self) -> list[str]:
        """The states it went through, each once in a row."""
        states = [view.state for view in self.views]
        return [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state]

    async def until(self, is_so: Callable[[], bool], within_s: float = 60.0) -> None:
        """Wait until a condition holds."""
        with anyio.fail_after(within_s):
            while not is_so():  # noqa: ASYNC110 - the fake has many states and no event for each
                await anyio.sleep(0.01)

    async def connected(self) -> None:
        """Wait until the model moves."""
        await self.until(lambda: self.avatar.view.state == "connected" and bool(self.studio.injections))

    async def perform(self, part: Part) -> None:
        """As an ensemble does."""
        await self.stage.perform(part)
        self.avatar.take(part, self.stage.position())

    async def say(
        self,
        cues: Sequence[VisemeCue] = TALK,
        ms: float = TALK_MS,
        *,
        turn: str = "t1",
        feeling: str = "",
        persona: PersonaId = MAIN,
    ) -> int:
        """Hand a sentence over at once; gives its number. It begins to be heard now, or after the one before."""
        number = next(self._numbers)
        clause = Clause("Hm.", "Hm.", "Hm.")
        await self.perform(SpeechStart(Utterance(number, TurnId(turn), persona, clause), RATE))
        if feeling:
            await self.perform(Emote(persona, feeling, 1.0, number, 0.0))
        samples = round(ms * RATE / 1000)
        await self.perform(SpeechSound(number, 0, bytes(2 * samples), tuple(cues)))
        await self.perform(SpeechEnd(number, samples))
        return number

    async def cut(self, turn: str) -> None:
        """Interrupt a turn."""
        self.avatar.cut(TurnId(turn), await self.stage.flush(TurnId(turn)))


@asynccontextmanager
async def avatar_rig(
    data_dir: Path,
    *,
    clock: Clock | None = None,
    connect: Open | None = None,
    prepare: Callable[[FakeVTubeStudio], None] | None = None,
    studio: FakeVTubeStudio | None = None,
    fake: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[AvatarRig]:
    """An avatar that runs while the context is open.

    `fake` are the arguments of the fake VTube Studio, unless there is one: `studio`; `prepare` sets it up before. The
    rest are options of the avatar.
    """
    clock = clock or VirtualClock()
    async with nullcontext(studio) if studio is not None else fake_studio(clock, **(fake or {})) as open_:
        if prepare is not None:
            prepare(open_)
        rig = AvatarRig(clock, open_, data_dir, connect, **options)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rig.live)
            yield rig
            tasks.cancel_scope.cancel()


def mouth_errors_ms(
    injections: Sequence[Injected], began_s: float, cues: Sequence[VisemeCue] = TALK, *, at_frames: bool = False
) -> list[float]:
    """How late each change of the mouth was, against the instant at which its sound was heard; positive is late.

    A change counts when the fed `MouthOpen` has gone half of the way from one shape to the next. `began_s` is when the
    first sample was heard. With `at_frames` a value counts when VTube Studio takes it, else when it arrives there.
    """
    errors = []
    for before, after in pairwise(cues):
        from_, to = shape(before.name, before.weight).open, shape(after.name, after.weight).open
        if abs(to - from_) < 0.2:
            continue
        due_s = began_s + after.ms / 1000
        for one in injections:
            at_s = one.taken_s if at_frames else one.arrived_s
            if at_s < due_s - 0.09 or "MouthOpen" not in one.values:
                continue
            if (one.values["MouthOpen"] - from_) / (to - from_) >= 0.5:
                errors.append((at_s - due_s) * 1000)
                break
        else:
            errors.append(float("inf"))
    return errors
