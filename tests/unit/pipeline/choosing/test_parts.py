import math
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Role
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.pipeline.choosing import scores
from spark_vtuber.pipeline.choosing.lengths import STEPS, Pressure, Tempo, length
from spark_vtuber.pipeline.choosing.money import value
from spark_vtuber.pipeline.choosing.owed import Owed
from spark_vtuber.pipeline.choosing.policy import POLICIES, admits
from spark_vtuber.pipeline.choosing.reading import read
from spark_vtuber.pipeline.choosing.regulars import AWAY_MS, Regulars
from spark_vtuber.pipeline.choosing.sentiment import HALF_LIFE_S, Sentiment, feeling
from spark_vtuber.pipeline.choosing.sieve import Mesh, Sieve

DOCS = Path(__file__).parents[4] / "docs" / "explanation" / "how-a-line-is-chosen.md"


def event(
    kind: ChatKind = ChatKind.MESSAGE, text: str = "hm", amount: float = 0.0, currency: str = "", *roles: Role
) -> ChatEvent:
    return ChatEvent("1", "test", kind, Author("a", "ana", frozenset(roles)), text, amount, currency)


def cue(of: ChatEvent, priority: int = 0) -> Cue:
    return Cue(CueId("1"), CueKind.CHAT, of.text, event=of, priority=priority)


def test_gifts_of_all_kinds_and_currencies_are_compared_in_one_unit() -> None:
    yen = value(event(ChatKind.SUPER_CHAT, amount=1_000, currency="JPY"))
    assert value(event(ChatKind.SUPER_CHAT, amount=5, currency="usd")) < yen < value(event(ChatKind.BITS, amount=700))
    assert value(event(ChatKind.GIFT, amount=10)) == 10 * value(event(ChatKind.SUBSCRIPTION))
    assert value(event(amount=100)) == 0


@given(st.sampled_from(list(ChatKind)), st.floats(), st.text(max_size=4))
def test_no_amount_breaks_the_scale(kind: ChatKind, amount: float, currency: str) -> None:
    one = event(kind, amount=amount, currency=currency)
    assert math.isfinite(value(one))
    assert value(one) >= 0
    assert scores.standing(cue(one), read("", ())).get("gift", 0.0) <= scores.MOST_GIFT


def test_money_is_worth_more_than_everything_else_together() -> None:
    dearest = (
        max(scores.EVENTS.values()) + scores.ADDRESSED + scores.QUESTION + scores.SUBSTANCE + scores.MEMBER
        + scores.NEWCOMER + scores.REGULAR + scores.MOST_ASKED + scores.NOVEL + scores.TOPIC + scores.FRESH
    )  # fmt: skip
    assert dearest < scores.PAID


def test_whoever_paid_and_waits_for_a_minute_goes_before_any_gift() -> None:
    assert scores.MOST_WAITED > scores.MOST_GIFT


@pytest.mark.parametrize(
    ("name", "text", "roles", "is_admitted"),
    [
        ("solo", "hm", (), True),
        ("co-stream", "hm", (), False),
        ("co-stream", "spark hm", (), True),
        ("subscriber-only", "spark hm", (), False),
        ("subscriber-only", "hm", (Role.SUBSCRIBER,), True),
        ("slow", "hm", (), True),
    ],
)
def test_a_policy_admits_whom_it_names(name: str, text: str, roles: tuple[Role, ...], is_admitted: bool) -> None:
    one = cue(event(ChatKind.MESSAGE, text, 0, "", *roles))
    assert admits(POLICIES[name], one, is_addressed="spark" in text) is is_admitted


@pytest.mark.parametrize("name", POLICIES)
def test_money_events_and_the_operator_pass_every_policy(name: str) -> None:
    for one in (cue(event(ChatKind.BITS)), cue(event(ChatKind.RAID)), cue(event(), Urgency.ANSWER_NOW)):
        assert admits(POLICIES[name], one, is_addressed=False)


@given(st.integers(0, 500), st.floats(0, 500), st.booleans(), st.floats(0, 200))
def test_answers_only_get_shorter_when_more_presses(waiting: int, paid_s: float, hot: bool, speed: float) -> None:
    order = [step.length for step in STEPS]
    at = order.index(length(Pressure(waiting, paid_s, hot, speed)))
    assert order.index(length(Pressure(waiting + 20, paid_s + 20, True, speed))) >= at
    assert order.index(length(Pressure(0, 0.0, hot, speed))) <= at


def test_the_table_of_lengths_in_the_documentation_is_the_one_in_force() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for step in STEPS:
        sentences, tokens = step.length.sentences or "as the card has it", step.length.max_tokens or "`max_tokens`"
        row = f"| {step.waiting} | {step.oldest_paid_s:g} s | {sentences} | {tokens} | {step.length.seconds:g} s |"
        assert row in text, row


def test_fifty_waiting_viewers_get_one_short_sentence_each() -> None:
    assert length(Pressure(50)) == STEPS[-1].length
    assert length(Pressure(50)).seconds <= 8


