"""The endpoints of the YouTube Data API that a live chat needs, over one HTTP client; every unit is counted.

Codes of the errors raised here:

* `unreachable`, `server_error`, `rate_limited` (retryable): nobody answers, HTTP 5xx, asked too fast;
* `quota_exceeded` (retryable): nothing of the day's units is left;
* `chat_ended`, `chat_disabled`: there is nothing to read any more, or nobody may chat;
* `bad_key`, `not_enabled`: the key is none, or its project may not use the API;
* `bad_token`: the account's token is not good (any more);
* `bad_page`: the place where the reading stopped is not known any more;
* `not_found`, `refused`: everything else that is an error;
* `bad_answer` (retryable): an answer that is none.
"""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final, assert_never
from urllib.parse import urlsplit

import anyio
import httpx

from spark_vtuber.chat import youtube_protocol as protocol
from spark_vtuber.chat.json_objects import ObjectReader
from spark_vtuber.chat.youtube_address import Channel, Handle, User
from spark_vtuber.chat.youtube_protocol import Broadcast, Json, Page, Refusal
from spark_vtuber.chat.youtube_quota import INSERT, LIST, LOOK, SEARCH, STREAM, Quota
from spark_vtuber.core.errors import EngineError, ProtocolError

ANSWER_S: Final = 15.0
"""Longest wait for a whole answer, and for the beginning of a stream."""

SILENCE_S: Final = 300.0
"""A stream that brings nothing for so long may be dead; a new one costs as much as one page."""

CLOCK_S: Final = 5.0
"""Clocks that differ by less count as equal: an answer takes its time, and its date has whole seconds."""

PARTS: Final = "id,snippet,authorDetails"
MOST_MESSAGES: Final = 2_000
RECENT: Final = 10
"""Newest videos of a channel among which the live one is looked for."""

LARGEST_BYTES: Final = 16 << 20

_HOW_TO_GET_A_KEY: Final = "make a key in the Google Cloud console, and run: spark-vtuber secrets set youtube"


class YouTube:
    """Asks the API at `api_url` (`https://www.googleapis.com/youtube/v3`) with a key that stays in a header."""

    def __init__(
        self, http: httpx.AsyncClient, api_url: str, key: str, quota: Quota, unix_ms: Callable[[], int]
    ) -> None:
        """`unix_ms` is the time of this machine."""
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._host = urlsplit(api_url).netloc
        self._headers = {"X-Goog-Api-Key": key, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._quota = quota
        self._unix_ms = unix_ms
        self.ahead_ms = 0
        """How far this machine's clock is ahead of YouTube's; small differences are none."""

    async def broadcasts(self, *videos: str) -> tuple[Broadcast, ...]:
        """What is known of these videos, in the order of YouTube; one that is private or gone is left out. 1 unit."""
        if not videos:
            return ()
        query = {"part": "snippet,liveStreamingDetails", "id": ",".join(videos)}
        return protocol.read_broadcasts(await self._get("/videos", query, LOOK))

    async def channel(self, name: Channel | Handle | User) -> Channel | None:
        """The channel with this name; None where there is none. 1 unit."""
        match name:
            case Channel():
                query = {"id": name.id}
            case Handle():
                query = {"forHandle": f"@{name.name}"}
            case User():
                query = {"forUsername": name.name}
            case _:
                assert_never(name)
        ids = protocol.read_ids(await self._get("/channels", {"part": "id", **query}, LOOK), "id")
        return Channel(ids[0]) if ids else None

    async def recent(self, channel: Channel) -> tuple[str, ...]:
        """The newest public videos of a channel, live ones included. 1 unit."""
        query = {"part": "contentDetails", "playlistId": channel.uploads, "maxResults": str(RECENT)}
        return protocol.read_ids(await self._get("/playlistItems", query, LOOK), "contentDetails", "videoId")

    async def search(self, channel: Channel) -> tuple[str, ...]:
        """The live videos of a channel, by the search. 100 units."""
        query = {"part": "id", "channelId": channel.id, "eventType": "live", "type": "video"}
        return protocol.read_ids(await self._get("/search", query, SEARCH), "id", "videoId")

    async def page(self, chat: str, token: str) -> Page:
        """The messages after `token`; with an empty one what the chat still remembers. 5 units."""
        query = {"liveChatId": chat, "part": PARTS, "maxResults": str(MOST_MESSAGES)}
        if token:
            query["pageToken"] = token
        return _page(await self._get("/liveChat/messages", query, LIST))

    async def stream(self, chat: str, token: str) -> AsyncGenerator[Page, None]:
        """The messages after `token`, as they are written, until the server ends the stream. 5 units.

        Closing the generator closes the connection.
        """
        query = {"liveChatId": chat, "part": PARTS}
        if token:
            query["pageToken"] = token
        reader = ObjectReader()
        async with self._answer("GET", "/liveChat/messages/stream", STREAM, query) as response:
            chunks = response.aiter_bytes()
            while True:
                with anyio.move_on_after(SILENCE_S) as patience:
                    chunk = await anext(chunks, None)
                if patience.cancelled_caught or chunk is None:
                    return
                try:
                    for answer in reader.feed(chunk):
                        self._refuse_errors(answer)
                        yield _page(answer)
                except ProtocolError as error:
                    raise _senseless(error) from error

    async def insert(self, chat: str, text: str, access: str) -> str:
        """Write a line with the account whose token is `access`; gives the id of the message. 20 units."""
        message = {"liveChatId": chat, "type": "textMessageEvent", "textMessageDetails": {"messageText": text}}
        body = json.dumps({"snippet": message}).encode()
        async with self._answer("POST", "/liveChat/messages", INSERT, {"part": "snippet"}, body, access) as response:
            return protocol.text((await self._whole(response)).get("id"))

    async def _get(self, path: str, query: Mapping[str, str], units: int) -> Json:
        async with self._answer("GET", path, units, query) as response:
            return await self._whole(response)

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        units: int,
        query: Mapping[str, str],
        body: bytes | None = None,
        access: str = "",
    ) -> AsyncGenerator[httpx.Response, None]:
        """An answer with status 200 that is still to be read."""
        if not self._quota.allows(units):
            raise _exhausted("today's units are spent")
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if access:
            headers["Authorization"] = f"Bearer {access}"
        timeout = httpx.Timeout(ANSWER_S, read=None)
        request = self._http.build_request(
            method, self._api_url + path, params=query, content=body, headers=headers, timeout=timeout
        )
        try:
            with anyio.fail_after(ANSWER_S):
                response = await self._http.send(request, stream=True)
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._unreachable(error) from error
        self._compare_clocks(response.headers.get("Date", ""))
        try:
            if response.status_code != httpx.codes.OK:
                raise self._refused(protocol.read_refusal(response.status_code, await _body(response)), units)
            self._quota.spend(units)
            yield response
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._unreachable(error) from error
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1.0):
                await response.aclose()

    async def _whole(self, response: httpx.Response) -> Json:
        """The body of an answer."""
        try:
            answer: Any = json.loads(await _body(response))
        except (ValueError, RecursionError) as error:
            raise _senseless(error) from error
        if not isinstance(answer, dict):
            raise _senseless(None)
        return answer

    def _compare_clocks(self, date: str) -> None:
        try:
            theirs_ms = round(parsedate_to_datetime(date).timestamp() * 1000)
        except (ValueError, TypeError, OverflowError):
            return
        ahead_ms = self._unix_ms() - theirs_ms
        self.ahead_ms = ahead_ms if abs(ahead_ms) > CLOCK_S * 1000 else 0

    def _refuse_errors(self, answer: Json) -> None:
        """A stream that began well can end with an error."""
        if isinstance(error := answer.get("error"), dict):
            raise self._refused(protocol.read_refusal(protocol.number(error.get("code")), json.dumps(answer).encode()))

    def _refused(self, refusal: Refusal, units: int = 0) -> EngineError:
        error = _meaning(refusal)
        if error.code == "quota_exceeded":
            self._quota.exhaust()
        else:
            self._quota.spend(min(units, LOOK))
        return error

    def _unreachable(self, error: Exception) -> EngineError:
        why = "it did not answer in time" if isinstance(error, TimeoutError | httpx.TimeoutException) else ""
        why = why or type(error).__name__
        what = f"{self._host} cannot be reached ({why})"
        return EngineError("unreachable", what, retryable=True, fix="check the network")


