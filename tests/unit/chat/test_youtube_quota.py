from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spark_vtuber.chat.youtube_quota import INSERT, LIST, Quota, pacific_day, seconds_to_reset

HOUR_MS = 3_600_000
NOON_MS = round(datetime(2026, 11, 20, 20, 0, tzinfo=UTC).timestamp() * 1000)
"""Noon in California."""


class Now:
    def __init__(self, ms: int = NOON_MS) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


def quota(now: Now, limit: int = 10_000, hours: float = 4.0, kept: object = None) -> Quota:
    return Quota(limit, hours, now, kept)


@pytest.mark.platform("linux", "darwin")  # elsewhere there may be no table of time zones to compare with
@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - made aware below
def test_the_day_of_the_quota_is_the_day_in_california(when: datetime) -> None:
    utc = when.replace(tzinfo=UTC)
    there = utc.astimezone(ZoneInfo("America/Los_Angeles"))
    unix_ms = int(utc.timestamp() * 1000)
    assert pacific_day(unix_ms) == there.date().isoformat()
    reset_ms = unix_ms + round(seconds_to_reset(unix_ms) * 1000)
    midnight = datetime.fromtimestamp(reset_ms / 1000, ZoneInfo("America/Los_Angeles"))
    assert (midnight.hour, midnight.minute, midnight.date() > there.date()) == (0, 0, True)
    assert 0 < seconds_to_reset(unix_ms) <= 25 * 3600


def test_units_are_counted_until_midnight_in_california() -> None:
    now = Now()
    one = quota(now)
    one.spend(LIST)
    one.spend(INSERT)
    assert (one.spent, one.left, one.resets_in_s) == (25, 9_975, 12 * 3600)
    now.ms += 12 * HOUR_MS
    assert (one.spent, one.left) == (0, 10_000)


def test_polling_is_spread_over_the_hours_that_are_planned() -> None:
    now = Now()
    one = quota(now, hours=4.0)
    one.spend(LIST)
    assert one.pause_s(LIST) == pytest.approx(4 * 3600 * 5 / 8000, rel=0.01)


@settings(max_examples=25)  # each is a day of thousands of polls
@example(hours=0.5, limit=50_000, start_h=12)
@example(hours=24.0, limit=500, start_h=11)
@given(st.floats(0.5, 24), st.integers(500, 50_000), st.integers(0, 23))
def test_polling_all_day_is_never_out_of_units_before_its_end(hours: float, limit: int, start_h: int) -> None:
    now = Now(NOON_MS + start_h * HOUR_MS)
    one = quota(now, limit, hours)
    day = pacific_day(now.ms)
    longest_s = 0.0
    while pacific_day(now.ms) == day:
        assert one.allows(LIST)
        one.spend(LIST)
        pause_s = max(one.pause_s(LIST), 3.0)
        longest_s = max(longest_s, pause_s)
        now.ms += round(pause_s * 1000)
    assert longest_s <= 24 * 3600 * LIST / (limit * 0.2 - LIST) + 1


def test_four_fifths_are_a_warning_and_the_rest_is_spread_until_the_end_of_the_day() -> None:
    now = Now()
    one = quota(now)
    one.spend(7_999)
    assert not one.is_low
    one.spend(1)
    assert one.is_low
    assert one.pause_s(LIST) == pytest.approx(12 * 3600 * 5 / 2000)


def test_where_google_says_that_nothing_is_left_the_wait_is_until_midnight() -> None:
    now = Now()
    one = quota(now)
    one.spend(100)
    one.exhaust()
    assert (one.left, one.pause_s(LIST)) == (0, 12 * 3600)
    assert not one.allows(1)
    one.forgive()
    assert one.left == 9_900


def test_a_new_day_forgets_that_nothing_was_left() -> None:
    now = Now()
    one = quota(now)
    one.exhaust()
    now.ms += 12 * HOUR_MS
    assert one.left == 10_000


def test_every_change_is_told() -> None:
    told: list[int] = []
    now = Now()
    one = Quota(10_000, 4.0, now, None, told.append)
    one.spend(5)
    now.ms += 12 * HOUR_MS
    assert one.left == 10_000
    assert told == [0, 5, 0]


def test_what_was_spent_outlives_the_show_and_not_the_day() -> None:
    now = Now()
    one = quota(now)
    one.spend(1_234)
    kept = one.record()
    assert quota(now, kept=kept).spent == 1_234
    now.ms += 12 * HOUR_MS
    assert quota(now, kept=kept).spent == 0


@pytest.mark.parametrize("kept", [None, 3, [], {}, {"day": 1, "units": 2, "since_ms": 3}, {"day": "x", "units": -1}])
def test_a_record_that_makes_no_sense_is_as_none(kept: object) -> None:
    assert quota(Now(), kept=kept).spent == 0


def test_the_record_is_due_after_fifty_units_or_a_minute() -> None:
    now = Now()
    one = quota(now)
    assert not one.is_due
    one.spend(49)
    assert not one.is_due
    one.spend(1)
    assert one.is_due
    one.record()
    assert not one.is_due
    one.spend(1)
    now.ms += 60_000
    assert one.is_due