def test_the_tempo_is_the_median_of_the_last_answers_of_the_model() -> None:
    tempo = Tempo()
    assert tempo.tokens_per_s == 0
    for speed, is_degraded in ((30.0, False), (10.0, False), (900.0, True), (20.0, False)):
        counts = {"tokens_per_s": speed}
        tempo.note(
            TurnRecord(TurnId("t"), PersonaId("p"), cue(event()), Outcome.COMPLETED, "", "", {}, {}, counts,
                       is_degraded=is_degraded)
        )  # fmt: skip
    assert tempo.tokens_per_s == 20


def test_a_flood_of_small_talk_leaves_room_for_questions_and_names() -> None:
    sieve = Sieve(("Spark",), Mesh(per_s=10, burst=100))
    let_in = [sieve.lets_in(event(text="lol"), at / 1_000) for at in range(5_000)]
    assert 90 <= sum(let_in) <= 110
    assert not sieve.lets_in(event(text="lol"), 5.0)
    assert sieve.lets_in(event(text="why?"), 5.0)
    assert all(sieve.lets_in(event(text="hey spark"), 5.0) for _ in range(40))
    assert sieve.lets_in(event(ChatKind.BITS), 5.0)


@given(st.lists(st.tuples(st.sampled_from(["lol", "why?", "spark"]), st.floats(0, 1)), max_size=300))
def test_the_sieve_never_lets_in_more_than_its_mesh_and_never_holds_money(lines: list[tuple[str, float]]) -> None:
    sieve, now_s, count = Sieve(("Spark",), Mesh(per_s=5, burst=20)), 0.0, 0
    for text, pause_s in lines:
        now_s += pause_s
        count += sieve.lets_in(event(text=text), now_s)
        assert sieve.lets_in(event(ChatKind.SUPER_CHAT, text), now_s)
    assert count <= 20 + 5 * now_s + 1


def test_a_viewer_comes_back_once_a_stream_and_is_known_after_a_restart_by_key_alone() -> None:
    regulars = Regulars(lambda source, author: f"{hash((source, author)):x}")
    assert regulars.meet("t", "ana", 0) == 1
    assert regulars.meet("t", "ana", 60_000) == 1
    assert regulars.meet("t", "ana", AWAY_MS + 60_000) == 2
    kept = regulars.entries()
    assert "ana" not in str(kept)
    again = Regulars(regulars._key, [list(entry) for entry in kept])
    assert again.meet("t", "ana", 2 * AWAY_MS + 60_000) == 3


@pytest.mark.parametrize("kept", [None, {}, [1], [["a"]], [["a", -1, 0]], [["a", "b", "c"]], "x"])
def test_what_is_no_memory_of_regulars_is_none(kept: object) -> None:
    assert Regulars(kept=kept).entries() == []


def test_only_so_many_regulars_are_remembered() -> None:
    regulars = Regulars(capacity=3)
    for number in range(10):
        regulars.meet("t", str(number), number)
    assert len(regulars.entries()) == 3


async def test_paid_lines_are_owed_until_they_are_settled_and_no_others() -> None:
    owed = Owed(capacity=2)
    owed.owe(event(), 1)
    assert not owed.lines()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(owed.change)
        await anyio.sleep(1)
        owed.owe(event(ChatKind.BITS), 1)
    assert [at_ms for _, at_ms in owed.lines()] == [1]
    owed.settle(event(ChatKind.BITS))
    assert not owed.lines()


@pytest.mark.parametrize(
    ("text", "sign"),
    [("i love this", 1), ("LUL LUL", 1), ("not good", -1), ("this is boring", -1), ("a table", 0), ("que lindo ❤", 1),
     ("", 0), ("looooove", 1)],
)  # fmt: skip
def test_a_line_sounds_like_what_it_says(text: str, sign: int) -> None:
    felt = feeling(text)
    assert (felt > 0) - (felt < 0) == sign


def test_the_room_follows_its_lines_and_calms_down() -> None:
    room = Sentiment()
    assert room.at(0) == 0
    for number in range(20):
        room.hear("this is awful", number * 0.1)
    low = room.at(2)
    assert low < -0.5
    assert low < room.at(2 + HALF_LIFE_S) < room.at(2 + 10 * HALF_LIFE_S) <= 0


@given(st.lists(st.tuples(st.text(max_size=60), st.floats(0, 100)), max_size=30))
def test_the_room_is_always_between_its_bounds(lines: list[tuple[str, float]]) -> None:
    room, now_s = Sentiment(), 0.0
    for text, pause_s in lines:
        now_s += pause_s
        assert -1 <= room.hear(text, now_s) <= 1
        assert -1 <= room.at(now_s) <= 1


def test_members_and_newcomers_are_worth_a_little_more() -> None:
    plain, member, newcomer = (
        sum(scores.standing(cue(event(ChatKind.MESSAGE, "hm", 0.0, "", *roles)), read("hm", ())).values())
        for roles in ((), (Role.SUBSCRIBER,), (Role.FIRST_TIME,))
    )
    assert (member - plain, newcomer - plain) == (scores.MEMBER, scores.NEWCOMER)


def test_of_more_gifts_than_anybody_can_thank_for_the_newest_are_owed() -> None:
    owed = Owed(capacity=2)
    for number in range(3):
        gift = ChatEvent(str(number), "test", ChatKind.BITS, Author("a", "ana"), "hm", 100)
        owed.owe(gift, number)
    assert [one.id for one, _ in owed.lines()] == ["1", "2"]
