"""The heard clock: positions, instants and flushes for every driver; time is a number here."""

import pytest

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.clock import HeardClock
from spark_vtuber.stage.port import Position

RATE = 1000
T1, T2 = TurnId("t1"), TurnId("t2")
PAGE, OTHER = 1, 2


def speak(clock: HeardClock, number: int, samples: int, now: float, turn: TurnId = T1) -> None:
    clock.start(number, turn, RATE, now)
    clock.arrive(number, 0, samples, now)
    clock.end(number, samples, now)


def owned(now: float = 0.0, *clients: int) -> HeardClock:
    clock = HeardClock()
    for client in clients or (PAGE,):
        clock.join(client)
        clock.hello(client, "page", now, has_audio=True)
    return clock


class TestWallClock:
    def test_an_utterance_advances_in_real_time(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 1000, 5.0)
        assert clock.position(5.0) == (1, 0)
        assert clock.position(5.25) == (1, 250)
        assert clock.position(9.0) == (1, 1000)

    def test_the_next_begins_at_the_end_of_the_one_before(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.1)
        assert clock.position(1.5) == (2, 500)
        assert clock.instant(Position(1, 1000), 1.5) == pytest.approx(1.0)
        assert clock.instant(Position(2, 0), 1.5) == pytest.approx(1.0)

    def test_a_late_utterance_begins_when_its_first_sample_arrives(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 100, 0.0)
        speak(clock, 2, 100, 5.0)
        assert clock.instant(Position(2, 50), 6.0) == pytest.approx(5.05)

    def test_it_waits_where_sound_is_missing(self) -> None:
        clock = HeardClock()
        clock.start(1, T1, RATE, 0.0)
        clock.arrive(1, 0, 100, 0.0)
        assert clock.position(3.0) == (1, 100)
        assert clock.due(Position(1, 150), 3.0) is None
        assert clock.due(Position(2, 0), 3.0) is None
        clock.arrive(1, 100, 100, 3.0)
        assert clock.due(Position(1, 150), 3.0) == pytest.approx(3.05)
        assert clock.position(3.05) == (1, 150)

    def test_an_utterance_that_was_never_ended_ends_with_the_next(self) -> None:
        clock = HeardClock()
        clock.start(1, T1, RATE, 0.0)
        clock.arrive(1, 0, 100, 0.0)
        speak(clock, 2, 100, 0.0)
        assert clock.position(0.15) == (2, 50)

    def test_an_empty_utterance_is_passed_over(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 100, 0.0)
        clock.start(2, T1, RATE, 0.0)
        clock.end(2, 0, 0.0)
        speak(clock, 3, 100, 0.0)
        assert clock.instant(Position(2, 0), 0.15) == pytest.approx(0.1)
        assert clock.position(0.15) == (3, 50)

    def test_samples_beyond_the_end_count_as_the_end(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 100, 0.0)
        assert clock.due(Position(1, 5000), 0.0) == pytest.approx(0.1)
        assert clock.instant(Position(1, 5000), 1.0) == pytest.approx(0.1)

    def test_a_later_utterance_is_due_at_the_end_of_this_one(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 100, 0.0)
        assert clock.due(Position(2, 1), 0.0) == pytest.approx(0.1)
        assert clock.due(Position(2, 1), 0.2) is None

    def test_an_utterance_that_never_was_counts_as_heard_when_a_later_one_plays(self) -> None:
        clock = HeardClock()
        speak(clock, 5, 100, 1.0)
        assert clock.instant(Position(3, 1), 1.05) == pytest.approx(1.05)
        assert clock.instant(Position(3, 1), 9.0) == pytest.approx(1.1)

    def test_old_utterances_are_forgotten(self) -> None:
        clock = HeardClock()
        for number in range(1, 400):
            speak(clock, number, 1, number * 1.0)
        assert len(clock._past) == 256
        assert clock.instant(Position(1, 1), 500.0) == pytest.approx(399.001)


class TestMistakes:
    def test_numbers_must_rise(self) -> None:
        clock = HeardClock()
        clock.start(2, T1, RATE, 0.0)
        with pytest.raises(ValueError, match="numbers must rise"):
            clock.start(2, T1, RATE, 0.0)

    def test_sound_must_be_announced(self) -> None:
        with pytest.raises(ValueError, match="not open"):
            HeardClock().arrive(1, 0, 10, 0.0)

    def test_sound_has_no_holes(self) -> None:
        clock = HeardClock()
        clock.start(1, T1, RATE, 0.0)
        with pytest.raises(ValueError, match="hole"):
            clock.arrive(1, 10, 10, 0.0)

    def test_the_length_is_what_arrived(self) -> None:
        clock = HeardClock()
        clock.start(1, T1, RATE, 0.0)
        with pytest.raises(ValueError, match="0 arrived"):
            clock.end(1, 10, 0.0)

    def test_an_utterance_ends_once(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 10, 0.0)
        with pytest.raises(ValueError, match="not open"):
            clock.end(1, 10, 0.0)


