"""The two WebSockets, driven without a server."""

import json
from collections.abc import Callable

import anyio
import pytest
from starlette.types import ASGIApp

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.testing.asgi import AsgiSocket, connect
from spark_vtuber.testing.desk import FakeDesk

Site = Callable[..., ASGIApp]


async def accepted(socket: AsgiSocket) -> None:
    assert (await socket.receive())["type"] == "websocket.accept"


async def test_events_are_one_json_object_a_frame(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/events", query="since=0") as socket:
        await accepted(socket)
        desk.log("turn.started", turn=TurnId("t1"), persona="main", seq="not this")
        event = json.loads(await socket.text())
        assert event.pop("at") > 0
        assert event == {"seq": 1, "type": "turn.started", "turn": "t1", "persona": "main"}
        desk.log("show.ok")
        assert "turn" not in json.loads(await socket.text())


async def test_a_gap_names_the_session(site: Site, desk: FakeDesk) -> None:
    desk.log("first")
    async with connect(site(), "/api/events", query="since=99") as socket:
        await accepted(socket)
        gap = json.loads(await socket.text())
        assert (gap["type"], gap["session"], gap["missed"]) == ("gap", desk.session, None)
        assert json.loads(await socket.text())["type"] == "first"


@pytest.mark.parametrize("since", ["", "x", "-1", "1.5", "9" * 16])
async def test_a_number_that_is_none_is_refused_before_the_socket_is_accepted(site: Site, since: str) -> None:
    async with connect(site(), "/api/events", query=f"since={since}") as socket:
        assert (await socket.receive())["status"] == 400
        assert json.loads((await socket.receive())["body"])["error"]["code"] == "bad_since"


async def test_frames_of_the_stage_pass_unchanged_and_in_order(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/stage") as socket:
        await accepted(socket)
        sound = b"\x01\x00\x00\x00" * 500
        for frame in ('{"type":"welcome"}', sound, '{"type":"ping"}'):
            desk.peers[0].outgoing.send_nowait(frame)
        assert await socket.text() == '{"type":"welcome"}'
        assert (await socket.receive())["bytes"] is sound
        assert await socket.text() == '{"type":"ping"}'


async def test_the_peer_gets_what_the_page_says_and_goes_when_it_leaves(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/stage") as socket:
        await accepted(socket)
        (peer,) = desk.peers
        socket.say('{"type":"hello"}')
        socket.leave()
        with pytest.raises(anyio.EndOfStream):
            await socket.receive()
    assert peer.received == ['{"type":"hello"}']
    assert desk.peers == []


async def test_a_page_that_leaves_while_a_frame_is_sent_is_no_error(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/stage") as socket:
        await accepted(socket)
        desk.peers[0].outgoing.send_nowait("late")
        socket.leave()
        with pytest.raises(anyio.EndOfStream):
            await socket.receive()
    assert desk.peers == []


async def test_a_page_that_fell_behind_is_closed_and_may_come_again(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/stage") as socket:
        await accepted(socket)
        desk.peers[0].outgoing.close()
        close = await socket.receive()
        assert (close["type"], close["code"]) == ("websocket.close", 1013)


@pytest.mark.parametrize("path", ["/api/events", "/api/stage"])
async def test_a_reader_that_takes_nothing_is_let_go(site: Site, desk: FakeDesk, path: str) -> None:
    async with connect(site(), path) as socket:
        await accepted(socket)
        await anyio.wait_all_tasks_blocked()
        socket.stall()
        desk.log("unread")
        for peer in desk.peers:
            peer.outgoing.send_nowait("unread")
        with anyio.fail_after(5.5), pytest.raises(anyio.EndOfStream):
            await socket.receive()
    assert desk.peers == []


@pytest.mark.parametrize(
    ("path", "frame", "close_code"),
    [
        ("/api/events", "{", 1007),
        ("/api/events", "[1]", 1007),
        ("/api/events", "[" * 20_000, 1007),
        ("/api/events", b"\x00", 1003),
        ("/api/events", "é" * 32_769, 1009),
        ("/api/stage", b"\x00", 1003),
        ("/api/stage", "x" * 65_537, 1009),
    ],
)
async def test_a_frame_that_cannot_be_understood_is_told_and_ends_the_socket(
    site: Site, desk: FakeDesk, path: str, frame: str | bytes, close_code: int
) -> None:
    async with connect(site(), path) as socket:
        await accepted(socket)
        received = [peer.received for peer in desk.peers]
        socket.say(frame)
        told = json.loads(await socket.text())
        assert (told["type"], told["error"]["code"]) == ("error", "protocol")
        close = await socket.receive()
        assert (close["type"], close["code"]) == ("websocket.close", close_code)
        assert len(close["reason"].encode()) <= 123
        assert all(frames == [] for frames in received)


async def test_a_broken_protocol_closes_with_its_reason_cut_to_fit(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/stage") as socket:
        await accepted(socket)
        desk.peers[0].failure = ProtocolError("ü" * 100)
        socket.say("{}")
        await socket.receive()
        assert (await socket.receive())["reason"] == "ü" * 61


async def test_a_watcher_may_say_json_objects(site: Site, desk: FakeDesk) -> None:
    async with connect(site(), "/api/events") as socket:
        await accepted(socket)
        socket.say('{"type":"future"}')
        await anyio.wait_all_tasks_blocked()
        desk.log("still.here")
        assert json.loads(await socket.text())["type"] == "still.here"
