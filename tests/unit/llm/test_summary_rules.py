"""What of a show becomes a note, and which notes stay."""

import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId
from spark_vtuber.llm.budget import PromptBudget
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.llm.summary import KEPT, Note, Summary, render
from spark_vtuber.llm.summary_rules import MOST_KNOWN_WORDS, NoteTaker
from spark_vtuber.llm.tokens import Ruler
from spark_vtuber.testing.long_show import IDS, evenly, knows, long_show
from spark_vtuber.testing.planted_facts import EMBER, HELD_OUT, SPARK, TUNING
from spark_vtuber.testing.prompts import a_cue, a_persona, a_turn

NAMES = {IDS[SPARK]: SPARK, IDS[EMBER]: EMBER}


def taker() -> NoteTaker:
    return NoteTaker(NAMES.values())


def notes_of(text: str, heard: str = "Nice.", author: str = "ann") -> list[str]:
    record = a_turn(a_cue(text, author), heard)
    return [note.text for note in taker().notes(record, SPARK, 1)]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("omg hey!! my brother Tom got married", "my brother Tom got married"),
        ("lol. i work as a baker in Lyon. lol", "i work as a baker in Lyon."),
        ("my dog Rex died on monday 😢", "my dog Rex died on monday 😢"),
        ("call me Kim please", "call me Kim please"),
    ],
)
def test_what_people_tell_about_themselves_is_noted_in_their_words(line: str, note: str) -> None:
    assert notes_of(line) == [note]


@pytest.mark.parametrize(
    "line", ["lol", "hi spark!", "what is your favorite color?", "go left", "poggers", "!!!", "  "]
)
def test_small_talk_is_not_noted(line: str) -> None:
    assert notes_of(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "mi hermana se muda a Lisboa",
        "meine Schwester Nora zieht nach Lissabon",
        "моя сестра переехала в Тверь",
        "妹が来月リスボンに引っ越します",
    ],
)
def test_in_other_languages_names_and_rare_words_are_noted(line: str) -> None:
    assert notes_of(line) == [line]


@pytest.mark.parametrize("line", ["jajaja qué bueno", "super gut gemacht", "привет всем", "こんにちは"])
def test_small_talk_in_other_languages_is_not_noted(line: str) -> None:
    assert notes_of(line) == []


def test_only_what_was_heard_of_a_promise_is_noted() -> None:
    taken = taker().notes(a_turn(a_cue("?"), "I promise to sing on Friday."), SPARK, 1)
    assert [(note.name, note.text, note.speaker) for note in taken] == [
        (SPARK, "I promise to sing on Friday.", IDS[SPARK])
    ]


def test_words_of_another_character_are_noted_once_and_not_as_a_viewers() -> None:
    step = a_cue("I promise to sing on Friday.", EMBER, CueKind.DUET)
    assert taker().notes(a_turn(step, "Then I will bring earplugs on Friday."), SPARK, 1)[0].speaker == IDS[SPARK]


def test_the_newest_name_counts_and_what_is_said_twice_is_told_once() -> None:
    note_taker = taker()
    lines = (
        "my name is Linus",
        "my sister Nora moved to Lisbon",
        "my name is Lina now",
        "Nora moved to Lisbon, my sister",
    )
    notes = [note for at, line in enumerate(lines) for note in note_taker.notes(a_turn(a_cue(line), "Ok."), SPARK, at)]
    chosen = [note.text for note in note_taker.choose(notes, 10)]
    assert "my name is Lina now" in chosen
    assert "my name is Linus" not in chosen
    assert sum("Lisbon" in text for text in chosen) == 1


def test_one_viewer_does_not_fill_the_summary() -> None:
    note_taker = taker()
    talk = [f"my cousin Number{n} moved to Town{n} in april" for n in range(30)]
    notes = [note for n, line in enumerate(talk) for note in note_taker.notes(a_turn(a_cue(line), "Ok."), SPARK, n)]
    other = note_taker.notes(a_turn(a_cue("i got a puppy called Comet", "bob"), "Ok."), SPARK, 5)
    assert other[0] in note_taker.choose((*notes, *other), 40)[:10]


