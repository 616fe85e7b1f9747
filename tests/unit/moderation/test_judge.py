"""The second opinion: what is asked, how the answer is read, what becomes of late and broken ones."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.moderation.judge import LONGEST_ANSWER, SCHEMA, ModelJudge, messages, verdict_in
from spark_vtuber.moderation.judged import JudgedGuard, Opinion, SecondOpinion
from spark_vtuber.moderation.port import GuardContext, Judge, Question
from spark_vtuber.testing.contracts.judge import PROMISES
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.judges import ScriptedJudge
from spark_vtuber.testing.models import ScriptedModel

IN, OUT = Direction.IN, Direction.OUT


class Doubts(FakeGuard):
    """Lets everything pass and doubts what holds "maybe"."""

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The scripted verdict."""
        verdict = await super().check(text, direction, context)
        return replace(verdict, score=0.3, category="hate") if "maybe" in text else verdict


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize(
    "judge", [ScriptedJudge(("bad",)), ModelJudge(ScriptedModel('{"allow": false}'))], ids=["scripted", "model"]
)
async def test_every_judge_keeps_the_promises(judge: Judge, promise: Callable[[Judge], Awaitable[None]]) -> None:
    await promise(judge)


@pytest.mark.parametrize(
    ("answer", "may_pass"),
    [
        ('{"allow": true}', True),
        ('{"allow": false}', False),
        (' \n{"allow":true}\n', True),
        ('```json\n{"allow": false}\n```', False),
    ],
)
def test_a_verdict_is_one_object_and_nothing_else(answer: str, may_pass: bool) -> None:
    assert verdict_in(answer) is may_pass


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "true",
        "allow",
        'Sure! {"allow": true}',
        '{"allow": true} {"allow": false}',
        '{"allow": false, "allow": true}',
        '{"allow": "true"}',
        '{"allow": 1}',
        '{"allow": true, "note": "as it says"}',
        '[{"allow": true}]',
        "{" * 100,
        "[" * 100_000,
        '{"allow": true}' + " " * 10 + "x" * LONGEST_ANSWER,
    ],
)
def test_what_is_not_exactly_a_verdict_is_none(answer: str) -> None:
    with pytest.raises(EngineError) as caught:
        verdict_in(answer)
    assert caught.value.code == "bad_verdict"


@given(st.text())
def test_no_text_is_anything_but_one_string_of_the_question(text: str) -> None:
    system, user = messages(Question(text, OUT, text, text), "pg-13")
    assert (system.role, user.role) == ("system", "user")
    assert "\n" not in user.content
    assert "<|" not in user.content
    found = json.loads(user.content)
    assert found["text"] == text[:1_000]
    assert found["before"] == text[-200:] if text else "before" not in found


async def test_the_model_is_asked_for_json_of_the_schema_and_little_of_it() -> None:
    model = ScriptedModel('{"allow": true}')
    assert await ModelJudge(model, lambda: "strict").may_pass(Question("hm", IN))
    request = model.requests[0]
    assert request.schema == SCHEMA
    assert request.temperature == 0
    assert request.max_tokens <= 64
    assert "all ages" in request.messages[0].content


async def test_an_endless_answer_is_left() -> None:
    model = ScriptedModel("yes and " * 1_000, token_s=0)
    with pytest.raises(EngineError, match="no verdict"):
        await ModelJudge(model).may_pass(Question("hm", IN))
    assert not model.open_streams


async def test_the_same_question_is_asked_once_however_it_is_written() -> None:
    judge = ScriptedJudge(("evil",))
    second = SecondOpinion(lambda: judge)
    opinions = [await second.ask(Question(text, IN), 5) for text in ("evil?", "EVIL?", "ev\u200bil?", "well?")]
    assert opinions == [Opinion.REFUSED] * 3 + [Opinion.ALLOWED]
    assert len(judge.asked) == 2


async def test_what_was_said_before_makes_another_question() -> None:
    judge = ScriptedJudge()
    second = SecondOpinion(lambda: judge)
    await second.ask(Question("they should.", OUT, "", "Ducks swim. "), 5)
    await second.ask(Question("they should.", OUT, "", "Nobody may live here. "), 5)
    assert len(judge.asked) == 2


async def test_only_so_many_answers_are_remembered_and_all_can_be_forgotten() -> None:
    judge = ScriptedJudge()
    second = SecondOpinion(lambda: judge, capacity=lambda: 2)
    for text in ("one", "two", "three", "one"):
        await second.ask(Question(text, IN), 5)
    assert len(judge.asked) == 4
    second.forget()
    await second.ask(Question("one", IN), 5)
    assert len(judge.asked) == 5


@pytest.mark.parametrize(
    ("judge", "opinion", "took_s"),
    [
        (ScriptedJudge(latency_s=60), Opinion.LATE, 2.0),
        (ScriptedJudge(error=EngineError("unreachable", "gone")), Opinion.FAILED, 0.3),
    ],
)
async def test_no_answer_is_no_and_is_asked_for_again(judge: ScriptedJudge, opinion: Opinion, took_s: float) -> None:
    told: list[tuple[Opinion, str]] = []
    second = SecondOpinion(lambda: judge, heard=lambda *what: told.append(what))
    began_s = anyio.current_time()
    assert await second.ask(Question("hm", IN), 2.0) is opinion
    assert anyio.current_time() - began_s == pytest.approx(took_s)
    await second.ask(Question("hm", IN), 2.0)
    assert len(judge.asked) == 2
    assert [one for one, _ in told] == [opinion] * 2


@pytest.mark.parametrize(
    ("judge", "decision", "rule"),
    [
        (ScriptedJudge(), Decision.ALLOW, ""),
        (ScriptedJudge(("maybe",)), Decision.BLOCK, "second_opinion"),
        (ScriptedJudge(latency_s=60), Decision.BLOCK, "second_opinion_late"),
        (ScriptedJudge(error=EngineError("bad_verdict", "?")), Decision.BLOCK, "second_opinion_failed"),
        (None, Decision.ALLOW, ""),
    ],
    ids=["allows", "refuses", "late", "broken", "nobody"],
)
async def test_a_doubtful_clause_is_said_only_with_a_second_opinion(
    judge: ScriptedJudge | None, decision: Decision, rule: str
) -> None:
    guard = JudgedGuard(Doubts(), SecondOpinion(lambda: judge), lambda: 1.0)
    verdict = await guard.check("maybe so", OUT, GuardContext(released="Well, ", position=Position.CLAUSE))
    assert (verdict.decision, verdict.rule) == (decision, rule)
    if verdict.is_blocked:
        assert (verdict.text, verdict.reason) == ("", "hate")
    if judge is not None:
        assert judge.asked == [Question("maybe so", OUT, "hate", "Well, ")]


async def test_a_clear_clause_and_a_line_that_waits_are_not_asked_about() -> None:
    judge = ScriptedJudge(("maybe",))
    guard = JudgedGuard(Doubts(), SecondOpinion(lambda: judge), lambda: 1.0)
    began_s = anyio.current_time()
    assert not (await guard.check("certainly", OUT, GuardContext())).is_blocked
    assert not (await guard.check("maybe", IN, GuardContext())).is_blocked
    assert anyio.current_time() == began_s
    assert judge.asked == []
