import pytest

from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.testing.contracts.tts import check_tts, collect, utterance
from spark_vtuber.testing.paced_voice import PacedOptions, PacedVoice
from spark_vtuber.testing.virtual import VirtualClock


async def test_keeps_the_contract() -> None:
    await check_tts(PacedVoice(PacedOptions(), 24_000), 24_000)


async def test_every_chunk_comes_when_it_is_due_whatever_the_listener_does() -> None:
    clock = VirtualClock()
    started = clock.now()
    voice = PacedVoice(PacedOptions(first_ms=150, chunk_ms=100, real_time_factor=0.5), 24_000)
    arrivals = [round(clock.now() - started, 6) async for _ in voice.stream(utterance("abcdefg"), VoiceStyle())]
    assert arrivals == pytest.approx([0.15, 0.2, 0.25, 0.3, 0.35])


async def test_a_long_tone_goes_on_without_a_break() -> None:
    chunks = await collect(PacedVoice(PacedOptions(chunk_ms=70), 8_000), "a" * 40)
    sound = b"".join(chunk.pcm for chunk in chunks)
    assert len(sound) == 2 * round(40 / 15 * 8_000)
    assert sound[16_000:17_000] == sound[:1_000]
