import itertools
from collections.abc import AsyncGenerator
from dataclasses import replace

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.audio import AudioChunk, VisemeCue, WordTime
from spark_vtuber.core.cues import Behaviour, CueKind
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Clause, Mark, Outcome, Reason, TurnRecord, Utterance
from spark_vtuber.llm.port import LLMPart, LLMRequest, TextDelta, Usage
from spark_vtuber.pipeline.ahead import Ahead
from spark_vtuber.pipeline.crew import Limits
from spark_vtuber.pipeline.floor import Seat
from spark_vtuber.pipeline.perform import perform
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.script import Script
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.pipeline.voice import VoicePart
from spark_vtuber.stage.port import Caption, Emote, SpeechEnd, SpeechSound, SpeechStart, TurnOver
from spark_vtuber.testing.crews import DEFLECTION, EMBER, SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel, pieces
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.virtual import VirtualClock, VirtualLoop
from spark_vtuber.testing.voices import FakeVoice

ANSWER = "Well hello there, dear chat. I was practicing the boss fight all week long. Do you want to see it?"


def spoken(rig: Rig) -> str:
    return " ".join(asked.clause.spoken.strip() for asked, _ in rig.voice.asked)


async def test_an_answer_is_spoken_heard_and_written_down() -> None:
    rig = Rig()
    rig.model = ScriptedModel(ANSWER)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.outcome is Outcome.COMPLETED
    assert record.said == record.heard == ANSWER
    assert spoken(rig) == ANSWER
    assert not record.is_degraded
    assert rig.breaker.told == ["ok"]


async def test_all_marks_are_written_in_their_order() -> None:
    rig = Rig()
    record = await run_turn(rig.turn(), rig.crew())
    assert set(record.marks) == set(Mark)
    instants = [record.marks[mark] for mark in Mark]
    assert instants == sorted(instants)


async def test_the_voice_begins_while_the_model_still_writes() -> None:
    rig = Rig()
    rig.model = ScriptedModel(ANSWER, first_token_s=0.2, token_s=0.1)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.marks[Mark.FIRST_AUDIO] - record.marks[Mark.REQUEST] < 0.9


async def test_without_a_comma_the_first_words_come_within_60_ms_of_the_sixth() -> None:
    rig = Rig()
    rig.model = ScriptedModel("one two three four five six seven eight nine ten eleven twelve", first_token_s=0.2)
    record = await run_turn(rig.turn(), rig.crew())
    sixth_s = 0.2 + 5 * 0.025
    assert sixth_s <= record.marks[Mark.FIRST_AUDIO] - record.marks[Mark.REQUEST] <= sixth_s + 0.06


async def test_the_stage_gets_starts_sound_captions_and_ends_in_order() -> None:
    rig = Rig()
    rig.model = ScriptedModel("[happy] Hello there, chat! [smug] Nice to see you.")
    await run_turn(rig.turn(), rig.crew())
    parts = [part for _, part in rig.stage.parts]
    assert isinstance(parts[0], SpeechStart)
    assert isinstance(parts[1], Caption)
    assert [part.name for part in parts if isinstance(part, Emote)] == ["happy", "smug"]
    assert "".join(word for part in parts if isinstance(part, SpeechSound) for *_, word in part.words) != ""
    assert isinstance(parts[-2], SpeechEnd)
    assert isinstance(parts[-1], TurnOver)


async def test_thoughts_are_never_spoken() -> None:
    rig = Rig()
    rig.model = ScriptedModel("<think>what do I say, hm</think>Good evening to you, friend.")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == spoken(rig) == "Good evening to you, friend."


async def test_the_operators_own_words_are_spoken_as_they_stand() -> None:
    rig = Rig()
    record = await run_turn(rig.turn(rig.cue("Welcome to the show.", kind=CueKind.SAY)), rig.crew())
    assert record.heard == "Welcome to the show."
    assert isinstance(rig.model, ScriptedModel)
    assert rig.model.requests == []


async def test_without_a_model_the_understudy_is_the_engine_and_nothing_is_degraded() -> None:
    rig = Rig()
    rig.model = None
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == "My big brain is not plugged in."
    assert not record.is_degraded


@pytest.mark.parametrize("fault", [{"fail_at": 0}, {"hang_at": 0}, {"fail_at": 1}, {"hang_at": 1}])
async def test_a_model_that_fails_before_anything_was_said_is_covered_as_a_whole(fault: dict[str, int]) -> None:
    rig = Rig()
    rig.model = ScriptedModel("Extraordinary weather today.", **fault)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.outcome is Outcome.COMPLETED
    assert record.is_degraded
    assert record.heard == spoken(rig) == "My big brain is not plugged in."
    assert len(rig.breaker.told) == 1
    assert record.error == rig.breaker.told[0]


