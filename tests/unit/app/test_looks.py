"""Characters whose look is a model: what the streamer is told of the pages and of the files."""

import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.looks import Looks, findings
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.load import load
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import ConfigError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.personality import card
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.protocol import Look, parse
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.vrm import META, vrm

MAIN, EMBER = PersonaId("main"), PersonaId("ember")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A show with one model and one puppet."""
    settings = load(engines.spec, None, {"data": {"dir": str(tmp_path)}}, {})
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)
    personas = (card.load(MAIN, "main", "vrm:Box"), card.load(EMBER, "ember"))
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
        yield House(settings, around, http, stack, personas)


def component(house: House, name: str) -> tuple[str, str, str]:
    found = next(one for one in house.board.components if one.name == name)
    return found.state, found.detail, found.fix


def told(house: House) -> list[str]:
    details: list[str] = []
    house.events.tap(lambda kind, text: details.append(json.loads(text)[3]["detail"]) if kind == "look" else None)
    return details


async def test_only_a_character_with_a_model_is_on_the_board(house: House) -> None:
    Looks(house)
    assert [one.name for one in house.board.components] == ["look:main"]
    assert component(house, "look:main")[:2] == ("ok", "Box.vrm, when a page opens")


async def test_a_page_that_shows_the_puppet_says_why_and_what_would_help(house: House, tmp_path: Path) -> None:
    looks = Looks(house)
    looks.hear(Look(MAIN, "puppet", "missing"))
    state, detail, fix = component(house, "look:main")
    assert (state, detail) == ("degraded", "the puppet stands in: the file Box.vrm is not there")
    assert fix == f"put it into {tmp_path / 'models'}"
    looks.hear(Look(MAIN, "model"))
    assert component(house, "look:main") == ("ok", "Box.vrm is shown", "")
    assert told(house) == ["the puppet stands in: the file Box.vrm is not there", "Box.vrm is shown"]


async def test_what_was_said_already_and_what_means_nothing_is_not_told(house: House) -> None:
    looks = Looks(house)
    for look in (
        Look(MAIN, "model"),
        Look(MAIN, "model"),
        Look(MAIN, "puppet", "<b>because</b>"),
        Look(MAIN, "statue"),
        Look(EMBER, "puppet", "broken"),
        Look(PersonaId("nobody"), "puppet", "broken"),
    ):
        looks.hear(look)
    assert told(house) == ["Box.vrm is shown"]


async def test_a_page_tells_it_over_the_stage_protocol(house: House) -> None:
    heard: list[Look] = []
    hall = StageHall(house.around.clock, house.session, house.personas, hear_look=heard.append)
    async with hall.connect() as peer:
        peer.receive('{"type":"look","persona":"main","shown":"puppet","reason":"no_webgl","extra":1}')
        peer.receive('{"type":"look","persona":"main","shown":"model"}')
    assert heard == [Look(MAIN, "puppet", "no_webgl"), Look(MAIN, "model")]
    assert parse('{"type":"look","persona":"main","shown":"model"}') == Look(MAIN, "model")


async def test_puppets_stand_in_for_models_when_the_stage_is_switched(house: House) -> None:
    hall = StageHall(house.around.clock, house.session, house.personas)
    stand_ins = StandIns(house.config.fallback, house.board)
    stand_ins.tell("stage", hall.use_puppets)
    async with hall.connect() as peer:
        stand_ins.switch("stage", "puppet")
        stand_ins.switch("stage", "")
        async with aclosing(peer.frames()) as frames:
            read = [json.loads(await anext(frames)) for _ in range(4)]
    assert [frame["type"] for frame in read] == ["welcome", "puppets", "puppets", "puppets"]
    assert [frame["on"] for frame in read[1:]] == [False, True, False]


def looked_at(tmp_path: Path, look: str) -> list[Finding]:
    settings = load(engines.spec, None, {"data": {"dir": str(tmp_path)}}, {})
    personas = {"main": settings.config.persona["main"].model_copy(update={"look": look})}
    config = settings.config.model_copy(update={"persona": personas})
    return list(findings(replace(settings, config=config).config))


def test_doctor_names_the_licence_of_a_model(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "Box.vrm").write_bytes(vrm())
    (tmp_path / "models" / "Mute.vrm").write_bytes(vrm(meta={"name": "Mute"}))
    (finding,) = looked_at(tmp_path, "vrm:Box")
    assert (finding.name, finding.severity) == ("model of main", "ok")
    assert f"licence {META['licenseUrl']}; commercial use: personalProfit" in finding.detail
    (mute,) = looked_at(tmp_path, "vrm:Mute")
    assert (mute.severity, "names no licence" in mute.detail) == ("note", True)


def test_doctor_says_what_keeps_a_model_from_being_shown(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "") == []
    (finding,) = looked_at(tmp_path, "vrm:Gone")
    assert (finding.severity, finding.fix) == ("warning", f"put it into {tmp_path / 'models'}")


def test_a_look_of_the_configuration_stands_for_that_of_the_card() -> None:
    assert card.load(MAIN, "ember").look == "ember"
    assert card.load(MAIN, "ember", "vrm:Box").look == "vrm:Box"


def test_a_look_that_no_file_can_have_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"persona\.main\.look"):
        load(engines.spec, None, {"persona": {"main": {"look": "vrm:../x"}}}, {})
    sheet = tmp_path / "nova.toml"
    sheet.write_text('name = "Nova"\nlook = "vrm:a/b"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="look"):
        card.load(MAIN, str(sheet))
