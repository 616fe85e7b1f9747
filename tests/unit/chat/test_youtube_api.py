import gzip
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.chat import youtube_api
from spark_vtuber.chat.youtube_api import YouTube
from spark_vtuber.chat.youtube_quota import Quota
from spark_vtuber.core.errors import EngineError
from spark_vtuber.testing.virtual import VirtualClock

URL = "https://youtube.example.com/youtube/v3"


def youtube(answer: Callable[[httpx.Request], Any], quota: Quota | None = None) -> YouTube:
    clock = VirtualClock()
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return YouTube(http, URL, "hush-key", quota or Quota(10_000, 4.0, clock.unix_ms), clock.unix_ms)


async def refusal(answer: Callable[[httpx.Request], Any], quota: Quota | None = None) -> EngineError:
    with pytest.raises(EngineError) as raised:
        await youtube(answer, quota).page("chat", "")
    assert "hush-key" not in f"{raised.value} {raised.value.fix}"
    return raised.value


def said(status: int, reason: str, message: str = "no") -> Callable[[httpx.Request], httpx.Response]:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}
    return lambda _: httpx.Response(status, json=body)


async def test_the_key_goes_in_a_header_and_never_in_an_address() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"items": [], "nextPageToken": "next"})

    page = await youtube(answer).page("chat", "before")
    assert (page.token, dict(asked[0].url.params)["pageToken"]) == ("next", "before")
    assert asked[0].headers["X-Goog-Api-Key"] == "hush-key"
    assert "hush-key" not in str(asked[0].url)


REFUSALS: list[tuple[Callable[[httpx.Request], httpx.Response], str, bool]] = [
    (said(403, "quotaExceeded"), "quota_exceeded", True),
    (said(403, "rateLimitExceeded"), "rate_limited", True),
    (said(429, "whatever"), "rate_limited", True),
    (said(500, "backendError"), "server_error", True),
    (said(403, "liveChatEnded"), "chat_ended", False),
    (said(404, "liveChatNotFound"), "chat_ended", False),
    (said(403, "liveChatDisabled"), "chat_disabled", False),
    (said(400, "badRequest", "API key not valid. Please pass a valid API key."), "bad_key", False),
    (said(403, "accessNotConfigured"), "not_enabled", False),
    (said(400, "pageTokenInvalid"), "bad_page", True),
    (said(401, "authError"), "bad_token", False),
    (said(404, "notFound"), "not_found", False),
    (said(403, "forbidden"), "refused", False),
    (lambda _: httpx.Response(502, text="<html>"), "server_error", True),
    (lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example.com"}), "refused", False),
    (lambda _: httpx.Response(200, text="<html>"), "bad_answer", True),
    (lambda _: httpx.Response(200, json=[1]), "bad_answer", True),
    (lambda _: httpx.Response(200, json={"items": 3}), "bad_answer", True),
    (lambda _: httpx.Response(200, content=b"[" * 100_000), "bad_answer", True),
]


@pytest.mark.parametrize(
    ("answer", "code", "is_retryable"), REFUSALS, ids=[f"{number}-{one[1]}" for number, one in enumerate(REFUSALS)]
)
async def test_every_refusal_has_its_code(
    answer: Callable[[httpx.Request], httpx.Response], code: str, is_retryable: bool
) -> None:
    error = await refusal(answer)
    assert (error.code, error.retryable) == (code, is_retryable)


async def test_nobody_at_the_address_is_unreachable() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    assert (await refusal(answer)).code == "unreachable"


async def test_a_server_that_never_answers_is_given_up_after_fifteen_seconds() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    began_s = anyio.current_time()
    assert (await refusal(answer)).code == "unreachable"
    assert anyio.current_time() - began_s == pytest.approx(15)


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(youtube_api, "LARGEST_BYTES", 1_000)

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 100

    assert (await refusal(lambda _: httpx.Response(200, content=pieces()))).code == "bad_answer"


async def test_what_is_refused_costs_one_unit_and_what_is_answered_its_price() -> None:
    quota = Quota(10_000, 4.0, VirtualClock().unix_ms)
    await refusal(said(500, "backendError"), quota)
    assert quota.spent == 1
    await youtube(lambda _: httpx.Response(200, json={"items": []}), quota).page("chat", "")
    assert quota.spent == 6


async def test_without_units_nobody_is_asked() -> None:
    quota = Quota(100, 4.0, VirtualClock().unix_ms)
    quota.spend(98)

    def answer(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    assert (await refusal(answer, quota)).code == "quota_exceeded"


async def streamed(*pieces: bytes, headers: dict[str, str] | None = None) -> list[str]:
    async def content() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    found = youtube(lambda _: httpx.Response(200, content=content(), headers=headers)).stream("chat", "")
    return [page.token async for page in found]


async def test_pages_of_a_stream_come_one_by_one_in_any_split() -> None:
    whole = b'[{"items": [], "nextPageToken": "a"}\n,\n{"items": [], "nextPageToken": "b"}\n]'
    assert await streamed(whole) == ["a", "b"]
    assert await streamed(*(whole[at : at + 1] for at in range(len(whole)))) == ["a", "b"]
    assert await streamed(gzip.compress(whole), headers={"Content-Encoding": "gzip"}) == ["a", "b"]


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ((b"<html>",), "bad_answer"),
        ((b'[{"items": 5}',), "bad_answer"),
        ((b'{"items": []', b"}}"), "bad_answer"),
        (
            (b"[", json.dumps({"error": {"code": 403, "errors": [{"reason": "liveChatEnded"}]}}).encode()),
            "chat_ended",
        ),
    ],
)
async def test_a_stream_that_goes_wrong_has_its_code(pieces: tuple[bytes, ...], code: str) -> None:
    with pytest.raises(EngineError) as raised:
        await streamed(*pieces)
    assert raised.value.code == code
