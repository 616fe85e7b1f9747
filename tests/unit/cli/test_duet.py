"""`duet`: what it asks of a running show, and what it does without one."""

import json
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from spark_vtuber.cli import duet
from spark_vtuber.cli.main import app
from spark_vtuber.core.audit import unnoted
from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.duet_desk import FakeDuets
from spark_vtuber.web import problems
from spark_vtuber.web.routes import duets as routes
from spark_vtuber.web.site import NOTHING_LEAVES


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> FakeDuets:
    """A show that answers the command as its API would."""
    facet = FakeDuets()
    site = FastAPI(telemetry=NOTHING_LEAVES)
    problems.teach(site)
    site.include_router(routes.router(facet, unnoted))

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

    monkeypatch.setattr(duet, "ask", ask)
    return facet


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["duet", *arguments])
    return result.exit_code, result.output


def test_a_duet_is_begun_shown_and_ended(show: FakeDuets) -> None:
    assert run("show") == (0, "No duet runs.\n")
    code, told = run("start", "tea or coffee", "--exchanges", "4", "--opener", "twin")
    assert (code, "tea or coffee (8 turns)" in told) == (0, True)
    assert show.now.speaker == "twin"
    assert "running, turn 0 of 8" in run("show")[1]
    assert json.loads(run("show", "--json")[1])["phase"] == "running"
    assert "The duet ends." in run("stop")[1]
    assert "No duet runs." in run("stop")[1]
    assert "The last one: stopped." in run("show")[1]


def test_what_the_show_refuses_is_told_with_a_way_out(show: FakeDuets) -> None:
    assert show.now.id == ""
    code, told = run("start", "a forbidden thing")
    assert code == 2
    assert "choose other words" in told


def test_without_a_show_it_says_what_to_do(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def nobody(*_: object) -> Any:
        raise SparkError("no show answers on port 8080", code="no_show", fix="start it")

    monkeypatch.setattr(duet, "ask", nobody)
    code, told = run("stop")
    assert (code, "start it" in told) == (2, True)
