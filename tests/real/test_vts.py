"""The fake VTube Studio with clients of other people, and our client with the fake, over real sockets."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import testbed
from websockets.asyncio.client import connect

from spark_vtuber.avatar.vts_link import Lost, linked
from spark_vtuber.avatar.vts_session import probe
from spark_vtuber.avatar.vts_socket import open_socket
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.testing.avatars import avatar_rig
from spark_vtuber.testing.vts_server import FakeVTubeStudio, fake_studio, serving

pytestmark = pytest.mark.real

CLIENTS = Path(__file__).parent / "vts_clients"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[FakeVTubeStudio, int]]:
    async with fake_studio(SystemClock()) as fake, serving(fake) as port:
        yield fake, port


async def seen_by(*command: str) -> dict[str, Any]:
    """What a foreign client saw."""
    with anyio.fail_after(60):
        done = await anyio.run_process(command, check=False, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    seen: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return seen


@pytest.mark.needs("vtubestudio")
async def test_the_client_from_npm_is_served() -> None:
    async with served() as (fake, port):
        seen = await seen_by(*testbed.node(), str(CLIENTS / "npm_client.js"), str(port))

    assert seen["hasToken"]
    assert seen["state"]["currentSessionAuthenticated"]
    assert seen["statistics"]["connectedPlugins"] == 1
    assert seen["model"]["modelName"] == "Paper Fox"
    assert [model["modelName"] for model in seen["models"]["availableModels"]] == ["Paper Fox", "Lamp Owl"]
    assert {"MouthOpen", "VoiceA"} <= {one["name"] for one in seen["inputs"]["defaultParameters"]}
    assert [one["name"] for one in seen["hotkeys"]["availableHotkeys"]] == ["Smile", "Anger", "Shocked"]
    assert {one["file"]: one["active"] for one in seen["expressions"]["expressions"]}["Glasses.exp3.json"]
    assert seen["live2d"]["parameters"]
    assert seen["triggered"]["hotkeyName"] == "Shocked"
    assert seen["triggered"]["hotkeyID"] == seen["hotkey"]["hotkeyID"]
    assert seen["isMovedSubscribed"]
    assert (seen["mouth"], seen["own"]) == (0.5, -2)
    assert seen["moved"]["positionX"] == 0.25
    assert seen["loaded"] == "Lamp Owl"
    assert seen["test"]["yourTestMessage"] == "are you there"
    assert seen["errors"] == {
        "hotkey": 202,
        "inject": 453,
        "value": 451,
        "name": 354,
        "expression": 650,
        "cooldown": 153,
        "event": 100000,
    }
    assert fake.studio.models[0].expressions["EyesCry.exp3.json"]
    assert fake.studio.popups == 1


@pytest.mark.needs("pyvts")
async def test_the_client_from_pypi_is_served(tmp_path: Path) -> None:
    async with served() as (fake, port):
        script, folder = str(CLIENTS / "pyvts_client.py"), str(testbed.VTS_PYPI)
        seen = await seen_by(sys.executable, script, folder, str(port), str(tmp_path / "token"))

    assert seen["early"] == 8
    assert seen["isLetIn"]
    assert [one["name"] for one in seen["hotkeys"]["availableHotkeys"]] == ["Smile", "Anger", "Shocked"]
    assert "MouthSmile" in {one["name"] for one in seen["inputs"]["defaultParameters"]}
    assert seen["created"]["parameterName"] == "PyvtsInput"
    assert (seen["default"]["value"], seen["value"]["value"]) == (3, 7)
    assert seen["injected"]["type"] == "InjectParameterDataResponse"
    assert seen["moved"]["type"] == "MoveModelResponse"
    assert seen["pressed"]["type"] == "HotkeyTriggerResponse"
    assert seen["subscribed"]["subscribedEvents"] == ["TestEvent"]
    assert seen["event"]["messageType"] == "TestEvent"
    assert seen["event"]["data"]["yourTestMessage"] == "hello"
    assert seen["unsubscribed"]["subscribedEventCount"] == 0
    assert [seen[name]["errorID"] for name in ("wrong", "unknown", "strange")] == [453, 950, 7]
    assert seen["deleted"]["parameterName"] == "PyvtsInput"
    assert fake.studio.pressed == ["Smile"]


async def test_it_answers_what_is_no_request_as_the_real_one_does() -> None:
    async with served() as (_, port), connect(f"ws://127.0.0.1:{port}") as socket:
        envelope = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": "mine"}
        wrong = [
            "{",
            json.dumps(envelope | {"apiName": "Another"}),
            json.dumps(envelope | {"apiVersion": "2.0"}),
            json.dumps(envelope | {"requestID": "x" * 65}),
            json.dumps(envelope),
            json.dumps(envelope | {"messageType": "TeaRequest"}),
            json.dumps(envelope | {"messageType": "CurrentModelRequest"}),
        ]
        answers = []
        for text in wrong:
            await socket.send(text)
            answers.append(json.loads(await socket.recv()))

    assert [answer["data"]["errorID"] for answer in answers] == [2, 3, 4, 5, 6, 7, 8]
    assert [answer["requestID"] for answer in answers[4:]] == ["mine"] * 3


async def test_our_avatar_is_let_in_moves_its_mouth_and_comes_back_after_a_drop(tmp_path: Path) -> None:
    async with served() as (fake, port):

        def connect_to(_host: str, _port: int) -> Any:
            return open_socket("127.0.0.1", port)

        async with avatar_rig(tmp_path, clock=SystemClock(), connect=connect_to, studio=fake) as rig:
            await rig.connected()
            await rig.say(feeling="happy")
            await rig.until(lambda: any(one.values["MouthOpen"] > 0.9 for one in rig.studio.injections))
            await rig.until(lambda: "Smile.exp3.json" in rig.studio.active())
            fake.drop()
            await rig.until(lambda: "lost" in rig.states)
            await rig.until(lambda: rig.avatar.view.state == "connected" and fake.connections == 2)

            assert rig.states[:3] == ["connecting", "waiting", "connected"]
            assert rig.studio.popups == 1
            assert fake.most_in_flight == 1


async def test_nobody_at_the_port_is_lost_with_what_to_do() -> None:
    async with served() as (_, port):
        pass

    with pytest.raises(Lost) as caught:
        async with linked(lambda: open_socket("127.0.0.1", port), lambda _event: None) as link:
            await probe(link)

    assert "Start API" in caught.value.fix


@pytest.mark.parametrize("host", ["", "[::1", f"{'a' * 70}.example", "a\0b"])
async def test_a_name_that_no_host_can_have_is_nobody_there(host: str) -> None:
    with pytest.raises(Lost, match="there is no VTube Studio"):
        async with open_socket(host, 8001):
            pass


async def test_another_server_at_the_port_is_lost_with_what_to_do() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:

        async def answer(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                await stream.receive()
                await stream.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        tasks.start_soon(listener.serve, answer)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        with pytest.raises(Lost, match="no VTube Studio"):
            async with linked(lambda: open_socket("127.0.0.1", port), lambda _event: None):
                pass
        tasks.cancel_scope.cancel()