class TestInstant:
    def test_what_is_handed_over_is_heard(self) -> None:
        clock = HeardClock(is_instant=True)
        clock.join(PAGE)
        clock.hello(PAGE, "page", 0.0, has_audio=True)
        clock.start(1, T1, RATE, 1.0)
        clock.arrive(1, 0, 60_000, 1.0)
        assert clock.position(1.0) == (1, 60_000)
        assert clock.instant(Position(1, 60_000), 1.0) == 1.0
        clock.arrive(1, 60_000, 10, 2.0)
        assert clock.instant(Position(1, 60_010), 2.0) == 2.0
        assert clock.flush(T1, 2.0) == (1, 60_010)


class TestOwner:
    def test_the_owner_tells_when_an_utterance_begins(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        assert clock.position(0.5) == (0, 0)
        clock.report(PAGE, Position(1, 20), 0.5)
        assert clock.instant(Position(1, 0), 0.5) == pytest.approx(0.48)
        assert clock.instant(Position(1, 1), 0.5) == pytest.approx(0.481)

    def test_an_utterance_cannot_begin_before_it_arrived(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 10.0)
        clock.report(PAGE, Position(1, 1000), 10.01)
        assert clock.instant(Position(1, 0), 10.01) == 10.0
        assert clock.instant(Position(1, 1000), 10.01) == pytest.approx(10.01)

    def test_the_position_runs_150_ms_beyond_a_report(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 0), 0.0)
        assert clock.position(0.1) == (1, 100)
        assert clock.due(Position(1, 120), 0.1) == pytest.approx(0.12)
        assert clock.position(0.9) == (1, 150)

    def test_the_position_waits_for_a_page_that_is_behind(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 0), 0.0)
        assert clock.position(0.15) == (1, 150)
        clock.report(PAGE, Position(1, 20), 0.2)
        assert clock.position(0.25) == (1, 150)
        assert clock.position(0.34) == (1, 160)

    def test_the_owner_cannot_hear_what_did_not_arrive(self) -> None:
        clock = owned()
        clock.start(1, T1, RATE, 0.0)
        clock.report(PAGE, Position(1, 50), 0.0)
        assert clock.position(0.0) == (0, 0)
        clock.arrive(1, 0, 100, 0.0)
        clock.report(PAGE, Position(1, 5000), 0.0)
        assert clock.position(0.0) == (1, 100)

    def test_after_a_gap_the_position_goes_on_from_the_sound_that_came(self) -> None:
        clock = owned()
        clock.start(1, T1, RATE, 0.0)
        clock.arrive(1, 0, 100, 0.0)
        clock.report(PAGE, Position(1, 60), 0.1)
        assert clock.position(4.0) == (1, 100)
        clock.arrive(1, 100, 500, 4.0)
        assert clock.position(4.05) == (1, 150)
        assert clock.position(4.3) == (1, 210)
        assert clock.owner == PAGE

    def test_an_utterance_is_over_when_the_owner_plays_the_next(self) -> None:
        clock = owned()
        for number in (1, 2, 3):
            speak(clock, number, 1000, 0.0)
        clock.report(PAGE, Position(1, 10), 0.5)
        clock.report(PAGE, Position(3, 100), 0.6)
        assert clock.position(0.6) == (3, 100)
        assert clock.instant(Position(1, 1000), 0.6) == clock.instant(Position(2, 0), 0.6) == 0.6

    def test_the_position_does_not_enter_the_next_utterance_by_itself(self) -> None:
        clock = owned()
        speak(clock, 1, 100, 0.0)
        speak(clock, 2, 100, 0.0)
        clock.report(PAGE, Position(1, 90), 0.0)
        assert clock.position(0.14) == (1, 100)

    def test_reports_of_others_do_not_count(self) -> None:
        clock = owned(0.0, PAGE, OTHER)
        speak(clock, 1, 1000, 0.0)
        clock.report(OTHER, Position(1, 500), 0.1)
        clock.report(PAGE, Position(7, 500), 0.1)
        assert clock.position(0.1) == (0, 0)

    def test_a_new_owner_drives_from_the_next_start(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 1000, 0.0)
        clock.join(PAGE)
        clock.hello(PAGE, "page", 0.1, has_audio=True)
        clock.report(PAGE, Position(1, 900), 0.2)
        assert clock.position(0.2) == (1, 200)
        speak(clock, 2, 1000, 0.3)
        assert clock.position(1.4) == (1, 1000)
        clock.report(PAGE, Position(2, 0), 1.5)
        assert clock.position(1.6) == (2, 100)

    def test_the_wall_clock_carries_on_when_the_owner_leaves(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.5)
        clock.leave(PAGE, 0.6)
        assert clock.position(0.7) == (1, 300)
        assert clock.position(2.0) == (2, 600)

    def test_the_wall_clock_begins_what_a_leaving_owner_had_not(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.leave(PAGE, 0.6)
        assert clock.instant(Position(1, 0), 0.7) == 0.6
        assert clock.position(0.7) == (1, 100)

    def test_the_wall_clock_carries_on_when_the_owner_cannot_be_heard_any_more(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.5)
        clock.hello(PAGE, "page", 0.5, has_audio=False)
        assert clock.position(0.9) == (1, 500)

    def test_an_owner_that_never_begins_loses_its_office_after_a_second(self) -> None:
        clock = owned(0.0, PAGE, OTHER)
        speak(clock, 1, 1000, 0.0)
        assert clock.due(Position(1, 1), 0.0) == pytest.approx(1.0)
        assert clock.position(1.25) == (1, 250)
        assert clock.owner == OTHER

    def test_an_owner_that_falls_silent_loses_its_office_after_a_second(self) -> None:
        clock = owned(0.0, PAGE, OTHER)
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.2)
        assert clock.due(Position(1, 900), 0.2) == pytest.approx(1.2)
        assert clock.position(1.2) == (1, 250)
        assert clock.position(1.3) == (1, 350)
        assert clock.owner == OTHER

    def test_an_owner_that_repeats_itself_counts_as_silent(self) -> None:
        clock = owned(0.0, PAGE, OTHER)
        speak(clock, 1, 1000, 0.0)
        for tenth in range(1, 12):
            clock.report(PAGE, Position(1, 100), tenth / 10)
        assert clock.owner == OTHER

    def test_an_owner_without_sound_to_play_may_be_silent(self) -> None:
        clock = owned()
        clock.start(1, T1, RATE, 0.0)
        clock.arrive(1, 0, 100, 0.0)
        clock.report(PAGE, Position(1, 100), 0.1)
        clock.advance(60.0)
        assert clock.owner == PAGE

    def test_a_listener_that_begins_is_in_time_after_a_long_utterance_before(self) -> None:
        clock = owned()
        clock.hello(PAGE, "page", 0.0, has_audio=False)
        speak(clock, 1, 5000, 0.0)
        clock.hello(PAGE, "page", 0.1, has_audio=True)
        speak(clock, 2, 1000, 0.2)
        assert clock.position(5.9) == (1, 5000)
        assert clock.owner == PAGE
        clock.advance(6.1)
        assert clock.owner is None


