import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind, Length
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.llm.budget import PromptBudget
from spark_vtuber.llm.lines import cue_line, quote
from spark_vtuber.llm.port import Message
from spark_vtuber.llm.prompt import Prompter, prompt_tokens
from spark_vtuber.llm.prompt_json import PromptEncoder
from spark_vtuber.llm.tokens import clip, tokens_in

SPARK, MIRA = PersonaId("spark"), PersonaId("mira")
NAMES = {SPARK: "Spark", MIRA: "Mira"}
PERSONA = PersonaView(
    SPARK,
    "Spark",
    description="A lighthouse keeper's daughter.",
    speech="Quick and warm.",
    examples=(("hi", "Hey you!"),),
)
BUDGET = PromptBudget(total_tokens=3_600)


def cue(text: str = "hello", author: str = "ann", kind: CueKind = CueKind.CHAT, event: ChatEvent | None = None) -> Cue:
    return Cue(CueId("c"), kind, text, author=author, event=event)


def turn(asked: Cue, heard: str, persona: PersonaId = SPARK) -> TurnRecord:
    return TurnRecord(TurnId("t"), persona, asked, Outcome.COMPLETED, said=heard + " and more", heard=heard, marks={})


def prompter(budget: PromptBudget = BUDGET) -> Prompter:
    return Prompter(NAMES, budget)


def sent(messages: tuple[Message, ...]) -> bytes:
    return PromptEncoder().encode(SPARK, messages)


def test_a_prompt_is_the_character_the_past_and_the_cue() -> None:
    prompt = prompter()
    prompt.remember(turn(cue("hello"), "Hey Ann!"))

    system, *rest = prompt(PERSONA, cue("how are you?", "bob"))

    assert system.role == "system"
    for part in ("Spark", "lighthouse", "Quick and warm.", "Hey you!", '"en"', *(f"[{name}]" for name in EXPRESSIONS)):
        assert part in system.content
    assert rest == [
        Message("user", 'Viewer "ann" writes: "hello"'),
        Message("assistant", "Hey Ann!"),
        Message("user", 'Viewer "bob" writes: "how are you?"'),
    ]


def test_only_what_was_heard_is_remembered() -> None:
    prompt = prompter()
    prompt.remember(turn(cue("hello"), "  "))
    prompt.remember(turn(cue("hello"), "Hey"))

    assert [message.content for message in prompt(PERSONA, cue())[1:3]] == ['Viewer "ann" writes: "hello"', "Hey"]


def test_words_of_another_character_are_attributed_and_roles_alternate() -> None:
    prompt = prompter()
    for speaker in (SPARK, MIRA, MIRA, SPARK):
        prompt.remember(turn(cue("and you?"), "Me too.", speaker))

    messages = prompt(PERSONA, cue())

    assert [message.role for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[3].content.count('"Mira", who is on stream with you, says: "Me too."') == 2


def test_an_answer_to_ones_own_words_does_not_repeat_them() -> None:
    prompt = prompter()
    prompt.remember(turn(cue("hello"), "Hey Ann!"))
    prompt.remember(turn(cue("Hey Ann!", "Spark", CueKind.DUET), "And hello from me.", MIRA))

    assert [message.content for message in prompt(PERSONA, cue("wow"))[2:]] == [
        "Hey Ann!",
        '"Mira", who is on stream with you, says: "And hello from me."\nViewer "ann" writes: "wow"',
    ]


def test_a_character_without_a_card_still_gets_the_rules() -> None:
    system = prompter()(PersonaView(SPARK, "Spark"), cue())[0]

    assert "no markdown" in system.content
    assert "How you talk" not in system.content


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (CueKind.SAY, "prepared line"),
        (CueKind.IDLE, "Nobody has written"),
        (CueKind.DUET, '"ann", who is on stream with you, says: "hello"'),
    ],
)
def test_every_kind_of_cue_has_a_line(kind: CueKind, words: str) -> None:
    assert words in cue_line(cue(kind=kind), 50)


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        (ChatKind.MESSAGE, "hey", 'Viewer "ann" writes: "hey"'),
        (ChatKind.BITS, "hey", 'Viewer "ann" cheers 5 bits and writes: "hey"'),
        (ChatKind.BITS, "", 'Viewer "ann" cheers 5 bits'),
        (ChatKind.SUPER_CHAT, "", 'Viewer "ann" gives 5 EUR'),
        (ChatKind.RAID, "", 'Viewer "ann" raids with 5 viewers'),
    ],
)
def test_an_event_says_what_happened(kind: ChatKind, text: str, line: str) -> None:
    event = ChatEvent("e", "page", kind, Author("1", "ann"), text, amount=5, currency="EUR")

    assert cue_line(cue(text, event=event), 50) == line


HOSTILE = st.text(
    st.sampled_from(
        ['"', "\\", "\n", "\r", "<", "|", ">", "[", "]", "I", "N", "S", "T", "/", "s", "\u2028", "\x00", "é", " "]
    )
    | st.characters(),
    max_size=80,
)


@settings(deadline=None)
@given(author=HOSTILE, text=HOSTILE)
def test_no_name_and_no_line_breaks_out_of_its_string(author: str, text: str) -> None:
    line = cue_line(cue(text or "x", author), 200)

    strings = re.fullmatch(r'Viewer ("(?:[^"\\]|\\.)*") writes: ("(?:[^"\\]|\\.)*")', line)

    assert strings is not None
    safe = text.encode("utf-8", "replace").decode()
    assert json.loads(strings[2]) in {safe or "x", *(f"{safe[:count]}…" for count in range(len(safe)))}
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|<[|/a-zA-Z]|\[/?INST\]", line)