async def test_a_model_that_breaks_off_is_bridged_and_never_asked_again() -> None:
    rig = Rig()
    rig.model = ScriptedModel("Hello there, my friend. How are you doing on this", fail_at=9)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.outcome is Outcome.COMPLETED
    assert record.is_degraded
    assert record.heard == "Hello there, my friend. My big brain is not plugged in."
    assert len(rig.model.requests) == 1
    assert isinstance(rig.understudy, ScriptedModel)
    assert rig.understudy.requests[0].cue.kind is CueKind.BRIDGE


async def test_an_open_breaker_lets_the_understudy_answer_at_once() -> None:
    rig = Rig()
    rig.breaker.is_closed = False
    record = await run_turn(rig.turn(), rig.crew())
    assert record.is_degraded
    assert record.error == "breaker_open"
    assert isinstance(rig.model, ScriptedModel)
    assert rig.model.requests == []
    assert record.marks[Mark.FIRST_AUDIO] - record.marks[Mark.ADMITTED] < 0.01


async def test_a_model_that_thinks_too_long_is_given_up_at_the_deadline() -> None:
    rig = Rig()
    rig.limits = Limits(first_audio_s=2.0)
    rig.model = ScriptedModel("<think>" + "hm " * 400 + "</think> At last.", token_s=0.05)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.error == "too_slow"
    assert record.heard == "My big brain is not plugged in."
    assert record.marks[Mark.FIRST_AUDIO] - record.marks[Mark.REQUEST] == pytest.approx(2.0, abs=0.05)


async def test_an_answer_that_holds_nothing_is_covered() -> None:
    rig = Rig()
    rig.model = ScriptedModel("<think>nothing to say</think>  ")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.error == "empty"
    assert record.heard == "My big brain is not plugged in."


async def test_when_the_understudy_fails_too_the_turn_has_failed_and_says_so() -> None:
    rig = Rig()
    rig.model = ScriptedModel(fail_at=0)
    rig.understudy = ScriptedModel(fail_at=0, error=EngineError("no_brain", "there is no brain"))
    record = await run_turn(rig.turn(), rig.crew())
    assert record.outcome is Outcome.FAILED
    assert record.error == "no_brain"
    assert record.heard == ""
    assert rig.floor.holder is None


async def test_a_blocked_clause_becomes_a_deflection_and_ends_the_answer() -> None:
    rig = Rig()
    rig.model = ScriptedModel("Hello there, chat. Now a badword for you all. And much more to say, friends.")
    rig.guard = FakeGuard(("badword",))
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == f"Hello there, {DEFLECTION}"
    assert [(blocked.rule, blocked.reason) for blocked in record.blocked] == [("word", "profanity")]
    assert "badword" not in spoken(rig)
    assert all("badword" not in repr(part) for _, part in rig.stage.parts)
    assert "badword" not in repr(rig.notes.events)
    assert "badword" not in repr(record)


async def test_a_rewritten_clause_is_spoken_and_shown_as_rewritten() -> None:
    rig = Rig()
    rig.model = ScriptedModel("Hello darn world, nice to meet you.")
    rig.guard = FakeGuard(rewrites={"darn": "dear"})
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == spoken(rig) == "Hello dear world, nice to meet you."


async def test_a_guard_that_fails_blocks() -> None:
    rig = Rig()
    rig.guard = FakeGuard(is_broken=True)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == DEFLECTION
    assert record.blocked[0].rule == "guard_failed"


async def test_the_guard_sees_the_end_of_what_was_released() -> None:
    rig = Rig()
    guard = rig.guard = FakeGuard()
    rig.model = ScriptedModel(ANSWER)
    await run_turn(rig.turn(), rig.crew())
    seen = [context.released for _, _, context in guard.seen]
    assert seen[0] == ""
    assert ANSWER.startswith(seen[-1])


async def test_a_voice_that_fails_is_replaced_for_the_same_clause() -> None:
    rig = Rig()
    broken, second = FakeVoice(fail_at=0), FakeVoice()
    rig.voices = (broken, second)
    rig.model = ScriptedModel("Hello there, my friend.")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == "Hello there, my friend."
    assert record.is_degraded
    assert " ".join(asked.clause.spoken.strip() for asked, _ in second.asked) == "Hello there, my friend."