class TestFlush:
    def test_the_wall_clock_gives_its_position_at_once(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.0)
        assert clock.flush(T1, 0.4) == (1, 400)
        assert clock.position(9.0) == (1, 400)
        assert clock.instant(Position(1, 400), 9.0) == pytest.approx(0.4)
        assert clock.instant(Position(1, 401), 9.0) == clock.instant(Position(2, 0), 9.0) == 0.4

    def test_the_next_turn_begins_where_it_became_silent(self) -> None:
        clock = HeardClock()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.0, T2)
        assert clock.flush(T1, 0.4) == (1, 400)
        assert clock.instant(Position(2, 0), 0.5) == 0.4

    def test_a_turn_that_waits_leaves_the_sounding_one_alone(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.0, T2)
        clock.report(PAGE, Position(1, 0), 0.0)
        assert clock.flush(T2, 0.1) == (1, 100)
        clock.report(PAGE, Position(1, 900), 0.9)
        assert clock.position(0.95) == (1, 950)

    def test_nothing_comes_after_a_flush(self) -> None:
        clock = HeardClock()
        clock.start(1, T1, RATE, 0.0)
        assert clock.flush(T1, 0.0) == (0, 0)
        assert not clock.arrive(1, 0, 100, 0.1)
        assert not clock.end(1, 100, 0.1)
        assert not clock.start(2, T1, RATE, 0.2)
        assert clock.is_cut(1)
        assert clock.is_cut(2)
        assert not clock.is_cut(3)
        assert not clock.is_cut(None)
        assert clock.position(1.0) == (0, 0)

    def test_the_answer_of_the_owner_is_the_truth(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.1)
        assert clock.position(0.2) == (1, 200)
        assert clock.flush(T1, 0.2) is None
        assert clock.is_flushing(T1)
        assert clock.position(0.25) == (1, 200)
        clock.flushed(PAGE, T1, Position(1, 130), 0.25)
        assert not clock.is_flushing(T1)
        assert clock.settle(T1, 0.25) == (1, 130)
        assert clock.position(0.3) == (1, 200)

    def test_the_answer_is_not_behind_the_last_report(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.1)
        clock.flush(T1, 0.2)
        clock.flushed(PAGE, T1, Position(1, 3), 0.25)
        assert clock.settle(T1, 0.25) == (1, 100)

    def test_the_answer_may_tell_of_a_begin_that_was_not_reported(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        assert clock.flush(T1, 0.2) is None
        clock.flushed(PAGE, T1, Position(1, 50), 0.25)
        assert clock.settle(T1, 0.25) == (1, 50)
        assert clock.instant(Position(1, 1), 0.3) == pytest.approx(0.201)

    def test_the_answer_may_be_in_the_next_utterance_of_the_turn(self) -> None:
        clock = owned()
        speak(clock, 1, 100, 0.0)
        speak(clock, 2, 100, 0.0)
        clock.report(PAGE, Position(1, 0), 0.0)
        clock.flush(T1, 0.09)
        clock.flushed(PAGE, T1, Position(2, 10), 0.12)
        assert clock.settle(T1, 0.12) == (2, 10)

    def test_an_answer_about_something_else_means_nothing_more_was_heard(self) -> None:
        clock = owned()
        speak(clock, 1, 100, 0.0)
        clock.report(PAGE, Position(1, 100), 0.1)
        speak(clock, 2, 1000, 0.2, T2)
        clock.flush(T2, 0.3)
        clock.flushed(PAGE, T2, Position(1, 100), 0.35)
        assert clock.settle(T2, 0.35) == (1, 100)
        speak(clock, 3, 1000, 1.0, TurnId("t3"))
        clock.report(PAGE, Position(3, 40), 1.1)
        clock.flush(TurnId("t3"), 1.15)
        clock.flushed(PAGE, TurnId("t3"), Position(1, 100), 1.2)
        assert clock.settle(TurnId("t3"), 1.2) == (3, 40)

    def test_without_an_answer_the_last_report_and_the_time_since_count(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.1)
        clock.flush(T1, 0.12)
        assert clock.settle(T1, 0.22) == (1, 220)
        assert clock.instant(Position(1, 1000), 0.3) == 0.22

    def test_two_who_flush_the_same_turn_both_get_an_answer(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.0, T2)
        clock.report(PAGE, Position(1, 100), 0.1)
        assert clock.flush(T1, 0.1) is None
        assert clock.flush(T1, 0.1) is None
        assert clock.settle(T1, 0.2) == clock.settle(T1, 0.2) == (1, 200)

    def test_answers_that_nobody_asked_for_do_not_count(self) -> None:
        clock = owned(0.0, PAGE, OTHER)
        clock.flushed(PAGE, T1, Position(0, 0), 0.0)
        speak(clock, 1, 1000, 0.0)
        clock.report(PAGE, Position(1, 100), 0.1)
        clock.flushed(PAGE, T1, Position(1, 900), 0.1)
        clock.flush(T1, 0.1)
        clock.flushed(OTHER, T1, Position(1, 900), 0.1)
        clock.flushed(PAGE, T2, Position(1, 900), 0.1)
        clock.report(PAGE, Position(1, 900), 0.1)
        assert clock.is_flushing(T1)
        assert clock.due(Position(1, 900), 0.1) is None

    def test_a_driver_that_leaves_instead_of_answering_ends_the_flush(self) -> None:
        clock = owned()
        speak(clock, 1, 1000, 0.0)
        speak(clock, 2, 1000, 0.0, T2)
        clock.report(PAGE, Position(1, 100), 0.1)
        clock.flush(T1, 0.15)
        clock.leave(PAGE, 0.2)
        assert not clock.is_flushing(T1)
        assert clock.settle(T1, 0.2) == (1, 200)
        assert clock.position(0.3) == (2, 100)

    def test_cancelled_turns_are_forgotten_after_a_while(self) -> None:
        clock = HeardClock()
        for number in range(400):
            clock.flush(TurnId(f"old{number}"), 0.0)
        assert len(clock._cancelled) == 256
