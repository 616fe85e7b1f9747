from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.inbox import Inbox


def cue(name: str, text: str = "hm", at_s: float = 0.0, kind: ChatKind = ChatKind.MESSAGE, priority: int = 0) -> Cue:
    event = ChatEvent(name, "test", kind, Author(f"id of {name}", f"Viewer {name}"), text)
    return Cue(CueId(name), CueKind.CHAT, text, event=event, received_s=at_s, admitted_s=at_s, priority=priority)


def anything(_cue: Cue) -> bool:
    return True


def order_of(*cues: Cue, now_s: float = 0.0) -> list[str]:
    inbox = Inbox(("Spark",))
    for waiting in cues:
        inbox.offer(waiting, now_s)
    taken = []
    while (choice := inbox.take(now_s, anything)) is not None:
        taken.append(choice.cue.id)
    return [str(name) for name in taken]


def test_money_goes_before_a_name_before_an_event_before_a_question_before_small_talk() -> None:
    assert order_of(
        cue("small", "frogs"),
        cue("question", "why?"),
        cue("raid", "we come", kind=ChatKind.RAID),
        cue("named", "spark hm"),
        cue("paid", kind=ChatKind.BITS),
    ) == ["paid", "named", "raid", "question", "small"]


def test_a_fresh_line_goes_before_an_old_one_and_equal_ones_in_order() -> None:
    assert order_of(cue("old", "frogs", at_s=0), cue("new", "newts", at_s=50), now_s=50) == ["new", "old"]
    assert order_of(cue("first", "frogs", at_s=1), cue("second", "newts", at_s=2), now_s=500) == ["first", "second"]


def test_a_sentence_goes_before_a_single_word_and_a_priority_counts() -> None:
    assert order_of(cue("word"), cue("sentence", "this is fun")) == ["sentence", "word"]
    assert order_of(cue("plain"), cue("pushed", priority=3)) == ["pushed", "plain"]


def test_the_scores_of_a_choice_explain_it() -> None:
    inbox = Inbox(("Spark",))
    inbox.offer(cue("a", "spark, why is that so?"), 0)
    choice = inbox.take(0, anything)
    assert choice is not None
    assert set(choice.scores) == {"fresh", "addressed", "question", "substance", "novel"}
    assert choice.among == 1


def test_only_a_line_that_may_go_is_taken() -> None:
    inbox = Inbox(())
    inbox.offer(cue("a"), 0)
    assert inbox.take(0, lambda _: False) is None
    assert len(inbox) == 1


def test_a_full_inbox_lets_go_of_the_worst_line_which_may_be_the_new_one() -> None:
    inbox = Inbox((), capacity=1)
    inbox.offer(cue("small", "frogs"), 0)
    assert [gone.cue.id for gone in inbox.offer(cue("paid", kind=ChatKind.BITS), 0)] == ["small"]
    late = inbox.offer(cue("late", "newts", at_s=1), 0)
    assert [(gone.cue.id, gone.reason) for gone in late] == [("late", Reason.FULL)]


def test_a_stale_line_leaves_but_a_paid_one_stays() -> None:
    inbox = Inbox((), stale_s=60)
    inbox.offer(cue("small"), 0)
    inbox.offer(cue("paid", kind=ChatKind.SUBSCRIPTION), 0)
    assert [(gone.cue.id, gone.reason) for gone in inbox.drop_stale(61)] == [("small", Reason.STALE)]
    assert len(inbox) == 1


def test_a_cue_without_an_event_is_ranked_as_a_message() -> None:
    assert order_of(Cue(CueId("idle"), CueKind.IDLE, "")) == ["idle"]
    inbox = Inbox((), stale_s=1)
    inbox.offer(Cue(CueId("idle"), CueKind.IDLE, ""), 0)
    assert len(inbox.drop_stale(5)) == 1


@given(st.lists(st.tuples(st.sampled_from(list(ChatKind)), st.floats(0, 300)), max_size=40), st.integers(1, 8))
def test_it_is_never_over_capacity_and_nothing_is_lost_or_given_twice(
    lines: list[tuple[ChatKind, float]], capacity: int
) -> None:
    inbox = Inbox((), capacity=capacity)
    gone: list[str] = []
    for number, (kind, at_s) in enumerate(lines):
        gone += [line.cue.id for line in inbox.offer(cue(str(number), f"frog {number}", kind=kind, at_s=at_s), 300)]
        assert len(inbox) <= capacity
    while (choice := inbox.take(300, anything)) is not None:
        gone.append(choice.cue.id)
    assert sorted(gone) == sorted(str(number) for number in range(len(lines)))