async def test_a_voice_that_breaks_off_goes_on_with_the_next_word_and_repeats_none() -> None:
    rig = Rig()
    broken, second = FakeVoice(fail_at=6), FakeVoice()
    rig.voices = (broken, second)
    rig.model = ScriptedModel("one two three four five six", token_s=0)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == record.heard == "one two three four five six"
    rest = second.asked[0][0].clause.spoken
    assert "one two three four five six".endswith(rest)
    assert len(rest) < len("one two three four five six")


async def test_a_voice_that_breaks_off_without_word_times_is_not_repeated() -> None:
    rig = Rig()
    rig.voices = (FakeVoice(fail_at=3, words=False), FakeVoice())
    rig.model = ScriptedModel("one two three four five six", token_s=0)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.outcome is Outcome.COMPLETED
    starts = [part for _, part in rig.stage.parts if isinstance(part, SpeechStart)]
    assert len(starts) == 1


async def test_a_voice_that_hangs_is_given_up() -> None:
    rig = Rig()
    rig.limits = Limits(voice_chunk_s=1.0)
    rig.voices = (FakeVoice(latency_s=100), FakeVoice())
    record = await run_turn(rig.turn(), rig.crew())
    assert record.error == "stalled"
    assert record.heard == record.said


async def test_without_any_voice_the_answer_is_shown_as_captions() -> None:
    rig = Rig()
    rig.voices = (FakeVoice(fail_at=0),)
    rig.model = ScriptedModel("Hello there, my friend.")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == "Hello there, my friend."
    assert record.is_degraded
    assert not [part for _, part in rig.stage.parts if isinstance(part, SpeechSound)]


async def test_a_muted_persona_is_read_not_heard_and_still_counts() -> None:
    rig = Rig()
    rig.muted.add(SPARK.id)
    rig.model = ScriptedModel("[happy] Hello there, my friend. Read this aloud to yourself.")
    record = await run_turn(rig.turn(), rig.crew())
    parts = [part for _, part in rig.stage.parts]
    assert not [part for part in parts if isinstance(part, SpeechStart)]
    assert [part.name for part in parts if isinstance(part, Emote)] == ["happy"]
    assert record.heard == "Hello there, my friend. Read this aloud to yourself."
    assert record.marks[Mark.LAST_PLAYED] > record.marks[Mark.FIRST_PLAYED]


async def test_a_muted_answer_that_is_cut_counts_by_the_time_it_was_shown() -> None:
    rig = Rig()
    rig.muted.add(SPARK.id)
    rig.model = ScriptedModel("one two three four five six seven eight nine ten", token_s=0)
    turn = rig.turn()
    records: list[TurnRecord] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_keep, turn, rig, records)
        await anyio.sleep(1.2)
        turn.interrupt(Reason.OPERATOR)
    assert records[0].heard in ("one two three", "one two three four")


async def test_emoji_alone_are_shown_and_wait_for_nothing() -> None:
    rig = Rig()
    rig.model = ScriptedModel("😀😀")
    record = await run_turn(rig.turn(), rig.crew())
    assert rig.voice.asked == []
    assert record.outcome is Outcome.COMPLETED


async def _keep(turn: Turn, rig: Rig, records: list[TurnRecord]) -> None:
    records.append(await run_turn(turn, rig.crew()))


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 9))
def test_cut_at_any_instant_it_falls_silent_and_keeps_a_prefix(after_s: float) -> None:
    async def show() -> None:
        rig = Rig()
        rig.model = model = ScriptedModel(ANSWER, first_token_s=0.3, token_s=0.05)
        turn = rig.turn()
        records: list[TurnRecord] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_keep, turn, rig, records)
            await anyio.sleep(after_s)
            turn.interrupt(Reason.OPERATOR)
            cut_s = rig.clock.now()
        record = records[0]
        assert ANSWER.startswith(record.heard)
        assert record.said.startswith(record.heard)
        assert rig.floor.holder is None
        assert rig.floor.waiting == ()
        assert all(heard.end_s <= cut_s + 0.1 for heard in rig.stage.audible())
        assert rig.clock.now() - cut_s < 0.3
        assert len(model.left_early) == (1 if record.outcome is Outcome.INTERRUPTED and not _is_read(record) else 0)

    anyio.run(show, backend_options={"loop_factory": VirtualLoop})


def _is_read(record: TurnRecord) -> bool:
    """Whether the model had given its whole answer, or was never asked."""
    return "tokens_per_s" in record.counts or Mark.REQUEST not in record.marks


