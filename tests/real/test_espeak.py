"""espeak-ng through its worker: behaviour under `real`, numbers under `figures`."""

import itertools
import json
import logging
import random
import statistics
import subprocess
import sys
import time
import unicodedata
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from math import log10, sqrt
from pathlib import Path
from typing import Any, BinaryIO, cast

import psutil
import pytest

from spark_vtuber.core.audio import AudioChunk
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.engine import EngineEnv, Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.frames import Frame, encode, read_frame
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.health.workers import WorkerLimits, open_worker
from spark_vtuber.testing.contracts.tts import check_sound, check_tts, check_visemes, check_words, collect, utterance
from spark_vtuber.tts.espeak import SPEC, WORKER, Espeak, EspeakOptions
from spark_vtuber.tts.visemes import SYMBOLS
from spark_vtuber.tts.words import words_of

SENTENCES: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "voice" / "sentences.json").read_text(encoding="utf-8")
)
LONG = "Today we are going to build a robot, and I really hope that it will not explode again. " * 20
PATIENT = WorkerLimits(ready_s=20.0, silence_s=20.0, cancel_s=5.0, backoff_s=0.01)


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[tuple[Espeak, Worker]]:
    """The engine as the application opens it, and the worker behind it."""
    log, clock, rng = logging.getLogger("test.espeak"), SystemClock(), random.Random(7)
    workers: list[Worker] = []

    @asynccontextmanager
    async def worker(module: str, argv: Sequence[str] = ()) -> AsyncIterator[Worker]:
        async with open_worker(module, argv, log=log, clock=clock, rng=rng, limits=PATIENT) as opened_worker:
            workers.append(opened_worker)
            yield opened_worker

    env = EngineEnv(clock, rng, Path(), str, log, worker, cast("Any", None))
    async with SPEC.open(EspeakOptions(**options), env) as voice:
        yield voice, workers[0]


def length_ms(chunks: list[AudioChunk]) -> float:
    return sum(chunk.samples for chunk in chunks) / 24


def level_dbfs(chunks: list[AudioChunk]) -> tuple[float, float]:
    """Loudness (root mean square) and peak."""
    samples = array("h", b"".join(chunk.pcm for chunk in chunks))
    rms = sqrt(sum(sample * sample for sample in samples) / len(samples))
    return 20 * log10(rms / 32_768), 20 * log10(max(abs(sample) for sample in samples) / 32_768)


def at_the_rails(chunks: list[AudioChunk]) -> float:
    """The share of samples that were cut off."""
    samples = array("h", b"".join(chunk.pcm for chunk in chunks))
    return sum(abs(sample) >= 32_767 for sample in samples) / len(samples)


