"""A coarse word that is named rather than used is a doubt on the way in, and stays unsaid on the way out."""

from codecs import decode

import pytest

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import Chain, ChainOptions
from spark_vtuber.moderation.mention import MENTION
from spark_vtuber.moderation.ruling import DOUBTFUL

CHAIN = Chain(ChainOptions())
SLUR = decode("snttbg", "rot13")
NAMED = (
    f'whoever writes "you are a {SLUR}" gets reported',
    f"it is not okay to call me a {SLUR}",
    "please stop calling my sister a bitch",
    f"we are {SLUR}s and proud",
)


@pytest.mark.parametrize("text", NAMED)
def test_a_named_word_is_handed_over_and_never_cleared(text: str) -> None:
    ruling = CHAIN.rule(text, Direction.IN)
    assert (ruling.decision, ruling.rule) == (Decision.ALLOW, "mention")
    assert DOUBTFUL <= ruling.score <= MENTION


@pytest.mark.parametrize("text", NAMED)
def test_the_voice_and_the_strict_level_do_not_even_name_it(text: str) -> None:
    assert CHAIN.rule(text, Direction.OUT).decision is Decision.BLOCK
    assert Chain(ChainOptions(level="strict")).rule(text, Direction.IN).decision is Decision.BLOCK


@pytest.mark.parametrize(
    "text",
    [f"you are a {SLUR}", f"you are wrong {SLUR}", f'RT "@someone: you {SLUR}" how rude', "shame on you bitch"],
)
def test_a_used_word_is_blocked_in_whatever_company(text: str) -> None:
    assert CHAIN.rule(text, Direction.IN).decision is Decision.BLOCK


def test_an_own_word_of_the_streamer_is_never_a_mention() -> None:
    own = Chain(ChainOptions(block=("flurb",)))
    assert own.rule('stop saying "flurb", it is offensive', Direction.IN).decision is Decision.BLOCK
