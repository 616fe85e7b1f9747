"""The fake OBS behind a real socket: our client, the watch's client, and a client of somebody else."""

import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import websockets
from click.testing import Result
from typer.testing import CliRunner
from websockets.asyncio.client import connect

from spark_vtuber.cli.main import app
from spark_vtuber.cli.safety_scene import switch_scene
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.obs.port import Address, Remote
from spark_vtuber.obs.simple import open_remote
from spark_vtuber.testing.contracts.obs import PROMISES, Events, Promise, Trial
from spark_vtuber.testing.live import until
from spark_vtuber.testing.obs_fake import FakeObs, fake_obs
from spark_vtuber.testing.obs_server import JSON, serve_obs

pytestmark = pytest.mark.real

PASSWORD = "hunter2"


@asynccontextmanager
async def served(password: str = PASSWORD) -> AsyncIterator[tuple[FakeObs, Address]]:
    async with fake_obs(password=password) as obs, serve_obs(obs) as address:
        yield obs, address


@asynccontextmanager
async def connected(address: Address, events: Events, call_s: float = 3.0) -> AsyncIterator[Remote]:
    async with open_remote(address, events.tell, call_s) as remote, anyio.create_task_group() as tasks:
        tasks.start_soon(remote.run)
        yield remote
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
async def test_the_fake_keeps_its_promises_over_a_socket(promise: Promise) -> None:
    events = Events()
    async with served() as (_, address), connected(address, events) as remote:
        await promise(Trial(open_remote, address, remote, events))


async def test_a_foreign_client_works_with_the_fake() -> None:
    """obsws-python speaks JSON and blocks; it writes passwords to its log at INFO."""
    logging.getLogger("obsws_python").setLevel(logging.WARNING)
    import obsws_python

    seen: list[str] = []

    def on_current_program_scene_changed(data: Any) -> None:
        seen.append(data.scene_name)

    def work(port: int) -> tuple[str, list[str], str, int]:
        with obsws_python.ReqClient(host="127.0.0.1", port=port, password=PASSWORD, timeout=3) as client:
            listener = obsws_python.EventClient(host="127.0.0.1", port=port, password=PASSWORD, timeout=3)
            listener.callback.register(on_current_program_scene_changed)
            version = client.get_version().obs_version
            client.create_scene("Live")
            client.create_input("Live", "Captions", "text_ft2_source_v2", {"text": "a"}, True)
            client.set_input_settings("Captions", {"text": "b"}, True)
            client.set_current_program_scene("Live")
            text = client.get_input_settings("Captions").input_settings["text"]
            names = [scene["sceneName"] for scene in client.get_scene_list().scenes]
            end_s = time.monotonic() + 5
            while not seen and time.monotonic() < end_s:
                time.sleep(0.01)
            try:
                client.set_current_program_scene("Nowhere")
            except obsws_python.error.OBSSDKRequestError as error:
                code = error.code
            else:
                code = 0
            listener.disconnect()
            return version, names, text, code

    async with served() as (_, address):
        version, names, text, code = await anyio.to_thread.run_sync(work, address.port)
    assert (version, names, text, code) == ("29.0.2", ["Live", "Scene"], "b", 600)
    assert seen == ["Live"]


async def command(address: Address, *words: str, password: str = PASSWORD) -> Result:
    """A command of the command line, in a thread of its own."""
    environment = {"SPARK_SECRET_OBS": password, "SPARK_OBS__PASSWORD": "secret:obs"}
    environment |= {"SPARK_OBS__PORT": str(address.port), "SPARK_OBS__SAFETY_SCENE": "Safety"}
    return await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, ["obs", *words], env=environment))


async def test_the_command_line_shows_obs_and_changes_its_scene() -> None:
    async with served() as (obs, address):
        obs.scenes["Live"] = []
        status = await command(address, "status")
        assert (status.exit_code, status.stdout) == (0, "")
        assert 'on air: "Scene"' in status.stderr
        assert 'missing the safety scene "Safety"' in status.stderr
        assert (await command(address, "scenes")).stdout == "* Scene\n  Live\n"
        assert (await command(address, "scene", "Live")).exit_code == 0
        await until(lambda: obs.program == "Live")
        told = json.loads((await command(address, "status", "--json")).stdout)
        assert (told["scene"], told["scenes"], told["streaming"]) == ("Live", ["Scene", "Live"], False)
        assert told["stats"]["fps"] == 30.0


