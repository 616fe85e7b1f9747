"""What a character's tools do, with and without a turn around them."""

from dataclasses import replace

import anyio
import pytest

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.core.turns import Outcome, Reason
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.llm.port import Capabilities, Usage
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.tools import MOST_CALLS, MOST_ERRANDS, OLDEST_S, Caller, Toolbox, ToolRules
from spark_vtuber.testing.crews import SPARK, Rig
from spark_vtuber.testing.tool_calls import CallingModel, FakeAct, a_call, an_instrument

ABLE = Capabilities("openai", takes_tools=True)
ALL = ToolRules(is_on=True, allowed=("look", "face"), limit_s=2.0)


class PlacedWords:
    """A guard that blocks texts with a word in a direction and fails on others; `seen` is what it was asked."""

    def __init__(self) -> None:
        self.blocked = {Direction.IN: "never", Direction.OUT: "never"}
        self.error: EngineError | None = None
        self.seen: list[tuple[str, Direction, Position]] = []

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        self.seen.append((text, direction, context.position))
        if self.error is not None and context.position is Position.TOOL:
            raise self.error
        if self.blocked[direction] in text:
            return Verdict(Decision.BLOCK, "", "word", "word")
        return Verdict(Decision.ALLOW, text)


class Bench(Rig):
    """A rig with two tools: `look` answers, `face` is an errand."""

    def __init__(self) -> None:
        super().__init__()
        self.words = PlacedWords()
        self.guard = self.words
        self.look = FakeAct("Ana was here three times.")
        self.face = FakeAct()
        self.rules = ALL
        self.box = Toolbox(self.clock, self.words, self.notes, lambda: self.rules)
        self.box.add("look", lambda: an_instrument("look", self.look, answers=True))
        self.box.add("face", lambda: an_instrument("face", self.face))
        self.caller = Caller(SPARK, TurnId("t1"), self.cue())

    def outcomes(self) -> list[tuple[str, str]]:
        return [(one["tool"], one["outcome"]) for one in self.notes.of("tool.called")]

    async def answered(self, call: ToolCall) -> str:
        return await self.box.answer(self.box.take(call, self.caller), self.caller)


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def in_a_turn(bench: Bench, *passes: object) -> CallingModel:
    """Run a turn whose model gives these passes, with the errands beside it."""
    model = bench.model = CallingModel(*passes)  # type: ignore[arg-type]
    turn = bench.turn()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.box.run)
        record = await run_turn(turn, replace(bench.crew(), toolbox=bench.box))
        await anyio.sleep(5)
        tasks.cancel_scope.cancel()
    bench.record = record  # type: ignore[attr-defined]
    return model


async def test_what_is_on_allowed_and_usable_is_offered_in_a_fixed_order(bench: Bench) -> None:
    assert [one.name for one in bench.box.offered(ABLE)] == ["look", "face"]
    bench.rules = replace(ALL, allowed=("face",))
    assert [one.name for one in bench.box.offered(ABLE)] == ["face"]
    bench.box.add("face", lambda: None)
    assert bench.box.offered(ABLE) == ()
    bench.rules = ToolRules(allowed=ALL.allowed)
    assert bench.box.offered(ABLE) == ()


@pytest.mark.parametrize(
    ("capabilities", "is_able"),
    [
        (Capabilities("x", takes_schema=True), True),
        (Capabilities("x"), False),
        (Capabilities("x", is_scripted=True, takes_tools=True), False),
    ],
)
async def test_only_a_model_that_can_write_a_call_is_offered_any(
    bench: Bench, capabilities: Capabilities, is_able: bool
) -> None:
    assert bool(bench.box.offered(capabilities)) == is_able


async def test_an_answer_goes_through_the_guard_both_ways(bench: Bench) -> None:
    assert await bench.answered(a_call("look")) == "look: Ana was here three times."
    assert bench.words.seen == [
        ("it", Direction.OUT, Position.TOOL),
        ("Ana was here three times.", Direction.IN, Position.TOOL),
    ]
    assert bench.outcomes() == [("look", "ok")]


async def test_arguments_that_the_guard_blocks_do_nothing(bench: Bench) -> None:
    bench.words.blocked[Direction.OUT] = "bad"
    assert "not allowed" in await bench.answered(a_call("look", '{"what": "bad words"}'))
    assert bench.look.called == []
    assert bench.outcomes() == [("look", "refused")]


async def test_a_result_that_the_guard_blocks_is_not_told(bench: Bench) -> None:
    bench.words.blocked[Direction.IN] = "Ana"
    assert "Ana" not in await bench.answered(a_call("look"))
    assert bench.outcomes() == [("look", "refused")]


