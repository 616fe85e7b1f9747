import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.audio import VISEMES
from spark_vtuber.tts.visemes import SHORTEST_CUE_MS, SHORTEST_PAUSE_MS, SYMBOLS, UNKNOWN, VisemeTrack, shapes_of


def names(ipa: str) -> list[str]:
    return [name for name, _ in shapes_of(ipa)]


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("p", ["PP"]),
        ("m", ["PP"]),
        ("f", ["FF"]),
        ("θ", ["TH"]),
        ("t", ["DD"]),
        ("k", ["kk"]),
        ("ɡ", ["kk"]),
        ("ʃ", ["CH"]),
        ("s", ["SS"]),
        ("n", ["nn"]),
        ("ɹ", ["RR"]),
        ("ˈɑː", ["aa"]),
        ("ɛ", ["E"]),
        ("iː", ["ih"]),
        ("ɔ", ["oh"]),
        ("uː", ["ou"]),
        ("tʃ", ["CH"]),
        ("t͡s", ["SS"]),
        ("dʒ", ["CH"]),
        ("ç", ["kk"]),
        ("ɐ̃", ["aa"]),
        ("nʲ", ["nn"]),
        ("pʰ", ["PP"]),
    ],
)
def test_a_sound_has_its_shape(ipa: str, expected: list[str]) -> None:
    assert names(ipa) == expected


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("ˈaɪ", ["aa", "ih"]),
        ("ˈaʊ", ["aa", "ou"]),
        ("ɔɪ", ["oh", "ih"]),
        ("oʊ", ["oh", "ou"]),
        ("əl", ["E", "nn"]),
        ("ɑːɹ", ["aa", "RR"]),
        ("aɪə", ["aa", "E"]),
    ],
)
def test_a_gliding_sound_has_two_shapes(ipa: str, expected: list[str]) -> None:
    assert names(ipa) == expected


@pytest.mark.parametrize("ipa", ["", "_", "_:", "ˈ", "ː", "5", "˥˩"])
def test_pauses_and_marks_have_no_shape(ipa: str) -> None:
    assert shapes_of(ipa) == ()


def test_a_letter_that_nobody_knows_opens_the_mouth_a_little() -> None:
    assert names("ꬱ") == [UNKNOWN[0]]
    assert shapes_of("ˈꬱ") == (UNKNOWN,)


def test_stress_opens_the_mouth_wider() -> None:
    assert shapes_of("ˈæ")[0][1] > shapes_of("æ")[0][1] > shapes_of("ə")[0][1]


def test_every_viseme_but_silence_is_in_the_table() -> None:
    assert {name for name, _ in SYMBOLS.values()} == set(VISEMES) - {"sil"}


def cues(phonemes: list[tuple[float, str]], end_ms: float) -> list[tuple[float, str]]:
    return [(cue.ms, cue.name) for cue in VisemeTrack().cues(phonemes, end_ms)]


def test_cues_begin_with_their_sounds() -> None:
    assert cues([(0.0, "h"), (60.0, "ˈɛ"), (160.0, "l")], 250.0) == [(0.0, "kk"), (60.0, "E"), (160.0, "nn")]


def test_a_diphthong_moves_on_after_half_of_its_time() -> None:
    assert cues([(100.0, "ˈaɪ")], 300.0) == [(100.0, "aa"), (210.0, "ih")]


def test_neighbours_of_one_shape_are_one_cue_with_the_larger_weight() -> None:
    (cue,) = VisemeTrack().cues([(0.0, "ə"), (80.0, "ˈɛ"), (200.0, "ə")], 300.0)
    assert (cue.ms, cue.name, cue.weight) == (0.0, "E", 0.9)


def test_a_shape_that_goes_on_is_not_repeated_in_the_next_part() -> None:
    track = VisemeTrack()
    assert len(track.cues([(0.0, "t")], 100.0)) == 1
    assert track.cues([(100.0, "d")], 200.0) == ()


def test_short_shapes_are_passed_over_but_lips_always_close() -> None:
    short = SHORTEST_CUE_MS - 1
    assert cues([(0.0, "d"), (short, "ˈɛ")], 200.0) == [(short, "E")]
    assert cues([(0.0, "b"), (short, "ˈɛ")], 200.0) == [(0.0, "PP"), (short, "E")]


def test_a_pause_closes_the_mouth_when_it_is_long_enough() -> None:
    assert cues([(0.0, "ˈɛ"), (100.0, "_")], 100.0 + SHORTEST_PAUSE_MS) == [(0.0, "E"), (100.0, "sil")]
    assert cues([(0.0, "ˈɛ"), (100.0, "")], 99.0 + SHORTEST_PAUSE_MS) == [(0.0, "E")]


def test_a_mark_without_a_sound_is_no_pause() -> None:
    assert cues([(0.0, "ˈɛ"), (100.0, "˥")], 900.0) == [(0.0, "E")]


def test_a_pause_that_follows_at_once_is_not_before_what_it_follows() -> None:
    assert cues([(0.0, ""), (1.375, "p"), (1.375, "")], 51.375) == [(1.38, "PP"), (1.38, "sil")]


def test_closing_shuts_the_mouth() -> None:
    track = VisemeTrack()
    track.cues([(0.0, "ˈɛ")], 100.0)
    assert track.close(100.0).name == "sil"
    assert [cue.name for cue in track.cues([(200.0, "ˈɛ")], 300.0)] == ["E"]


@given(st.lists(st.tuples(st.floats(0, 500), st.text(alphabet="ptkszaɪuəˈː_5ꬱ", max_size=3)), max_size=20))
def test_any_phonemes_give_ordered_cues_within_their_time(steps: list[tuple[float, str]]) -> None:
    phonemes, now = [], 0.0
    for length, ipa in steps:
        phonemes.append((now, ipa))
        now += length
    found = VisemeTrack().cues(phonemes, now)
    assert all(0 <= cue.weight <= 1 and 0 <= cue.ms <= now + 0.01 for cue in found)
    assert [cue.ms for cue in found] == sorted(cue.ms for cue in found)
    assert all(one.name != other.name for one, other in itertools.pairwise(found))