async def test_the_command_line_says_what_is_wrong_and_what_helps() -> None:
    async with served() as (_, address):
        unknown = await command(address, "scene", "Nowhere")
        refused = await command(address, "status", password="guess")
    away = await command(address, "scenes")
    assert (unknown.exit_code, refused.exit_code, away.exit_code) == (1, 1, 1)
    assert "obs scenes lists them" in unknown.stderr
    assert "does not accept the password" in refused.stderr
    assert "does not listen" in away.stderr
    assert all(told.stderr.count("fix:") == 1 for told in (unknown, refused, away))
    assert "guess" not in refused.stderr


async def test_the_watch_s_client_works_with_the_fake() -> None:
    async with served() as (obs, address):
        obs.scenes["Safety"] = []
        await anyio.to_thread.run_sync(switch_scene, "127.0.0.1", address.port, PASSWORD, "Safety", 3.0)
        await until(lambda: obs.program == "Safety")
        with pytest.raises(SparkError) as caught:
            await anyio.to_thread.run_sync(switch_scene, "127.0.0.1", address.port, "guess", "Safety", 3.0)
    assert caught.value.code == "obs_wrong_password"


async def test_the_watch_s_client_waits_no_longer_than_it_may() -> None:
    async with served() as (obs, address):
        obs.is_deaf = True
        began_s = time.monotonic()
        with pytest.raises(SparkError) as caught:
            await anyio.to_thread.run_sync(switch_scene, "127.0.0.1", address.port, PASSWORD, "Scene", 0.2)
    assert caught.value.code == "obs_timeout"
    assert time.monotonic() - began_s < 1.0


async def test_an_obs_that_does_not_answer_costs_no_more_than_the_time_for_an_answer() -> None:
    async with served() as (obs, address), connected(address, Events(), call_s=0.2) as remote:
        obs.is_deaf = True
        began_s = time.monotonic()
        with pytest.raises(EngineError) as caught:
            await remote.call("GetStats")
        assert caught.value.code == "obs_timeout"
        obs.is_deaf = False
        await remote.call("GetStats")
    assert time.monotonic() - began_s < 2.0


async def test_a_call_ends_with_the_connection_it_was_made_on() -> None:
    async with served() as (obs, address), open_remote(address, Events().tell) as remote:
        obs.is_deaf = True
        codes: list[str] = []

        async def ask() -> None:
            try:
                await remote.call("GetStats")
            except EngineError as error:
                codes.append(error.code)

        with anyio.fail_after(2.0):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(remote.run)
                tasks.start_soon(ask)
                await anyio.sleep(0.1)
                obs.drop()
        await ask()
    assert codes == ["obs_lost", "obs_lost"]


@pytest.mark.parametrize("garbage", [b"\xc1\xff", b"\x93\x01\x02\x03", b"\x81\xa2op\x07", b"\x00" * 100])
async def test_a_server_that_speaks_something_else_is_left(garbage: bytes) -> None:
    async def attend(socket: Any) -> None:
        await socket.send(garbage)
        await socket.wait_closed()

    async with websockets.serve(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(EngineError) as caught:
            async with open_remote(Address("127.0.0.1", port), Events().tell, 0.3):
                pass
    assert caught.value.code in ("obs_unreachable", "obs_timeout")


@pytest.mark.parametrize("host", ["", "[::1", f"{'a' * 70}.example", "a\0b"])
async def test_a_name_that_no_host_can_have_is_nobody_there(host: str) -> None:
    with pytest.raises(EngineError, match="OBS does not listen at"):
        async with open_remote(Address(host, 4455), Events().tell):
            pass


NOT_THE_PROTOCOL = [
    ("nonsense", 4002),
    ('{"op": 6, "d": {}}', 4007),
    ('{"op": 1, "d": {}}', 4003),
    ('{"op": 1, "d": {"rpcVersion": 2}}', 4010),
]


@pytest.mark.parametrize(("message", "code"), NOT_THE_PROTOCOL)
async def test_the_fake_closes_as_the_protocol_says(message: str, code: int) -> None:
    async with served("") as (_, address), connect(f"ws://{address}", subprotocols=[JSON]) as client:
        await client.recv()
        await client.send(message)
        await client.wait_closed()
        assert client.close_code == code


async def test_no_password_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as (_, address), connected(address, Events()) as remote:
        await remote.call("GetStats")
    async with served() as (_, address):
        wrong = Address("127.0.0.1", address.port)
        with pytest.raises(EngineError):
            async with open_remote(wrong, Events().tell):
                pass
    assert PASSWORD not in caplog.text
    assert "authentication" not in caplog.text
    assert PASSWORD not in repr(address)
