"""What a change of a setting does to a running show of fakes."""

import logging
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from anyio.abc import TaskStatus
from pydantic import BaseModel, ConfigDict

from spark_vtuber import engines
from spark_vtuber.app import assemble
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Line
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.settings import Change, RefusedError, SettingsDesk
from spark_vtuber.llm.port import LLMPart, LLMRequest
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice

T = TypeVar("T")


class Options(BaseModel):
    """Any keys."""

    model_config = ConfigDict(extra="allow", frozen=True)

    tone: int = 0


class Quiet:
    """A chat in which nobody writes; `read` are the channels that were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    async def events(self) -> AsyncIterator[ChatEvent]:
        yield ChatEvent(f"{len(self.read)}", "twitch", ChatKind.MESSAGE, Author("a", "ana"), f"on {self.read[-1]}")
        await anyio.sleep_forever()


class Engines:
    """What stands behind the names; `log` keeps what was opened and closed.

    What is `broken` cannot be opened, what is `slow` takes so many seconds.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.broken: dict[str, EngineError] = {}
        self.slow: dict[str, float] = {}
        self.chat = Quiet()
        self.voices: dict[int, FakeVoice] = {}
        self.model = ScriptedModel("A model speaks here, and it speaks for a while.")
        self.stern = FakeGuard()

    def spec(self, port: str, name: str) -> EngineSpec:
        @asynccontextmanager
        async def open_it(options: Options, env: EngineEnv) -> AsyncIterator[Any]:
            del env
            what = f"{name}{options.tone or ''}"
            if what in self.broken:
                raise self.broken[what]
            await anyio.sleep(self.slow.get(what, 0.0))
            self.log.append(f"+{what}")
            try:
                yield self._made(port, name, options)
            finally:
                self.log.append(f"-{what}")

        async def probe(options: BaseModel, env: EngineEnv) -> AsyncIterator[Finding]:
            del options, env
            yield Finding(name, "ok", "a fake")

        return EngineSpec(Options, open_it, probe, f"a fake {port}", "MIT")

    def _made(self, port: str, name: str, options: Options) -> Any:
        match port:
            case "tts":
                return self.voices.setdefault(options.tone, FakeVoice())
            case "llm":
                return self.model if name == "openai" else ScriptedModel("The understudy.")
            case "guard":
                return self.stern
            case _:
                self.chat.read.append(options.model_dump()["channel"])
                return self.chat


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Engines:
    found = Engines()
    monkeypatch.setattr(engines, "spec", found.spec)
    monkeypatch.setattr(assemble, "bind", lambda *_: socket.socket())
    monkeypatch.setattr(assemble, "serve", serve_nothing)
    return found


async def serve_nothing(*_: object, task_status: TaskStatus[None]) -> None:
    task_status.started()
    await anyio.sleep_forever()


async def at_once(act: Callable[[], T]) -> T:
    return act()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spark.toml"


OpenShow = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def show_of(file: Path, tmp_path: Path, fakes: Engines) -> OpenShow:
    @asynccontextmanager
    async def run(text: str = "") -> AsyncIterator[Opened]:
        write(file, text)
        settings = load(fakes.spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=at_once)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return run


def write(file: Path, text: str) -> None:
    file.write_text(f"[discovery]\non = false\n[journal]\non = false\n{text}", encoding="utf-8")


def settings_of(opened: Opened) -> SettingsDesk:
    assert opened.doors.settings is not None
    return opened.doors.settings


def state(opened: Opened, name: str) -> str:
    return next(one.state for one in opened.show.components if one.name == name)


async def test_a_voice_that_is_changed_counts_from_the_next_turn_on(show_of: OpenShow, fakes: Engines) -> None:
    async with show_of() as opened:
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(0.5)
        change = await settings_of(opened).change("tts.tone", 5)
        assert change == Change("tts.tone", 0, 5, "component")
        assert fakes.log[-1] == "+espeak5", "the new one is open before the old one closes"
        await anyio.sleep(30)
        spoken = len(fakes.voices[0].asked)
        assert (opened.show.turns(1)[0].heard, fakes.voices[5].asked) == ("The understudy.", [])
        opened.show.chat(Line("ben", "and hello again"))
        await anyio.sleep(30)
        assert len(fakes.voices[0].asked) == spoken
        assert fakes.voices[5].asked


async def test_an_old_voice_that_no_stand_in_needs_is_closed(show_of: OpenShow, fakes: Engines) -> None:
    async with show_of("[tts]\ntone = 1\n") as opened:
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(0.5)
        await settings_of(opened).change("tts.tone", 2)
        assert "-espeak1" not in fakes.log, "a turn still speaks with it"
        await anyio.sleep(30)
        assert "-espeak1" in fakes.log
        assert state(opened, "tts:espeak:2") == "off"
        await settings_of(opened).change("tts.tone", 1)
        assert fakes.log.count("+espeak1") == 2


async def test_the_end_of_a_change_leaves_alone_what_the_next_one_opens(show_of: OpenShow, fakes: Engines) -> None:
    fakes.slow["espeak3"] = 10.0
    async with show_of("[tts]\ntone = 1\n") as opened:
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(0.5)
        await settings_of(opened).change("tts.tone", 2)
        change = await settings_of(opened).change("tts.tone", 3)
        assert change.value == 3
        await anyio.sleep(30)
        assert [one for one in fakes.log if one.startswith("-")] == ["-espeak1", "-espeak2"]