async def test_cancelling_the_show_silences_the_turn_before_it_goes_on() -> None:
    rig = Rig()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, rig.turn(), rig.crew())
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
        at_s = rig.clock.now()
    assert rig.floor.holder is None
    assert all(heard.end_s <= at_s + 0.1 for heard in rig.stage.audible())


async def test_a_stage_that_does_not_fall_silent_in_time_is_not_waited_for() -> None:
    rig = Rig()
    rig.stage = FakeStage(VirtualClock(), flush_s=5.0)
    turn = rig.turn()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, turn, rig.crew())
        await anyio.sleep(1)
        turn.interrupt(Reason.OPERATOR)
        at_s = rig.clock.now()
        while rig.floor.holder is not None:
            await anyio.sleep(0.01)
        assert rig.clock.now() - at_s < 5.5


PLANS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(list(Behaviour)), st.integers(0, 2), st.floats(0, 6)),
    min_size=2,
    max_size=6,
)


@settings(max_examples=20, deadline=None)
@given(PLANS)
def test_two_personas_never_overlap(plans: list[tuple[bool, Behaviour, int, float]]) -> None:
    async def show() -> None:
        rig = Rig()
        rig.model = ScriptedModel(ANSWER)
        crew = rig.crew()

        async def play(is_main: bool, behaviour: Behaviour, priority: int, after_s: float) -> None:
            await anyio.sleep(after_s)
            cue = rig.cue(behaviour=behaviour, priority=priority)
            records.append(await run_turn(rig.turn(cue, SPARK if is_main else EMBER), crew))

        records: list[TurnRecord] = []
        async with anyio.create_task_group() as tasks:
            for plan in plans:
                tasks.start_soon(play, *plan)
        assert len(records) == len(plans)
        heard = rig.stage.audible()
        for earlier, later in itertools.pairwise(heard):
            assert earlier.end_s <= later.start_s + 1e-9
        for record in records:
            assert record.outcome is not Outcome.FAILED
            if all(behaviour is Behaviour.QUEUE for _, behaviour, _, _ in plans):
                assert record.outcome is Outcome.COMPLETED

    anyio.run(show, backend_options={"loop_factory": VirtualLoop})


async def test_a_waiting_turn_reads_its_model_but_speaks_at_most_two_clauses_ahead() -> None:
    rig = Rig()
    rig.model = model = ScriptedModel(" ".join(["This is a sentence of some length."] * 12), token_s=0.001)
    crew = rig.crew()
    await crew.floor.take(seat := _seat())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, rig.turn(), crew)
        await anyio.sleep(60)
        assert len(rig.voice.asked) == 2
        assert len(model.requests) == 1
        assert not model.left_early
        crew.floor.leave(seat)


def _seat() -> Seat:
    return Seat(Rig().turn(), PersonaId("host"), Behaviour.QUEUE, 0)


async def test_a_bug_in_a_stage_propagates_and_frees_the_floor() -> None:
    rig = Rig()
    rig.stage.failure = ZeroDivisionError()
    with pytest.raises(ExceptionGroup):
        await run_turn(rig.turn(), rig.crew())
    assert rig.floor.holder is None


async def test_a_model_that_talks_without_end_is_stopped() -> None:
    rig = Rig()
    rig.limits = Limits(max_tokens=20)
    rig.voice.chunk_ms = 1_000
    rig.model = Babbler()
    record = await run_turn(rig.turn(), rig.crew())
    assert 160 <= len(record.heard) < 250
    assert record.counts["tokens_in"] == 7
    assert "tokens_cached" not in record.counts


class Babbler(ScriptedModel):
    """A model that ignores its limit and reports what it was given first."""

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        yield Usage(tokens_in=7)
        while True:
            yield TextDelta("and so on and on. ")


async def test_a_broken_off_answer_keeps_its_whole_sentences_and_their_faces() -> None:
    rig = Rig()
    rig.limits = Limits(clauses_ahead=1)
    text = "Hello there, my friend. [happy] It is nice here. It is even nicer [sad] when the"
    rig.model = ScriptedModel(text, token_s=0, fail_at=len(pieces(text)) - 1)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == "Hello there, my friend. It is nice here. My big brain is not plugged in."
    faces = [part.name for _, part in rig.stage.parts if isinstance(part, Emote)]
    assert faces == ["happy"]


async def test_while_sound_plays_a_slow_model_is_waited_for_and_then_spoken_in_shorter_pieces() -> None:
    rig = Rig()
    rig.model = ScriptedModel("Hello there, my dear friend of the house and of all its many rooms today.", token_s=0.4)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == record.said
    assert len(rig.voice.asked) >= 3


