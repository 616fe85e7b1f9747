"""Second opinions, positions and languages in a whole show of fakes with the real chain of rules."""

import logging
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from spark_vtuber import engines
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Component, Line
from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.guarding import Selection
from spark_vtuber.core.steering import cue_key
from spark_vtuber.core.turns import Outcome
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.llm.port import LLMPart, LLMRequest, TextDelta
from spark_vtuber.moderation.chain import SPEC as CHAIN
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.judges import JudgingModel
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.text.recital import Recital

OpenShow = Callable[..., AbstractAsyncContextManager[Opened]]

DOUBTFUL = "she said women are trash"
"""A report, which the rules cannot tell from what it reports."""

MODEL = '[llm]\nuse = "openai"\n'
VILE = "kill yourself quietly"


@pytest.fixture
def judge() -> JudgingModel:
    return JudgingModel(ScriptedModel("Welcome to the stream, dear friend."), latency_s=0.5)


@pytest.fixture
def open_show(troupe: Troupe, judge: JudgingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenShow:
    def spec(port: str, name: str) -> EngineSpec:
        return CHAIN if (port, name) == ("guard", "chain") else troupe.spec(port, name)

    troupe.model = judge  # type: ignore[assignment]  # the troupe only hands it out
    monkeypatch.setattr(engines, "spec", spec)

    @asynccontextmanager
    async def opened(config: str = MODEL) -> AsyncIterator[Opened]:
        file = tmp_path / "spark.toml"
        file.write_text("[discovery]\non = false\n" + config, encoding="utf-8")
        settings = load(spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("show"), troupe.workers, aside=inline)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return opened


def part(show: Opened, name: str = "second_opinion") -> Component:
    return next(one for one in show.show.components if one.name == name)


async def events(show: Opened) -> str:
    """Everything that somebody who comes back would be told."""
    told: list[str] = []
    async with show.show.events(0) as coming:
        with anyio.move_on_after(0.1):
            async for event in coming:
                told += [f"{event.type} {event.data}"]
    return "\n".join(told)


async def test_a_doubtful_line_is_answered_after_a_second_opinion(open_show: OpenShow, judge: JudgingModel) -> None:
    async with open_show() as show:
        show.show.chat(Line("ana", DOUBTFUL))
        await anyio.sleep(30)
        assert judge.asked == [DOUBTFUL]
        assert [turn.cue.text for turn in show.show.turns(5)] == [DOUBTFUL]
        assert part(show).state == "ok"
        assert "judge" in part(show).detail


@pytest.mark.parametrize("wrong", ["refuses", "is late", "talks nonsense"])
async def test_a_line_without_a_good_opinion_is_refused_and_forgotten(
    wrong: str, open_show: OpenShow, judge: JudgingModel
) -> None:
    match wrong:
        case "refuses":
            judge.words = ("trash",)
        case "is late":
            judge.latency_s = 60
        case _:
            judge.garbage = 'Sure, {"allow": true}'
    async with open_show() as show:
        show.show.chat(Line("ana", DOUBTFUL))
        show.show.chat(Line("ben", "hello spark, how are you?"))
        await anyio.sleep(30)
        assert [turn.cue.text for turn in show.show.turns(5)] == ["hello spark, how are you?"]
        told = await events(show)
        assert "'reason': 'doubtful'" in told
        assert "trash" not in told
        assert part(show).state == ("ok" if wrong == "refuses" else "degraded")


async def test_the_operator_may_have_a_doubtful_line_answered(open_show: OpenShow, judge: JudgingModel) -> None:
    judge.latency_s = 60
    async with open_show() as show:
        show.show.chat(Line("ana", DOUBTFUL))
        await anyio.sleep(3.5)
        assert show.doors.steering is not None
        (waiting,) = show.doors.steering.queue(5).next
        assert show.doors.steering.answer(cue_key(waiting.cue))
        await anyio.sleep(20)
        assert [turn.outcome for turn in show.show.turns(5)] == [Outcome.COMPLETED]
        assert [turn.cue.text for turn in show.show.turns(5)] == [DOUBTFUL]


async def test_without_a_model_the_rules_decide_alone_and_health_says_so(open_show: OpenShow) -> None:
    async with open_show("") as show:
        show.show.chat(Line("ana", DOUBTFUL))
        await anyio.sleep(30)
        assert len(show.show.turns(5)) == 1
        assert part(show).state == "off"
        assert "rules decide alone" in part(show).detail


async def test_a_model_that_is_down_lets_nothing_doubtful_pass(open_show: OpenShow, judge: JudgingModel) -> None:
    judge.talk = ScriptedModel(fail_at=0, error=EngineError("unreachable", "gone", retryable=True))
    async with open_show(MODEL + "[replies]\nbreaker_failures = 1\n") as show:
        show.show.chat(Line("ben", "hello spark"))
        await anyio.sleep(10)
        show.show.chat(Line("ana", DOUBTFUL))
        await anyio.sleep(10)
        assert [turn.cue.text for turn in show.show.turns(5)] == ["hello spark"]
        assert judge.asked == []
        assert part(show).state == "degraded"


async def test_health_says_at_once_that_the_understudy_took_over(open_show: OpenShow) -> None:
    async with open_show() as show:
        assert part(show).state == "ok"
        await show.show.fall_back("llm", "understudy")
        await anyio.sleep(1)
        assert part(show).state == "off"


@pytest.mark.parametrize(("words", "is_said"), [((), True), (("trash",), False)])
async def test_a_doubtful_clause_is_said_only_with_a_second_opinion(
    words: tuple[str, ...], is_said: bool, open_show: OpenShow, judge: JudgingModel
) -> None:
    judge.talk, judge.words = ScriptedModel("She said women are trash, and left."), words
    async with open_show() as show:
        show.show.chat(Line("ben", "what did she say?"))
        await anyio.sleep(30)
        said = show.show.turns(1)[0].said
        assert ("trash" in said) is is_said
        assert said
        assert ("trash" in await events(show)) is is_said


async def test_a_clear_answer_asks_nobody_and_is_not_later(open_show: OpenShow, judge: JudgingModel) -> None:
    async with open_show() as show:
        show.show.chat(Line("ben", "hello spark"))
        await anyio.sleep(30)
        assert judge.asked == []
        assert show.show.turns(1)[0].durations_ms["guard_ms"] == 0


@pytest.mark.parametrize(
    ("languages", "code"), [('["en"]', "en"), ('["en", "de"]', "de")], ids=["not watched over", "watched over"]
)
async def test_a_line_in_another_language_is_answered_in_one_that_is_watched_over(
    languages: str, code: str, open_show: OpenShow, judge: JudgingModel
) -> None:
    assert isinstance(judge.talk, ScriptedModel)
    async with open_show(MODEL + f"[guard]\nlanguages = {languages}\n") as show:
        show.show.chat(Line("ben", "was machst du heute noch auf dem stream?"))
        await anyio.sleep(30)
        asked = judge.talk.requests[-1].messages[-1].content
        assert f'(Answer in the language with the code "{code}"' in asked


async def test_a_line_in_a_language_without_words_still_passes_every_other_check(open_show: OpenShow) -> None:
    async with open_show() as show:
        show.show.chat(Line("ben", "це мій номер телефону +380 44 123 4567"))
        await anyio.sleep(10)
        assert "123" not in await events(show)


@pytest.mark.parametrize(
    ("latency_s", "rule", "strikes"), [(0.5, "second_opinion", 1), (60.0, "second_opinion_late", 0)]
)
async def test_the_ledger_hears_of_it_and_nobody_is_struck_for_a_late_opinion(
    latency_s: float, rule: str, strikes: int, open_show: OpenShow, judge: JudgingModel
) -> None:
    judge.words, judge.latency_s = ("trash",), latency_s
    judge.talk = ScriptedModel("She said women are trash, and left.")
    async with open_show() as show:
        show.show.chat(Line("ana", DOUBTFUL))
        await anyio.sleep(20)
        show.show.chat(Line("ben", "what did she say?"))
        await anyio.sleep(20)
        assert show.doors.guarding is not None
        entries, _ = await show.doors.guarding.book.entries(10, None, Selection())
        assert {(entry.direction, entry.rule) for entry in entries} == {(Direction.IN, rule), (Direction.OUT, rule)}
        assert len(show.doors.guarding.strikes.strikes()) == strikes


class Reciting(ScriptedModel):
    """Tells its own system message word for word."""

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The message, in one piece."""
        self.requests.append(request)
        yield TextDelta("Fine. " + request.messages[0].content)


async def test_a_character_that_recites_its_instructions_is_stopped(open_show: OpenShow, judge: JudgingModel) -> None:
    reciting = judge.talk = Reciting()
    async with open_show() as show:
        show.show.chat(Line("ben", "hello spark"))
        await anyio.sleep(60)
        (turn,) = show.show.turns(5)
        assert turn.blocked[-1].reason == "prompt"
        rules = reciting.requests[0].messages[0].content.partition("Rules:")[2]
        assert "Your words are spoken aloud" not in turn.said
        assert not Recital(rules, 10).holds("", turn.said)


async def test_nothing_blocked_is_kept_in_clear_anywhere(
    open_show: OpenShow, judge: JudgingModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    judge.talk = ScriptedModel(("Well then, you should go and kill yourself tonight.", "She said women are trash, ok?"))
    judge.words = ("trash",)
    async with open_show(MODEL + "[health]\ndead_letters = 10\n") as show:
        for name, text in (
            ("ana", "hello spark"),
            ("bea", VILE),
            (VILE, "hello again spark"),
            ("cay", DOUBTFUL),
            ("dan", "and what did she say?"),
        ):
            show.show.chat(Line(name, text))
            await anyio.sleep(20)
        assert [turn.blocked[0].reason for turn in show.show.turns(5)[::-1]] == ["self_harm", "hate"]
        kept = [await events(show), repr(show.show.turns(10)), repr(show.show.components), caplog.text]
        kept.append(repr(show.doors.lines.lines(100, None, "")) if show.doors.lines is not None else "")
        kept.append(repr(show.doors.healing.dead_letters()) if show.doors.healing is not None else "")
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" or "journal" in path.name for path in files)
    kept += [path.read_bytes().decode("utf-8", "replace") for path in files]
    assert sum("hello spark" in text for text in kept) >= 3
    for text in kept:
        assert not re.search(r"kill\s+yourself|quietly|tonight|women|trash", text, re.IGNORECASE)


async def test_no_verdict_of_the_judge_lets_a_blocked_text_pass(open_show: OpenShow, judge: JudgingModel) -> None:
    async with open_show() as show:
        show.show.chat(Line("bea", VILE))
        await anyio.sleep(10)
        assert judge.asked == []
        assert not show.show.turns(1)
