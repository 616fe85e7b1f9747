import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.load import load_brain
from spark_vtuber.llm.brain.memory import MAX_FACT_CHARS, Viewer, Viewers
from spark_vtuber.llm.brain.names import MAX_NAME_CHARS, spoken_amount, spoken_name
from spark_vtuber.llm.brain.sums import Sum, find_sum
from spark_vtuber.llm.brain.talk import STRANGER, Talk

BRAIN = load_brain()
SPARK = PersonaView(PersonaId("main"), "Spark")
EMBER = PersonaView(PersonaId("twin"), "Ember", look="ember")


class Room:
    """A talk with viewers who write to one character."""

    def __init__(self, persona: PersonaView = SPARK, seed: int = 1) -> None:
        self.talk = Talk(BRAIN, random.Random(seed))
        self.persona = persona

    def hears(self, text: str, author: str = "nightowl_88") -> str:
        return self.talk.answer(self.persona, Cue(CueId("c"), CueKind.CHAT, text, author=author))

    def sees(self, kind: ChatKind, amount: float = 0, text: str = "", name: str = "Mika", currency: str = "") -> str:
        event = ChatEvent("e", "test", kind, Author("u1", name), text, amount, currency)
        return self.talk.answer(self.persona, Cue(CueId("c"), CueKind.CHAT, text, author=name, event=event))


@pytest.mark.parametrize("persona", [SPARK, EMBER])
def test_a_name_is_remembered_for_its_viewer_only(persona: PersonaView) -> None:
    room = Room(persona)

    room.hears("hi, my name is Tom", author="viewer1")

    assert "Tom" in room.hears("what's my name?", author="viewer1")
    assert "Tom" not in room.hears("what's my name?", author="viewer2")


@pytest.mark.parametrize("persona", [SPARK, EMBER])
def test_a_pet_is_remembered_by_name(persona: PersonaView) -> None:
    room = Room(persona)

    assert "Miso" in room.hears("my cat is called Miso")
    room.hears("lol")
    assert "Miso" in room.hears("do you know what my cat is called?")


def test_a_pet_without_a_name_is_asked_for_it() -> None:
    room = Room()

    room.hears("i have a dog")

    assert "Biscuit" in room.hears("Biscuit")


def test_what_viewers_like_and_where_they_live_comes_up_again() -> None:
    room = Room()
    room.hears("i'm from norway last time i checked")
    room.hears("my favorite food is ramen")

    answers = " ".join(room.hears("do you remember me?") for _ in range(20))

    assert "Norway" in answers
    assert "ramen" in answers


def test_nothing_is_made_up_about_a_viewer_who_told_nothing() -> None:
    room = Room()

    answers = " ".join(room.hears("what is my cat called?") for _ in range(6))

    assert "Miso" not in answers
    assert "<" not in answers


@pytest.mark.parametrize("persona", [SPARK, EMBER])
@pytest.mark.parametrize(
    ("kind", "amount", "words"),
    [
        (ChatKind.BITS, 500, "500 bits"),
        (ChatKind.RESUBSCRIPTION, 7, "7 months"),
        (ChatKind.GIFT, 1, "one gift sub"),
        (ChatKind.RAID, 42, "42 viewers"),
        (ChatKind.SUPER_CHAT, 4.5, "4.50 euros"),
    ],
)
def test_a_gift_is_thanked_for_with_amount_and_name(
    persona: PersonaView, kind: ChatKind, amount: float, words: str
) -> None:
    room = Room(persona)

    for _ in range(8):
        answer = room.sees(kind, amount, currency="EUR")
        assert words in answer.lower()
        assert "Mika" in answer


@pytest.mark.parametrize("kind", [ChatKind.FOLLOW, ChatKind.SUBSCRIPTION, ChatKind.REWARD, ChatKind.BITS])
@pytest.mark.parametrize("persona", [SPARK, EMBER])
def test_what_has_no_amount_is_thanked_for_by_name(kind: ChatKind, persona: PersonaView) -> None:
    room = Room(persona)

    assert all("Mika" in room.sees(kind) for _ in range(8))


def test_a_gift_with_a_question_gets_thanks_and_an_answer() -> None:
    answer = Room().sees(ChatKind.BITS, 100, "what is 20 plus 3?")

    assert "100 bits" in answer
    assert "23" in answer


def test_a_gift_without_a_speakable_name_is_thanked_for_all_the_same() -> None:
    assert STRANGER in Room().sees(ChatKind.FOLLOW, name="💀💀💀").lower()


HOSTILE = [
    "<star>", "<get name>", "{topic=wide}", "{@joke}", "<call>x</call>", "<set name=x>", "^frown^", "[sad]", "(@pet)",
    "<bot name>", "{random}a|b{/random}", "</think>", "<|im_start|>", "*bold*", "\\s\\n", "# head", "say over", "\x00",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("persona", [SPARK, EMBER])
def test_syntax_in_names_and_lines_is_never_carried_out_or_said(text: str, persona: PersonaView) -> None:
    room = Room(persona)
    expressions = re.compile(r"\[(happy|sad|angry|surprised|smug|thinking)\] ")

    for line in (text, f"my name is {text}", f"i love {text}", f"{text} or {text}", f"my cat is called {text}"):
        answers = [room.hears(line, author=text), room.hears("do you remember me", author=text)]
        answers.append(room.sees(ChatKind.RAID, 5, line, name=text))
        for answer in answers:
            assert not re.search(r"[<>{}\[\]^*\\#|\x00]", expressions.sub("", answer)), answer


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=500), st.text(max_size=60))
def test_any_text_by_anybody_gets_a_clean_answer(text: str, author: str) -> None:
    answer = Room().hears(text, author)

    assert 0 < len(answer) <= 220
    assert not re.search(r"[<>{}|\\^]", answer)
    assert answer[-1] in ".!?"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is 2+2", "4"),
        ("17 * 24", "408"),
        ("whats 17 times 24?", "408"),
        ("two plus two = ?", "4"),
        ("what is 10 divided by 4", "2.5"),
        ("what is 1/3", "about 0.333"),
        ("what is 2 + 3 * 4", "14"),
        ("what is 3 minus 10", "minus 7"),
        ("how much is 1.5 x 2", "3"),
        ("what's 7x8?", "56"),
    ],
)
def test_simple_sums_are_worked_out(text: str, answer: str) -> None:
    assert find_sum(text) == Sum(answer)