def pitch_hz(chunks: list[AudioChunk]) -> float:
    """The median fundamental of the loud parts, by autocorrelation."""
    import numpy as np

    sound = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2").astype(float)
    frames = [sound[start : start + 1_200] for start in range(0, len(sound) - 1_200, 1_200)]
    loud = [frame for frame in frames if sqrt(float(np.mean(frame**2))) > 2_000]
    lags = range(24_000 // 400, 24_000 // 90)
    return statistics.median(24_000 / max(lags, key=lambda lag: float(frame[:-lag] @ frame[lag:])) for frame in loud)


@pytest.mark.real
async def test_keeps_the_contract_of_voices() -> None:
    async with opened() as (voice, _):
        await check_tts(voice, 24_000)


@pytest.mark.real
@pytest.mark.parametrize("language", SENTENCES)
async def test_every_word_has_a_time_and_the_mouth_moves(language: str) -> None:
    async with opened(voice=language) as (voice, _):
        for sentence in SENTENCES[language]:
            chunks = await collect(voice, sentence)
            check_sound(chunks, 24_000)
            check_visemes(chunks)
            check_words(chunks, sentence)
            words = [(word.start, word.end) for chunk in chunks for word in chunk.words]
            assert words == list(words_of(sentence)), sentence


@pytest.mark.real
@pytest.mark.parametrize("language", SENTENCES)
async def test_every_letter_of_every_phoneme_has_a_shape(language: str) -> None:
    async with opened(voice=language) as (_, worker):
        found = {name for sentence in SENTENCES[language] for name in await phonemes(worker, sentence, language)}
    letters = {c for name in found for c in unicodedata.normalize("NFD", name) if unicodedata.category(c) == "Ll"}
    assert letters
    assert letters <= SYMBOLS.keys()


def speech(text: str, voice: str = "en-us+linda") -> dict[str, Any]:
    """A request as the engine sends it."""
    places = {"text": text, "starts": [start for start, _ in words_of(text)]}
    return {"op": "speak", "voice": voice, "rate": 170, "pitch": 58, "range": 75, "volume": 100, **places}


async def phonemes(worker: Worker, text: str, voice: str) -> list[str]:
    async with aclosing(cast("AsyncGenerator[Frame, None]", worker.request(speech(text, voice)))) as frames:
        return [name async for frame in frames for _, name in frame.header["phonemes"]]


@pytest.mark.real
async def test_sound_begins_at_once_and_ends_with_the_rest_of_the_mark() -> None:
    async with opened() as (voice, _):
        chunks = await collect(voice, "That is it.")
        sound = array("h", b"".join(chunk.pcm for chunk in chunks))
        loud = [index for index, sample in enumerate(sound) if abs(sample) > 300]
        assert loud[0] < 24 * 15
        assert 24 * 230 < len(sound) - loud[-1] < 24 * 320


@pytest.mark.real
async def test_words_sound_when_their_times_say() -> None:
    async with opened() as (voice, _):
        chunks = await collect(voice, "Stop. Bob. Stop.")
        sound = array("h", b"".join(chunk.pcm for chunk in chunks))
        words = [word for chunk in chunks for word in chunk.words]
        for word, following in itertools.pairwise(words):
            during = sound[round(24 * word.ms) : round(24 * word.ms_end)]
            between = sound[round(24 * (word.ms_end + 30)) : round(24 * (following.ms - 5))]
            assert max(map(abs, during)) > 3_000
            assert max(map(abs, between)) < 300


@pytest.mark.real
async def test_rate_pitch_and_gain_change_what_is_heard() -> None:
    async with opened() as (voice, _):
        plain = await collect(voice, LONG[:88])
        fast = await collect(voice, LONG[:88], VoiceStyle(rate=1.5))
        deep = await collect(voice, LONG[:88], VoiceStyle(pitch=0.7))
        quiet = await collect(voice, LONG[:88], VoiceStyle(gain_db=-12.0))
    assert length_ms(fast) < 0.8 * length_ms(plain)
    assert pitch_hz(deep) / pitch_hz(plain) == pytest.approx(0.7, abs=0.07)
    assert level_dbfs(quiet)[0] - level_dbfs(plain)[0] == pytest.approx(-12.0, abs=1.0)


@pytest.mark.real
async def test_the_default_voice_is_bright_even_and_never_clips() -> None:
    async with opened() as (voice, _):
        chunks = [chunk for sentence in SENTENCES["en-us"][:20] for chunk in await collect(voice, sentence)]
        loudest = await collect(voice, LONG[:88], VoiceStyle(gain_db=30.0))
    rms, peak = level_dbfs(chunks)
    assert 200 < pitch_hz(chunks) < 300
    assert rms == pytest.approx(-20.0, abs=1.5)
    assert peak < -1.0
    assert at_the_rails(loudest) < 0.001


@pytest.mark.real
@pytest.mark.parametrize(
    ("hostile", "tame"),
    [
        ("speak \x0180S fast", "speak  80S fast"),
        ("<break time='3s'/> hello", "break time='3s'/ hello"),
        ("[[h@'loU]] hello", "h@'loU hello"),
        ("one\n\n\n\ntwo", "one two"),
        ("bell \x07 and \x1b[31m red", "bell and 31m red"),
    ],
)
async def test_text_cannot_give_orders(hostile: str, tame: str) -> None:
    async with opened() as (voice, _):
        assert length_ms(await collect(voice, hostile)) == pytest.approx(
            length_ms(await collect(voice, tame)), rel=0.05
        )


@pytest.mark.real
@pytest.mark.parametrize("text", ["nul \x00 byte", "\ud800 alone", "😀" * 50, "a" * 2_000, "١٢٣ ٤", "\u202ethgir"])
async def test_strange_text_is_survived(text: str) -> None:
    async with opened() as (voice, worker):
        pid = worker.pid
        await collect(voice, text)
        check_visemes(await collect(voice, "Fine."))
        assert worker.pid == pid


@pytest.mark.real
async def test_what_was_said_before_does_not_change_what_comes_after() -> None:
    async with opened() as (voice, _):
        await collect(voice, "Warm up.")
        first = await collect(voice, "Hello there, my friend.")
        await collect(voice, "Guten Tag", VoiceStyle(name="de+f3", rate=2.0, pitch=0.5, gain_db=-20.0))
        async with aclosing(voice.stream(utterance(LONG), VoiceStyle())) as cut:
            await anext(cut)
        second = await collect(voice, "Hello there, my friend.")
    assert length_ms(second) == pytest.approx(length_ms(first), rel=0.01)
    assert level_dbfs(second)[0] == pytest.approx(level_dbfs(first)[0], abs=0.5)


@pytest.mark.real
async def test_cutting_a_speech_keeps_the_worker() -> None:
    async with opened() as (voice, worker):
        pid = worker.pid
        for _ in range(10):
            async with aclosing(voice.stream(utterance(LONG), VoiceStyle())) as stream:
                await anext(stream)
            assert await collect(voice, "Again.")
        assert worker.pid == pid


@pytest.mark.real
async def test_a_worker_killed_in_the_middle_speaks_the_next_clause() -> None:
    async with opened() as (voice, worker):
        stream = voice.stream(utterance(LONG * 20), VoiceStyle())
        await anext(stream)
        psutil.Process(worker.pid).kill()
        with pytest.raises(EngineError) as caught:
            async for _ in stream:
                pass
        assert (caught.value.code, caught.value.retryable) == ("worker_failed", True)
        assert await collect(voice, "I am back.")


CLAUSES = ("Oh hey there everyone,", LONG[:88])


@contextmanager
def raw_worker() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The worker on bare pipes with blocking reads: the floor of everything that goes through the host."""
    command = [sys.executable, "-X", "utf8", "-P", "-m", WORKER, "en-us+linda"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        requests, answers = cast("BinaryIO", child.stdin), cast("BinaryIO", child.stdout)
        assert read_frame(answers) == Frame({"type": "ready"})
        yield requests, answers
        requests.close()


def ask(requests: BinaryIO, header: dict[str, Any]) -> None:
    requests.write(encode(header))
    requests.flush()


def last_frame(answers: BinaryIO) -> Frame:
    while (frame := cast("Frame", read_frame(answers))).header["type"] == "sound":
        pass
    return frame


def first_frames_ms(text: str, count: int) -> list[float]:
    times = []
    with raw_worker() as (requests, answers):
        for number in range(1, count + 1):
            began = time.perf_counter()
            ask(requests, {"id": number} | speech(text))
            assert cast("Frame", read_frame(answers)).header["type"] == "sound"
            times.append((time.perf_counter() - began) * 1000)
            assert last_frame(answers).header["type"] == "end"
    return times


def cancels_ms(count: int) -> list[float]:
    """What the worker says it takes from reading a cancel until the synthesis has stopped."""
    times = []
    with raw_worker() as (requests, answers):
        for number in range(1, count + 1):
            ask(requests, {"id": number} | speech(LONG * 5))
            assert cast("Frame", read_frame(answers)).header["type"] == "sound"
            ask(requests, {"op": "cancel", "id": number})
            final = last_frame(answers)
            assert final.header["type"] == "cancelled"
            times.append(float(final.header["after_ms"]))
    return times


async def chunks_ms(voice: Espeak, text: str, count: int) -> tuple[list[float], list[float]]:
    """When the first chunk came, and the last."""
    first, whole = [], []
    for _ in range(count):
        began = time.perf_counter()
        async with aclosing(voice.stream(utterance(text), VoiceStyle())) as stream:
            await anext(stream)
            first.append((time.perf_counter() - began) * 1000)
            async for _ in stream:
                pass
        whole.append((time.perf_counter() - began) * 1000)
    return first, whole


async def cancel_trips_ms(worker: Worker, count: int) -> list[float]:
    """How long the show waits for a cancel to be obeyed."""
    times = []
    for _ in range(count):
        frames = cast("AsyncGenerator[Frame, None]", worker.request(speech(LONG * 5)))
        await anext(frames)
        began = time.perf_counter()
        await frames.aclose()
        times.append((time.perf_counter() - began) * 1000)
    return times


def row(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    return f"{name:52} p50 {statistics.median(ordered):6.2f} ms  p95 {ordered[int(len(ordered) * 0.95) - 1]:6.2f} ms"


def show(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")


@pytest.mark.figures
@pytest.mark.parametrize("text", CLAUSES)
async def test_figures_of_the_first_chunk(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with opened() as (voice, _):
        first, whole = await chunks_ms(voice, text, 200)
    floor = first_frames_ms(text, 200)
    ratio = statistics.median(first) / statistics.median(floor)
    words = f"{len(text.split())} words"
    show(
        capsys,
        row(f"{words}: first chunk", first),
        row(f"{words}: floor, first frame on bare pipes", floor),
        f"{words}: ratio {ratio:.2f}",
        row(f"{words}: whole clause", whole),
    )
    assert statistics.median(first) < 10.0


@pytest.mark.figures
async def test_figures_of_a_cancel(capsys: pytest.CaptureFixture[str]) -> None:
    inside = cancels_ms(100)
    async with opened() as (_, worker):
        pid = worker.pid
        outside = await cancel_trips_ms(worker, 100)
        assert worker.pid == pid
    show(capsys, row("cancel: floor, inside the worker", inside), row("cancel: seen from the show", outside))
    assert max(inside) < 5.0


@pytest.mark.figures
async def test_figures_of_the_workers_memory(capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess_that_waits() as idle:
        floor = psutil.Process(idle).memory_info().rss / 1e6
    async with opened() as (voice, worker):
        for sentence in SENTENCES["en-us"]:
            await collect(voice, sentence)
        memory = psutil.Process(worker.pid).memory_info().rss / 1e6
    show(capsys, f"worker after 60 sentences {memory:.1f} MB, floor: Python that waits {floor:.1f} MB")
    assert memory < 60.0


@contextmanager
def subprocess_that_waits() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as child:
        assert cast("BinaryIO", child.stdout).readline()
        yield child.pid
        cast("BinaryIO", child.stdin).write(b"\n")
        cast("BinaryIO", child.stdin).close()
