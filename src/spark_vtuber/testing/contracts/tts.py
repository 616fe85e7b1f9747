# ruff: noqa: S101 - a contract speaks in assertions
"""What every voice engine keeps to; run by the tests of each engine, ours and those of plugins."""

from contextlib import aclosing

from spark_vtuber.core.audio import VISEMES, AudioChunk
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.tts.port import TTS

SENTENCE = "Hello there, my friends: it is 7 o'clock and we begin!"

SILENT = ("", "   ", "\n\t")


def utterance(spoken: str) -> Utterance:
    """An utterance that says `spoken`."""
    return Utterance(1, TurnId("t1"), PersonaId("main"), Clause(spoken, spoken, spoken))


async def collect(tts: TTS, spoken: str, style: VoiceStyle | None = None) -> list[AudioChunk]:
    """Every chunk of `spoken`."""
    async with aclosing(tts.stream(utterance(spoken), style or VoiceStyle())) as stream:
        return [chunk async for chunk in stream]


async def check_tts(tts: TTS, sample_rate: int) -> None:
    """Hold an engine to the port. `sample_rate` is the show's.

    Raises:
        AssertionError: the engine breaks the contract.
    """
    chunks = await collect(tts, SENTENCE)
    check_sound(chunks, sample_rate)
    check_visemes(chunks)
    check_words(chunks, SENTENCE)
    for text in SILENT:
        assert await collect(tts, text) == [], f"{text!r} has nothing to say"
    await _check_closing(tts)
    names = [voice.name for voice in tts.voices()]
    assert names, "an engine has a voice"
    assert len(names) == len(set(names)), "a name means one voice"


def check_sound(chunks: list[AudioChunk], sample_rate: int) -> None:
    """Sound at the show's rate, in pieces of whole samples, neither silent nor clipped flat."""
    assert chunks, "a sentence has sound"
    for chunk in chunks:
        assert chunk.sample_rate == sample_rate
        assert chunk.pcm, "a chunk has sound"
        assert len(chunk.pcm) % 2 == 0, "a chunk has whole samples"
    assert any(byte for chunk in chunks for byte in chunk.pcm), "speech is not silence"


def check_visemes(chunks: list[AudioChunk]) -> None:
    """In order, never late, within 0..1, closed at the end, and not after the sound."""
    before_ms, last_ms = 0.0, 0.0
    for chunk in chunks:
        for cue in chunk.visemes:
            assert cue.name in VISEMES
            assert 0 <= cue.weight <= 1
            assert cue.ms >= before_ms - 0.1, f"{cue} came after its sound, which began at {before_ms:.1f} ms"
            assert cue.ms >= last_ms, f"{cue} is out of order"
            last_ms = cue.ms
        before_ms += chunk.samples * 1000 / chunk.sample_rate
    cues = [cue for chunk in chunks for cue in chunk.visemes]
    assert len(cues) > 1, "speech moves the mouth"
    assert cues[-1].name == "sil", "the mouth closes"
    assert last_ms <= before_ms + 0.1, "the mouth closes with the sound"


def check_words(chunks: list[AudioChunk], spoken: str) -> None:
    """Where an engine times words: in order, never late, and with the offsets of what was asked."""
    before_ms, last_ms, last_end = 0.0, 0.0, 0
    for chunk in chunks:
        for word in chunk.words:
            assert word.text == spoken[word.start : word.end]
            assert last_end <= word.start < word.end
            assert word.ms >= before_ms - 0.1, f"{word} came after its sound, which began at {before_ms:.1f} ms"
            assert last_ms - 0.1 <= word.ms <= word.ms_end
            last_ms, last_end = word.ms_end, word.end
        before_ms += chunk.samples * 1000 / chunk.sample_rate
    assert last_ms <= before_ms + 0.1, "words end with the sound"


async def _check_closing(tts: TTS) -> None:
    async with aclosing(tts.stream(utterance(SENTENCE * 20), VoiceStyle())) as stream:
        assert (await anext(stream)).pcm
    assert await collect(tts, "Again."), "a voice that was cut speaks again"
