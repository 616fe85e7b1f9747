"""Secrets in every place that can hold one, and every door, file and terminal that must not show them."""

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream
from websockets.asyncio.client import connect

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.testing.obs_fake import FakeObs
from spark_vtuber.testing.obs_server import serve_obs
from spark_vtuber.testing.vts_server import FakeVTubeStudio, fake_studio, serving
from spark_vtuber.testing.watched import WatchedShow, eventually, watched_show

pytestmark = [pytest.mark.real, pytest.mark.platform("linux", "darwin")]

IN_ENVIRONMENT: Final = {
    "SPARK_SECRET_LLM": "env-llm-3f9a1c",
    "SPARK_SECRET_DESK": "env-desk-77b2e0",
    "SPARK_SECRET_STAGE": "env-stage-5d01ab",
    "SPARK_SECRET_OBS": "env-obs-90cc4e",
}
WEBHOOK: Final = "env-webhook-1b8e77"
IN_FILE: Final = ("file-header-c41d20", "file-body-0e6f93", "file-later-41a0c2")
TYPED: Final = ("typed-key-6a2b1f", "typed-login-d8e440", "typed-token-22c9f1", "typed-password-b7a3d5")
KEY: Final = {"Authorization": f"Bearer {IN_ENVIRONMENT['SPARK_SECRET_DESK']}"}


@asynccontextmanager
async def parrot(asked: list[str]) -> AsyncIterator[int]:
    """A server that refuses everything and says why in the words it was asked with, which are also `asked`."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            request = b""
            while b"\r\n\r\n" not in request:
                request += await stream.receive()
            head, _, body = request.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            named = [line for line in lines if line.lower().startswith(("auth", "x-gate"))]
            length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
            while len(body) < length:
                body += await stream.receive()
            said = f"{' '.join(named)} {json.loads(body).get('token', '') if body else ''}"
            asked.append(said)
            text = json.dumps({"error": {"message": said, "code": 401}}).encode()
            reply = b"HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            await stream.send(reply % (len(text), text))

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def peers(asked: list[str]) -> AsyncIterator[tuple[int, int, int, FakeVTubeStudio]]:
    """A model server that repeats, an OBS with another password, and a VTube Studio."""
    async with parrot(asked) as model, anyio.create_task_group() as tasks, fake_studio(SystemClock()) as studio:
        async with serve_obs(FakeObs(tasks, password="another one")) as obs, serving(studio) as vts:
            yield model, obs.port, vts, studio
        tasks.cancel_scope.cancel()


def configuration(model: int, obs: int, vts: int) -> str:
    return f"""
[server]
desk_token = "secret:desk"
stage_token = "secret:stage"
[llm]
use = "openai"
base_url = "http://127.0.0.1:{model}/v1"
model = "parrot"
api_key = "secret:llm"
extra_headers = {{ X-Gate = "{IN_FILE[0]}" }}
extra_body = {{ token = "{IN_FILE[1]}" }}
[obs]
on = true
port = {obs}
password = "secret:obs"
[alerts]
webhook = "secret:webhook"
component_down_s = 0
[avatar.vtube_studio]
on = true
port = {vts}
[health]
on_stop = "cut"
"""


async def provoke(show: WatchedShow, file: anyio.Path, asked: list[str]) -> None:
    """Have everything fail that knows a secret, and type some where they do not belong."""
    post = show.http.post
    assert (await post("/api/login", json={"token": TYPED[2]})).status_code == 401
    show.http.headers.update(KEY)
    for key, value in (
        ("llm.api_key", TYPED[0]),
        ("llm.base_url", f"http://viewer:{TYPED[1]}@127.0.0.1:9/v1"),
        ("obs.password", TYPED[3]),
        ("alerts.webhook", f"https://example.org/{TYPED[0]}"),
        ("llm.extra_headers", {"Authorization": TYPED[0]}),
    ):
        answer = await post("/api/settings", json={"key": key, "value": value})
        assert answer.status_code == 400, key
        assert not leaks(answer.text, TYPED), key
    await post("/api/obs/scene", json={"name": "nowhere"})
    await post("/api/chat", json={"author": "ana", "text": "hello"})

    async def is_called() -> bool:
        return any(IN_FILE[1] in said for said in asked) and bool((await show.http.get("/api/alerts")).json())

    async def is_called_again() -> bool:
        return any(IN_FILE[2] in said for said in asked)

    await eventually(is_called)
    text = await file.read_text(encoding="utf-8")
    await file.write_text(text.replace(IN_FILE[1], IN_FILE[2]), encoding="utf-8")
    assert (await post("/api/settings/reload", json={})).json()["changed"][0]["applied"] == "component"
    await post("/api/interrupt", json={})
    await post("/api/chat", json={"author": "ana", "text": "hello again"})
    await eventually(is_called_again)


async def shown(show: WatchedShow) -> dict[str, str]:
    """What every door that can be read says."""
    paths = (await show.http.get("/api/openapi.json")).json()["paths"]
    plain = [path for path, methods in paths.items() if "get" in methods and "{" not in path]
    exports = [f"/api/export/{kind}.{form}" for kind in ("turns", "chat", "latency") for form in ("csv", "jsonl")]
    texts = {path: (await show.http.get(path)).text for path in [*plain, *exports, "/", "/stage/", "/metrics"]}
    url, events = f"ws://127.0.0.1:{show.port}/api/events?since=0", []
    async with connect(url, additional_headers=KEY) as socket:
        with anyio.move_on_after(1):
            while True:
                events.append(await socket.recv(decode=True))
    assert len(events) > 10
    return texts | {"/api/events": "\n".join(events), "the terminal": show.terminal}


def leaks(text: str, secrets: tuple[str, ...]) -> list[str]:
    return [secret for secret in secrets if secret in text]


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


async def test_no_door_no_file_and_no_terminal_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    async with peers(asked) as (model, obs, vts, studio):
        (tmp_path / "spark.toml").write_text(configuration(model, obs, vts), encoding="utf-8")
        for name, value in {**IN_ENVIRONMENT, "SPARK_SECRET_WEBHOOK": f"http://127.0.0.1:{model}/{WEBHOOK}"}.items():
            monkeypatch.setenv(name, value)
        async with watched_show("run", folder=tmp_path) as show:
            await provoke(show, anyio.Path(tmp_path, "spark.toml"), asked)
            doors = await shown(show)
            token = next(iter(studio.studio.tokens))
            secrets = (*IN_ENVIRONMENT.values(), WEBHOOK, *IN_FILE, *TYPED, token)
            assert {door: found for door, text in doors.items() if (found := leaks(text, secrets))} == {}
            show.process.terminate()
            await show.ended()
            kept = files(show.data)
            texts = {path.name: path.read_bytes().decode("latin-1") for path in kept}
            found = {name: leaks(text, secrets) for name, text in texts.items() if leaks(text, secrets)}
            (own,) = [path for path in kept if path.name.startswith("token-")]
            assert found == {own.name: [token]}
            private = [path for path in kept if path.name.startswith(("token-", "journal", "ignored", "tempers"))]
            assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in private} == {
                path.name: "0o600" for path in private
            }
            assert len(private) >= 2
