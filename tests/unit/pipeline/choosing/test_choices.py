"""Which lines are chosen, by the stated policy, whatever comes."""

from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind, Flood
from spark_vtuber.core.events import PAID_KINDS, Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.choosing.alike import ALIKE, alike
from spark_vtuber.pipeline.choosing.policy import POLICIES
from spark_vtuber.pipeline.choosing.reading import read
from spark_vtuber.pipeline.choosing.scores import MOST_WAITED
from spark_vtuber.pipeline.choosing.waiting import MOST_VIEWERS
from spark_vtuber.pipeline.inbox import Choice, Inbox, Rules


def cue(name: str, text: str, author: str = "", at_s: float = 0.0, kind: ChatKind = ChatKind.MESSAGE) -> Cue:
    writer = Author(author or f"id of {name}", author or f"Viewer {name}")
    amount = 100.0 if kind is ChatKind.BITS else 0.0
    event = ChatEvent(name, "test", kind, writer, text, amount)
    return Cue(CueId(name), CueKind.CHAT, text, writer.name, event, received_s=at_s, admitted_s=at_s)


def take(inbox: Inbox, now_s: float) -> Choice:
    choice = inbox.take(now_s, lambda _: True)
    assert choice is not None
    return choice


def test_the_same_question_of_twelve_viewers_is_one_cue_that_says_so() -> None:
    inbox = Inbox(("Spark",))
    gone = []
    for number in range(12):
        asked = "what is your favourite game?" if number % 2 else "spark whats your favourite game"
        gone += inbox.offer(cue(str(number), asked), number / 10)
    assert len(inbox) == 1
    assert {(one.reason, one.joined.id if one.joined else "") for one in gone} == {(Reason.MERGED, "0")}
    choice = take(inbox, 2)
    assert choice.cue.asked_by == 12
    assert [event.id for event in choice.cue.also] == [str(number) for number in range(1, 12)]
    assert choice.scores["asked"] > 0


def test_a_viewer_who_asks_twice_counts_once() -> None:
    inbox = Inbox(())
    for number in range(3):
        inbox.offer(cue(str(number), "do you like frogs?", author="ana"), 0)
    assert take(inbox, 0).cue.asked_by == 1


def test_who_asks_what_is_being_answered_is_answered_with_it() -> None:
    inbox = Inbox((), rules=Rules(repeat_s=20))
    inbox.offer(cue("first", "do you like frogs?"), 0)
    take(inbox, 0)
    late = inbox.offer(cue("late", "do you like frogs"), 10)
    assert [(one.reason, one.joined.id if one.joined else "") for one in late] == [(Reason.MERGED, "first")]
    assert inbox.offer(cue("later", "do you like frogs"), 21) == []


def test_who_asks_what_failed_unheard_is_answered_after_all() -> None:
    inbox = Inbox(())
    for number, name in enumerate(("frogs", "newts")):
        inbox.offer(cue(name, f"do you like {name}?"), number)
    first, second = take(inbox, 2).cue, take(inbox, 2).cue
    inbox.failed(first)
    assert inbox.offer(cue("again", first.text), 3) == []
    assert [one.reason for one in inbox.offer(cue("late", second.text), 3)] == [Reason.MERGED]


def test_copied_words_and_walls_of_pictures_are_one_cue_each_of_low_worth() -> None:
    inbox = Inbox(())
    copied = "the mighty frog sits on the throne of the stream"
    reasons = Counter[Reason]()
    for number in range(30):
        reasons.update(one.reason for one in inbox.offer(cue(f"c{number}", copied), 0))
        reasons.update(one.reason for one in inbox.offer(cue(f"e{number}", "😂" * (number + 1)), 0))
    inbox.offer(cue("small", "newts"), 0)
    assert len(inbox) == 3
    assert reasons[Reason.COPYPASTA] > 20
    assert reasons[Reason.EMOTES] == 29
    first, *floods = [take(inbox, 1).cue for _ in range(3)]
    assert first.id == "small"
    assert {one.flood for one in floods} == {Flood.COPYPASTA, Flood.EMOTES}


def test_thanks_are_never_merged() -> None:
    inbox = Inbox(())
    for number in range(3):
        assert not inbox.offer(cue(str(number), "take this", kind=ChatKind.BITS), 0)
    assert len(inbox) == 3


def test_when_the_first_is_taken_back_the_next_one_asks() -> None:
    inbox = Inbox(())
    for number in range(3):
        inbox.offer(cue(str(number), "do you like frogs?"), 0)
    assert inbox.retract(Reason.BANNED, lambda event: event.id == "0") == []
    choice = take(inbox, 0)
    assert (choice.cue.event and choice.cue.event.id, choice.cue.author, choice.cue.asked_by) == ("1", "Viewer 1", 2)
    inbox.offer(cue("x", "newts"), 0)
    assert [one.reason for one in inbox.retract(Reason.DELETED, lambda _: True)] == [Reason.DELETED]


def test_a_line_unlike_what_was_answered_is_worth_more_and_so_is_the_topic() -> None:
    inbox = Inbox((), rules=Rules(repeat_s=0))
    inbox.offer(cue("0", "do you like frogs?"), 0)
    inbox.answered(take(inbox, 0).cue, "Frogs! I love their pond and their croaking.", 1)
    inbox.offer(cue("again", "do you like frogs?"), 2)
    inbox.offer(cue("topic", "how big is the frog pond?"), 2)
    inbox.offer(cue("new", "do you play chess?"), 2)
    scores = {one.cue.id: one.scores for one in inbox.upcoming(2, 3)}
    assert scores[CueId("new")]["novel"] > scores[CueId("again")].get("novel", 0.0)
    assert scores[CueId("topic")]["topic"] > scores[CueId("new")].get("topic", 0.0)


