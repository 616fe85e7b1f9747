"""Speculative decoding on a real server: it changes the speed, never the answer, and is counted."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.port import Usage
from spark_vtuber.testing.bench.engine_answer import Answer, answer
from spark_vtuber.testing.llama_server import llama_server
from spark_vtuber.testing.tiny_show import PERSONAS, TinyFiles, a_show, our_client

pytestmark = pytest.mark.engines

TOKENS = 60
PLAIN = PersonaView(PersonaId("main"), "Main")
"""A character without an adapter."""

CAREFUL = ("--cache-ram", "0")


async def answers(
    program: Path, flags: Sequence[str | Path], personas: Sequence[PersonaView] = PERSONAS
) -> list[Answer]:
    """Answers of each character to some prompts, from a server with these flags."""
    prompts = [asked.prompt for asked in a_show(6, seed=4)]
    with llama_server(program, *flags, *CAREFUL) as server:
        async with our_client(server) as model:
            return [
                await answer(model, persona, prompt, TOKENS)
                for prompt, persona in zip(prompts, personas * len(prompts), strict=False)
            ]


@pytest.mark.parametrize("kind", ["a smaller model", "n-grams"])
async def test_a_draft_changes_no_answer(program: Path, files: TinyFiles, kind: str) -> None:
    draft = {
        "a smaller model": ("-md", files.draft, "--spec-type", "draft-simple"),
        "n-grams": ("--spec-type", "ngram-cache"),
    }
    plain = await answers(program, files.flags())
    drafted = await answers(program, (*files.flags(), *draft[kind]))
    assert [one.text for one in drafted] == [one.text for one in plain]
    assert all(one.usage.tokens_drafted is None for one in plain)
    assert sum(one.usage.tokens_drafted or 0 for one in drafted) > 0


async def test_the_accepted_part_of_a_draft_is_counted(program: Path, files: TinyFiles) -> None:
    flags = ("-m", files.base, "-np", "1", "-c", "4096")
    usages: dict[str, list[Usage]] = {}
    for name, draft in (("itself", files.base), ("a stranger", files.draft)):
        got = await answers(program, (*flags, "-md", draft, "--spec-type", "draft-simple"), [PLAIN])
        usages[name] = [one.usage for one in got]
    accepted = {
        name: sum(one.tokens_accepted or 0 for one in counted) / sum(one.tokens_drafted or 0 for one in counted)
        for name, counted in usages.items()
    }
    print("\naccepted of what was drafted:", {name: f"{share:.0%}" for name, share in accepted.items()})
    assert accepted["itself"] > 0.9
    assert accepted["a stranger"] < 0.3
