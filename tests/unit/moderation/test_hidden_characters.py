"""Whatever is taken out of a text before it is shown hides nothing from the guard."""

import pytest

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import Chain, ChainOptions
from spark_vtuber.text.clean import clean

CHAIN = Chain(ChainOptions())
HIDDEN = "\x00\x07\x1b\x7f\x85\u00ad\u200b\u202e\u2060\ud800\udfff\ue000\uf8ff\ufe0f\ufeff\U000e0041\U000f0000"


@pytest.mark.parametrize("sign", HIDDEN)
@pytest.mark.parametrize("direction", Direction)
def test_a_character_that_nobody_sees_takes_nothing_past_the_guard(sign: str, direction: Direction) -> None:
    assert clean(f"a{sign}b", 9).text == "ab"
    for text in (f"what the fu{sign}ck is that", f"go ki{sign}ll yourself", f"i will kill{sign} you"):
        assert CHAIN.rule(text, direction).decision is Decision.BLOCK


@pytest.mark.parametrize("sign", HIDDEN)
def test_a_harmless_text_only_loses_it(sign: str) -> None:
    ruling = CHAIN.rule(f"what a love{sign}ly day", Direction.IN)
    assert (ruling.decision, ruling.text) == (Decision.REWRITE, "what a lovely day")
