import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.testing.contracts.tts import check_tts, collect, utterance
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice


async def test_keeps_the_contract() -> None:
    await check_tts(FakeVoice(latency_s=0.2, real_time_factor=0.5), 24_000)


async def test_first_chunk_comes_after_the_latency_and_the_others_at_their_pace() -> None:
    clock = VirtualClock()
    start = clock.now()
    arrivals = [
        round(clock.now() - start, 6)
        async for _ in FakeVoice(latency_s=0.3, chunk_ms=100, chars_per_s=10, real_time_factor=0.5).stream(
            utterance("abc"), VoiceStyle()
        )
    ]
    assert arrivals == [0.3, 0.35, 0.4]


async def test_length_follows_the_text() -> None:
    chunks = await collect(FakeVoice(chars_per_s=10), "abcdefghij")
    assert sum(chunk.samples for chunk in chunks) == 24_000


async def test_same_text_sounds_the_same() -> None:
    assert await collect(FakeVoice(), "Hello you") == await collect(FakeVoice(), "Hello you")


@pytest.mark.parametrize("fail_at", [0, 2])
async def test_fails_at_the_chunk_it_was_told(fail_at: int) -> None:
    voice = FakeVoice(fail_at=fail_at)
    stream = voice.stream(utterance("A text of several chunks."), VoiceStyle())
    for _ in range(fail_at):
        assert (await anext(stream)).pcm
    with pytest.raises(EngineError, match="told to fail") as caught:
        await anext(stream)
    assert caught.value.code == "worker_failed"
    assert caught.value.retryable
    assert voice.cut == 1


async def test_remembers_what_was_asked_and_what_was_cut() -> None:
    voice = FakeVoice()
    await collect(voice, "Hello", VoiceStyle(rate=2.0))
    stream = voice.stream(utterance("Hello again"), VoiceStyle())
    await anext(stream)
    await stream.aclose()
    assert [(said.clause.spoken, style.rate) for said, style in voice.asked] == [("Hello", 2.0), ("Hello again", 1.0)]
    assert voice.cut == 1


async def test_without_words_only_the_mouth_moves() -> None:
    chunks = await collect(FakeVoice(words=False), "Hello you")
    assert not any(chunk.words for chunk in chunks)
    assert any(chunk.visemes for chunk in chunks)
