from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.avatar.mouth import CLOSED, RAMP_MS, RELAXED, SHAPES, mixed, mouth_at, shape
from spark_vtuber.core.audio import VISEMES, Viseme, VisemeCue

GAPS = st.floats(0.0, 400.0)
NAMES = st.sampled_from(VISEMES)
WEIGHTS = st.floats(-1.0, 2.0)


@st.composite
def tracks(draw: st.DrawFn) -> list[VisemeCue]:
    ms, cues = 0.0, []
    for _ in range(draw(st.integers(0, 12))):
        cues.append(VisemeCue(ms, draw(NAMES), draw(WEIGHTS)))
        ms += draw(GAPS)
    return cues


def test_every_viseme_has_a_shape() -> None:
    assert set(SHAPES) == set(VISEMES)


@given(name=NAMES, weight=WEIGHTS)
def test_a_shape_is_within_the_inputs(name: Viseme, weight: float) -> None:
    assert all(0.0 <= value <= 1.0 for value in shape(name, weight))


@given(cues=tracks(), ms=st.floats(-100.0, 6000.0))
def test_the_mouth_is_within_the_inputs_at_any_time(cues: list[VisemeCue], ms: float) -> None:
    assert all(0.0 <= value <= 1.0 for value in mouth_at(cues, ms))


@given(cues=tracks(), after_ms=st.floats(RAMP_MS / 2 + 1e-3, 5000.0))
def test_silence_closes_the_mouth(cues: list[VisemeCue], after_ms: float) -> None:
    end = cues[-1].ms + 100.0 if cues else 0.0

    assert mouth_at([*cues, VisemeCue(end, "sil")], end + after_ms) == CLOSED


@given(cues=tracks(), ms=st.floats(-1e3, 0.0, exclude_max=True))
def test_before_the_first_cue_it_is_closed_or_on_its_way(cues: list[VisemeCue], ms: float) -> None:
    if ms < -RAMP_MS / 2:
        assert mouth_at(cues, ms) == CLOSED


def test_lips_close_for_p_b_m_and_open_wide_for_a() -> None:
    assert shape("PP", 1.0).open == 0.0
    assert shape("aa", 1.0).open == 1.0
    assert shape("aa", 1.0).a == 1.0


def test_round_vowels_are_round_and_wide_ones_wide() -> None:
    assert shape("ou", 1.0).smile < shape("oh", 1.0).smile < RELAXED < shape("E", 1.0).smile < shape("ih", 1.0).smile


def test_every_vowel_has_its_own_input() -> None:
    for name, vowel in (("aa", "a"), ("ih", "i"), ("ou", "u"), ("E", "e"), ("oh", "o")):
        assert getattr(SHAPES[name], vowel) == 1.0  # type: ignore[index]  # the names are visemes


def test_the_mouth_is_half_way_at_the_time_of_a_cue() -> None:
    cues = [VisemeCue(0.0, "sil"), VisemeCue(200.0, "aa"), VisemeCue(400.0, "sil")]

    assert mouth_at(cues, 200.0).open == 0.5
    assert mouth_at(cues, 400.0).open == 0.5
    assert mouth_at(cues, 200.0 - RAMP_MS / 2).open == 0.0
    assert mouth_at(cues, 200.0 + RAMP_MS / 2).open == 1.0


def test_short_cues_are_reached_all_the_same() -> None:
    cues = [VisemeCue(0.0, "aa"), VisemeCue(100.0, "PP"), VisemeCue(130.0, "aa"), VisemeCue(300.0, "sil")]

    assert mouth_at(cues, 115.0).open == 0.0


@given(cues=tracks(), ms=st.floats(-50.0, 3000.0))
def test_the_mouth_never_jumps(cues: list[VisemeCue], ms: float) -> None:
    spaced = [VisemeCue(cue.ms + RAMP_MS * index, cue.name, cue.weight) for index, cue in enumerate(cues)]
    here, there = mouth_at(spaced, ms), mouth_at(spaced, ms + 1.0)

    assert all(abs(a - b) <= 1.6 / RAMP_MS for a, b in zip(here, there, strict=True))


def test_mixing_keeps_the_ends() -> None:
    assert mixed(CLOSED, SHAPES["aa"], 0.0) is CLOSED
    assert mixed(CLOSED, SHAPES["aa"], 1.0) is SHAPES["aa"]
    assert mixed(CLOSED, SHAPES["aa"], 0.25).open == 0.25
