"""The parts of a prompt: what of a long card stays, lore, what is so right now, duets, and what is given up first."""

from dataclasses import replace
from itertools import pairwise

import pytest

from spark_vtuber.core.cues import CueKind, DuetStep
from spark_vtuber.core.personas import EXPRESSIONS, Lore, PersonaView
from spark_vtuber.core.verdicts import Position
from spark_vtuber.llm.budget import LEAST_TOKENS, PromptBudget, budget_for
from spark_vtuber.llm.lore import LoreBook
from spark_vtuber.llm.prompt import Moment, Prompter, Report, prompt_tokens
from spark_vtuber.testing.long_show import IDS, long_show
from spark_vtuber.testing.planted_facts import EMBER, SPARK
from spark_vtuber.testing.prompts import a_cue, a_persona, a_turn

NAMES = {IDS[SPARK]: SPARK, IDS[EMBER]: EMBER}


def a_prompter(total_tokens: int = 8_000, moment: Moment | None = None) -> Prompter:
    return Prompter(NAMES, PromptBudget(total_tokens), moment=lambda _persona, _cue: moment or Moment())


def system(persona: PersonaView, total_tokens: int = 8_000) -> str:
    return a_prompter(total_tokens)(persona, a_cue())[0].content


def last(prompter: Prompter, *args: object, **more: object) -> str:
    return prompter(a_persona(), a_cue(*args, **more))[-1].content  # type: ignore[arg-type]  # those of a cue


def test_a_card_stands_in_its_order_and_what_is_constant_after_the_rules() -> None:
    text = system(a_persona())
    marks = ("You are Spark", "violet-haired", "How you talk:", "You like rain", "You dislike mazes", "switched on",
             "For example:", "Rules:", "What you know:\nThe studio is called the Attic.")  # fmt: skip
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "Grenn" not in text


@pytest.mark.parametrize("total", [LEAST_TOKENS, 4_000, 16_000])
def test_a_card_of_any_length_keeps_the_rules_and_something_of_every_part(total: int) -> None:
    long = PersonaView(
        IDS[SPARK],
        SPARK,
        description="She is curious and tells everybody. " * 300,
        speech="Quick and warm. " * 300,
        examples=tuple((f"question {n}?", f"Answer {n}, and a bit more.") for n in range(300)),
        likes=("tea",) * 300,
        lore=tuple(Lore((), f"Fact {n} of the world.", is_constant=True, priority=n) for n in range(300)),
    )
    text = system(long, total)
    for part in ("curious", "How you talk: Quick", "You like tea", "question 0?", "Fact 299", *EXPRESSIONS, "Rules:"):
        assert part in text
    assert text == system(long, total)


def test_a_short_card_leaves_its_room_to_the_examples() -> None:
    assert system(a_persona(40), 8_000).count("You say:") == 40


def test_lore_is_told_when_it_was_named_lately_and_not_later() -> None:
    prompter = a_prompter()
    assert "Grenn" not in last(prompter, "hello")
    named = last(prompter, "tell me about the LAMP ROOM!")
    assert named.startswith("(You know: The lighthouse of Grenn stands on one leg and hums.)\nViewer")
    prompter.remember(a_turn(a_cue("the lighthouse?"), "Oh, it hums."))
    assert "Grenn" in last(prompter, "why?")
    for _ in range(2):
        prompter.remember(a_turn(a_cue("hm"), "Yes."))
    assert "Grenn" not in last(prompter, "why?")


def test_words_that_only_hold_a_key_name_nothing() -> None:
    book = LoreBook((Lore(("art", "the big bad wolf of the north"), "lore"), Lore(("", "  "), "nothing")))
    assert book.named_in(("start party",)) == ()
    assert book.named_in(("is this ART?",)) == ("lore",)
    assert book.named_in(("the big bad wolf of nowhere",)) == ("lore",)
    assert LoreBook(()).named_in(("anything",)) == ()


def test_of_much_lore_what_counts_more_is_told() -> None:
    many = tuple(Lore(("snail",), f"Snail fact {n}: {'slow ' * 20}", priority=n) for n in range(200))
    text = a_prompter()(replace(a_persona(), lore=many), a_cue("a snail!"))[-1].content
    assert "Snail fact 199:" in text
    assert "Snail fact 0:" not in text


def test_what_is_so_right_now_stands_above_the_cue_and_is_not_remembered() -> None:
    moment = Moment((Report(Position.MEMORY, "ann", "has a dog"), Report(Position.GAME, "chess", "mate in 2")), "noon")
    prompter = a_prompter(moment=moment)
    assert last(prompter, "hi").split("\n") == [
        'You remember about "ann": "has a dog"',
        'The game "chess" reports: "mate in 2"',
        "(It is noon.)",
        'Viewer "ann" writes: "hi"',
    ]
    prompter.remember(a_turn(a_cue("hi"), "Hey!"))
    assert prompter(a_persona(), a_cue("and?"))[1].content == 'Viewer "ann" writes: "hi"'


def test_what_is_too_much_right_now_is_left_out_and_the_line_stays() -> None:
    moment = Moment(tuple(Report(Position.MEMORY, "ann", f"{n} " + "word " * 90) for n in range(50)))
    text = last(a_prompter(moment=moment), "x" * 5_000)
    assert 0 < text.count("You remember") < 50
    assert 'Viewer "ann" writes: "xxx' in text