async def test_a_face_in_the_middle_of_a_clause_changes_with_its_word_and_one_at_the_end_with_the_end() -> None:
    rig = Rig()
    rig.model = ScriptedModel("One two [sad] three [happy]")
    await run_turn(rig.turn(), rig.crew())
    faces = [(part.name, part.ms) for _, part in rig.stage.parts if isinstance(part, Emote)]
    words = [word for _, part in rig.stage.parts if isinstance(part, SpeechSound) for word in part.words]
    assert faces[0] == ("sad", words[2][0])
    assert faces[1][0] == "happy"
    assert faces[1][1] >= words[2][0]


async def test_a_word_that_needs_several_spoken_words_is_announced_once() -> None:
    rig = Rig()
    rig.model = ScriptedModel("It costs $3.50 now, friend.")
    await run_turn(rig.turn(), rig.crew())
    words = [word[2] for _, part in rig.stage.parts if isinstance(part, SpeechSound) for word in part.words]
    assert words.count("$3.50") == 1


async def test_words_without_a_map_are_not_announced() -> None:
    rig = Rig()
    rig.voices = (WordsBefore(),)
    await run_turn(rig.turn(rig.cue("Hello there.", kind=CueKind.SAY)), rig.crew())
    words = [word for _, part in rig.stage.parts if isinstance(part, SpeechSound) for word in part.words]
    assert [word[2] for word in words] == ["Hello"]


class WordsBefore(FakeVoice):
    """A voice that tells of a word before the text begins."""

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        words = (WordTime(0, 10, "um", -3, -1), WordTime(10, 40, "Hello", 0, 5))
        yield AudioChunk(bytes(4_800), self.sample_rate, (VisemeCue(0, "sil"),), words)


async def test_a_voice_that_has_no_sound_for_a_clause_leaves_it_to_the_captions() -> None:
    rig = Rig()
    rig.voices = (Silent(),)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.heard == record.said
    assert not record.is_degraded


class Silent(FakeVoice):
    """A voice that never makes a sound."""

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        for chunk in ():
            yield chunk


async def test_a_long_clause_goes_to_the_stages_in_bursts_a_few_seconds_ahead() -> None:
    rig = Rig()
    text = "This is a sentence of some length and it goes on for quite a while before it ends. " * 3
    await run_turn(rig.turn(rig.cue(text.strip(), kind=CueKind.SAY)), rig.crew())
    start_s = rig.stage.audible()[0].start_s
    sent = 0
    for at_s, part in rig.stage.parts:
        if isinstance(part, SpeechSound):
            sent += len(part.pcm) // 2
            assert sent / 24_000 - (at_s - start_s) <= 3.2


async def no_clauses() -> AsyncGenerator[Clause, None]:
    for clause in ():
        yield clause


async def test_a_bug_in_the_sound_is_not_hidden() -> None:
    rig = Rig()
    send, receive = anyio.create_memory_object_stream[VoicePart](1)
    await send.send(AudioChunk(b"", 24_000))
    turn, crew = rig.turn(), rig.crew()
    seat = Seat(turn, SPARK.id, Behaviour.QUEUE, 0)
    ahead = Ahead(crew.stage, 24_000, crew.limits)
    async with anyio.create_task_group() as tasks:
        script = Script(turn, crew, no_clauses(), tasks)
        with pytest.raises(RuntimeError, match="before its clause"):
            await perform(turn, crew, seat, script, receive, ahead, tasks)
    send.close()


async def test_a_model_that_begins_inside_a_thought_is_known_from_the_second_answer_on() -> None:
    rig = Rig()
    rig.model = ScriptedModel("let me see, a viewer said hi</think>Good evening to you, friend.")
    crew = rig.crew()
    await run_turn(rig.turn(), crew)
    assert crew.thinkers == {SPARK.id}
    second = await run_turn(rig.turn(), crew)
    said = await run_turn(rig.turn(rig.cue("Welcome to the show.", kind=CueKind.SAY)), crew)
    rig.breaker.is_closed = False
    covered = await run_turn(rig.turn(), crew)
    assert second.said == "Good evening to you, friend."
    assert said.said == "Welcome to the show."
    assert covered.said == "My big brain is not plugged in."


async def test_who_talks_little_asks_the_model_for_less() -> None:
    rig = Rig()
    model = rig.model = ScriptedModel(ANSWER)
    crew = rig.crew()
    await run_turn(rig.turn(persona=replace(SPARK, reply_share=0.35)), crew)
    await run_turn(rig.turn(persona=replace(SPARK, reply_share=0.01)), crew)
    assert [request.max_tokens for request in model.requests] == [105, 16]
