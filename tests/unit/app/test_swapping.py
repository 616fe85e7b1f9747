"""Two models in one slot, in a whole show: nobody speaks with the other's, and who waits looks as if it thought."""

import logging
import random
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from spark_vtuber import engines
from spark_vtuber.app import assemble, swapping
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.desk import Line
from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.llm.openai import SPEC
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.port import Emote, Part
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.dialects.fake import network
from spark_vtuber.testing.dialects.loading import FakeOllama
from spark_vtuber.testing.dialects.memory import Card
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.virtual import VirtualClock

SHARED = """
[discovery]
on = false
[llm]
use = "openai"
base_url = "http://models.test/v1"
slot = "gpu0"
[persona.main]
llm = {model = "one:8b"}
[persona.twin]
card = "ember"
llm = {model = "two:8b"}
"""


def settings_of(text: str, folder: Path) -> Settings:
    file = folder / "spark.toml"
    file.write_text(text, encoding="utf-8")
    return load(engines.spec, file, {"data": {"dir": str(folder / "data")}}, {})


async def test_a_show_changes_brains_in_one_slot_and_the_stage_shows_it(
    tmp_path: Path, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, shown = Card(room=1), []
    server = FakeOllama(card=card)
    perform = StageHall.perform

    def spec(port: str, name: str) -> EngineSpec:
        return SPEC if (port, name) == ("llm", "openai") else troupe.spec(port, name)

    async def watched(hall: StageHall, part: Part) -> None:
        if isinstance(part, Emote):
            shown.append((part.persona, part.name))
        await perform(hall, part)

    monkeypatch.setattr(engines, "spec", spec)
    monkeypatch.setattr(assemble, "http_client", partial(network, server))
    monkeypatch.setattr(StageHall, "perform", watched)
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), troupe.workers, aside=inline)
    async with anyio.create_task_group() as tasks:
        opened: Opened = await tasks.start(partial(run_show, settings_of(SHARED, tmp_path), around))
        for number, name in enumerate(("spark", "ember", "spark")):
            opened.show.chat(Line(f"viewer{number}", f"hello {name}"))
            await anyio.sleep(60)
        turns = list(reversed(opened.show.turns(5)))
        tasks.cancel_scope.cancel()

    assert [turn.heard.partition(" ")[0] for turn in turns] == ["one:8b", "two:8b", "one:8b"]
    assert not any(turn.is_degraded for turn in turns)
    assert [entry for entry in card.log if entry.startswith("load")] == ["load one:8b", "load two:8b", "load one:8b"]
    thinking = [persona for persona, name in shown if name == swapping.THINKING]
    assert thinking == ["main", "twin", "main"]
    assert shown[-1][1] != swapping.THINKING


def test_a_show_without_slots_watches_nothing(tmp_path: Path) -> None:
    plain: Any = SHARED.replace('slot = "gpu0"\n', "")

    assert swapping.has_slots(settings_of(SHARED, tmp_path))
    assert not swapping.has_slots(settings_of(plain, tmp_path))
