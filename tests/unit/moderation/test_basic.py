import pytest

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.basic import LONGEST_LINE, BasicGuard, BasicOptions
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.profanity import Profanity

OPTIONS = BasicOptions()
GUARD = BasicGuard(Profanity(OPTIONS.languages, OPTIONS.allow, ("flurb",)))
NOTHING = GuardContext()


@pytest.mark.parametrize(
    "text",
    [
        "hello everyone",
        "I grew up in Scunthorpe",
        "reading moby dick again",
        "Dick Van Dyke was great",
        "kill -9 sends SIGKILL",
        "the class assembled a cockpit",
        "who is your favourite character?",
    ],
)
async def test_ordinary_lines_pass_unchanged(text: str) -> None:
    verdict = await GUARD.check(text, Direction.IN, NOTHING)
    assert (verdict.decision, verdict.text) == (Decision.ALLOW, text)


@pytest.mark.parametrize(
    "text",
    ["what the fuck", "you are a sh1t", "f u c k this", "fuuuuck", "f\u200buck", "fu\u0441k", "\uff46uck", "oh flurb"],
)
@pytest.mark.parametrize("direction", list(Direction))
async def test_profanity_is_blocked_also_in_disguise(text: str, direction: Direction) -> None:
    verdict = await GUARD.check(text, direction, NOTHING)
    assert verdict.is_blocked
    assert verdict.text == ""
    assert verdict.rule == "profanity"


async def test_the_spans_show_where_it_was() -> None:
    text = "what the fuck is that"
    verdict = await GUARD.check(text, Direction.IN, NOTHING)
    assert [text[start:end] for start, end in verdict.spans] == ["fuck"]


async def test_hidden_characters_are_taken_out_and_named() -> None:
    verdict = await GUARD.check("he\u202ello \u200bthere\x07", Direction.IN, NOTHING)
    assert verdict.decision is Decision.REWRITE
    assert verdict.text == "hello there"
    assert verdict.reason


async def test_a_long_line_is_cut_and_marked() -> None:
    verdict = await GUARD.check("word " * 200, Direction.IN, NOTHING)
    assert verdict.decision is Decision.REWRITE
    assert len(verdict.text) <= LONGEST_LINE
    assert "long" in verdict.reason or "cut" in verdict.reason


async def test_a_word_spelled_over_two_clauses_is_blocked() -> None:
    verdict = await GUARD.check("c k you", Direction.OUT, GuardContext(released="well f u "))
    assert verdict.is_blocked
    assert (await GUARD.check("c k you", Direction.OUT, NOTHING)).decision is Decision.ALLOW


async def test_what_was_said_before_is_not_held_against_a_clean_clause() -> None:
    verdict = await GUARD.check("all good here", Direction.OUT, GuardContext(released="that was fucking great "))
    assert verdict.decision is Decision.ALLOW


async def test_the_voices_version_is_looked_at_too() -> None:
    verdict = await GUARD.check("@$$-word", Direction.OUT, GuardContext(spoken="fuck"))
    assert verdict.is_blocked


def test_an_allowed_phrase_is_found_in_any_case_and_every_time() -> None:
    profanity = Profanity(("english",), ("moby dick",))
    assert profanity.spans("Moby Dick and MOBY DICK") == ()
    assert profanity.spans("İstanbul moby dick")
