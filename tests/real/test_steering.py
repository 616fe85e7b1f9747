"""Steering on a running show over real sockets, and emotes from a server that does not behave."""

import gzip
import json
import logging
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from websockets.asyncio.client import connect

from spark_vtuber.app import emotes as emotes_module
from spark_vtuber.app.emotes import MAX_BYTES, EmoteCache
from spark_vtuber.app.keepsake import FileKeepsake
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.steering import Picture
from spark_vtuber.testing.cdn import GIF, PNG, WEBP, FakeCdn, picture, serving_pictures
from spark_vtuber.testing.live import LiveShow, live_show, until

pytestmark = pytest.mark.real

CONFIG = """
[llm]
use = "understudy"
[idle]
after_s = 1
[inbox]
viewer_per_s = 1000.0
viewer_burst = 1000
duplicate_s = 0.0
[presets.cosy]
title = "Cosy"
energy = 0.2
"""


class Clock(SystemClock):
    """A clock that can be put forward."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class Emotes:
    """A cache over a scripted server."""

    def __init__(self, cdn: FakeCdn, http: httpx.AsyncClient, folder: Path, room_bytes: int = 10_000_000) -> None:
        self.cdn = cdn
        self.clock = Clock()
        self.cache = EmoteCache(http, cdn.base, folder, self.clock, room_bytes)

    async def get(self, emote: str = "25") -> Picture:
        return await self.cache.picture("twitch", emote)

    async def refusal(self, emote: str = "25", source: str = "twitch") -> str:
        with pytest.raises(SparkError) as refused:
            await self.cache.picture(source, emote)
        return refused.value.code


@asynccontextmanager
async def emotes(folder: Path, room_bytes: int = 10_000_000) -> AsyncIterator[Emotes]:
    async with serving_pictures() as cdn, httpx.AsyncClient(trust_env=False) as http:
        yield Emotes(cdn, http, folder / "emotes", room_bytes)


async def test_a_picture_is_fetched_once_and_kept_over_a_restart(tmp_path: Path) -> None:
    async with emotes(tmp_path) as first:
        first.cdn.answers["25"] = picture(PNG)
        assert await first.get() == await first.get() == Picture(PNG, "image/png")
        assert first.cdn.asked == ["25"]
    async with emotes(tmp_path) as second:
        assert await second.get() == Picture(PNG, "image/png")
        assert second.cdn.asked == []


async def test_many_who_ask_at_once_are_one_request(tmp_path: Path) -> None:
    async with emotes(tmp_path) as one:
        one.cdn.answers["25"] = picture(GIF, "image/gif")
        one.cdn.delay_s = 0.1
        got: list[Picture] = []

        async def ask() -> None:
            got.append(await one.get())

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(ask)
        assert got == [Picture(GIF, "image/gif")] * 50
        assert one.cdn.asked == ["25"]


async def test_who_waits_for_a_picture_gets_it_though_the_first_one_left(tmp_path: Path) -> None:
    async with emotes(tmp_path) as one:
        one.cdn.answers["25"] = picture(PNG)
        one.cdn.delay_s = 0.1
        got: list[Picture] = []

        async def ask() -> None:
            got.append(await one.get())

        async with anyio.create_task_group() as tasks:
            first = anyio.CancelScope()

            async def ask_and_leave() -> None:
                with first:
                    await one.get()

            tasks.start_soon(ask_and_leave)
            await until(lambda: one.cdn.asked == ["25"])
            tasks.start_soon(ask)
            await anyio.lowlevel.checkpoint()
            first.cancel()
        assert got == [Picture(PNG, "image/png")]


@pytest.mark.parametrize("emote", ["../25", "25/..", "%2e", "", "a" * 33, "emotesv2_XYZ", "25\n", "٢٥", "1" * 13])
async def test_what_is_no_id_is_never_asked_for(tmp_path: Path, emote: str) -> None:
    async with emotes(tmp_path) as one:
        assert await one.refusal(emote) == "bad_emote"
        assert await one.refusal("25", "page") == "no_emotes"
        assert one.cdn.asked == []


async def test_new_ids_and_modified_emotes_are_known(tmp_path: Path) -> None:
    async with emotes(tmp_path) as one:
        for name in ("emotesv2_" + "a1" * 16, "25_BW"):
            one.cdn.answers[name] = picture(WEBP, "image/webp")
            assert (await one.get(name)).type == "image/webp"


async def test_a_picture_that_is_not_there_is_not_asked_for_again_soon(tmp_path: Path) -> None:
    async with emotes(tmp_path) as one:
        assert [await one.refusal() for _ in range(3)] == ["emote_gone"] * 3
        assert one.cdn.asked == ["25"]
        one.clock.ahead_s = emotes_module.GONE_S + 1
        one.cdn.answers["25"] = picture(PNG)
        assert (await one.get()).type == "image/png"


HOSTILE = {
    "a redirect": b"HTTP/1.1 302 Found\r\nlocation: {base}/26/default/dark/2.0\r\ncontent-length: 0\r\n\r\n",
    "a page": picture(b"<html><script>alert(1)</script></html>", "image/png"),
    "an svg": picture(b"<svg onload='alert(1)'/>", "image/svg+xml"),
    "too much": picture(PNG + bytes(MAX_BYTES)),
    "too much without a length": b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + PNG + bytes(MAX_BYTES + 1),
    "a coding": picture(gzip.compress(PNG + bytes(10_000_000)), "image/png", "200 OK", "content-encoding: gzip"),
    "nothing": picture(b""),
    "no http": b"\x00\xff nonsense\r\n\r\n",
    "half a picture": b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + PNG,
    "an error": picture(PNG, "image/png", "500 Internal Server Error"),
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
async def test_what_is_no_small_picture_is_refused_and_not_kept(tmp_path: Path, answer: bytes) -> None:
    async with emotes(tmp_path) as one:
        one.cdn.answers = {"25": answer.replace(b"{base}", one.cdn.base.encode()), "26": picture(PNG)}
        assert [await one.refusal() for _ in range(2)] == ["emote_failed"] * 2
        assert one.cdn.asked == ["25"]
        assert list((tmp_path / "emotes").iterdir()) == []
        one.clock.ahead_s = emotes_module.FAILED_S + 1
        one.cdn.answers["25"] = picture(PNG)
        assert (await one.get()).data == PNG


async def test_a_server_that_stalls_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emotes_module, "FETCH_S", 0.2)
    async with emotes(tmp_path) as one:
        one.cdn.answers["25"] = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + PNG
        one.cdn.linger_s = 30
        with anyio.fail_after(5):
            assert await one.refusal() == "emote_failed"


async def test_no_compressed_answer_is_asked_for(tmp_path: Path) -> None:
    async with emotes(tmp_path) as one:
        one.cdn.answers["25"] = picture(PNG)
        await one.get()
        assert "accept-encoding: identity" in one.cdn.heads[0].lower()


async def test_the_oldest_pictures_leave_when_the_room_is_used_up(tmp_path: Path) -> None:
    async with emotes(tmp_path, room_bytes=3 * len(PNG)) as one:
        for number in range(5):
            one.cdn.answers[str(number)] = picture(PNG)
            await one.get(str(number))
            await one.get("0")
        kept = {path.stem for path in (tmp_path / "emotes").iterdir()}
        assert kept == {"0", "3", "4"}
        await one.get("1")
        assert one.cdn.asked[-1] == "1"


async def test_what_was_dropped_beside_the_pictures_is_not_shown(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "emotes", tmp_path / "elsewhere.png"
    folder.mkdir()
    elsewhere.write_bytes(PNG + b"private")
    (folder / "25.png").symlink_to(elsewhere)
    (folder / "26.png").write_bytes(PNG + bytes(MAX_BYTES))
    (folder / "27.png").mkdir()
    async with emotes(tmp_path, room_bytes=len(PNG)) as one:
        for emote in ("25", "26", "27", "28"):
            one.cdn.answers[emote] = picture(PNG)
            assert (await one.get(emote)).data == PNG
        assert one.cdn.asked == ["25", "26", "27", "28"]
    assert elsewhere.read_bytes() == PNG + b"private"


async def test_a_damaged_picture_on_disk_is_fetched_again(tmp_path: Path) -> None:
    async with emotes(tmp_path) as one:
        one.cdn.answers["25"] = picture(PNG)
        await one.get()
        (tmp_path / "emotes" / "25.png").write_bytes(b"rubbish")
        assert (await one.get()).data == PNG


async def test_a_keepsake_is_written_whole_and_read_again(tmp_path: Path) -> None:
    keepsake = FileKeepsake(tmp_path / "kept.json", logging.getLogger("test"))
    assert keepsake.read() is None
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(keepsake.write, {"number": number, "text": "ü"})
    assert keepsake.read()["text"] == "ü"
    assert not (tmp_path / "kept.json.new").exists()
    assert sys.platform == "win32" or stat.S_IMODE((tmp_path / "kept.json").stat().st_mode) == 0o600


async def test_a_damaged_keepsake_is_no_value_and_a_disk_that_refuses_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("{half", encoding="utf-8")
    assert FileKeepsake(path, logging.getLogger("test")).read() is None
    await FileKeepsake(tmp_path / "no folder" / "kept.json", logging.getLogger("test")).write(1)
    assert len(caplog.records) == 2


class Watcher:
    """Somebody who follows the events of a show."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


