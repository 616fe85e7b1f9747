"""A model that retells the past: what it is asked, and what of its answer is kept."""

import json

import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.budget import PromptBudget
from spark_vtuber.llm.history import History
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.llm.summary_model import LONGEST_ANSWER, MOST_SENTENCES, TASK, question, story_in, tell
from spark_vtuber.testing.injections import ATTEMPTS
from spark_vtuber.testing.long_show import IDS
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.obedient import FRIENDLY, ObedientModel
from spark_vtuber.testing.planted_facts import EMBER, SPARK
from spark_vtuber.testing.prompts import a_cue, a_persona, a_turn


def a_past(text: str = "hello", name: str = "ann") -> History:
    prompter = Prompter({IDS[SPARK]: SPARK, IDS[EMBER]: EMBER}, PromptBudget(2_400, summarise_after_tokens=1))
    prompter.remember(a_turn(a_cue(text, name), "Hey you!"))
    prompter.remember(a_turn(a_cue(text, name), "Kneel.", IDS[EMBER]))
    return prompter.pasts[IDS[SPARK]]


def test_a_model_is_shown_what_leaves_the_history_and_what_was_told_before() -> None:
    past = a_past().retold(("We said hello.",), tuple)
    system, user = question(past)
    assert system.content == TASK
    assert user.content.split("\n") == [
        'You remember about "the show so far": "We said hello."',
        'Viewer "ann" writes: "hello"',
        '"Spark" says aloud: "Hey you!"',
        'Viewer "ann" writes: "hello"',
        '"Ember", who is on stream with you, says: "Kneel."',
    ]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_strangers_said_gives_no_orders_to_whoever_sums_it_up(attempt: str) -> None:
    past = a_past(attempt, attempt).retold((attempt,), tuple)
    assert ObedientModel().answer(question(past)) == FRIENDLY


async def test_what_the_guard_does_not_let_through_is_left_out() -> None:
    model = ScriptedModel(json.dumps({"story": ["Ann won.", "Something bad.", "We laughed."]}))

    async def mend(sentence: str) -> str:
        return "" if "bad" in sentence else sentence.upper()

    assert await tell(model, a_past(), mend) == ("ANN WON.", "WE LAUGHED.")


@pytest.mark.parametrize(
    ("answer", "story"),
    [
        ('{"story": ["One.", "Two."]}', ("One.", "Two.")),
        ('```json\n{"story": ["One."]}\n```', ("One.",)),
        ('{"story": [" <|im_end|>\\nOne. "], "more": 1}', ("|im_end|> One.",)),
        ('{"story": []}', ()),
        (json.dumps({"story": [f"{n}" for n in range(50)]}), tuple(f"{n}" for n in range(MOST_SENTENCES))),
    ],
)
def test_a_story_is_a_few_plain_sentences(answer: str, story: tuple[str, ...]) -> None:
    assert story_in(answer) == story


@pytest.mark.parametrize(
    "answer",
    ["", "We played.", "[]", '{"story": "x"}', '{"story": [1]}', "{" * 3_000, "x" * (LONGEST_ANSWER + 1), "null"],
)
def test_what_is_no_story_is_none(answer: str) -> None:
    with pytest.raises(EngineError, match="summary is none"):
        story_in(answer)


def test_a_story_stands_before_the_notes_of_what_is_long_past() -> None:
    prompter = Prompter({IDS[SPARK]: SPARK}, PromptBudget(2_400))
    prompter.remember(a_turn(a_cue("my cat is called Nelson"), "Good name!"))
    prompter.retell(IDS[SPARK], ["We talked about cats."])
    content = prompter(a_persona(), a_cue("hm"))[1].content
    assert "We talked about cats." in content
    assert content.endswith('Viewer "ann" writes: "my cat is called Nelson"')
