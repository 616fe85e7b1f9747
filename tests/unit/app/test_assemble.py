"""The composition root with fakes for all engines and no socket."""

import logging
import random
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import TaskStatus
from pydantic import BaseModel, ConfigDict

from spark_vtuber import engines
from spark_vtuber.app import assemble, journal
from spark_vtuber.app import speak as speaking
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.speak import speak
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Line
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.turns import DRY_RUN, Outcome
from spark_vtuber.journal.schema import FILE
from spark_vtuber.pipeline.director import Director
from spark_vtuber.stage.port import Part, Position, SpeechSound
from spark_vtuber.stage.recorder import RecorderStage
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.stages import MemoryTape
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice


class Options(BaseModel):
    """Any keys."""

    model_config = ConfigDict(extra="allow")


class OneLine:
    """A chat in which one line is written."""

    async def events(self) -> AsyncIterator[ChatEvent]:
        yield ChatEvent("1", "twitch", ChatKind.MESSAGE, Author("a", "ana"), "hello from afar")


class Engines:
    """What stands behind the names; `broken` ones cannot be opened."""

    def __init__(self) -> None:
        self.voice = FakeVoice()
        self.model = ScriptedModel("A model speaks here.")
        self.made: dict[tuple[str, str], Any] = {
            ("tts", "espeak"): self.voice,
            ("llm", "understudy"): ScriptedModel("My big brain is not plugged in."),
            ("llm", "openai"): self.model,
            ("guard", "chain"): FakeGuard(),
            ("chat", "twitch"): OneLine(),
            ("chat", "replay"): OneLine(),
        }
        self.broken: set[tuple[str, str]] = set()

    def spec(self, port: str, name: str) -> EngineSpec:
        @asynccontextmanager
        async def open_it(options: BaseModel, env: EngineEnv) -> AsyncIterator[Any]:
            del options, env
            if (port, name) in self.broken:
                raise EngineError("not_installed", f"{name} is missing", fix="install it")
            yield self.made[port, name]

        async def probe(options: BaseModel, env: EngineEnv) -> AsyncIterator[Finding]:
            del options, env
            yield Finding(name, "ok", "a fake")

        return EngineSpec(Options, open_it, probe, f"a fake {port}", "MIT")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Engines:
    found = Engines()
    monkeypatch.setattr(engines, "spec", found.spec)
    monkeypatch.setattr(assemble, "bind", lambda *_: socket.socket())
    monkeypatch.setattr(assemble, "serve", serve_nothing)
    monkeypatch.setattr(journal, "threads", lambda _: inline)
    return found


async def serve_nothing(*_: object, task_status: TaskStatus[None]) -> None:
    task_status.started()
    await anyio.sleep_forever()


Configure = Callable[..., Settings]


@pytest.fixture
def configure(tmp_path: Path, fakes: Engines) -> Configure:
    def settings(text: str = "", **flags: Any) -> Settings:
        file = tmp_path / "spark.toml"
        file.write_text("[discovery]\non = false\n" + text, encoding="utf-8")
        return load(fakes.spec, file, {"data": {"dir": str(tmp_path / "data")}, **flags}, {})

    return settings


def around() -> Surroundings:
    return Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)


def opened(settings: Settings, **more: Any) -> AbstractAsyncContextManager[Opened]:
    @asynccontextmanager
    async def run() -> AsyncIterator[Opened]:
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around(), **more))
            tasks.cancel_scope.cancel()

    return run()


def state(show: Opened, name: str) -> str:
    return next(one.state for one in show.show.components if one.name == name)


async def test_without_a_model_the_understudy_answers_and_the_show_says_so(configure: Configure) -> None:
    async with opened(configure()) as show:
        show.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert [turn.heard for turn in show.show.turns(5)] == ["My big brain is not plugged in."]
        assert show.show.health().status == "degraded"
        assert state(show, "llm:main") == "degraded"
        assert state(show, "director") == state(show, "web") == "ok"
        assert show.url.startswith("http://127.0.0.1:")


async def test_a_show_that_starts_muted_is_not_heard(configure: Configure, fakes: Engines) -> None:
    async with opened(configure(), muted_reason="the test wants silence") as show:
        show.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert len(show.show.turns(5)) == 1
        assert fakes.voice.asked == []


async def test_each_character_thinks_and_speaks_with_what_its_table_says(configure: Configure, fakes: Engines) -> None:
    text = '[persona.main]\n[persona.twin]\ncard = "ember"\nllm = {use = "openai", base_url = "x"}\n'
    async with opened(configure(text)) as show:
        show.show.chat(Line("ana", "hello ember"))
        await anyio.sleep(30)
        assert [(turn.persona, turn.heard) for turn in show.show.turns(5)] == [("twin", "A model speaks here.")]
        assert len(fakes.model.requests) == 1