def test_under_another_policy_lines_that_wait_leave_with_its_reason() -> None:
    inbox = Inbox(("Spark",))
    inbox.offer(cue("small", "newts"), 0)
    inbox.offer(cue("named", "spark look"), 0)
    inbox.rules = replace(inbox.rules, policy=POLICIES["co-stream"])
    assert [(one.cue.id, one.reason) for one in inbox.sift(lambda _: None)] == [("small", Reason.POLICY)]
    assert [one.reason for one in inbox.offer(cue("other", "frogs"), 0)] == [Reason.POLICY]


@dataclass(frozen=True)
class Written:
    author: int
    kind: ChatKind
    text: str
    pause_s: float


LINES = st.builds(
    Written,
    st.integers(0, 6),
    st.sampled_from([ChatKind.MESSAGE, ChatKind.MESSAGE, ChatKind.MESSAGE, ChatKind.BITS, ChatKind.RAID]),
    st.lists(st.sampled_from("spark frogs newts pond moon tea chess why how 7 😂".split()), max_size=4).map(" ".join),
    st.floats(0, 3),
)


@dataclass(frozen=True)
class Answer:
    cue: Cue
    at_s: float
    waiting: list[Cue]


def show(lines: list[Written], every_s: float, rules: Rules) -> tuple[list[Answer], list[Cue], Inbox]:
    """A show in which an answer takes `every_s`: the answers, with what else waited; the paid cues; what is left."""
    inbox, now_s, next_s, answers, paid = Inbox(("Spark",), rules=rules), 0.0, 0.0, list[Answer](), list[Cue]()

    def answer(until_s: float) -> None:
        nonlocal next_s
        while next_s <= until_s:
            inbox.drop_stale(next_s)
            waiting = [one.cue for one in inbox.upcoming(next_s, 1_000)]
            choice = inbox.take(next_s, lambda _: True)
            if choice is not None:
                answers.append(Answer(choice.cue, next_s, [one for one in waiting if one.id != choice.cue.id]))
                inbox.answered(choice.cue, f"about {choice.cue.text}", next_s)
            next_s += every_s

    for number, written in enumerate(lines):
        now_s += written.pause_s
        answer(now_s)
        one = cue(str(number), written.text, f"viewer{written.author}", now_s, written.kind)
        if written.kind in PAID_KINDS:
            paid.append(one)
        inbox.offer(one, now_s)
    answer(now_s + every_s * (len(lines) + 1))
    return answers, paid, inbox


@settings(max_examples=150)
@given(st.lists(LINES, max_size=60), st.floats(0.5, 12))
def test_nobody_paid_is_left_out_and_none_waits_longer_than_those_before_and_a_minute(
    lines: list[Written], every_s: float
) -> None:
    answers, paid, inbox = show(lines, every_s, Rules())
    assert len(inbox) == 0
    answered = {answer.cue.id: answer for answer in answers}
    for one in paid:
        waited_s = answered[one.id].at_s - one.admitted_s
        rivals = [other for other in paid if other is not one and other.admitted_s <= one.admitted_s + MOST_WAITED]
        assert waited_s <= every_s * (len(rivals) + 1) + 1e-6


@settings(max_examples=150)
@given(st.lists(LINES, max_size=60), st.floats(0.5, 12), st.integers(1, 3), st.integers(3, 8))
def test_no_viewer_has_more_than_their_share_while_another_waits(
    lines: list[Written], every_s: float, most: int, of: int
) -> None:
    answers, _, _ = show(lines, every_s, Rules(fair_answers=most, fair_of=of))
    for at, answer in enumerate(answers):
        event = answer.cue.event
        assert event is not None
        if event.kind is not ChatKind.MESSAGE:
            continue
        last = [one.cue.event.author.id for one in answers[max(0, at + 1 - of) : at + 1] if one.cue.event]
        if last.count(event.author.id) > most:
            before = [one.cue.event.author.id for one in answers[max(0, at + 1 - of) : at] if one.cue.event]
            others = [one for one in answer.waiting if one.event and before.count(one.event.author.id) < most]
            assert not others


@settings(max_examples=150)
@given(st.lists(LINES, max_size=60), st.floats(0.5, 12))
def test_nothing_is_answered_twice(lines: list[Written], every_s: float) -> None:
    answers, _, _ = show(lines, every_s, Rules(repeat_s=60))
    assert len({answer.cue.id for answer in answers}) == len(answers)
    plain = [one for one in answers if one.cue.event and one.cue.event.kind is ChatKind.MESSAGE and one.cue.text]
    for at, answer in enumerate(plain):
        for other in plain[:at]:
            if answer.cue.admitted_s - other.at_s < 60 and answer.cue.admitted_s > other.at_s:
                one, two = read(answer.cue.text, ("Spark",)), read(other.cue.text, ("Spark",))
                assert alike(one, two) < ALIKE


def test_pictures_are_spoken_of_once_a_minute() -> None:
    inbox = Inbox(())
    inbox.offer(cue("first", "😂😂😂"), 0)
    take(inbox, 0)
    assert [one.reason for one in inbox.offer(cue("soon", "😂😂"), 59)] == [Reason.EMOTES]
    assert inbox.offer(cue("later", "😂😂"), 61) == []


def test_a_question_of_thousands_keeps_count_only_so_far() -> None:
    inbox = Inbox(())
    for number in range(MOST_VIEWERS + 10):
        inbox.offer(cue(str(number), "do you like frogs?"), 0)
    assert take(inbox, 0).cue.asked_by == MOST_VIEWERS
