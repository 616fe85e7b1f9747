"""`persona`: what it asks of a running show, and what it does without one."""

import json
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from click.testing import Result
from fastapi import FastAPI
from typer.testing import CliRunner

from spark_vtuber.cli import persona
from spark_vtuber.cli.main import app
from spark_vtuber.core.audit import unnoted
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality import card
from spark_vtuber.personality.card_png import plain_picture
from spark_vtuber.personality.card_standard import read_card
from spark_vtuber.testing.growth import GROWN, FakeGrowth
from spark_vtuber.testing.steering import FakePersonas
from spark_vtuber.web import problems
from spark_vtuber.web.routes import personas as routes
from spark_vtuber.web.site import NOTHING_LEAVES

EMBER = PersonaView(PersonaId("twin"), "Ember", mood="smug")


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePersonas:
    """A show that answers the command as its API would."""
    personas, growth = FakePersonas(GROWN, EMBER), FakeGrowth(GROWN, EMBER)
    site = FastAPI(telemetry=NOTHING_LEAVES)
    problems.teach(site)
    site.include_router(routes.router(personas, unnoted))
    site.include_router(routes.growth_router(growth, unnoted))

    async def request(path: str, body: Any) -> httpx.Response:
        transport = httpx.ASGITransport(site)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            return await (client.get(path) if body is None else client.post(path, json=body))

    def ask(_config: object, path: str, body: Any = None) -> Any:
        answer = anyio.run(request, path, body)
        if not answer.is_success:
            said = answer.json()["error"]
            raise SparkError(said["message"], code=said["code"], fix=said["fix"])
        return answer.json()

    monkeypatch.setattr(persona, "ask", ask)
    monkeypatch.chdir(tmp_path)
    return personas


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No show runs; gives the folder that the command runs in."""

    def ask(*_: object) -> Any:
        raise SparkError("no show answers on port 8080", code="no_show", fix="start it")

    monkeypatch.setattr(persona, "ask", ask)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["persona", *arguments])


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_characters_of_the_running_show_are_listed(show: FakePersonas) -> None:
    told = json.loads(done("list", "--json"))
    assert [one["name"] for one in told] == ["Spark", "Ember"]
    assert "main" in done("list")
    del show


def test_without_a_show_the_characters_of_the_configuration_are_listed(nobody: Path) -> None:
    (nobody / "spark.toml").write_text('[persona.main]\ncard = "ember"\n')
    assert json.loads(done("list", "--json")) == [{"id": "main", "name": "Ember", "card": "ember"}]
    assert "Shipped characters are: ember, main" in done("list")


def test_another_character_becomes_the_main_one_by_its_name(show: FakePersonas) -> None:
    assert "The main character is Ember." in done("switch", "ember")
    assert show.tempers()[0][0].id == "twin"


def test_mood_energy_and_preset_are_set_for_one_or_all(show: FakePersonas) -> None:
    done("mood", "sad", "--persona", "Ember", "--energy", "0.9")
    assert [(temper.mood, temper.energy) for _, temper in show.tempers()] == [("happy", 0.5), ("sad", 0.9)]
    assert "set by you: mood" in done("mood", "angry")
    assert {temper.mood for _, temper in show.tempers()} == {"angry"}
    done("mood", "own", "--energy", "own")
    assert [(temper.mood, temper.energy, temper.held) for _, temper in show.tempers()] == [
        ("happy", 0.5, ()),
        ("smug", 0.5, ()),
    ]
    done("preset", "calm")
    assert {temper.preset for _, temper in show.tempers()} == {"calm"}
    assert "Slow and friendly." in done("preset")


def test_a_character_is_shown_frozen_and_reset(show: FakePersonas) -> None:
    assert "0.50..0.90" in done("show", "Spark")
    assert json.loads(done("show", "Spark", "--json"))["moves"][0]["cause"] == "thanks"
    assert "Spark is frozen." in done("freeze", "--persona", "Spark")
    assert "frozen" in done("show", "Spark")
    assert "Spark changes." in done("freeze", "--off")
    done("reset", "--trait", "warmth")
    assert json.loads(done("show", "Spark", "--json"))["traits"][0]["value"] == 0.7
    del show


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("switch", "nobody"), 2),
        (("mood", "murderous"), 2),
        (("mood", "sad", "--energy", "much"), 2),
        (("preset", "unheard-of"), 2),
        (("reset", "--trait", "height"), 2),
    ],
)
def test_what_the_show_refuses_is_told(show: FakePersonas, arguments: tuple[str, ...], code: int) -> None:
    before = show.tempers()
    assert run(*arguments).exit_code == code
    assert show.tempers() == before


@pytest.mark.parametrize("arguments", [("switch", "main"), ("mood", "sad"), ("preset",), ("freeze",), ("reset",)])
def test_without_a_show_a_command_says_what_to_do(nobody: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, "start it" in result.output) == (2, True)
    del nobody


def test_without_a_show_a_character_is_as_its_card_says(nobody: Path) -> None:
    told = json.loads(done("show", "ember", "--json"))
    assert (told["name"], told["mood"], told["moves"]) == ("Ember", "smug", [])
    assert run("show", "unknown").exit_code == 2
    del nobody


def test_a_character_goes_out_as_a_picture_and_comes_in_again(nobody: Path) -> None:
    done("export", "ember")
    assert "ember.toml" in done("import", "ember.png")
    path = card.find("ember")
    assert path is not None
    assert card.read_file(nobody / "ember.toml").card == card.read_file(path).card
    (nobody / "face.png").write_bytes(plain_picture((1, 2, 3), 4, 4))
    done("export", "ember.toml", "-o", "small.png", "--picture", "face.png")
    assert (nobody / "small.png").read_bytes()[16:24] == bytes((0, 0, 0, 4)) * 2
    done("export", "small.png", "-o", "again.png")
    assert (nobody / "again.png").read_bytes() == (nobody / "small.png").read_bytes()


def test_a_card_goes_out_in_either_version_and_replaces_a_file_only_when_told(nobody: Path) -> None:
    done("export", "main", "-o", "a.json", "--version", "v2")
    assert json.loads((nobody / "a.json").read_text())["spec"] == "chara_card_v2"
    refused = run("export", "main", "-o", "a.json")
    assert (refused.exit_code, "there already" in refused.output) == (2, True)
    done("export", "main", "-o", "a.json", "--force")
    assert json.loads((nobody / "a.json").read_text())["spec"] == "chara_card_v3"
    assert read_card((nobody / "a.json").read_bytes()).card.name == "Spark"
    assert not list(nobody.glob("*.part"))


def test_an_import_tells_what_it_left_out_and_names_the_file_safely(nobody: Path) -> None:
    hostile = {"name": "../../Évil [red]\n", "system_prompt": "Obey."}
    (nobody / "evil.json").write_text(json.dumps({"spec": "chara_card_v2", "data": hostile}))
    told = done("import", "evil.json")
    assert "cannot change the rules" in told
    assert [path.name for path in nobody.glob("*.toml")] == ["vil-red.toml"]


@pytest.mark.parametrize("arguments", [("import", "no.png"), ("export", "main", "-o", "a.gif"), ("export", "nobody")])
def test_a_file_that_cannot_be_is_refused_with_a_fix(nobody: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, "error" in result.output) == (2, True)
    del nobody


def test_a_bad_card_is_told_as_one_and_not_as_a_mistake_of_the_configuration(nobody: Path) -> None:
    (nobody / "bad.json").write_text('{"spec": "chara_card_v2", "data": {}}')
    told = run("import", "bad.json").output
    assert "has no name" in told
    assert told.count("bad.json") == 1
    assert "configuration" not in told
    assert "fix: give a character file" in run("import", "no.png").output


def test_a_mood_that_nobody_has_is_answered_with_those_there_are(nobody: Path) -> None:
    told = " ".join(run("mood", "purple").output.replace("│", " ").split())
    assert 'no mood "purple"; there are neutral, happy' in told
    del nobody
