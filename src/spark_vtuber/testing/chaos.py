"""Engines that can be broken on command, for shows of many hours on the virtual clock in which everything fails."""

import random
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from enum import StrEnum
from typing import Any

import anyio
from pydantic import BaseModel, ConfigDict

from spark_vtuber.core.audio import AudioChunk, VisemeCue
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding, Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.frames import Frame
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Utterance
from spark_vtuber.core.verdicts import Direction, Verdict
from spark_vtuber.health.children import Child
from spark_vtuber.health.roster import Roster
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.testing.children import FakeChild
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.tts.port import Voice

SAMPLE_RATE = 24_000
CHARS_PER_S = 15.0


class Fault(StrEnum):
    """What befalls an engine until it is opened again, or for a while."""

    NONE = "none"
    CRASH = "crash"
    ERROR = "error"
    HANG = "hang"
    GARBLE = "garble"


class BrokenError(RuntimeError):
    """A bug that a test put in."""


class UnrulyModel:
    """An `LLM` that fails as `fault` says; it gets well when `fault` is cleared."""

    def __init__(self, answer: str) -> None:
        self.fault = Fault.NONE
        self._model = ScriptedModel(answer, first_token_s=0.2, token_s=0.0)

    @property
    def capabilities(self) -> Capabilities:
        """A model called `unruly`."""
        return Capabilities(engine="unruly", model="unruly")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The answer, or what the fault makes of it."""
        match self.fault:
            case Fault.HANG:
                await anyio.sleep_forever()
            case Fault.ERROR:
                raise EngineError("dropped", "the server is gone", retryable=True)
            case Fault.CRASH:
                raise BrokenError
            case Fault.GARBLE:
                yield TextDelta("<think> \x00\x1b[2J ]]] </think>")
                return
            case Fault.NONE:
                pass
        async with aclosing(self._model.stream(request)) as parts:
            async for part in parts:
                yield part


class UnrulyGuard:
    """A `Guard` that fails as `fault` says."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self._guard = FakeGuard()

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The verdict, or what the fault makes of it."""
        match self.fault:
            case Fault.HANG:
                await anyio.sleep_forever()
            case Fault.CRASH:
                raise BrokenError
            case Fault.ERROR:
                raise EngineError("guard_down", "the guard is down", retryable=True)
            case _:
                pass
        self._guard.seen.clear()
        return await self._guard.check(text, direction, context)


class UnrulyChat:
    """A `ChatSource` that gives the lines of `post` and fails as `fault` says; a line is given once it was taken."""

    def __init__(self) -> None:
        self.waiting: deque[ChatEvent] = deque()
        self._fault = Fault.NONE
        self._news = anyio.Event()

    def post(self, number: int) -> None:
        """A viewer writes."""
        author = Author(f"viewer{number}", f"viewer{number}")
        self.waiting.append(ChatEvent(str(number), "twitch", ChatKind.MESSAGE, author, f"line number {number}, hello?"))
        self._news.set()

    def fail(self, fault: Fault) -> None:
        """Break the connection once."""
        self._fault = fault
        self._news.set()

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """The lines, for ever."""
        while True:
            fault, self._fault = self._fault, Fault.NONE
            if fault is Fault.CRASH:
                raise BrokenError
            if fault is not Fault.NONE:
                raise EngineError("dropped", "the connection broke", retryable=True)
            while self.waiting:
                yield self.waiting.popleft()
            self._news = anyio.Event()
            await self._news.wait()

    async def send(self, text: str) -> None:
        """Nobody reads it."""
        del text


class VoiceWorkers(Roster):
    """Starts fake voice workers; `fault` befalls the one that runs, and a fresh one is well."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[FakeChild] = []
        self._hung: set[int] = set()

    async def start(self, command: Sequence[str]) -> Child:
        """A fresh worker process, ready at once."""
        del command
        child = FakeChild(self._answer, pid=10_000 + len(self.children))
        self.children.append(child)
        return child

    def fail(self, fault: Fault) -> None:
        """Break the youngest worker."""
        child = self.children[-1]
        match fault:
            case Fault.HANG:
                self._hung.add(child.pid)
            case Fault.GARBLE:
                child.stdout.write(b"\xff" * 64)
            case _:
                child.die()

    def _answer(self, child: FakeChild, request: Frame) -> None:
        number = request.header["id"]
        if child.pid in self._hung:
            return
        if request.header["op"] == "cancel":
            child.write({"id": number, "type": "cancelled"})
            return
        samples = max(1, round(len(request.header["text"]) / CHARS_PER_S * SAMPLE_RATE))
        child.write({"id": number, "type": "sound"}, bytes(2 * samples))
        child.write({"id": number, "type": "end"})


class WorkerVoice:
    """A `TTS` on a worker of `VoiceWorkers`: one chunk of silence a clause, as long as its text."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def voices(self) -> tuple[Voice, ...]:
        """One voice."""
        return (Voice("fake", "en"),)

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """The sound of a clause."""
        del style
        text = utterance.clause.spoken
        if not text.strip():
            return
        async with aclosing(self._worker.request({"op": "speak", "text": text})) as frames:
            async for frame in frames:
                length_ms = len(frame.body) / 2 * 1000 / SAMPLE_RATE
                yield AudioChunk(frame.body, SAMPLE_RATE, (VisemeCue(0, "aa"), VisemeCue(length_ms, "sil")))


class _Options(BaseModel):
    model_config = ConfigDict(extra="allow")


class Troupe:
    """Every engine of a show, all of them breakable; `spec` is what engines are looked up by."""

    def __init__(self) -> None:
        self.model = UnrulyModel("The model says this.")
        self.understudy = ScriptedModel("My big brain is not plugged in.", first_token_s=0, token_s=0)
        self.guard = UnrulyGuard()
        self.chat = UnrulyChat()
        self.workers = VoiceWorkers()

    def spec(self, port: str, name: str) -> EngineSpec:
        """The engine of that name."""

        @asynccontextmanager
        async def open_it(options: BaseModel, env: EngineEnv) -> AsyncIterator[Any]:
            del options
            if port == "tts":
                async with env.worker("fake.voice") as worker:
                    yield WorkerVoice(worker)
            else:
                yield self._fresh(port, name)

        async def probe(options: BaseModel, env: EngineEnv) -> AsyncIterator[Finding]:
            del options, env
            yield Finding(name, "ok", "a fake")

        return EngineSpec(_Options, open_it, probe, f"a fake {port}", "MIT")

    def _fresh(self, port: str, name: str) -> Any:
        """A guard that is opened again is well; a model server is not mended by connecting to it again."""
        match port:
            case "llm":
                return self.understudy if name == "understudy" else self.model
            case "guard":
                self.guard.fault = Fault.NONE
                return self.guard
            case _:
                return self.chat


Strike = Callable[[], None]


class Misfortune:
    """Draws what fails next: every strike once, in a shuffled order, before any comes again."""

    def __init__(self, strikes: dict[str, Strike], rng: random.Random) -> None:
        self._strikes = strikes
        self._rng = rng
        self._left: list[str] = []
        self.struck: list[tuple[float, str]] = []

    def strike(self) -> str:
        """Let the next thing fail; gives its name."""
        if not self._left:
            self._left = list(self._strikes)
            self._rng.shuffle(self._left)
        name = self._left.pop()
        self.struck.append((anyio.current_time(), name))
        self._strikes[name]()
        return name
