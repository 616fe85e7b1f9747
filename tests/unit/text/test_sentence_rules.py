"""Sentence mode against the English rules of a well-known set (MIT, see its folder) and against variations on them."""

import json
from pathlib import Path

import pytest

from spark_vtuber.text.clauses import split

RULES = json.loads((Path(__file__).parents[2] / "data/sentence_rules/rules.json").read_text(encoding="utf-8"))


def squeezed(text: str) -> str:
    return "".join(text.split())


def is_satisfiable(rule: dict[str, str]) -> bool:
    """A lossless splitter can satisfy the rule: no line break, no options, nothing removed from the text."""
    has_break = "\n" in rule["text"] or "\r" in rule["text"]
    return not has_break and not rule["opts"] and squeezed("".join(rule["segments"])) == squeezed(rule["text"])


SATISFIABLE = [rule for rule in RULES if is_satisfiable(rule)]


def sentences(text: str, language: str = "en") -> list[str]:
    return [piece.strip() for piece in split(text, "sentences", language=language)]


def test_the_set_holds_as_many_satisfiable_rules_as_the_budget_assumes() -> None:
    assert len(SATISFIABLE) == 53


@pytest.mark.parametrize("rule", SATISFIABLE, ids=lambda rule: rule["name"])
def test_a_satisfiable_rule_is_met(rule: dict[str, list[str]]) -> None:
    assert sentences(str(rule["text"])) == rule["segments"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_sentences_concatenate_to_the_text(rule: dict[str, str]) -> None:
    assert "".join(split(rule["text"], "sentences")) == rule["text"]


ENGLISH = [
    "At 7 a.m. Mrs. Brown fed the cat. | She slept until 9 P.M. | Mrs. Brown then left.",
    "It's 5 p.m. | Let's start at 6 p.m. EST on Friday, not 7 p.m. Monday.",
    "He is a member of the E.U. Parliament. | We left the E.U. | What now?",
    "Write to Bob.Smith@mail.example.org. | He will answer.",
    "He whispered to her, 'It is late.' she nodded.",
    'He turned around, "It is late." | He opened the door.',
    "What?? | Who said that? | What?! | No!!! | Stop it.",
    "1.) Buy milk. | 2.) Buy eggs. | 3.) Go home.",
    "⁃9. Buy milk | ⁃10. Buy eggs",
    "Here is the plan: | 1. Sleep | 2. Eat | 3. Repeat",
    "Two things: either way, I win.",
    "I know: 1,000 people came.",
    "(i) One. | (ii) Two. | (iii) Three.",
    "(h) One. | (i) Two. | (j) Three.",
    "Z. One z. | Two.",
    "I worked at Yahoo! in sales. | I love Yahoo! | It was great at Yahoo! Japan.",
    "He wrote that “the end of the world will come. . . .”",
    "End it with a period . . . . | Next one here.",
    "I wasn’t ... well, you know...see . . . it is hard, the thing . . . I didn’t do it.",
    "Wait… | What? | Hm… okay.",
    "Hello there.|Today is Monday.|Mr. Jones bought 2,000.|That is much. | Hi!|There.",
    "i'm fine. | how are you? | yes! | i love it",
    "Hi everyone! 😊 | Welcome :) to the show... | It is fun! :D | Right? — Sure.",
    "(One. Two.) | Three. | [Note: see it. Now.] | Four.",
    'She said: "I know. I do. It is so." | Then she left. | “Yes!” | “No?”',
    "Dr. A. B. Jones Jr. lives in Washington, D.C. on Main St. | They ate, e.g. soup, etc. | Then they left.",
    "The cat sat. | Anna fed it. | He scored no. | Max ran on Sat. morning.",
    "See fig. 3. | Plan B. | It works. | Tell Plan B. Jones and J. R. R. Tolkien.",
    "Solve for x. | Then see p. 5 or c. 1900 or v. good.",
    "He met the EP's mayor, St. Louis Inc. “Foo” and (cf. above) Corp. - yes.",
    "I like rock 'n' roll. | 'Tis true. | 'Well. Then,' he said.",
    "He said 'hi. | It never closes. | But it goes on.",
    "It was a cold \nnight. | Then day came.",
    "I said (to her. | And so on.",
    "Done ! | Next « oui » there.",
    "Look at node.js and x@y.The end. | Read a/b.The end.",
    "Stop [...] The end.",
    "We use System.Io and ab.Cde here. | Fine.",
    "Ask Foo Inc. “Big news.” | He did.",
    "Ask Foo Inc. “ Now ” or never.",
    "Take plan B. please. | Okay.",
    "It is so.[1] | He said it.[2][3] | Fine.",
    "Bring tea, etc. | Anna has milk, etc. and “Bob” too, etc. | “So.”",
    "We met on Tue. | Mr. Smith came too.",
    "I said :( but. | He left.",
    "Use `a. B` or {a. B}. | Fine.",
]


OTHER_LANGUAGES = [
    (
        "ja",
        "これはペンです。|それは本です！|「行こう。」と言った。|すごい!|次は?|ほら!%で。|そう、これは３．５だ．|うん",
    ),
    ("zh", "我喜欢你。|你呢？|“好。”|他说：走吧，走。"),
    ("de", "Das ist z.B. ein Test. | Am 3. Mai kam Hr. Dr. Müller usw. | Dann ging er. | Er wurde 2. | Und du?"),
    ("fr", "M. Dupont est là. | Il part à 5 h. | C'est p. ex. bien ! | Oui ?"),
    ("es", "¿Qué hora es? | ¡Hola, Sr. López! | Vive en EE.UU. | No sé."),
    ("ru", "Он жил на ул. Ленина, т.е. рядом. | Потом уехал в 2010 г. в Москву. | Там и т.д. | Он умер."),
    ("el", "Πού πας; | Είμαι εδώ."),
    ("hy", "Ինչպե՞ս ես: | Լավ եմ:"),
    ("hi", "यह एक है। | वह दो है।"),
    ("ar", "ما اسمك؟ | أنا سبارك. | مرحبا!"),
    ("am", "እንደምን አለህ፧ | ደህና ነኝ።"),
    ("xx", "Dr. Who is here. | Fine."),
]


def spelled_out(example: str) -> tuple[str, list[str]]:
    """The text and its sentences; a bar marks where one ends, with or without a space there."""
    return example.replace(" | ", " ").replace("|", ""), [part.strip() for part in example.split("|")]


@pytest.mark.parametrize("example", ENGLISH)
def test_english_sentences_end_where_a_reader_ends_them(example: str) -> None:
    text, expected = spelled_out(example)
    assert sentences(text) == expected


@pytest.mark.parametrize(("language", "example"), OTHER_LANGUAGES)
def test_sentences_of_other_languages_end_at_their_own_marks(language: str, example: str) -> None:
    text, expected = spelled_out(example)
    assert sentences(text, language) == expected


def test_lines_and_items_are_sentences() -> None:
    assert sentences("- one\n- two\n\n# Title\nText\nmore") == ["- one", "- two", "# Title", "Text", "more"]


def test_a_quotation_that_never_closes_does_not_hold_the_text_back() -> None:
    text = "“It began. " + "And it went on. " * 80
    assert len(sentences(text)) > 20