async def _body(response: httpx.Response) -> bytes:
    """A body of honest size. Raises `TimeoutError` where it does not come."""
    body = bytearray()
    with anyio.fail_after(ANSWER_S):
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST_BYTES:
                raise _senseless(None)
    return bytes(body)


def _page(answer: Json) -> Page:
    try:
        return protocol.read_page(answer)
    except ProtocolError as error:
        raise _senseless(error) from error


def _senseless(cause: Exception | None) -> EngineError:
    said = f": {cause}" if isinstance(cause, ProtocolError) else ""
    return EngineError(
        "bad_answer", f"YouTube answered what makes no sense{said}", retryable=True, fix="check chat.youtube.api_url"
    )


def _exhausted(why: str) -> EngineError:
    return EngineError(
        "quota_exceeded",
        f"the YouTube quota of today is used up ({why})",
        retryable=True,
        fix="it comes back at midnight Pacific Time; more can be asked for in the Google Cloud console",
    )


def _meaning(refusal: Refusal) -> EngineError:
    """The error that a refusal stands for."""
    said = refusal.message[:200] or f"HTTP {refusal.status}"
    reasons = refusal.reasons
    if reasons & protocol.QUOTA:
        return _exhausted(said)
    if refusal.status == 429 or reasons & protocol.HURRIED:
        return EngineError("rate_limited", f"YouTube is asked too fast: {said}", retryable=True)
    if refusal.status >= 500:
        return EngineError("server_error", f"YouTube cannot answer now: {said}", retryable=True)
    if reasons & protocol.ENDED:
        return EngineError("chat_ended", "the live chat has ended")
    if reasons & protocol.DISABLED:
        return EngineError(
            "chat_disabled", "the chat of the stream is switched off", fix="switch it on in YouTube Studio"
        )
    if reasons & protocol.BAD_TOKEN:
        return EngineError("bad_page", "YouTube does not know any more where the reading stopped", retryable=True)
    return _wrong_setup(refusal, said)


def _wrong_setup(refusal: Refusal, said: str) -> EngineError:
    if refusal.reasons & protocol.BAD_KEY or "api key not valid" in said.lower():
        return EngineError("bad_key", f"YouTube does not take the API key: {said}", fix=_HOW_TO_GET_A_KEY)
    if refusal.reasons & protocol.NOT_ENABLED:
        fix = 'enable the "YouTube Data API v3" for the project of the key in the Google Cloud console'
        return EngineError("not_enabled", f"the key may not use the YouTube API: {said}", fix=fix)
    if refusal.status == httpx.codes.UNAUTHORIZED:
        return EngineError("bad_token", f"YouTube does not take the account's token: {said}", fix="sign in again")
    if refusal.status == httpx.codes.NOT_FOUND:
        return EngineError("not_found", f"YouTube does not have it: {said}", fix="check chat.youtube")
    return EngineError(
        "refused", f"YouTube refused: {said}", fix="check that the key or the account may read this chat"
    )
