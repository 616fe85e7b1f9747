import pytest

from spark_vtuber.core.turns import Mark
from spark_vtuber.stage.port import Position
from spark_vtuber.testing.bench.profiles import PROFILES
from spark_vtuber.testing.bench.statistics import Floor, Measured, Playing, drift, explained_share, slope, stage_names

MARKS = {
    Mark.RECEIVED: 0.0,
    Mark.ADMITTED: 0.001,
    Mark.PROMPT: 0.002,
    Mark.REQUEST: 0.003,
    Mark.FIRST_TOKEN: 0.203,
    Mark.FIRST_CLAUSE: 0.303,
    Mark.GUARDED: 0.304,
    Mark.FIRST_AUDIO: 0.306,
    Mark.FLOOR: 0.307,
}


def turn(marks: dict[Mark, float] = MARKS, first_audio_s: float = 10.309) -> Measured:
    return Measured(
        number=1,
        sent_s=10.0,
        accepted_s=10.002,
        request_s=10.004,
        clause_s=10.305,
        first_audio_s=first_audio_s,
        marks=marks,
        voice_first_ms=2.0,
        cpu_first_ms=6.0,
        cpu_ms=20.0,
        resident_kb=80_000.0,
    )


def test_own_delay_is_what_the_floor_leaves_of_the_whole_way() -> None:
    assert Floor(300.0, 2.0).own_ms(turn()) == pytest.approx(7.0)


def test_delay_beyond_the_floor_counts_from_the_request_at_the_model() -> None:
    assert Floor(300.0, 2.0).beyond_ms(turn()) == pytest.approx(3.0)


def test_lateness_after_the_clause_counts_from_its_last_token() -> None:
    assert Floor(300.0, 2.0).after_clause_ms(turn()) == pytest.approx(5.0)


def test_a_model_that_is_late_counts_against_us() -> None:
    floor = Floor(300.0, 2.0)
    assert floor.own_ms(turn(first_audio_s=10.409)) == pytest.approx(floor.own_ms(turn()) + 100)


def test_stages_before_the_first_audio_are_those_of_the_waterfall() -> None:
    assert list(turn().stages_ms()) == list(stage_names())
    assert turn().stages_ms()["model"] == pytest.approx(200.0)


def test_way_in_and_out_is_what_the_marks_leave() -> None:
    assert turn().way_ms == pytest.approx(3.0)


def test_complete_marks_explain_everything() -> None:
    assert explained_share([turn(), turn()]) == pytest.approx(1.0)


def test_a_missing_mark_leaves_its_time_unexplained() -> None:
    holed = {mark: at for mark, at in MARKS.items() if mark is not Mark.FIRST_TOKEN}
    assert explained_share([turn(holed)]) == pytest.approx(1 - 0.300 / 0.306)
    assert explained_share([turn(), turn(holed)]) == pytest.approx(1 - 0.150 / 0.306)


def test_no_turns_leave_nothing_unexplained() -> None:
    assert explained_share([]) == 1.0


def test_slope_is_that_of_the_line() -> None:
    assert slope([(1.0, 10.0), (2.0, 13.0), (3.0, 16.0)]) == pytest.approx(3.0)


def test_slope_of_a_single_place_is_unknown() -> None:
    assert slope([(1.0, 10.0), (1.0, 20.0)]) is None


def test_drift_compares_the_quicker_turns_of_both_ends() -> None:
    found = drift([4.0, 1.0, 2.0, 3.0, 99.0, 50.0, 7.0, 8.0, 5.0, 6.0], 4)
    assert found is not None
    assert (found.first, found.last, found.change) == (1.25, 5.25, 4.0)


def test_drift_of_a_short_run_is_unknown() -> None:
    assert drift([1.0, 2.0, 3.0], 2) is None


def test_pieces_that_come_in_time_leave_no_hole() -> None:
    playing = Playing(1_000)
    playing.begin("t1")
    playing.arrive(1, 0, 500, 10.0)
    playing.arrive(1, 500, 500, 10.4)
    playing.arrive(2, 0, 500, 11.0)
    assert playing.holes_ms == [0.0, 0.0]


def test_a_late_piece_leaves_a_hole_and_moves_what_follows() -> None:
    playing = Playing(1_000)
    playing.begin("t1")
    playing.arrive(1, 0, 500, 10.0)
    playing.arrive(1, 500, 500, 10.56)
    playing.arrive(2, 0, 500, 11.05)
    assert playing.holes_ms == pytest.approx([60.0, 0.0])
    assert playing.position(11.1) == Position(2, 39)


def test_the_pause_between_turns_is_no_hole() -> None:
    playing = Playing(1_000)
    playing.begin("t1")
    playing.arrive(1, 0, 500, 10.0)
    playing.begin("t2")
    playing.arrive(2, 0, 500, 20.0)
    assert playing.holes_ms == []


def test_position_follows_the_sound_and_waits_at_its_end() -> None:
    playing = Playing(1_000)
    playing.begin("t1")
    assert playing.position(9.0) is None
    playing.arrive(1, 0, 500, 10.0)
    assert playing.position(10.25) == Position(1, 250)
    assert playing.position(10.75) == Position(1, 500)
    assert playing.end_of(1) == 500


def test_the_next_start_is_that_of_another_utterance_or_the_end_of_all() -> None:
    playing = Playing(1_000)
    playing.begin("t1")
    assert playing.next_start_s(10.0) is None
    playing.arrive(1, 0, 500, 10.0)
    playing.arrive(1, 500, 500, 10.1)
    assert playing.next_start_s(10.2) == pytest.approx(11.0)
    playing.arrive(2, 0, 250, 10.3)
    assert playing.next_start_s(10.2) == pytest.approx(11.0)
    assert playing.next_start_s(11.1) == pytest.approx(11.25)
    assert playing.next_start_s(11.3) is None


@pytest.mark.parametrize(("name", "due_ms"), [("embedded", 400.0), ("spark", 300.0), ("slow", 900.0), ("instant", 0.0)])
def test_first_clause_is_due_with_its_fifth_token(name: str, due_ms: float) -> None:
    assert PROFILES[name].clause_due_ms() == due_ms
    assert PROFILES[name].first_clause() == "Oh good evening everyone,"


def test_without_a_comma_the_sixth_word_ends_the_first_clause() -> None:
    assert PROFILES["no-comma"].clause_due_ms() == 325.0
    assert PROFILES["no-comma"].first_clause().split() == "Good evening my friends the kettle".split()


def test_arithmetic_of_the_seed_shows_why_half_a_second_cannot_be_met() -> None:
    assert PROFILES["seed"].arithmetic(150.0).endswith("= 550.0 ms")
