"""The recorder on the virtual clock with a tape in memory, and its files."""

import json
import struct
import wave
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Outcome
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart, TurnOver
from spark_vtuber.stage.recorder import RecorderStage, recording, recording_along
from spark_vtuber.stage.tape import MAX_PENDING_BYTES, FileTape, TapeFiles, wav_header
from spark_vtuber.stage.timeline import Timeline
from spark_vtuber.testing.contracts.stage import PROMISES, RATE, Promise, Trial, speak, utterance
from spark_vtuber.testing.stages import MemoryTape
from spark_vtuber.testing.virtual import VirtualClock

CLOCK = VirtualClock()
MAIN = PersonaId("main")
T1 = TurnId("t1")


def pcm(samples: int, value: int = 1) -> bytes:
    return struct.pack("<h", value) * samples


def recorder(*, is_instant: bool = False) -> tuple[RecorderStage, MemoryTape]:
    tape = MemoryTape()
    return RecorderStage(tape, CLOCK, RATE, is_instant=is_instant), tape


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_recorder_keeps_the_promises_of_a_stage(promise: Promise) -> None:
    stage, _ = recorder()
    await promise(Trial(stage, CLOCK))


async def test_an_instant_recording_takes_no_time() -> None:
    stage, tape = recorder(is_instant=True)
    began = CLOCK.now()
    assert await stage.reached(await speak(stage, 1, 60.0)) == began
    assert len(tape.pcm) == 60 * RATE * 2


async def test_utterances_lie_back_to_back_with_their_cues() -> None:
    stage, tape = recorder(is_instant=True)
    for number in (1, 2):
        await stage.perform(SpeechStart(utterance(number, f"t{number}"), RATE))
        await stage.perform(Caption(MAIN, "Hello.", number))
        await stage.perform(Emote(MAIN, "happy", 0.5, number, 10.0))
        sound = SpeechSound(number, 0, pcm(RATE, number), (VisemeCue(0, "aa"),), ((0, 900, "Hello."),))
        await stage.perform(sound)
        await stage.perform(SpeechEnd(number, RATE))
        await stage.perform(TurnOver(TurnId(f"t{number}"), Outcome.COMPLETED, "Hello."))
    assert bytes(tape.pcm) == pcm(RATE, 1) + pcm(RATE, 2)
    first, _, second, over = tape.events
    assert first == {
        "type": "utterance",
        "at_ms": 0.0,
        "utterance": 1,
        "turn": "t1",
        "persona": "main",
        "text": "Hello.",
        "samples": RATE,
        "heard": RATE,
        "visemes": [[0, "aa", 1.0]],
        "words": [[0, 900, "Hello."]],
        "expressions": [[10.0, "happy", 0.5]],
        "captions": ["Hello."],
    }
    assert second["at_ms"] == 1000.0
    assert over == {"type": "turn", "at_ms": 2000.0, "turn": "t2", "outcome": "completed", "heard": "Hello."}