async def test_a_guard_that_fails_lets_nothing_pass(bench: Bench) -> None:
    bench.words.error = EngineError("down", "no verdict")
    assert "not allowed" in await bench.answered(a_call("look"))


async def test_a_tool_that_takes_too_long_is_left(bench: Bench) -> None:
    bench.look.takes_s = 60
    began_s = bench.clock.now()
    assert await bench.answered(a_call("look")) == "look: not done in time"
    assert bench.clock.now() - began_s == pytest.approx(ALL.limit_s)
    assert bench.outcomes() == [("look", "late")]


async def test_what_a_tool_cannot_do_is_told(bench: Bench) -> None:
    bench.look.error = SparkError("there is no such viewer", code="unknown_viewer")
    assert await bench.answered(a_call("look")) == "look: not done: there is no such viewer"
    assert bench.outcomes() == [("look", "unknown_viewer")]


async def test_an_answer_without_words_is_told_as_done(bench: Bench) -> None:
    bench.look.says = ""
    assert await bench.answered(a_call("look")) == "look: done"


@pytest.mark.parametrize(
    ("call", "outcome", "told"),
    [
        (a_call("fly"), "unknown", "no such tool"),
        (a_call("look", "{}"), "bad_arguments", "it needs what"),
        (a_call("face", '{"what": "' + "x" * 50 + '"}'), "bad_arguments", "0 to 40"),
    ],
)
async def test_a_wrong_call_is_told_back(bench: Bench, call: ToolCall, outcome: str, told: str) -> None:
    taken = bench.box.take(call, bench.caller)
    assert taken.wants_words
    assert told in await bench.box.answer(taken, bench.caller)
    assert bench.outcomes() == [(call.name, outcome)]