@asynccontextmanager
async def watching(show: LiveShow) -> AsyncIterator[Watcher]:
    watcher = Watcher()

    async def follow() -> None:
        async for frame in socket:
            watcher.events.append(json.loads(frame))

    async with connect(f"ws://127.0.0.1:{show.port}/api/events") as socket, anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        yield watcher
        tasks.cancel_scope.cancel()


async def post(show: LiveShow, path: str, **body: Any) -> Any:
    answer = await show.http.post(path, json=body)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


async def get(show: LiveShow, path: str) -> Any:
    answer = await show.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def state(show: LiveShow, line: str) -> str:
    lines = (await get(show, "/api/lines"))["lines"]
    return next((one["state"] for one in lines if one["id"] == line), "unknown")


async def test_a_show_is_steered_by_hand_and_remembers_it(tmp_path: Path) -> None:
    async with live_show(CONFIG, data_dir=tmp_path) as show, watching(show) as watcher:
        async with show.listening() as listener:
            assert await post(show, "/api/hold", on=True) == {"hold": True}
            held_line = await show.write("ana", "hello there spark")
            await until(lambda: any(event["complete"] for event in watcher.of("turn.held")))
            (held,) = (await get(show, "/api/queue"))["held"]
            assert held["text"]
            assert held["complete"]
            assert (await get(show, "/api/status"))["hold"]
            assert listener.sounds == []
            assert listener.captions() == ""
            assert await state(show, held_line) == "chosen"

            waiting = await show.write("ben", "and what about me?")
            await until(lambda: any(event["id"] == waiting for event in watcher.of("chat.received")))
            assert [one["id"] for one in (await get(show, "/api/queue"))["next"]] == [waiting]
            assert await post(show, "/api/queue/drop", id=waiting) == {"dropped": waiting}

            assert await post(show, "/api/approve", turn=held["turn"]) == {"approved": True}
            await until(lambda: len(watcher.of("turn.ended")) == 1)
            assert listener.sounds
            assert watcher.of("turn.ended")[0]["record"]["heard"]
            assert await state(show, held_line) == "answered"

            await post(show, "/api/hold", on=False)
            assert await post(show, "/api/answer", id=waiting) == {"queued": True}
            await until(lambda: len(watcher.of("turn.ended")) == 2)

        assert (await post(show, "/api/say", text="Now something completely different."))["id"]
        await until(lambda: len(watcher.of("turn.ended")) == 3)
        assert watcher.of("turn.ended")[2]["record"]["heard"] == "Now something completely different."
        told = [event["text"] for event in watcher.of("heard") if event["turn"] == watcher.of("turn.ended")[2]["turn"]]
        assert told[0].startswith("Now")
        assert "Now something completely different.".startswith(told[-1])

        viewer = (await post(show, "/api/ignore", id=waiting))["viewer"]
        ignored = await show.write("ben", "hello again")
        await until(lambda: any(event["id"] == ignored for event in watcher.of("chat.dropped")))
        assert [event["name"] for event in watcher.of("ignored")] == ["ben"]
        await post(show, "/api/persona", preset="cosy", talkativeness=0.9)

    async with live_show(CONFIG, data_dir=tmp_path) as show, show.listening(), watching(show) as watcher:
        assert [one["key"] for one in await get(show, "/api/ignored")] == [viewer["key"]]
        (spark,) = await get(show, "/api/personas")
        assert (spark["energy"], spark["talkativeness"], spark["idle_talk"]) == (0.2, 0.9, True)
        assert next(one for one in await get(show, "/api/presets") if one["name"] == "cosy")["own"]
        await until(lambda: any(event["record"]["cue"]["kind"] == "idle" for event in watcher.of("turn.ended")))
        assert await post(show, "/api/unignore", key=viewer["key"]) == {"removed": True}
