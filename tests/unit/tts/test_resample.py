import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.tts.resample import Resampler, load


def resampled(pcm: bytes, from_hz: int, to_hz: int, step: int = 2_646) -> "array[int]":
    resampler = Resampler(from_hz, to_hz)
    out = array("h")
    for start in range(0, len(pcm), step):
        out.frombytes(resampler.feed(pcm[start : start + step]))
    out.frombytes(resampler.finish())
    return out


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 30_000), st.integers(1, 3_000))
def test_length_is_exact_for_any_split(samples: int, step: int) -> None:
    assert len(resampled(bytes(2 * samples), 22_050, 24_000, 2 * step)) == round(samples * 24_000 / 22_050)


@pytest.mark.parametrize("at", [2_205, 11_025, 20_000])
def test_a_click_stays_where_it_was(at: int) -> None:
    samples = array("h", bytes(2 * 22_050))
    samples[at] = 20_000
    out = resampled(samples.tobytes(), 22_050, 24_000)
    loudest = max(range(len(out)), key=lambda index: abs(out[index]))
    assert abs(loudest - at * 24_000 / 22_050) <= 1


def test_a_tone_keeps_its_level() -> None:
    tone = array("h", (round(10_000 * math.sin(math.tau * 440 * n / 22_050)) for n in range(22_050)))
    out = resampled(tone.tobytes(), 22_050, 24_000)[1_000:-1_000]
    assert max(out) == pytest.approx(10_000, rel=0.01)


def test_the_same_rate_changes_nothing() -> None:
    pcm = array("h", range(1_000)).tobytes()
    assert resampled(pcm, 24_000, 24_000).tobytes() == pcm


def test_no_sound_gives_no_sound() -> None:
    assert Resampler(22_050, 24_000).finish() == b""
    assert Resampler(22_050, 24_000).feed(b"") == b""


def test_loading_twice_does_no_harm() -> None:
    load()
    load()
