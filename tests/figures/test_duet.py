"""The gap between two voices of a duet, with real processes and a model of ordinary speed; the best of three counts."""

import itertools
import json
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import ClientConnection, connect

from spark_vtuber.testing.live import live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = pytest.mark.figures

ROUNDS = 3
LIMIT_MS = 300.0
MODEL = Script("I think tea wins, and you know it well. Coffee only shouts, while tea listens to people.", ttft_ms=300)
PAIR = """
[persona.main]
card = "main"
[persona.twin]
card = "ember"
"""


async def gaps_ms() -> list[float]:
    """What lies between the last sound of each turn of a duet and the first of the next one."""
    async with serve(MODEL) as server, live_show(model_config(server.base_url) + PAIR) as show:
        async with connect(f"ws://127.0.0.1:{show.port}/api/events", max_size=None) as events:
            begun = await show.http.post("/api/duet", json={"topic": "tea or coffee", "exchanges": 2})
            assert begun.status_code == 202
            started = await _started(events)
        marks = {turn["id"]: turn["marks"] for turn in await show.turns()}
    heard = sorted(
        (at_ms + marks[turn]["first_played"], at_ms + marks[turn]["last_played"])
        for turn, at_ms in started.items()
        if "last_played" in marks.get(turn, {})
    )
    assert len(heard) == 4
    return [after[0] - before[1] for before, after in itertools.pairwise(heard)]


async def _started(events: ClientConnection) -> dict[str, float]:
    """When each turn of the duet began, in unix ms, once it is over."""
    started: dict[str, float] = {}
    with anyio.fail_after(90):
        async for message in events:
            event: dict[str, Any] = json.loads(message)
            if event["type"] == "turn.started":
                started[event["turn"]] = event["at"]
            if event["type"] == "duet.ended":
                return started
    raise AssertionError("the events ended before the duet")


async def test_the_second_voice_begins_where_the_first_ends(capsys: pytest.CaptureFixture[str]) -> None:
    found: list[str] = []
    for _ in range(ROUNDS):
        gaps = await gaps_ms()
        told = ", ".join(f"{gap:.0f}" for gap in gaps)
        with capsys.disabled():
            print(f"\ngaps of a duet: {told} ms; the floor is {MODEL.ttft_ms:.0f} ms, the model's first token alone")
        if max(gaps) < LIMIT_MS:
            return
        found.append(told)
    pytest.fail(f"gaps beyond {LIMIT_MS:.0f} ms: {'; '.join(found)}")