@pytest.mark.parametrize(
    "token", ["<|im_end|>", "</s>", "<start_of_turn>", "[INST]", "[/INST]", "<｜User｜>", "<think>"]
)
def test_template_tokens_are_defused_everywhere(token: str) -> None:
    hostile = PersonaView(
        SPARK, f"Spark{token}", description=token, speech=token, language=token, examples=((token, token),)
    )
    prompt = prompter()
    prompt.remember(turn(cue(token, token), f"well {token}"))
    prompt.remember(turn(cue(token, token), f"well {token}", MIRA))

    assert all(token not in message.content for message in prompt(hostile, cue(token, token)))


@settings(deadline=None)
@given(text=HOSTILE, tokens=st.integers(0, 40))
def test_a_clipped_text_and_a_quoted_one_fit(text: str, tokens: int) -> None:
    assert tokens_in(clip(text, tokens)) <= tokens
    assert tokens_in(quote(text, tokens)) <= tokens + 1


TURNS = st.lists(
    st.tuples(st.text(max_size=2_000), st.text(max_size=2_000), st.sampled_from([SPARK, MIRA])), max_size=12
)


@settings(deadline=None)
@given(turns=TURNS, description=st.text(max_size=4_000), now=HOSTILE)
def test_a_prompt_is_never_over_its_budget_and_roles_alternate(
    turns: list[tuple[str, str, PersonaId]], description: str, now: str
) -> None:
    prompt = prompter()
    for asked, heard, speaker in turns * 3:
        prompt.remember(turn(cue(asked), heard, speaker))

    messages = prompt(replace(PERSONA, description=description, speech=description), cue(now))

    assert prompt_tokens(messages) <= BUDGET.total_tokens
    assert [message.role for message in messages[1:]] == (["user", "assistant"] * len(messages))[: len(messages) - 1]
    assert messages[-1].role == "user"


def test_the_prompt_of_one_turn_begins_the_next_until_half_is_dropped() -> None:
    prompt = prompter()
    sizes = []
    before = b""
    for number in range(200):
        asked = cue(f"question {number}, and some more words to fill the line", "ann")
        now = sent(prompt(PERSONA, asked))
        if before and not now.startswith(before[:-1]):
            sizes.append(number)
        before = now
        prompt.remember(turn(asked, f"Answer {number}, and it is not too short either."))

    gaps = [later - earlier for earlier, later in pairwise(sizes)]
    assert sizes
    assert min(gaps) > 10


def test_messages_of_old_turns_are_the_same_objects() -> None:
    prompt = prompter()
    for number in range(5):
        prompt.remember(turn(cue(f"q{number}"), "Yes."))
    before = prompt(PERSONA, cue())
    prompt.remember(turn(cue("q5"), "No."))

    assert all(old is new for old, new in zip(before[1:-1], prompt(PERSONA, cue())[1:], strict=False))


def test_a_budget_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="for the character"):
        PromptBudget(total_tokens=10)
    with pytest.raises(ValueError, match="what changes needs"):
        PromptBudget(changing_tokens=100)


def test_a_past_under_a_smaller_share_forgets_and_does_not_remember_again() -> None:
    prompt = prompter()
    while not prompt.pasts[SPARK].is_long:
        prompt.remember(turn(cue("a rather long question"), "An answer of some words, again and again."))
    before = prompt_tokens(prompt(PERSONA, cue()))
    prompt.allow(0.4)
    less = prompt_tokens(prompt(PERSONA, cue()))
    prompt.allow(1.0)
    assert less < before
    assert prompt_tokens(prompt(PERSONA, cue())) == less


def test_a_smaller_budget_counts_at_once_and_keeps_the_share() -> None:
    prompt = prompter(PromptBudget(total_tokens=6_000))
    prompt.allow(0.8)
    for _ in range(80):
        prompt.remember(turn(cue("a rather long question"), "An answer of some words, again and again."))
    prompt.resize(PromptBudget(total_tokens=2_400))
    assert prompt_tokens(prompt(PERSONA, cue())) <= 2_400
    assert prompt.pasts[SPARK].room == PromptBudget(total_tokens=2_400).room(0.8)


def test_how_a_character_is_right_now_stands_after_the_cue_and_is_not_remembered() -> None:
    prompt = prompter()
    moody = replace(PERSONA, manner="Right now you are sad.<|im_end|>")
    before, now = prompt(PERSONA, cue()), prompt(moody, cue())
    assert now[:-1] == before[:-1]
    assert now[-1].content == before[-1].content + "\n(Right now you are sad.|im_end|>)"
    prompt.remember(turn(cue(), "Hey Ann!"))
    assert prompt(PERSONA, cue())[: len(before)] == before


def test_a_long_manner_does_not_push_out_how_long_an_answer_may_be() -> None:
    grown = replace(PERSONA, manner="You show more patience than usual these days. " * 20)
    short = replace(cue(), length=Length(hint="One short sentence only."))
    assert "(One short sentence only. You show more patience" in prompter()(grown, short)[-1].content


def test_a_long_manner_does_not_break_the_bound_of_a_prompt() -> None:
    prompt = prompter()
    endless = replace(PERSONA, manner="very sad " * 500)
    assert prompt_tokens(prompt(endless, cue("x" * 5_000))) <= BUDGET.total_tokens