async def test_an_engine_that_cannot_be_opened_is_left_to_its_stand_in(configure: Configure, fakes: Engines) -> None:
    fakes.broken = {("tts", "espeak"), ("llm", "openai")}
    async with opened(configure('[llm]\nuse = "openai"\n')) as show:
        show.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert [turn.heard for turn in show.show.turns(5)] == ["My big brain is not plugged in."]
        assert state(show, "tts:espeak") == state(show, "llm:openai") == "failed"
        await show.show.fall_back("tts", "espeak")
        show.show.chat(Line("ben", "hello again"))
        await anyio.sleep(30)
        assert len(show.show.turns(5)) == 2


@pytest.mark.parametrize(
    ("missing", "code"), [(("llm", "understudy"), "no_understudy"), (("guard", "chain"), "no_guard")]
)
async def test_without_an_understudy_or_a_guard_there_is_no_show(
    missing: tuple[str, str], code: str, configure: Configure, fakes: Engines
) -> None:
    fakes.broken = {missing}
    with pytest.raises(SparkError) as caught:
        await run_show(configure(), around())
    assert caught.value.code == code


async def test_a_data_directory_that_cannot_be_made_ends_with_the_fix(configure: Configure, tmp_path: Path) -> None:
    settings = configure()
    (tmp_path / "file").touch()
    data = settings.config.data.model_copy(update={"dir": tmp_path / "file" / "data"})
    settings = replace(settings, config=settings.config.model_copy(update={"data": data}))
    with pytest.raises(SparkError) as caught:
        await run_show(settings, around())
    assert caught.value.code == "no_data_dir"
    assert "--data-dir" in caught.value.fix


async def test_a_chat_source_is_read_to_its_end(configure: Configure) -> None:
    async with opened(configure('[chat.twitch]\nchannel = "ana"\n')) as show:
        await anyio.sleep(30)
        assert [turn.cue.text for turn in show.show.turns(5)] == ["hello from afar"]
        assert state(show, "chat:twitch") == "off"


