import importlib.util
import logging
import random
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import ValidationError

from spark_vtuber.core.engine import EngineEnv, Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.frames import Frame
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.testing.contracts.tts import check_sound, check_visemes, check_words, collect, utterance
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.tts.espeak import MAX_PITCH, MAX_RATE, SPEC, EspeakOptions, connect, probe_espeak

VOICES = {
    "type": "voices",
    "sample_rate": 22_050,
    "languages": [
        ["English (America)", ["en-us", "en"], "gmw/en-US"],
        ["German", ["de"], "gmw/de"],
        ["Other", ["de"], "gmw/de-2"],
    ],
    "variants": [["Linda", ["variant"], "!v/linda"], ["female3", ["variant"], "!v/f3"]],
}


def sound(ms: float, end_ms: float, words: list[list[float]], phonemes: list[list[object]]) -> Frame:
    samples = round(end_ms * 22.05) - round(ms * 22.05)
    pcm = array("h", [1_000, -1_000] * (samples // 2) + [0] * (samples % 2)).tobytes()
    return Frame({"id": 1, "type": "sound", "words": words, "phonemes": phonemes, "end_ms": end_ms}, pcm)


TWO_WORDS = (
    sound(0.0, 200.0, [[0, 1, 0.0, 200.0]], [[0.0, "h"], [60.0, "ˈaɪ"]]),
    sound(200.0, 500.0, [[1, 2, 210.0, 500.0]], [[210.0, "j"], [270.0, "ˈuː"]]),
)


class ScriptedWorker:
    """A `Worker` that gives the same answer to every request to speak and keeps the requests."""

    def __init__(self, *answer: Frame, voices: dict[str, Any] = VOICES) -> None:
        self.pid = 1
        self.requests: list[dict[str, Any]] = []
        self.open = 0
        self._answer = answer
        self._voices = voices

    async def request(self, header: dict[str, Any], body: bytes = b"") -> AsyncIterator[Frame]:
        assert body == b""
        self.requests.append(header)
        self.open += 1
        try:
            if header["op"] == "speak":
                for frame in self._answer:
                    yield frame
            elif self._voices:
                yield Frame(self._voices)
        finally:
            self.open -= 1


async def spoken_by(
    worker: ScriptedWorker, text: str, style: VoiceStyle | None = None, **options: Any
) -> dict[str, Any]:
    """The request that the worker got for `text`."""
    await collect(await connect(cast("Worker", worker), EspeakOptions(**options), 24_000), text, style)
    return worker.requests[-1]


async def test_frames_become_chunks_with_their_cues() -> None:
    voice = await connect(ScriptedWorker(*TWO_WORDS), EspeakOptions(), 24_000)
    chunks = await collect(voice, "Hi you.")
    check_sound(chunks, 24_000)
    check_visemes(chunks)
    check_words(chunks, "Hi you.")
    words = [word for chunk in chunks for word in chunk.words]
    assert [(word.text, word.ms, word.ms_end) for word in words] == [("Hi", 0.0, 200.0), ("you.", 210.0, 500.0)]
    visemes = [cue for chunk in chunks for cue in chunk.visemes]
    assert [cue.name for cue in visemes] == ["kk", "aa", "ih", "ou", "sil"]
    assert visemes[-1].ms == 500.0


async def test_the_sound_is_as_long_as_it_was_made_plus_the_rest_of_its_last_mark() -> None:
    voice = await connect(ScriptedWorker(*TWO_WORDS), EspeakOptions(), 24_000)
    cut, ended = await collect(voice, "Hi you"), await collect(voice, "Hi you.")
    lengths = [sum(chunk.samples for chunk in chunks) for chunks in (cut, ended)]
    assert lengths == [(520 * 24), (760 * 24)]
    assert not any(ended[-1].pcm[-2 * 24 * 250 :])


async def test_a_word_too_short_to_be_resampled_hands_its_cues_to_the_next_chunk() -> None:
    tiny = (sound(0.0, 5.0, [[0, 1, 0.0, 5.0]], [[0.0, "p"]]), sound(5.0, 400.0, [[1, 2, 5.0, 400.0]], [[5.0, "ˈɛ"]]))
    chunks = await collect(await connect(ScriptedWorker(*tiny), EspeakOptions(), 24_000), "A b")
    assert len([word for chunk in chunks for word in chunk.words]) == 2
    check_visemes(chunks)


@pytest.mark.parametrize("text", ["", "  ", "...", "?!"])
async def test_text_without_sound_is_not_even_asked_for(text: str) -> None:
    worker = ScriptedWorker(*TWO_WORDS)
    assert await collect(await connect(worker, EspeakOptions(), 24_000), text) == []
    assert [request["op"] for request in worker.requests] == ["describe"]


async def test_a_text_the_library_cannot_say_yields_nothing() -> None:
    assert await collect(await connect(ScriptedWorker(), EspeakOptions(), 24_000), "☃.") == []


async def test_the_text_goes_out_without_commands_and_with_the_places_of_its_words() -> None:
    request = await spoken_by(ScriptedWorker(), "Set \x0150S [[x]] now")
    assert request["text"] == "Set  50S   x   now"
    assert request["starts"] == [0, 4, 9, 15]


async def test_options_are_the_defaults_of_every_request() -> None:
    request = await spoken_by(ScriptedWorker(), "Hi", voice="de+F3", rate=200, pitch=40, range=30, gain_db=-6.0)
    assert {key: request[key] for key in ("voice", "rate", "pitch", "range", "volume")} == {
        "voice": "gmw/de+f3",
        "rate": 200,
        "pitch": 40,
        "range": 30,
        "volume": 40,
    }


@pytest.mark.parametrize(
    ("style", "key", "expected"),
    [
        (VoiceStyle(rate=1.2), "rate", 240),
        (VoiceStyle(rate=9.0), "rate", MAX_RATE),
        (VoiceStyle(pitch=2.0), "pitch", 90),
        (VoiceStyle(pitch=0.5), "pitch", 0),
        (VoiceStyle(pitch=4.0), "pitch", MAX_PITCH),
        (VoiceStyle(pitch=0.0), "pitch", 0),
        (VoiceStyle(gain_db=-20.0), "volume", 8),
        (VoiceStyle(gain_db=40.0), "volume", 113),
        (VoiceStyle(name="de"), "voice", "gmw/de"),
        (VoiceStyle(name="en"), "voice", "gmw/en-US"),
        (VoiceStyle(name="gmw/de-2"), "voice", "gmw/de-2"),
        (VoiceStyle(name="gmw/en-us+LINDA"), "voice", "gmw/en-US+linda"),
    ],
)
async def test_a_persona_bends_the_voice_within_its_bounds(style: VoiceStyle, key: str, expected: object) -> None:
    assert (await spoken_by(ScriptedWorker(), "Hi", style, rate=200, pitch=40))[key] == expected


@pytest.mark.parametrize("name", ["xx", "en-us+nobody", "en-us+", "+linda", "../../etc/passwd", "en-us+../x"])
async def test_a_voice_that_is_not_there_is_an_error_before_anything_is_asked(name: str) -> None:
    worker = ScriptedWorker(*TWO_WORDS)
    voice = await connect(worker, EspeakOptions(), 24_000)
    with pytest.raises(EngineError) as caught:
        await collect(voice, "Hi", VoiceStyle(name=name))
    assert caught.value.code == "no_voice"
    assert len(worker.requests) == 1


async def test_a_configured_voice_that_is_not_there_is_an_error_at_once() -> None:
    with pytest.raises(EngineError, match="xx"):
        await connect(ScriptedWorker(), EspeakOptions(voice="xx"), 24_000)


async def test_voices_are_the_languages_and_the_variants_of_the_configured_one() -> None:
    voice = await connect(ScriptedWorker(), EspeakOptions(voice="de+f3"), 24_000)
    assert [one.name for one in voice.voices()] == ["de+linda", "de+f3", "en-us", "de", "gmw/de-2"]


@pytest.mark.parametrize(
    "broken", [{}, {"end_ms": "x"}, {"end_ms": 1.0, "phonemes": 3}, {"end_ms": 1.0, "phonemes": [], "words": [[1]]}]
)
async def test_a_frame_that_lacks_its_fields_is_the_workers_failure(broken: dict[str, Any]) -> None:
    voice = await connect(ScriptedWorker(Frame({"type": "sound", **broken})), EspeakOptions(), 24_000)
    with pytest.raises(EngineError) as caught:
        await collect(voice, "Hi")
    assert caught.value.code == "worker_failed"
    assert caught.value.retryable


@pytest.mark.parametrize("voices", [{}, {"type": "voices"}, {**VOICES, "languages": [["x"]]}])
async def test_a_worker_that_does_not_describe_itself_failed(voices: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as caught:
        await connect(ScriptedWorker(voices=voices), EspeakOptions(), 24_000)
    assert caught.value.code == "worker_failed"


async def test_closing_the_stream_closes_the_request() -> None:
    worker = ScriptedWorker(*TWO_WORDS)
    stream = (await connect(worker, EspeakOptions(), 24_000)).stream(utterance("Hi you"), VoiceStyle())
    await anext(stream)
    assert worker.open == 1
    await stream.aclose()
    assert worker.open == 0


@pytest.mark.parametrize("wrong", [{"rate": 20}, {"pitch": 100}, {"gain_db": 12.0}, {"speed": 3}])
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EspeakOptions(**wrong)


@asynccontextmanager
async def no_worker(module: str, argv: object = ()) -> AsyncIterator[Worker]:
    pytest.fail(f"a probe starts nothing, but {module} {argv}")
    yield cast("Worker", None)


def env() -> EngineEnv:
    secret: Callable[[str], str] = str
    log = logging.getLogger("test.espeak")
    http = cast("Any", None)
    return EngineEnv(VirtualClock(), random.Random(1), Path(), secret, log, no_worker, http)


async def test_the_probe_finds_the_library() -> None:
    findings = [finding async for finding in probe_espeak(EspeakOptions(), env())]
    assert [finding.severity for finding in findings] == ["ok"]


async def test_the_probe_says_how_to_get_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (finding,) = [finding async for finding in probe_espeak(EspeakOptions(), env())]
    assert finding.severity == "error"
    assert "pip install espeakng-loader" in finding.fix


def test_the_spec_names_the_licence_of_what_it_runs() -> None:
    assert SPEC.licence == "GPL-3.0-or-later"
    assert SPEC.options is EspeakOptions
