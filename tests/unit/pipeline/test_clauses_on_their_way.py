"""Clauses between the draft and the stages: without sound, rewritten, broken off, without end."""

import itertools
from collections.abc import AsyncGenerator

import anyio
import pytest
from anyio.lowlevel import checkpoint

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.turns import Mark, Reason, TurnRecord
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.llm.port import LLMPart, LLMRequest, TextDelta
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.ahead import Ahead
from spark_vtuber.pipeline.crew import Limits
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.stage.port import Caption, Emote, Part, Position, SpeechSound, SpeechStart
from spark_vtuber.testing.crews import DEFLECTION, SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice


def in_order(record: TurnRecord) -> bool:
    instants = [record.marks[mark] for mark in Mark if mark in record.marks]
    return instants == sorted(instants)


def captions(rig: Rig) -> list[str]:
    return [part.text for _, part in rig.stage.parts if isinstance(part, Caption)]


async def test_a_clause_with_nothing_to_speak_joins_the_next_one_and_the_marks_keep_their_order() -> None:
    rig = Rig()
    rig.model = ScriptedModel("*waves at you all*. [happy] Hello there, my friend. [sad] 🎉!", token_s=0.1)
    rig.voice.latency_s = 0.3
    record = await run_turn(rig.turn(), rig.crew())
    assert set(record.marks) == set(Mark)
    assert in_order(record)
    assert captions(rig)[0].startswith("*waves at you all*. Hello")
    assert record.heard == record.said == "*waves at you all*. Hello there, my friend. 🎉!"
    assert [part.name for _, part in rig.stage.parts if isinstance(part, Emote)] == ["happy", "sad"]
    words = [word[2] for _, part in rig.stage.parts if isinstance(part, SpeechSound) for word in part.words]
    assert words == ["Hello", "there,", "my", "friend."]


async def test_who_is_unmuted_in_mid_answer_is_heard_again_from_the_next_answer_on() -> None:
    rig = Rig()
    rig.muted.add(SPARK.id)
    rig.model = ScriptedModel("Hello there, my friend. Read this aloud to yourself.")
    crew = rig.crew()
    records: list[TurnRecord] = []

    async def play() -> None:
        records.append(await run_turn(rig.turn(), crew))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(play)
        await anyio.sleep(0.5)
        rig.muted.clear()
    assert rig.voice.asked == []
    assert in_order(records[0])
    await play()
    assert rig.voice.asked


async def test_a_muted_answer_counts_up_to_the_panic_and_no_further() -> None:
    rig = Rig()
    rig.muted.add(SPARK.id)
    rig.model = ScriptedModel("one two three four five six", token_s=0)
    turn = rig.turn()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, turn, rig.crew())
        await anyio.sleep(1.2)
        turn.heard.freeze(rig.stage.position())
        turn.interrupt(Reason.PANIC)
    assert turn.record().heard == "one two three"