async def test_too_many_errands_are_dropped_and_counted(bench: Bench) -> None:
    taken = [bench.box.take(a_call("face"), bench.caller) for _ in range(MOST_ERRANDS // 2)]
    bench.box.begin(bench.caller.turn)
    taken += [bench.box.take(a_call("face"), bench.caller) for _ in range(MOST_ERRANDS // 2 + 1)]
    assert bench.outcomes() == [("face", "dropped")]
    assert taken[-1].told == "not done: too much to do"
    assert not taken[-1].wants_words


@pytest.mark.parametrize("change", ["age", "off"])
async def test_an_errand_that_is_not_meant_any_more_is_dropped(bench: Bench, change: str) -> None:
    bench.box.begin(bench.caller.turn)
    bench.box.take(a_call("face"), bench.caller)
    if change == "age":
        await anyio.sleep(OLDEST_S + 1)
    else:
        bench.rules = ToolRules()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.box.run)
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
    assert bench.face.called == []
    assert bench.outcomes() == [("face", "dropped")]


async def test_an_errand_whose_tool_is_taken_away_under_the_guard_is_not_done(bench: Bench) -> None:
    look = bench.words.check

    async def slow(text: str, direction: Direction, context: GuardContext) -> Verdict:
        await anyio.sleep(1)
        return await look(text, direction, context)

    bench.words.check = slow  # type: ignore[method-assign]
    bench.box.begin(bench.caller.turn)
    bench.box.take(a_call("face"), bench.caller)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.box.run)
        await anyio.sleep(0.5)
        bench.rules = ToolRules()
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
    assert bench.face.called == []
    assert bench.outcomes() == [("face", "dropped")]


@pytest.mark.parametrize("is_approved", [True, False])
async def test_an_errand_of_an_answer_that_waits_for_approval_waits_too(bench: Bench, is_approved: bool) -> None:
    bench.model = CallingModel(["How lovely.", a_call("face")])
    crew, turn = replace(bench.crew(), toolbox=bench.box), bench.turn()
    crew.approvals.hold()

    async def decide() -> None:
        await anyio.sleep(OLDEST_S + 5)
        assert bench.face.called == []
        if is_approved:
            crew.approvals.approve(turn.id)
        else:
            turn.interrupt(Reason.REJECTED)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.box.run)
        tasks.start_soon(decide)
        await run_turn(turn, crew)
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
    assert bench.face.called == ([{"what": "it"}] if is_approved else [])
    assert bench.outcomes() == [("face", "ok" if is_approved else "dropped")]


async def test_an_answer_that_was_prepared_on_other_words_does_nothing(bench: Bench) -> None:
    bench.model = CallingModel(["How lovely.", a_call("face")])
    turn = bench.turn(cue=replace(bench.cue(), expected="what nobody said"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.box.run)
        record = await run_turn(turn, replace(bench.crew(), toolbox=bench.box))
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
    assert record.reason == Reason.MISHEARD
    assert bench.face.called == []


async def test_every_text_of_the_arguments_is_looked_at(bench: Bench) -> None:
    instrument = an_instrument("list", bench.look, answers=True)
    names = {"type": "array", "items": {"type": "string"}}
    tool = replace(instrument.tool, parameters={"properties": {"names": names, "count": {"type": "integer"}}})
    bench.box.add("list", lambda: replace(instrument, tool=tool))
    bench.rules = replace(ALL, allowed=("list",))
    await bench.answered(a_call("list", '{"names": ["a", "b"], "count": 2}'))
    assert [text for text, direction, _ in bench.words.seen if direction is Direction.OUT] == ["a", "b"]


async def test_an_answer_of_a_tool_is_spoken_of_in_a_second_pass(bench: Bench) -> None:
    model = await in_a_turn(bench, ["Let me see.", a_call("look")], ["Ana came three times."])
    first, second = model.requests
    assert first.tools == second.tools
    assert second.messages[: len(first.messages)] == first.messages
    assert [message.role for message in second.messages[-2:]] == ["assistant", "tool"]
    assert second.messages[-2].calls[0].id == second.messages[-1].answers == "c1"
    assert second.messages[-2].content == "Let me see."
    assert bench.record.said == "Let me see. Ana came three times."  # type: ignore[attr-defined]
    assert bench.record.counts["tool_calls"] == 1  # type: ignore[attr-defined]
    assert "tools_ms" in bench.record.durations_ms  # type: ignore[attr-defined]


async def test_an_errand_is_done_without_a_word_waiting_for_it(bench: Bench) -> None:
    bench.face.takes_s = 1.5
    model = await in_a_turn(bench, ["How lovely.", a_call("face")])
    assert len(model.requests) == 1
    assert bench.face.called == [{"what": "it"}]
    assert bench.outcomes() == [("face", "ok")]
    assert bench.record.said == "How lovely."  # type: ignore[attr-defined]


async def test_a_model_that_only_calls_is_asked_for_its_words(bench: Bench) -> None:
    model = await in_a_turn(bench, [a_call("face")], ["There you are."])
    assert model.requests[1].messages[-1].content == "done"
    assert bench.record.said == "There you are."  # type: ignore[attr-defined]


async def test_a_wrong_call_may_be_written_once_more(bench: Bench) -> None:
    await in_a_turn(bench, ["Hm.", a_call("face", "{}")], [a_call("face"), "So."], ["never"])
    assert bench.face.called == [{"what": "it"}]
    assert bench.record.said == "Hm. So."  # type: ignore[attr-defined]


async def test_there_are_two_passes_and_four_calls_at_most(bench: Bench) -> None:
    calls = [a_call("look", id=f"c{number}") for number in range(MOST_CALLS + 3)]
    model = await in_a_turn(bench, ["One.", *calls], ["Two.", a_call("look")], ["Three."])
    assert len(model.requests) == 2
    assert len(bench.look.called) == MOST_CALLS
    assert bench.record.said == "One. Two."  # type: ignore[attr-defined]
    assert bench.record.counts["tool_calls"] == MOST_CALLS + 4  # type: ignore[attr-defined]


async def test_the_counts_of_both_passes_are_added(bench: Bench) -> None:
    one, two = Usage(tokens_in=100, tokens_cached=90, tokens_out=5), Usage(tokens_in=130, tokens_out=7)
    await in_a_turn(bench, ["One.", a_call("look"), one], ["Two.", two])
    counts = bench.record.counts  # type: ignore[attr-defined]
    assert (counts["tokens_in"], counts["tokens_cached"], counts["tokens_out"]) == (230, 90, 12)


async def test_an_answer_that_is_cut_off_calls_nothing_back(bench: Bench) -> None:
    bench.limits = replace(bench.limits, max_tokens=16)
    model = await in_a_turn(bench, [a_call("look"), "x " * 200, "y"])
    assert len(model.requests) == 1


async def test_without_a_toolbox_calls_are_only_counted(bench: Bench) -> None:
    bench.model = CallingModel(["Hello.", a_call("look")])
    record = await run_turn(bench.turn(), bench.crew())
    assert record.outcome is Outcome.COMPLETED
    assert record.counts["tool_calls"] == 1
    assert bench.look.called == []
