"""What is a command, who may run it, and how often."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.commands import BUILT_IN, Call, Permit, Rank, Refusal, Turnstile, parse, rank_of
from spark_vtuber.core.events import Role
from spark_vtuber.testing.virtual import VirtualClock


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> float:
        return self.s

    def unix_ms(self) -> int:
        return int(self.s * 1000)


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("!scene Live", Call("scene", "Live")),
        ("  !SCENE   Live  now ", Call("scene", "Live now")),
        ("!mute", Call("mute", "")),
        ("!tür-auf bitte", Call("tür-auf", "bitte")),
        ("!scene Li\u200bve\U000e0000", Call("scene", "Live")),
        ("!scene\nLive", Call("scene", "Live")),
    ],
)
def test_a_command_is_its_name_and_what_stands_behind_it(text: str, call: Call) -> None:
    assert parse(text, "!") == call


@pytest.mark.parametrize(
    "text", ["", "!", "!!!", "!!wow", "! scene", "!?", "hello !scene", "!what?!", "!a.b", "!" + "x" * 31, "scene"]
)
def test_ordinary_lines_are_no_commands(text: str) -> None:
    assert parse(text, "!") is None


def test_without_a_prefix_there_are_no_commands() -> None:
    assert parse("scene", "") is None
    assert parse("!scene", "") is None
    assert parse("~~scene x", "~~") == Call("scene", "x")


@given(st.text(max_size=600), st.sampled_from(["!", "?", "~~", ""]))
def test_any_text_is_a_command_or_not_and_its_parts_are_clean(text: str, prefix: str) -> None:
    call = parse(text, prefix)
    if call is not None:
        assert text.lstrip().startswith(prefix)
        assert 1 <= len(call.name) <= 90  # folding may make three characters of one
        assert call.arguments == " ".join(call.arguments.split())


@given(st.frozensets(st.sampled_from(list(Role))))
def test_a_rank_is_that_of_the_highest_role(roles: frozenset[Role]) -> None:
    ranked = {role: Rank[role.name] for role in Role if role is not Role.FIRST_TIME}
    assert rank_of(roles) == max((ranked[role] for role in roles if role in ranked), default=Rank.EVERYONE)


@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.sampled_from(list(Rank)), min_size=1, max_size=20),
    st.lists(st.tuples(st.frozensets(st.sampled_from(list(Role))), st.floats(0, 30), st.integers(0, 3))),
    st.floats(0, 20),
)
def test_no_table_of_permissions_lets_a_lower_rank_through(
    table: dict[str, Rank], calls: list[tuple[frozenset[Role], float, int]], cooldown_s: float
) -> None:
    clock = HandClock()
    turnstile = Turnstile(clock, viewers=3)
    for (name, who), (roles, pause_s, viewer) in product(table.items(), calls):
        clock.s += pause_s
        rank = rank_of(roles)
        refusal = turnstile.refuse(name, Permit(who, cooldown_s, cooldown_s), str(viewer), rank)
        assert (refusal is Refusal.ROLE) == (rank < who)


@pytest.mark.parametrize("role", [None, Role.FIRST_TIME, Role.SUBSCRIBER, Role.VIP])
def test_a_viewer_cannot_run_what_is_for_moderators(role: Role | None) -> None:
    turnstile = Turnstile(HandClock())
    rank = rank_of({role} if role else ())
    mine = {name for name, who in BUILT_IN.items() if turnstile.refuse(name, Permit(who), "v", rank) is None}
    assert mine == {"persona"}
    assert all(turnstile.refuse(name, Permit(who), "v", Rank.MODERATOR) is None for name, who in BUILT_IN.items())


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 7))), st.floats(0.5, 5), st.floats(0.5, 10))
def test_between_two_calls_that_pass_lies_the_cooldown_of_the_command_and_of_the_viewer(
    calls: list[tuple[str, float]], cooldown_s: float, viewer_cooldown_s: float
) -> None:
    clock, last, last_of = HandClock(), float("-inf"), {"a": float("-inf"), "b": float("-inf")}
    turnstile = Turnstile(clock)
    for viewer, pause_s in calls:
        clock.s += pause_s
        refusal = turnstile.refuse("x", Permit(Rank.EVERYONE, cooldown_s, viewer_cooldown_s), viewer, Rank.EVERYONE)
        if clock.s - last < cooldown_s:
            assert refusal is Refusal.COOLDOWN
        elif clock.s - last_of[viewer] < viewer_cooldown_s:
            assert refusal is Refusal.VIEWER_COOLDOWN
        else:
            assert refusal is None
            last = last_of[viewer] = clock.s


def test_who_is_refused_keeps_nobody_waiting() -> None:
    turnstile, permit = Turnstile(HandClock()), Permit(Rank.MODERATOR, 60, 60)
    assert turnstile.refuse("mute", permit, "eve", Rank.EVERYONE) is Refusal.ROLE
    assert turnstile.refuse("mute", permit, "mod", Rank.MODERATOR) is None


async def test_only_so_many_viewers_are_remembered() -> None:
    turnstile, permit = Turnstile(VirtualClock(), viewers=2), Permit(Rank.EVERYONE, viewer_cooldown_s=1000)
    assert [turnstile.refuse("x", permit, viewer, Rank.EVERYONE) for viewer in ("a", "b", "c")] == [None] * 3
    assert turnstile.refuse("x", permit, "a", Rank.EVERYONE) is None
    assert turnstile.refuse("x", permit, "c", Rank.EVERYONE) is Refusal.VIEWER_COOLDOWN
