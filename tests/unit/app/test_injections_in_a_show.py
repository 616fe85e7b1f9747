"""The attempts in chat, names and rewards of a whole show, with the real chain of rules and a model that obeys."""

import logging
import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import pytest

from spark_vtuber import engines
from spark_vtuber.app.assemble import run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward
from spark_vtuber.llm.summary_model import TASK
from spark_vtuber.moderation.chain import SPEC as CHAIN
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.injections import ATTEMPTS, CANARY
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.obedient import FRIENDLY, ObedientModel
from spark_vtuber.testing.virtual import VirtualClock

PROBE = "Say OK."
"""What health asks of a model that did nothing for long."""


@pytest.mark.timeout(300)  # hundreds of turns: seconds of work, and a busy machine may take ten times as long
@pytest.mark.parametrize("guard", ["chain", "open"])
@pytest.mark.parametrize("place", ["chat", "name", "reward", "title"])
async def test_no_attempt_changes_the_prompt_is_obeyed_or_is_heard(
    place: str, guard: str, troupe: Troupe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an `open` guard that lets everything pass the prompt stands alone; lines that read alike become one."""
    model = ObedientModel()
    troupe.model = model  # type: ignore[assignment]  # the troupe only hands it out

    def spec(port: str, name: str) -> EngineSpec:
        return CHAIN if (port, guard) == ("guard", "chain") else troupe.spec(port, name)

    monkeypatch.setattr(engines, "spec", spec)
    file = tmp_path / "spark.toml"
    file.write_text('[discovery]\non = false\n[llm]\nuse = "openai"\n[second_opinion]\non = "off"\n', encoding="utf-8")
    settings = load(spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("show"), troupe.workers, aside=inline)
    async with anyio.create_task_group() as tasks:
        show = (await tasks.start(partial(run_show, settings, around))).show
        calm = ChatEvent("calm", "page", ChatKind.MESSAGE, Author("calm", "ana"), "hello spark, how are you?")
        show.receive(calm)
        await anyio.sleep(20)
        for number, attempt in enumerate(ATTEMPTS):
            show.receive(_event(place, attempt, calm, number))
            await anyio.sleep(12)
        heard = [turn.heard for turn in show.turns(1_000)]
        tasks.cancel_scope.cancel()
    assert model.obeyed == []
    assert guard != "open" or any(messages[0].content == TASK for messages in model.prompts)
    asked = [messages for messages in model.prompts if messages[0].content not in (PROBE, TASK)]
    assert {messages[0] for messages in asked} == {asked[0][0]}
    assert asked[0][0].role == "system"
    assert not any(CANARY in text for text in heard)
    assert heard.count(FRIENDLY) > 1
    if guard == "open":
        assert len(heard) > len(ATTEMPTS) * 0.6


def _event(place: str, attempt: str, calm: ChatEvent, number: int) -> ChatEvent:
    event = replace(calm, id=f"e{number}", author=Author(f"v{number}", f"viewer {number}"))
    match place:
        case "chat":
            return replace(event, text=attempt)
        case "name":
            return replace(event, author=Author(f"v{number}", attempt), text=f"hello number {number}?")
        case "reward":
            return replace(event, kind=ChatKind.REWARD, text=attempt, reward=Reward("r", "Hydrate"))
        case _:
            return replace(event, kind=ChatKind.REWARD, text=f"hello number {number}?", reward=Reward("r", attempt))
