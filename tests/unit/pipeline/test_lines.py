"""The list of lines: what became of each, bounded, without the words of what must not be shown."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, EmoteSpan
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.steering import LineState, emote_views, spans_in
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.lines import MOST_JOINED, MOST_SCORED, Lines


class StillClock:
    """A clock that stands."""

    def now(self) -> float:
        return 1.0

    def unix_ms(self) -> int:
        return 1_000


def event(name: str = "1", text: str = "hello there", author: str = "Ana", source: str = "twitch") -> ChatEvent:
    return ChatEvent(name, source, ChatKind.MESSAGE, Author(f"id-{author}", author), text)


def cue(asked: ChatEvent) -> Cue:
    return Cue(CueId("c1"), CueKind.CHAT, asked.text, asked.author.name, asked)


def record(asked: ChatEvent, heard: str = "", turn: str = "t1", reason: str = "") -> TurnRecord:
    outcome = Outcome.INTERRUPTED if reason else Outcome.COMPLETED
    return TurnRecord(TurnId(turn), PersonaId("main"), cue(asked), outcome, heard, heard, {}, reason=reason)


@pytest.fixture
def lines() -> Lines:
    return Lines(StillClock(), capacity=3)


def state(lines: Lines, name: str = "1") -> tuple[str, str]:
    found = lines.find(name)
    assert found is not None
    return found.line.state.value, found.line.reason


def test_a_line_goes_from_waiting_to_answered(lines: Lines) -> None:
    lines.waiting(event())
    assert state(lines) == ("waiting", "")
    lines.chosen(cue(event()), TurnId("t1"), {"fresh": 1.0})
    assert state(lines) == ("chosen", "")
    lines.ended(record(event(), heard="Hi Ana!"))
    assert state(lines) == ("answered", "")
    (line,), has_more = lines.page(10, None, "")
    assert (line.turn, line.scores, line.text, line.author, has_more) == (
        "t1",
        {"fresh": 1.0},
        "hello there",
        "Ana",
        False,
    )


def test_of_old_lines_it_is_not_known_what_they_were_worth() -> None:
    lines = Lines(StillClock())
    for number in range(MOST_SCORED + 1):
        lines.waiting(event(str(number)))
        lines.chosen(cue(event(str(number))), TurnId(f"t{number}"), {"fresh": 1.0})
    page, _ = lines.page(MOST_SCORED + 1, None, "")
    assert [bool(line.scores) for line in page] == [True] * MOST_SCORED + [False]


def test_a_line_whose_answer_nobody_heard_was_dropped(lines: Lines) -> None:
    lines.waiting(event())
    lines.chosen(cue(event()), TurnId("t1"), {})
    lines.ended(record(event(), reason="rejected"))
    assert state(lines) == ("dropped", "rejected")


def test_only_the_turn_of_a_line_ends_it(lines: Lines) -> None:
    lines.waiting(event())
    lines.chosen(cue(event()), TurnId("t2"), {})
    lines.ended(record(event(), heard="Hi!", turn="t1"))
    assert state(lines) == ("chosen", "")


def test_what_was_not_guarded_or_blocked_is_kept_without_words_and_name(lines: Lines) -> None:
    lines.refused(event("1", "raw words"), Reason.RATE)
    lines.blocked(event("2", "foul words"), "word", "profanity")
    (second, first), _ = lines.page(10, None, "")
    assert (first.state, first.reason, first.text, first.author) == (LineState.DROPPED, "rate", "", "")
    assert (second.state, second.rule, second.reason, second.text, second.author) == (
        LineState.BLOCKED,
        "word",
        "profanity",
        "",
        "",
    )
    entry = lines.find("2")
    assert entry is not None
    assert (entry.author_id, entry.event) == ("id-Ana", None)


def test_a_line_that_comes_a_second_time_changes_nothing(lines: Lines) -> None:
    lines.waiting(event())
    lines.refused(event(), Reason.DUPLICATE)
    assert state(lines) == ("waiting", "")


def test_a_line_that_was_readmitted_keeps_its_place(lines: Lines) -> None:
    lines.waiting(event("1"))
    lines.waiting(event("2"))
    lines.dropped(event("1"), Reason.STALE)
    lines.waiting(event("1"))
    found, _ = lines.page(10, None, "")
    assert [(line.id, line.seq, line.state.value) for line in found] == [("2", 2, "waiting"), ("1", 1, "waiting")]


@pytest.mark.parametrize("reason", [Reason.DELETED, Reason.BANNED, Reason.IGNORED])
def test_what_was_taken_back_loses_its_words(lines: Lines, reason: Reason) -> None:
    lines.waiting(event())
    lines.dropped(event(), reason)
    entry = lines.find("1")
    assert entry is not None
    assert (entry.line.text, entry.line.reason, entry.event) == ("", reason.value, None)


def test_a_deletion_erases_the_words_of_an_answered_line(lines: Lines) -> None:
    lines.waiting(event())
    lines.chosen(cue(event()), TurnId("t1"), {})
    lines.ended(record(event(), heard="Hi!"))
    lines.retract(lambda other: other.id == "1")
    assert state(lines) == ("answered", "")
    assert lines.page(10, None, "hello")[0] == []


def test_the_list_is_bounded_and_the_oldest_leaves(lines: Lines) -> None:
    for number in range(5):
        lines.waiting(event(str(number)))
    found, _ = lines.page(10, None, "")
    assert [line.id for line in found] == ["4", "3", "2"]
    lines.dropped(event("0"), Reason.STALE)
    assert lines.find("0") is None


def test_pages_follow_each_other_and_say_whether_there_is_more(lines: Lines) -> None:
    for number in range(3):
        lines.waiting(event(str(number)))
    first, has_more = lines.page(2, None, "")
    assert ([line.id for line in first], has_more) == (["2", "1"], True)
    rest, has_more = lines.page(2, first[-1].seq, "")
    assert ([line.id for line in rest], has_more) == (["0"], False)


def test_lines_are_found_by_words_and_by_names(lines: Lines) -> None:
    lines.waiting(event("1", "What a BOSS fight", "Ana"))
    lines.waiting(event("2", "hello", "Bossy"))
    lines.waiting(event("3", "good night", "Cem"))
    assert [line.id for line in lines.page(10, None, " boss ")[0]] == ["2", "1"]


def test_the_lines_of_a_viewer_are_found_by_the_name_of_the_last_one(lines: Lines) -> None:
    lines.waiting(event("1"))
    lines.waiting(event("2", "me too", "Ben"))
    lines.waiting(replace(event("3", "new name"), author=Author("id-Ana", "Ana2")))
    assert [one.line.id for one in lines.written_by("ana2", 5)] == ["3", "1"]
    assert [one.line.id for one in lines.written_by("ana2", 1)] == ["3"]
    assert [one.line.text for one in lines.written_by("BEN", 5)] == ["me too"]
    assert lines.written_by("nobody", 5) == []


def test_of_two_sources_with_the_same_id_the_newest_is_found(lines: Lines) -> None:
    lines.waiting(event("1", "from afar", source="twitch"))
    lines.waiting(event("1", "from the page", source="page"))
    found = lines.find("1")
    assert found is not None
    assert found.line.text == "from the page"


KAPPA = EmoteSpan("Kappa", "25", 3, 8)


def test_emotes_are_found_again_in_a_text_that_was_cleaned() -> None:
    written = replace(event(text="a  Kappa b"), emote_spans=(KAPPA,))
    assert spans_in("a Kappa b", written) == (EmoteSpan("Kappa", "25", 2, 7),)
    assert spans_in("a  Kappa b", written) == (KAPPA,)
    assert spans_in("a b", written) == ()
    assert spans_in("aKappa b", written) == ()
    assert spans_in("a Kappa, b", written) == (EmoteSpan("Kappa", "25", 2, 7),)


@given(st.lists(st.sampled_from(["Kappa", "Keepo", "x"]), max_size=6), st.text("Kapeo x", max_size=40))
def test_wherever_emotes_are_found_their_words_stand_there_in_order(words: list[str], text: str) -> None:
    spans, at = [], 0
    for word in words:
        spans.append(EmoteSpan(word, "1", at, at + len(word)))
        at += len(word) + 1
    found = spans_in(text, replace(event(text=" ".join(words)), emote_spans=tuple(spans)))
    assert all(text[span.start : span.end] == span.name for span in found) or text == " ".join(words)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


def test_emotes_name_the_address_of_their_picture() -> None:
    assert emote_views("twitch", (KAPPA, EmoteSpan("odd", "", 9, 12))) == [
        {"name": "Kappa", "id": "25", "start": 3, "end": 8, "url": "/api/emotes/twitch/25"}
    ]


def test_a_line_that_left_the_list_cannot_wait_again(lines: Lines) -> None:
    lines.returned(event("gone"))
    assert lines.page(10, None, "") == ([], False)


def test_lines_that_left_the_list_are_not_answered_with_the_one_they_joined(lines: Lines) -> None:
    for name in ("late", "first"):
        lines.waiting(event(name))
    lines.dropped(event("late"), Reason.MERGED, joined=event("first"))
    lines.chosen(cue(event("first")), TurnId("t1"), {})
    for name in ("third", "fourth"):
        lines.waiting(event(name))
    lines.ended(record(event("first"), heard="Hi!"))
    assert lines.find("late") is None
    assert state(lines, "first") == ("answered", "")


def test_of_thousands_who_joined_a_line_only_so_many_are_remembered() -> None:
    lines = Lines(StillClock(), capacity=MOST_JOINED + 10)
    lines.waiting(event("first"))
    lines.chosen(cue(event("first")), TurnId("t1"), {})
    for number in range(MOST_JOINED + 1):
        lines.waiting(event(str(number)))
        lines.dropped(event(str(number)), Reason.MERGED, joined=event("first"))
    lines.ended(record(event("first"), heard="Hi!"))
    assert state(lines, str(MOST_JOINED - 1)) == ("answered", "merged")
    assert state(lines, str(MOST_JOINED)) == ("dropped", "merged")