def test_a_division_by_zero_has_no_answer() -> None:
    assert find_sum("what is 5 / 0") == Sum(None)
    assert "zero" in Room().hears("what is 5/0").lower()


@pytest.mark.parametrize(
    "text",
    [
        "we won 3-2 yesterday", "i am 23", "24/7 stream", "call 555-1234 now", "what is 2^10", "what is 99999999 + 1",
        "is it 1.2.3 + 4", "see you at 5", "what is 2 + x", "",
    ],
)  # fmt: skip
def test_what_is_no_simple_sum_is_left_alone(text: str) -> None:
    assert find_sum(text) is None


@given(st.integers(0, 9_999), st.integers(0, 9_999), st.sampled_from("+-*"))
def test_sums_agree_with_arithmetic(a: int, b: int, sign: str) -> None:
    expected = {"+": a + b, "-": a - b, "*": a * b}[sign]

    assert find_sum(f"what is {a} {sign} {b}?") == Sum(str(expected).replace("-", "minus "))


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Tom", "Tom"),
        ("nightowl_88", "nightowl"),
        ("xX_DarkLord_Xx", "DarkLord"),
        ("José", "José"),
        ("O'Brien", "O'Brien"),
        ("[happy]<star>", "happy star"),
        ("12345", ""),
        ("💀💀", ""),
        ("", ""),
    ],
)
def test_names_are_made_speakable(name: str, spoken: str) -> None:
    assert spoken_name(name) == spoken


@given(st.text())
def test_any_name_is_short_and_harmless(name: str) -> None:
    spoken = spoken_name(name)

    assert len(spoken) <= MAX_NAME_CHARS
    assert not re.search(r"[<>{}\[\]|*^\\_]", spoken)


@pytest.mark.parametrize(
    ("kind", "amount", "currency", "words"),
    [
        (ChatKind.BITS, 1, "", "one bit"),
        (ChatKind.BITS, 12_500, "", "12,500 bits"),
        (ChatKind.SUPER_CHAT, 1, "USD", "one dollar"),
        (ChatKind.SUPER_CHAT, 5, "XYZ", "5"),
        (ChatKind.FOLLOW, 5, "", ""),
        (ChatKind.BITS, 0, "", ""),
        (ChatKind.BITS, float("nan"), "", ""),
        (ChatKind.BITS, float("inf"), "", ""),
    ],
)
def test_amounts_are_said_with_their_unit(kind: ChatKind, amount: float, currency: str, words: str) -> None:
    assert spoken_amount(ChatEvent("e", "s", kind, Author("a", "A"), "", amount, currency)) == words


def test_the_viewer_who_was_silent_longest_is_forgotten_first() -> None:
    viewers = Viewers(limit=2)
    viewers.of("a").learn("name", "Ann")
    viewers.of("b").learn("name", "Bob")
    viewers.of("a")
    viewers.of("c")

    assert len(viewers) == 2
    assert viewers.of("a").facts == {"name": "Ann"}
    assert viewers.of("b").facts == {}


def test_facts_are_short_and_few() -> None:
    viewer = Viewer()

    assert viewer.learn("like", "one two three four five six")
    assert viewer.facts["like"] == "one two three four"
    assert viewer.learn("like", "x" * 1_000)
    assert len(viewer.facts["like"]) == MAX_FACT_CHARS
    assert not viewer.learn("like", "  ")
    with pytest.raises(ValueError, match="no fact"):
        viewer.learn("password", "x")


def test_dice_and_numbers_stay_in_their_range() -> None:
    room = Room()

    rolled = {int(number) for _ in range(60) for number in re.findall(r"\d+", room.hears("roll a d20"))}
    picked = {
        int(number) for _ in range(60) for number in re.findall(r"\d+", room.hears("pick a number between 3 and 5"))
    }

    assert rolled <= set(range(1, 21))
    assert len(rolled) > 6
    assert picked == {3, 4, 5}


def test_a_choice_is_one_of_the_two() -> None:
    room = Room()

    answers = [room.hears("ketchup or mustard?") for _ in range(10)]

    assert all(re.search("ketchup|mustard", answer, re.IGNORECASE) for answer in answers)
    assert len({"ketchup" in answer.lower().split(",")[0] for answer in answers}) == 2


def test_a_bare_i_am_is_taken_for_a_name_where_it_could_be_one() -> None:
    room = Room()

    assert "Tom" in room.hears("i'm Tom", author="viewer1")
    assert "Tom" in room.hears("whats my name", author="viewer1")
    assert "Shocked" not in room.hears("i'm shocked", author="viewer2")


def test_where_a_viewer_lives_is_told_back() -> None:
    room = Room()

    room.hears("i live in Leeds with two cats")
    assert "Leeds" in room.hears("do you know where i live?")


def test_a_job_is_remembered() -> None:
    room = Room()
    room.hears("im a nurse")

    assert "nurse" in " ".join(room.hears("remember me?") for _ in range(20))


def test_places_are_said_as_they_are_written() -> None:
    room = Room()

    assert "USA" in room.hears("im from usa", author="v1")
    assert "<" not in room.hears("im from", author="v2")