def test_the_same_turns_give_the_same_notes() -> None:
    def text() -> str:
        prompter = Prompter(NAMES, PromptBudget(6_000))
        for told in long_show(12_000, evenly(TUNING, 0, 9_000)):
            prompter.remember(told.record)
            prompter.tidy()
        return prompter.pasts[IDS[SPARK]].summary.text

    assert text() == text() != ""


@pytest.mark.parametrize("facts", [TUNING, HELD_OUT], ids=["tuning", "held out"])
def test_most_of_what_was_told_in_the_last_ten_thousand_tokens_is_still_known(facts: tuple) -> None:  # type: ignore[type-arg]
    prompter = Prompter(NAMES)
    for told in long_show(21_000, evenly(facts, 11_500, 20_500)):
        prompter.remember(told.record)
        prompter.tidy()
    prompt = "\n".join(message.content for message in prompter(a_persona(), a_cue("and now?")))
    assert sum(knows(prompt, fact) for fact in facts) >= 36


def test_what_is_kept_is_bounded_however_long_the_show() -> None:
    note_taker = taker()
    notes: tuple[Note, ...] = ()
    for n in range(900):
        line = f"my uncle Ab{n} bought {n} goats in cd{n} ef{n} gh{n}"
        record = a_turn(a_cue(line, f"viewer{n}"), f"I promise {n} times ij{n}.")
        notes = note_taker.choose((*notes, *note_taker.notes(record, SPARK, n)), n) if n % 50 == 49 else (
            *notes, *note_taker.notes(record, SPARK, n)
        )  # fmt: skip
    assert len(note_taker.choose(notes, 900)) <= KEPT
    assert note_taker.known_words <= MOST_KNOWN_WORDS


def test_who_gave_something_or_brought_others_is_noted_without_words() -> None:
    event = ChatEvent("e1", "page", ChatKind.RAID, Author("1", 'an"n'), amount=24)
    cue = Cue(CueId("c"), CueKind.CHAT, "", author='an"n', event=event)
    (note,) = taker().notes(a_turn(cue, "Welcome!"), SPARK, 1)
    assert note.told_to(IDS[SPARK]) == 'Viewer "an\\"n" raids with 24 viewers'


def test_lines_that_were_taken_back_are_forgotten_with_what_they_led_to() -> None:
    prompter = Prompter(NAMES, PromptBudget(6_000))
    planted = {}
    for told in long_show(12_000, [*evenly(TUNING[:6], 0, 5_000), (11_500, HELD_OUT[0])]):
        prompter.remember(told.record)
        prompter.tidy()
        if told.fact is not None and told.record.cue.event is not None:
            planted[told.fact] = told.record.cue.event.id
    prompter.retell(IDS[SPARK], ["Somebody moved."])
    before = prompter(a_persona(), a_cue())

    prompter.forget({planted[TUNING[2]], planted[HELD_OUT[0]]})

    after = prompter(a_persona(), a_cue())
    text = "\n".join(message.content for message in after)
    assert [knows(text, fact) for fact in (*TUNING[:4], HELD_OUT[0])] == [True, True, False, True, False]
    assert "Somebody moved." not in text
    assert [message.role for message in after[1:]] == (["user", "assistant"] * len(after))[: len(after) - 1]
    prompter.forget({"never seen"})
    assert prompter(a_persona(), a_cue()) == after != before


def test_a_summary_fits_and_tells_oldest_first_after_the_story() -> None:
    notes = [Note(f"v{n}", f"my cat number {n}", 1.0, frozenset({f"w{n}"}), 100 - n) for n in range(60)]
    summary = render(Summary(story=("We played chess.",)), notes, IDS[SPARK], 500, Ruler())
    lines = summary.text.split("\n")
    assert summary.tokens <= 500
    assert lines[1] == 'You remember about "the show so far": "We played chess."'
    told = [int(line.rsplit(" ", 1)[1].rstrip('"')) for line in lines[2:-1]]
    assert told == sorted(told, reverse=True)
    assert 0 in told
    assert render(Summary(), (), IDS[SPARK], 500, Ruler()).text == ""
