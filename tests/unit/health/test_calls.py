import json
import logging
from collections.abc import AsyncIterator

import anyio
import httpx
import pytest

from spark_vtuber.core.alerts import Alert
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.calls import PER_WINDOW, WINDOW_S, Call, Caller, webhook
from spark_vtuber.testing.virtual import VirtualClock

LOG = logging.getLogger("test")


def alert(number: int = 1) -> Alert:
    return Alert(f"a{number}", "memory", "machine", "warning", "memory gets short", "", 0)


class Bell:
    def __init__(self, failure: Exception | None = None) -> None:
        self.texts: list[str] = []
        self.failure = failure

    async def __call__(self, alert: Alert, text: str) -> None:
        self.texts.append(text)
        if self.failure is not None:
            raise self.failure


async def delivered(caller: Caller) -> None:
    with anyio.move_on_after(30):
        await caller.run()


async def test_a_flood_of_alerts_becomes_a_few_calls() -> None:
    bell = Bell()
    caller = Caller(VirtualClock(), LOG, lambda: (bell,))
    for number in range(50):
        caller(alert(number))
    await delivered(caller)
    assert len(bell.texts) == PER_WINDOW
    await anyio.sleep(WINDOW_S)
    caller(alert())
    await delivered(caller)
    assert bell.texts[0].endswith("(and 44 more)")


async def test_a_call_that_fails_or_hangs_does_not_keep_the_next_from_being_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def never(_alert: Alert, _text: str) -> None:
        await anyio.sleep_forever()

    bell = Bell()
    calls: tuple[Call, ...] = (Bell(EngineError("webhook_failed", "it answered 500")), never, bell)
    caller = Caller(VirtualClock(), LOG, lambda: calls)
    caller(alert())
    await delivered(caller)
    assert bell.texts == ["Spark VTuber: memory gets short"]
    assert "it answered 500" in caplog.text
    assert "no answer in 10 s" in caplog.text


async def test_a_webhook_gets_what_chat_services_show() -> None:
    bodies: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(204)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await webhook(http, "http://hooks.test/x")(alert(), "Spark VTuber: memory gets short")
    (body,) = bodies
    assert body["text"] == body["content"] == "Spark VTuber: memory gets short"


@pytest.mark.parametrize("url", ["http://hooks.test/secret-path", "no url", "http://[bad"])
async def test_a_webhook_that_fails_never_tells_its_address(url: str) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "http://elsewhere.test/"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(EngineError) as failed:
            await webhook(http, url)(alert(), "text")
    assert "secret" not in failed.value.message


async def test_the_answer_of_a_webhook_is_not_read() -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(1)
            yield b"x" * 65_536
            await anyio.sleep(0.1)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))
    ) as http:
        with anyio.fail_after(1):
            await webhook(http, "https://example.org/hook")(alert(), "text")
    assert len(sent) < 3