async def test_a_voice_that_cannot_be_opened_is_refused_and_the_old_one_stays(
    show_of: OpenShow, fakes: Engines, file: Path
) -> None:
    fakes.broken["espeak7"] = EngineError("not_installed", "the extra is missing", fix="pip install it")
    async with show_of("[tts]\ntone = 1\n") as opened:
        with pytest.raises(RefusedError) as caught:
            await settings_of(opened).change("tts.tone", 7)
        assert "the extra is missing" in caught.value.message
        assert caught.value.fix == "pip install it"
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert fakes.voices[1].asked
        write(file, "[replies]\nmax_tokens = 50\n[tts]\ntone = 7\n")
        with pytest.raises(RefusedError):
            await settings_of(opened).reload()
        assert next(one for one in settings_of(opened).listed() if one.key == "replies.max_tokens").value == 300


async def test_a_model_takes_the_place_of_the_understudy(show_of: OpenShow, fakes: Engines) -> None:
    async with show_of() as opened:
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        await settings_of(opened).change("llm.use", "openai")
        assert state(opened, "llm:main") == "ok"
        opened.show.chat(Line("ana", "hello again spark"))
        await anyio.sleep(30)
        await settings_of(opened).change("llm.use", is_reset=True)
        opened.show.chat(Line("ana", "and once more"))
        await anyio.sleep(30)
        heard = [turn.heard for turn in opened.show.turns(5)[::-1]]
        assert heard == ["The understudy.", "A model speaks here, and it speaks for a while.", "The understudy."]
        assert state(opened, "llm:main") == "degraded"


async def test_the_guard_is_changed_under_the_show(show_of: OpenShow, fakes: Engines) -> None:
    async with show_of() as opened:
        await settings_of(opened).change("guard.tone", 3)
        await anyio.sleep(1)
        assert fakes.log[-2:] == ["+chain3", "-chain"]
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert len(opened.show.turns(5)) == 1


async def test_an_engine_that_cannot_be_opened_at_the_start_is_tried_again(show_of: OpenShow, fakes: Engines) -> None:
    fakes.broken["espeak1"] = EngineError("unreachable", "nobody answers", retryable=True)
    async with show_of("[tts]\ntone = 1\n") as opened:
        assert state(opened, "tts:espeak:2") == "failed"
        await anyio.sleep(60)
        del fakes.broken["espeak1"]
        await anyio.sleep(60)
        assert state(opened, "tts:espeak:2") == "ok"
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert fakes.voices[1].asked


async def test_a_shorter_answer_counts_for_the_next_request(show_of: OpenShow, fakes: Engines) -> None:
    async with show_of('[llm]\nuse = "openai"\n') as opened:
        await settings_of(opened).change("replies.max_tokens", 40)
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert fakes.model.requests[-1].max_tokens == 40


async def test_the_gates_and_the_stand_ins_are_told(show_of: OpenShow) -> None:
    async with show_of('[llm]\nuse = "openai"\n') as opened:
        await settings_of(opened).change("inbox.viewer_burst", 1)
        opened.show.chat(Line("ana", "one of them"))
        opened.show.chat(Line("ana", "two of them"))
        await anyio.sleep(30)
        assert len(opened.show.turns(5)) == 1
        await settings_of(opened).change("fallback.llm", "understudy")
        assert state(opened, "fallback:llm") == "degraded"
        opened.show.chat(Line("ben", "who is there"))
        await anyio.sleep(30)
        assert opened.show.turns(1)[0].heard == "The understudy."
        await settings_of(opened).change("fallback.llm", "")
        assert state(opened, "fallback:llm") == "off"


async def test_a_chat_begins_changes_and_ends_with_its_key(show_of: OpenShow, fakes: Engines) -> None:
    async with show_of() as opened:
        assert all(one.name != "chat:twitch" for one in opened.show.components)
        for channel in ("ana", "ben"):
            await settings_of(opened).change("chat.twitch.channel", channel)
            await anyio.sleep(30)
        assert [turn.cue.text for turn in opened.show.turns(5)] == ["on ben", "on ana"]
        assert state(opened, "chat:twitch") == "ok"
        await settings_of(opened).change("chat.twitch.channel", "")
        await anyio.sleep(1)
        assert state(opened, "chat:twitch") == "off"
        assert fakes.chat.read == ["ana", "ben"]


async def test_a_chat_that_cannot_work_as_it_is_set_up_waits_for_another_setting(
    show_of: OpenShow, fakes: Engines
) -> None:
    fakes.broken["twitch"] = EngineError("no_channel", "there is no such channel")
    async with show_of('[chat.twitch]\nchannel = "ana"\n') as opened:
        await anyio.sleep(60)
        assert state(opened, "chat:twitch") == "failed"
        del fakes.broken["twitch"]
        await settings_of(opened).change("chat.twitch.channel", "ben")
        await anyio.sleep(1)
        assert state(opened, "chat:twitch") == "ok"


async def test_the_log_of_the_show_comes_to_the_panel(show_of: OpenShow) -> None:
    async with show_of() as opened:
        logging.getLogger("test").warning("a lamp fell down")
        assert opened.doors.log is not None
        assert opened.doors.log.newest(1)[0].message == "a lamp fell down"


async def test_a_step_of_a_turn_logs_under_its_turn(show_of: OpenShow, fakes: Engines) -> None:
    class Talkative(ScriptedModel):
        async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
            logging.getLogger("test").warning("the model is asked")
            async with aclosing(super().stream(request)) as parts:
                async for part in parts:
                    yield part

    fakes.model = Talkative("A model speaks.")
    async with show_of('[llm]\nuse = "openai"\n') as opened:
        opened.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert opened.doors.log is not None
        assert opened.doors.log.newest(1)[0].turn == opened.show.turns(1)[0].id