class Impatient(FakeStage):
    """A stage on which the turn is cut as soon as a face changes."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(VirtualClock())
        self._turn = turn

    async def perform(self, part: Part) -> None:
        if isinstance(part, Emote):
            self._turn.interrupt(Reason.OPERATOR)
        await super().perform(part)


async def test_a_silent_clause_that_is_cut_before_it_was_shown_does_not_count() -> None:
    rig = Rig()
    rig.muted.add(SPARK.id)
    turn = rig.turn()
    rig.model = ScriptedModel("[happy] Hello there, my friend.", token_s=0)
    rig.stage = Impatient(turn)
    assert (await run_turn(turn, rig.crew())).heard == ""


async def test_a_voice_that_failed_is_not_asked_again_in_the_same_answer() -> None:
    rig = Rig()
    broken, second = FakeVoice(fail_at=0), FakeVoice()
    rig.voices = (broken, second)
    rig.model = ScriptedModel("Hello there, my friend. It is nice here. Do you want to stay for a while?", token_s=0.1)
    await run_turn(rig.turn(), rig.crew())
    assert len(broken.asked) == 1
    assert len(second.asked) > 1


async def test_the_last_voice_is_asked_again_for_every_clause() -> None:
    rig = Rig()
    rig.voices = (FakeVoice(fail_at=0),)
    rig.model = ScriptedModel("Hello there, my friend. It is nice here.", token_s=0.1)
    await run_turn(rig.turn(), rig.crew())
    assert len(rig.voices[0].asked) > 1  # type: ignore[attr-defined]  # the rig's voices are fakes


async def test_making_sound_does_not_count_the_wait_for_the_floor_or_the_listener() -> None:
    rig = Rig()
    rig.voice.real_time_factor = 0.1
    text = "This is a sentence of some length and it goes on for quite a while before it ends. " * 4
    record = await run_turn(rig.turn(rig.cue(text.strip(), kind=CueKind.SAY)), rig.crew())
    played_ms = (record.marks[Mark.LAST_PLAYED] - record.marks[Mark.FIRST_PLAYED]) * 1000
    assert record.durations_ms["voice_total_ms"] == pytest.approx(played_ms / 10, rel=0.1)


class Twisted:
    """A guard that rewrites a word into one that only sounds bad."""

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        del direction
        if "b@d" in text:
            return Verdict(Decision.REWRITE, text.replace("b@d", "$5"), "mended", "mended")
        if "five dollars" in context.spoken:
            return Verdict(Decision.BLOCK, "", "sound", "sound")
        return Verdict(Decision.ALLOW, text)


async def test_a_rewritten_clause_passes_the_guard_again_as_it_will_be_spoken() -> None:
    rig = Rig()
    rig.guard = Twisted()
    rig.model = ScriptedModel("Take b@d now, friend.")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == DEFLECTION
    assert [blocked.rule for blocked in record.blocked] == ["sound"]


async def test_a_face_behind_a_shortened_clause_still_changes() -> None:
    rig = Rig()
    rig.guard = FakeGuard(rewrites={"extraordinarily ": ""})
    rig.model = ScriptedModel("It is an extraordinarily nice day [happy]", token_s=0)
    await run_turn(rig.turn(), rig.crew())
    assert [part.name for _, part in rig.stage.parts if isinstance(part, Emote)] == ["happy"]


async def test_a_blocked_clause_without_words_leaves_no_mark_out() -> None:
    rig = Rig()
    rig.guard = FakeGuard(("🖕",))
    rig.model = ScriptedModel("🖕🖕!")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == DEFLECTION
    assert set(record.marks) == set(Mark)


class Dreamer(ScriptedModel):
    """A model that begins to answer and then thinks without end."""

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        yield TextDelta("Hello there, my friend. <think>")
        while True:
            await anyio.sleep(0.01)
            yield TextDelta("hm ")


async def test_a_model_that_thinks_without_end_after_its_first_words_is_stopped() -> None:
    rig = Rig()
    rig.limits = Limits(max_tokens=20)
    rig.model = Dreamer()
    with anyio.fail_after(60):
        record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == "Hello there, my friend."


async def test_a_short_lead_is_kept_over_several_utterances() -> None:
    rig = Rig()
    rig.limits = Limits(lead_s=0.5)
    text = "This is a sentence. " * 8
    await run_turn(rig.turn(rig.cue(text.strip(), kind=CueKind.SAY)), rig.crew())
    heard = rig.stage.audible()
    assert all(later.start_s - earlier.end_s < 0.01 for earlier, later in itertools.pairwise(heard))
    sent, start_s = 0, heard[0].start_s
    for at_s, part in rig.stage.parts:
        if isinstance(part, SpeechSound):
            sent += len(part.pcm) // 2
            assert sent / 24_000 - (at_s - start_s) <= 0.65


async def test_a_clause_that_broke_off_counts_as_one() -> None:
    rig = Rig()
    rig.voices = (FakeVoice(fail_at=6), FakeVoice())
    rig.model = ScriptedModel("one two three four five six", token_s=0)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.counts["clauses"] == 1
    assert len([part for _, part in rig.stage.parts if isinstance(part, SpeechStart)]) == 2


class Instant(FakeStage):
    """A stage on which everything counts as heard when it is handed over."""

    async def reached(self, position: Position) -> float:
        await checkpoint()
        return self._clock.now()


async def test_on_a_stage_that_waits_for_nothing_the_end_is_marked_too() -> None:
    rig = Rig()
    rig.stage = Instant(rig.clock)
    record = await run_turn(rig.turn(), rig.crew())
    assert set(record.marks) == set(Mark)
    assert in_order(record)


async def test_a_bridging_line_is_set_off_from_words_that_were_cut_at_a_comma() -> None:
    rig = Rig()
    rig.model = ScriptedModel("Well hello, my", token_s=0.5, fail_at=3)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == "Well hello, My big brain is not plugged in."


@pytest.mark.parametrize(("position", "samples"), [((1, 30), 30), ((2, 0), 100), ((4, 0), 150), ((0, 0), 0)])
def test_what_was_heard_is_counted_over_all_utterances(position: tuple[int, int], samples: int) -> None:
    class Still:
        """A stage whose listener stands still."""

        def position(self) -> Position:
            return Position(*position)

    ahead = Ahead(Still(), 100, Limits())  # type: ignore[arg-type]  # only the position is asked for
    for number, made in ((1, 100), (3, 50)):
        ahead.begins(number)
        ahead.handed(made)
    assert ahead.heard() == samples
