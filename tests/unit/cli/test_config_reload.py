"""`spark-vtuber config reload`, with a show that is only an answer."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli import running
from spark_vtuber.cli.main import app
from spark_vtuber.cli.show import _Curtain as Curtain

if TYPE_CHECKING:
    from spark_vtuber.app.assemble import Opened


class FakeShow:
    """Answers every request with `status` and `body`; `asked` keeps them. Without a body nobody is there."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = {"changed": []}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def post(self, url: str, *, json: Any, headers: dict[str, str], timeout: float, trust_env: bool) -> httpx.Response:
        assert json == {}
        assert not trust_env
        assert timeout > 120
        self.asked.append((url, headers))
        if self.body is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status, json=self.body)


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> FakeShow:
    fake = FakeShow()
    monkeypatch.setattr(running.httpx, "post", fake.post)
    return fake


def reload(tmp_path: Path, *options: str, text: str = "", **environ: str) -> Result:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n{text}', encoding="utf-8")
    return CliRunner().invoke(app, ["config", "reload", "--config", str(file), *options], env=environ)


def test_what_is_different_and_when_it_counts_is_told(tmp_path: Path, show: FakeShow) -> None:
    change = {"key": "server.port", "old": 8080, "value": 9000, "applied": "restart"}
    show.body = {"changed": [change]}
    told = reload(tmp_path)
    assert told.exit_code == 0
    assert "server.port 8080 → 9000, waits for the next start" in " ".join(told.stderr.split())
    assert json.loads(reload(tmp_path, "--json").stdout) == {"changed": [change]}
    assert show.asked[0][0] == "http://127.0.0.1:8080/api/settings/reload"


def test_nothing_different_is_told_as_well(tmp_path: Path, show: FakeShow) -> None:
    assert "nothing is different" in reload(tmp_path).stderr


def test_the_show_of_the_configuration_is_asked_with_its_token(tmp_path: Path, show: FakeShow) -> None:
    text = '[server]\nhost = "::"\nport = 9100\ndesk_token = "secret:desk"\n'
    assert reload(tmp_path, text=text, SPARK_SECRET_DESK="hunter2").exit_code == 0
    url, headers = show.asked[0]
    assert url == "http://[::1]:9100/api/settings/reload"
    assert headers["authorization"] == "Bearer hunter2"
    assert reload(tmp_path, "--port", "9200").exit_code == 0
    assert show.asked[1][0].startswith("http://127.0.0.1:9200/")


def test_a_file_with_mistakes_is_not_sent_to_the_show(tmp_path: Path, show: FakeShow) -> None:
    told = reload(tmp_path, text="[server]\nprot = 1\n[inbox]\ncapacity = 0\n")
    assert told.exit_code == 2
    assert "server.prot" in told.stderr
    assert "inbox.capacity" in told.stderr
    assert show.asked == []


def test_what_the_show_refuses_is_told(tmp_path: Path, show: FakeShow) -> None:
    show.status = 400
    show.body = {"error": {"code": "bad_value", "message": "the voice is not installed", "fix": "pip install it"}}
    told = reload(tmp_path)
    assert told.exit_code == 2
    assert "the voice is not installed" in told.stderr


@pytest.mark.parametrize("body", [None, ["something", "else"], {"changed": [{"odd": 1}]}])
def test_without_a_show_there_the_port_is_named(body: Any, tmp_path: Path, show: FakeShow) -> None:
    show.body = body
    told = reload(tmp_path, "--port", "9300")
    assert told.exit_code == 1
    assert "9300" in told.stderr
    assert "Traceback" not in told.output


async def test_a_bug_in_a_reload_is_logged_and_the_show_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def reload(self) -> None:
            raise ZeroDivisionError

    curtain = Curtain()
    curtain.rise(cast("Opened", SimpleNamespace(doors=SimpleNamespace(settings=Broken()))))
    await curtain.reload()
    assert "the configuration was not read again" in caplog.text
    assert "ZeroDivisionError" in caplog.text