DUET = DuetStep('pine"apple', 1, 4, "whether it is a crime")


def test_a_duet_opens_with_its_topic_and_remembers_it() -> None:
    prompter = a_prompter()
    opening = a_cue("", EMBER, CueKind.DUET, DUET)
    topic = 'The topic of your talk with "Ember" is "pine\\"apple", and you two disagree on "whether it is a crime"'
    line, task = prompter(a_persona(), opening)[-1].content.split("\n")
    assert line == topic
    assert task.startswith("(Open it")
    prompter.remember(a_turn(opening, "It belongs there."))
    assert [message.content for message in prompter(a_persona(), a_cue())[1:3]] == [topic, "It belongs there."]


def test_a_step_of_a_duet_answers_what_was_heard_and_knows_the_topic() -> None:
    prompter = a_prompter()
    step = a_cue("It is a crime.", EMBER, CueKind.DUET, replace(DUET, number=2))
    topic, line, task = prompter(a_persona(), step)[-1].content.split("\n")
    assert topic == 'The topic of your talk is "pine\\"apple", and you two disagree on "whether it is a crime"'
    assert line == '"Ember", who is on stream with you, says: "It is a crime."'
    assert task.startswith("(Answer what was just said")
    end = a_cue("It is a crime.", EMBER, CueKind.DUET, replace(DUET, number=4))
    assert "bring it to an end" in prompter(a_persona(), end)[-1].content


def test_words_that_stand_in_the_past_already_are_not_told_twice() -> None:
    prompter = a_prompter()
    prompter.remember(a_turn(a_cue("and you?"), "It is a crime.", IDS[EMBER]))
    step = a_cue("It is a crime.", EMBER, CueKind.DUET, replace(DUET, number=2))
    assert prompter(a_persona(), step)[-1].content.count("It is a crime.") == 1
    prompter.remember(a_turn(step, "It is lunch."))
    assert [message.role for message in prompter(a_persona(), a_cue())] == ["system", "user", "assistant", "user"]
    assert prompter(a_persona(), a_cue())[1].content.endswith('says: "It is a crime."')


def test_an_interjection_is_one_remark() -> None:
    remark = a_cue("I never scream.", EMBER, CueKind.INTERJECTION)
    line, task = last(a_prompter(), remark.text, EMBER, CueKind.INTERJECTION).split("\n")
    assert line == '"Ember", who is on stream with you, says: "I never scream."'
    assert "single sentence" in task


def test_a_step_without_a_duet_is_an_answer_to_the_other_character() -> None:
    assert last(a_prompter(), "hm", EMBER, CueKind.DUET) == '"Ember", who is on stream with you, says: "hm"'


def test_with_less_memory_lore_goes_first_then_the_summary_then_the_history() -> None:
    rooms = [PromptBudget(16_000).room(share / 100) for share in range(100, -1, -5)]
    for more, less in pairwise(rooms):
        assert less.lore_tokens <= more.lore_tokens
        assert less.summary_tokens == more.summary_tokens or less.lore_tokens == 0
        assert less.history_tokens == more.history_tokens or less.summary_tokens == rooms[-1].summary_tokens
    assert rooms[-1].history_tokens >= rooms[0].history_tokens // 2
    assert rooms[-1].summary_tokens == rooms[0].summary_tokens // 4


def test_a_show_short_of_memory_tells_less_and_goes_on() -> None:
    prompter = a_prompter()
    for told in long_show(20_000):
        prompter.remember(told.record)
        prompter.tidy()
    before = prompt_tokens(prompter(a_persona(), a_cue("gerald!")))
    prompter.allow(0.5)
    prompt = prompter(a_persona(), a_cue("gerald!"))
    assert "driving licence" not in prompt[-1].content
    assert prompt_tokens(prompt) < before
    assert 0 < prompter.pasts[IDS[SPARK]].summary.tokens <= 250
    prompter.allow(1.0)
    assert "driving licence" in prompter(a_persona(), a_cue("gerald!"))[-1].content
    assert prompter.pasts[IDS[SPARK]].summary.tokens > 250


@pytest.mark.parametrize(
    ("wanted", "context", "total"),
    [(0, None, 8_000), (0, 4_096, 3_796), (0, 131_072, 16_000), (32_000, 131_072, 32_000), (32_000, 8_192, 7_892),
     (12_000, None, 12_000), (0, 1_024, LEAST_TOKENS)],
)  # fmt: skip
def test_a_budget_fits_the_model(wanted: int, context: int | None, total: int) -> None:
    budget = budget_for(wanted, context, 300, 600, 10_000)
    assert budget.total_tokens == total
    room = budget.room()
    assert budget.system_tokens <= 2_000
    assert room.history_tokens > 3 * budget.cue_tokens
    assert budget.system_tokens + budget.recent_tokens + room.summary_tokens + room.history_tokens <= total


def test_likes_facts_and_lore_may_be_told_and_rules_may_not() -> None:
    prompter = a_prompter()
    persona = a_persona()
    rules = "Notes in round brackets beside the newest line are for you alone go by them"
    assert prompter.recites(persona, "", rules)
    for told in (
        *persona.facts,
        "The lighthouse of Grenn stands on one leg and hums, and Gerald is a snail with a car",
    ):
        assert not prompter.recites(persona, "", told)
