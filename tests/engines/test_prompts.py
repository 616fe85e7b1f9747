"""Prompts of a long show on a real server: how much of each it has at hand, turn by turn."""

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from spark_vtuber.llm.budget import PromptBudget
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.testing.bench.engine_answer import answer
from spark_vtuber.testing.llama_server import llama_server
from spark_vtuber.testing.long_show import IDS, evenly, long_show
from spark_vtuber.testing.planted_facts import EMBER, SPARK, TUNING
from spark_vtuber.testing.prompts import a_persona
from spark_vtuber.testing.tiny_show import PERSONAS, TinyFiles, our_client

pytestmark = pytest.mark.engines

SHOW_TOKENS = 4_200
CONTEXT = 12_288
"""A slot; the tiny tokenizer knows few words, so that texts take more tokens than with a real one."""


async def test_from_turn_20_on_the_server_has_nine_tenths_of_each_prompt_at_hand(
    program: Path, files: TinyFiles
) -> None:
    places = {IDS[SPARK]: PERSONAS[0], IDS[EMBER]: PERSONAS[1]}
    cards = {
        old: replace(a_persona(), id=place.id, name=name, adapter=place.adapter)
        for (old, place), name in zip(places.items(), (SPARK, EMBER), strict=True)
    }
    prompter = Prompter({card.id: card.name for card in cards.values()}, PromptBudget(3_600))
    shares = []
    server_flags = (*files.flags(), "-c", str(CONTEXT * len(cards)), "--cache-ram", "0")
    with llama_server(program, *server_flags) as server:
        async with our_client(server) as model:
            for told in long_show(SHOW_TOKENS, evenly(TUNING, 0, SHOW_TOKENS - 500)):
                card = cards[told.record.persona]
                got = await answer(model, card, prompter(card, told.record.cue), 4)
                assert got.cached_share is not None
                shares.append(got.cached_share)
                prompter.remember(replace(told.record, persona=card.id))
                prompter.tidy()
    late = shares[20:]
    assert prompter.pasts[PERSONAS[0].id].summary.notes
    print(
        f"\n{len(shares)} turns of two characters: from turn 20 on {statistics.median(late):.1%} of the tokens of a "
        f"prompt were at hand (median), {statistics.mean(late):.1%} on average, prunings included"
    )
    assert statistics.median(late) >= 0.9