async def test_a_bug_in_the_machine_is_shown_counted_and_survived(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, bugs = Director.run, [ExceptionGroup("", [ZeroDivisionError()])]

    async def run_once_wrongly(director: Director) -> None:
        if bugs:
            raise bugs.pop()
        await run(director)

    monkeypatch.setattr(Director, "run", run_once_wrongly)
    async with opened(configure()) as show:
        await anyio.sleep(0.05)
        assert show.show.health().status == "failed"
        show.show.chat(Line("ana", "are you there"))
        await anyio.sleep(30)
        assert len(show.show.turns(5)) == 1
        director = next(one for one in show.show.components if one.name == "director")
        assert (director.state, director.detail) == ("ok", "restarted after a crash, 1 so far: ZeroDivisionError")


class Follower:
    """A recorder that keeps the parts it is given."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def take(self, part: Part, position: Position) -> None:
        del position
        self.parts.append(part)


async def test_the_shows_sound_is_recorded_and_a_recorder_that_fails_is_shown(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower()
    errors = [EngineError("stage_failed", "the disk is full", retryable=True)]

    @asynccontextmanager
    async def record(*_: object) -> AsyncIterator[Follower]:
        if errors:
            raise errors.pop()
        yield follower

    monkeypatch.setattr(assemble, "recording_along", record)
    async with opened(configure('[stage]\nrecording = "show.wav"\n')) as show:
        await anyio.sleep(0.5)
        assert state(show, "recorder") == "failed"
        await anyio.sleep(5)
        assert state(show, "recorder") == "ok"
        show.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
    assert any(isinstance(part, SpeechSound) for part in follower.parts)


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch) -> MemoryTape:
    """What is recorded instead of a file."""
    kept = MemoryTape()

    @asynccontextmanager
    async def record(_: Path, clock: Clock, sample_rate: int, *, is_instant: bool) -> AsyncIterator[RecorderStage]:
        yield RecorderStage(kept, clock, sample_rate, is_instant=is_instant)

    monkeypatch.setattr(speaking, "recording", record)
    return kept


async def test_a_text_is_spoken_into_a_file(configure: Configure, tape: MemoryTape) -> None:
    record = await speak(configure(), around(), "Hello there, my friend.", "main", Path("a.wav"))
    assert (record.outcome, record.said) == (Outcome.COMPLETED, "Hello there, my friend.")
    assert len(tape.pcm) > 24_000


async def test_a_voice_has_as_long_as_is_configured_for_a_text_in_a_file(
    configure: Configure, fakes: Engines, tape: MemoryTape
) -> None:
    fakes.voice.latency_s = 5.0
    record = await speak(configure("[replies]\nvoice_chunk_s = 20\n"), around(), "Hello.", "main", Path("a.wav"))
    assert not record.is_degraded
    assert tape.pcm


async def test_only_a_character_of_the_show_can_be_asked_to_speak(configure: Configure, tape: MemoryTape) -> None:
    with pytest.raises(SparkError) as caught:
        await speak(configure(), around(), "hi", "nobody", Path("a.wav"))
    assert caught.value.code == "unknown_persona"
    assert not tape.pcm


async def test_nothing_is_spoken_without_a_voice(configure: Configure, fakes: Engines, tape: MemoryTape) -> None:
    fakes.broken = {("tts", "espeak")}
    with pytest.raises(SparkError) as caught:
        await speak(configure(), around(), "hi", "main", Path("a.wav"))
    assert caught.value.code == "no_voice"
    assert not tape.pcm


async def test_what_is_blocked_leaves_a_hash_in_the_journal_and_no_word(configure: Configure, fakes: Engines) -> None:
    fakes.made["guard", "chain"] = FakeGuard(("badword",))
    settings = configure()
    async with opened(settings) as show:
        for author in ("ana", "ben"):
            show.show.chat(Line(author, "such a badword here"))
        show.show.chat(Line("cid", "hello spark"))
        await anyio.sleep(30)
        queues = [line for line in show.show.metrics().splitlines() if "queue_depth{" in line]
    assert {line.split('"')[1] for line in queues} >= {"guard", "inbox", "journal"}
    file = settings.config.data.dir / FILE
    with closing(sqlite3.connect(file)) as kept:
        first, second = kept.execute("SELECT digest FROM verdicts").fetchall()
        assert kept.execute("SELECT author, state FROM lines").fetchall() == [("cid", "answered")]
    assert first == second != ("",)
    assert b"badword" not in file.read_bytes()


async def test_in_a_dry_run_lines_are_chosen_and_nothing_is_asked_or_heard(
    configure: Configure, fakes: Engines
) -> None:
    async with opened(configure('[llm]\nuse = "openai"\n'), is_dry=True) as show:
        show.show.chat(Line("ana", "hello spark"))
        await anyio.sleep(30)
        assert [(turn.engine, turn.heard) for turn in show.show.turns(5)] == [(DRY_RUN, "")]
        assert fakes.voice.asked == []
        assert fakes.model.requests == []


async def test_who_paid_and_was_not_thanked_is_thanked_in_the_next_life_of_the_show(configure: Configure) -> None:
    async with opened(configure(), is_dry=True) as show:
        for number in range(3):
            show.show.chat(Line("nova", f"gift {number}", kind=ChatKind.BITS, amount=100))
        await anyio.sleep(1)
    async with opened(configure()) as show:
        await anyio.sleep(60)
        assert sorted(turn.cue.text for turn in show.show.turns(5)) == ["gift 0", "gift 1", "gift 2"]
    async with opened(configure()) as show:
        await anyio.sleep(60)
        assert show.show.turns(5) == ()


async def test_a_viewer_of_an_earlier_stream_is_a_regular_and_no_file_names_them(
    configure: Configure, tmp_path: Path
) -> None:
    for hours in (0, 7, 0):
        async with opened(configure()) as show:
            show.show.chat(Line("ana", f"hello at {hours}"))
            await anyio.sleep(hours * 3600 + 30)
            show.show.chat(Line("ana", f"hello after {hours}"))
            await anyio.sleep(30)
            lines, _ = show.doors.lines.lines(1, None, "after") if show.doors.lines else ((), False)
    assert lines[0].scores["regular"] == 1.0
    assert "ana" not in (tmp_path / "data" / "regulars.json").read_text("utf-8")


async def test_a_policy_counts_at_once(configure: Configure) -> None:
    async with opened(configure()) as show:
        assert show.doors.settings is not None
        await show.doors.settings.change("inbox.policy", "co-stream")
        show.show.chat(Line("ana", "hello everybody"))
        show.show.chat(Line("ben", "hello spark, how are you?"))
        await anyio.sleep(30)
        assert [turn.cue.author for turn in show.show.turns(5)] == ["ben"]
        assert show.show.status()["dropped"] == {"policy": 1}
        assert show.show.status()["sentiment"] == 0