async def test_a_cut_utterance_ends_where_it_was_cut() -> None:
    stage, tape = recorder()
    await stage.perform(SpeechStart(utterance(1), RATE))
    visemes = (VisemeCue(0, "aa"), VisemeCue(1500, "sil"))
    await stage.perform(SpeechSound(1, 0, pcm(2 * RATE), visemes, ((0, 900, "Good"), (900, 1900, "day."))))
    await stage.perform(SpeechEnd(1, 2 * RATE))
    await speak(stage, 2, 2.0)
    await anyio.sleep(1.25)
    await stage.flush(T1)
    await stage.perform(SpeechStart(utterance(3, "t2"), RATE))
    await stage.perform(SpeechSound(3, 0, pcm(10, 7)))
    await anyio.sleep(1.0)
    stage.close()
    assert bytes(tape.pcm) == pcm(RATE * 5 // 4) + pcm(10, 7)
    cut, cancel, after = tape.events
    assert (cut["samples"], cut["heard"]) == (2 * RATE, RATE * 5 // 4)
    assert (cut["visemes"], cut["words"]) == ([[0, "aa", 1.0]], [[0, 900, "Good"]])
    assert cancel == {"type": "cancel", "at_ms": 1250.0, "turn": "t1", "utterance": 1, "sample": RATE * 5 // 4}
    assert (after["utterance"], after["at_ms"]) == (3, 1250.0)


async def test_what_was_not_heard_at_the_end_is_left_out() -> None:
    stage, tape = recorder()
    await speak(stage, 1, 1.0)
    await speak(stage, 2, 1.0)
    await anyio.sleep(0.5)
    stage.close()
    assert len(tape.pcm) == RATE
    assert [event["utterance"] for event in tape.events] == [1]


async def test_faces_and_captions_without_an_utterance_have_a_place() -> None:
    stage, tape = recorder(is_instant=True)
    await speak(stage, 1, 1.0)
    await stage.perform(Emote(MAIN, "happy"))
    await stage.perform(Caption(MAIN, ""))
    await stage.perform(Emote(MAIN, "sad", 1.0, 1, 5.0))
    await stage.perform(Caption(MAIN, "late", 1))
    assert tape.events[1:] == [
        {"type": "expression", "at_ms": 1000.0, "persona": "main", "name": "happy", "weight": 1.0},
        {"type": "caption", "at_ms": 1000.0, "persona": "main", "text": ""},
    ]


async def test_a_recording_has_one_sample_rate() -> None:
    stage, _ = recorder()
    with pytest.raises(ValueError, match="22050"):
        await stage.perform(SpeechStart(utterance(1), 22_050))


async def test_memory_is_bounded_by_what_was_not_heard() -> None:
    stage, _ = recorder()
    for number in range(1, 301):
        await stage.reached(await speak(stage, number, 1.0, f"t{number}"))
        await stage.flush(TurnId(f"t{number}"))
    stage.close()
    timeline = stage._timeline
    assert (len(timeline._lines), len(timeline._cancelled)) == (0, 256)
    assert timeline.samples == 300 * RATE


class TestFollowing:
    """A timeline that is told the position by another stage, which may correct itself by a little."""

    def test_a_position_that_is_corrected_backwards_is_the_one_that_counts(self) -> None:
        tape = MemoryTape()
        timeline = Timeline(tape, RATE, hold_s=0.15)
        timeline.take(SpeechStart(utterance(1), RATE), Position(0, 0))
        timeline.take(SpeechSound(1, 0, pcm(RATE)), Position(0, 0))
        timeline.settle(Position(1, RATE // 2))
        timeline.cut(T1, Position(1, RATE // 2 - 1000))
        assert len(tape.pcm) == (RATE // 2 - 1000) * 2

    def test_what_comes_for_a_cut_turn_is_left_out(self) -> None:
        tape = MemoryTape()
        timeline = Timeline(tape, RATE)
        timeline.cut(T1, Position(0, 0))
        timeline.take(SpeechStart(utterance(1), RATE), Position(0, 0))
        timeline.take(SpeechSound(1, 0, pcm(RATE)), Position(1, 0))
        timeline.take(SpeechEnd(1, RATE), Position(1, RATE))
        timeline.close(Position(1, RATE))
        assert not tape.pcm
        assert [event["type"] for event in tape.events] == ["cancel"]

    def test_an_utterance_that_was_never_ended_ends_with_the_next(self) -> None:
        tape = MemoryTape()
        timeline = Timeline(tape, RATE)
        timeline.take(SpeechStart(utterance(1), RATE), Position(0, 0))
        timeline.take(SpeechSound(1, 0, pcm(10)), Position(0, 0))
        timeline.take(SpeechStart(utterance(2), RATE), Position(1, 0))
        timeline.settle(Position(1, 10))
        assert tape.events[0]["heard"] == 10

    def test_who_joins_late_waits_for_the_next_utterance(self) -> None:
        tape = MemoryTape()
        timeline = Timeline(tape, RATE)
        timeline.take(SpeechSound(1, 500, pcm(10)), Position(1, 400))
        timeline.take(SpeechEnd(1, 510), Position(1, 400))
        timeline.close(Position(1, 510))
        assert not tape.pcm

    @given(st.lists(st.integers(0, 400), max_size=12), st.lists(st.integers(0, 400), max_size=12))
    def test_chunks_and_positions_of_any_size_give_the_same_recording(self, sizes: list[int], at: list[int]) -> None:
        tape = MemoryTape()
        timeline = Timeline(tape, RATE)
        timeline.take(SpeechStart(utterance(1), RATE), Position(0, 0))
        whole = bytes(range(256)) * 40
        first = 0
        for size in sizes:
            timeline.take(SpeechSound(1, first, whole[first * 2 : (first + size) * 2]), Position(1, 0))
            first += size
        for sample in sorted(at):
            timeline.settle(Position(1, min(sample, first)))
        timeline.close(Position(1, min(max(at, default=0), first)))
        assert bytes(tape.pcm) == whole[: min(max(at, default=0), first) * 2]


class TestFiles:
    def test_the_wave_file_is_what_the_standard_library_reads(self, tmp_path: Path) -> None:
        files = TapeFiles(tmp_path / "out.wav", RATE)
        files.sound(pcm(100, 5))
        files.note({"type": "turn"})
        files.note({"type": "turn"})
        files.close()
        with wave.open(str(tmp_path / "out.wav")) as wav:
            assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, RATE)
            assert wav.readframes(1000) == pcm(100, 5)
        assert json.loads((tmp_path / "out.json").read_text()) == {
            "version": 1,
            "sample_rate": RATE,
            "events": [{"type": "turn"}, {"type": "turn"}],
            "samples": 100,
        }

    def test_an_empty_recording_is_valid(self, tmp_path: Path) -> None:
        TapeFiles(tmp_path / "out.wav", RATE).close()
        with wave.open(str(tmp_path / "out.wav")) as wav:
            assert wav.getnframes() == 0
        assert json.loads((tmp_path / "out.json").read_text())["events"] == []

    def test_sizes_that_do_not_fit_are_the_largest(self) -> None:
        header = wav_header(RATE, 2**33)
        assert struct.unpack_from("<I", header, 4) == (0xFFFFFFFF,)

    def test_a_timeline_that_cannot_be_opened_leaves_no_open_file(self, tmp_path: Path) -> None:
        (tmp_path / "out.json").mkdir()
        with pytest.raises(OSError, match=r"out\.json"):
            TapeFiles(tmp_path / "out.wav", RATE)


@pytest.mark.real
class TestOnDisk:
    async def test_a_recording_is_complete_when_it_is_left(self, tmp_path: Path) -> None:
        path = tmp_path / "out.wav"
        async with recording(path, VirtualClock(), RATE, is_instant=True) as stage:
            for number in range(1, 4):
                await speak(stage, number, 1.0)
        with wave.open(str(path)) as wav:
            assert wav.getnframes() == 3 * RATE
        assert len(json.loads(path.with_suffix(".json").read_text())["events"]) == 3

    async def test_a_follower_records_what_the_leader_heard(self, tmp_path: Path) -> None:
        path = tmp_path / "out.wav"
        async with recording_along(path, RATE, lambda: Position(1, 500)) as timeline:
            timeline.take(SpeechStart(utterance(1), RATE), Position(0, 0))
            timeline.take(SpeechSound(1, 0, pcm(1000)), Position(0, 0))
        with wave.open(str(path)) as wav:
            assert wav.getnframes() == 500

    async def test_a_folder_that_is_missing_is_an_outcome(self, tmp_path: Path) -> None:
        with pytest.raises(EngineError, match="cannot be opened"):
            async with recording(tmp_path / "no" / "out.wav", VirtualClock(), RATE):
                pass

    async def test_a_disk_that_fails_is_an_outcome(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_files: TapeFiles, _event: dict[str, Any]) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(TapeFiles, "note", refuse)
        with pytest.raises(EngineError, match="cannot be written"):
            async with recording(tmp_path / "out.wav", VirtualClock(), RATE, is_instant=True) as stage:
                await speak(stage, 1, 1.0)

    async def test_a_disk_that_fails_at_the_end_is_an_outcome(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        close = TapeFiles.close

        def fail(files: TapeFiles) -> None:
            close(files)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(TapeFiles, "close", fail)
        with pytest.raises(EngineError, match="cannot be written"):
            async with recording(tmp_path / "out.wav", VirtualClock(), RATE):
                pass

    def test_a_disk_that_is_far_behind_has_failed(self, tmp_path: Path) -> None:
        tape = FileTape(tmp_path / "out.wav", RATE)
        tape._written = -MAX_PENDING_BYTES - 1
        with pytest.raises(EngineError, match="too slow"):
            tape.sound(pcm(1))
        tape._written = 0
        tape.close()
