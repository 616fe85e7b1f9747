"""Strikes add up, fade, and keep a viewer unanswered for a while."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.moderation.strikes import StrikeLimits, Strikes
from spark_vtuber.testing.virtual import VirtualClock

LIMITS = StrikeLimits(limit=3.0, half_life_min=30.0, rest_min=10.0, longest_min=40.0, floor=2.0, other=1.0)
MIN_S = 60.0


def strikes(clock: VirtualClock, limits: StrikeLimits = LIMITS, capacity: int = 100) -> Strikes:
    return Strikes(clock, lambda: limits, capacity=capacity)


async def test_a_viewer_is_not_answered_from_the_limit_on_for_a_while() -> None:
    book = strikes(VirtualClock())
    assert [book.strike("v", "eve", "twitch", "profanity") is not None for _ in range(3)] == [False, False, True]
    assert book.is_struck("v")
    assert not book.is_struck("w")
    await anyio.sleep(10 * MIN_S - 1)
    assert book.is_struck("v")
    await anyio.sleep(2)
    assert not book.is_struck("v")


async def test_what_gets_a_channel_banned_counts_more() -> None:
    book = strikes(VirtualClock())
    book.strike("v", "eve", "twitch", "threat")
    assert book.strike("v", "eve", "twitch", "slur") is not None


async def test_a_category_can_weigh_nothing() -> None:
    book = strikes(VirtualClock(), StrikeLimits(weights={"link": 0.0}))
    for _ in range(10):
        assert book.strike("v", "eve", "twitch", "link") is None
    assert book.all() == []


async def test_strikes_fade() -> None:
    book = strikes(VirtualClock())
    for _ in range(10):
        assert book.strike("v", "eve", "twitch", "profanity") is None
        await anyio.sleep(30 * MIN_S)
    assert 0.9 < book.all()[0].strikes < 1.1
    await anyio.sleep(300 * MIN_S)
    assert book.all() == []


async def test_every_further_while_is_twice_as_long_up_to_the_longest() -> None:
    clock = VirtualClock()
    book = strikes(clock)
    lengths = []
    for _ in range(4):
        while (struck := book.strike("v", "eve", "twitch", "threat")) is None:
            pass
        lengths.append((struck.until_ms - clock.unix_ms()) / 60_000)
        await anyio.sleep((struck.until_ms - clock.unix_ms()) / 1000)
    assert lengths == [10, 20, 40, 40]


async def test_a_line_that_still_waited_for_the_guard_makes_no_while_longer() -> None:
    book = strikes(VirtualClock())
    while (struck := book.strike("v", "eve", "twitch", "threat")) is None:
        pass
    for _ in range(20):
        assert book.strike("v", "eve", "twitch", "threat") is None
    assert book.all()[0].until_ms == struck.until_ms


async def test_who_stays_clean_begins_anew() -> None:
    book = strikes(VirtualClock())
    for _ in range(3):
        book.strike("v", "eve", "twitch", "profanity")
    await anyio.sleep(200 * MIN_S)
    for _ in range(3):
        book.strike("v", "eve", "twitch", "profanity")
    assert book.all()[0].rests == 1


async def test_a_pardon_forgets_everything() -> None:
    book = strikes(VirtualClock())
    for _ in range(3):
        book.strike("v", "eve", "twitch", "profanity")
    assert book.pardon("v") is not None
    assert not book.is_struck("v")
    assert book.pardon("v") is None
    assert book.is_empty


async def test_the_name_stays_known_when_the_next_one_is_blocked_itself() -> None:
    book = strikes(VirtualClock())
    book.strike("v", "eve", "twitch", "profanity")
    book.strike("v", "", "twitch", "profanity")
    assert book.all()[0].name == "eve"


async def test_the_next_show_goes_on_where_this_one_ended() -> None:
    clock = VirtualClock()
    book = strikes(clock)
    for _ in range(3):
        book.strike("v", "eve", "twitch", "profanity")
    next_show = Strikes(clock, lambda: LIMITS, book.kept())
    assert next_show.is_struck("v")
    assert next_show.all() == book.all()


async def test_memory_is_bounded_and_the_oldest_leave() -> None:
    book = strikes(VirtualClock(), capacity=3)
    for name in "abcde":
        book.strike(name, name, "twitch", "profanity")
        await anyio.sleep(1)
    assert {struck.key for struck in book.all()} == {"c", "d", "e"}


@given(st.lists(st.tuples(st.sampled_from(["profanity", "slur", "link"]), st.floats(0, 100_000)), max_size=60))
def test_nobody_is_kept_out_longer_than_the_longest_while(history: list[tuple[str, float]]) -> None:
    clock = Steps()
    book = Strikes(clock, lambda: LIMITS)
    for category, pause_s in history:
        book.strike("v", "eve", "twitch", category)
        assert all(one.until_ms - clock.unix_ms() <= LIMITS.longest_min * 60_000 for one in book.all())
        assert all(one.strikes <= LIMITS.limit or one.until_ms for one in book.all())
        clock.at_s += pause_s
    clock.at_s += LIMITS.longest_min * 60
    assert not book.is_struck("v")


class Steps:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def now(self) -> float:
        return self.at_s

    def unix_ms(self) -> int:
        return round(self.at_s * 1000)


@pytest.mark.parametrize("rests", [0, 3, 10_000])
def test_a_while_has_an_end_however_often_there_was_one(rests: int) -> None:
    assert 0 < LIMITS.rest_ms(rests) <= LIMITS.longest_min * 60_000
