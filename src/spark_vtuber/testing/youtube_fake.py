"""A YouTube in memory: videos, channels and live chats that answer as the Data API (v3) does, without I/O.

Source: the discovery document of the API, the reference of `liveChatMessages`, and the errors that its pages list. A
script speaks through `LiveChat` (`says`, `super_chat`, …); requests go through `FakeYouTube.answer`.
"""

import base64
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

from spark_vtuber.testing.youtube_chat import LiveChat
from spark_vtuber.testing.youtube_oauth import GoogleAccounts, Said

Json = dict[str, Any]

KEPT: Final = 20_000
"""Requests that are remembered."""

COSTS: Final[Mapping[str, int]] = {
    "/videos": 1,
    "/channels": 1,
    "/playlistItems": 1,
    "/search": 100,
    "/liveChat/messages": 5,
    "/liveChat/messages/stream": 5,
}
INSERT_COST: Final = 20
PAGE: Final = 200
"""Messages of one page at most."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the path below the API's address, the first value of each parameter, headers in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def of(cls, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b"") -> "Request":
        """A request as it comes over the wire."""
        values = {name: ",".join(all_) for name, all_ in parse_qs(query).items()}
        below = path.removeprefix("/youtube/v3")
        return cls(method, below, values, {name.lower(): value for name, value in headers.items()}, body)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body, or pages that follow each other without end."""

    status: int
    body: Json = field(default_factory=dict)
    pages: AsyncGenerator[Json, None] | None = None

    def content(self) -> bytes:
        """The body as bytes."""
        return json.dumps(self.body).encode()


class _No(Exception):
    def __init__(self, status: int, reason: str, message: str = "", domain: str = "global") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message or reason
        self.domain = domain


@dataclass(slots=True)
class FakeYouTube:
    """What is in it may be read and changed by tests.

    `keys` may read, `accounts` may also write. `units` are left today. While
    `refuses_streams` is set, the stream is answered with 403. `mishaps` (status and reason) hit the next requests, one
    each. `log` are the newest requests, without its secrets. `unix_ms` tells the time at which messages are written.
    """

    unix_ms: Callable[[], int]
    keys: set[str] = field(default_factory=lambda: {"key"})
    accounts: GoogleAccounts = field(default_factory=GoogleAccounts)
    units: int = 10_000
    spent: int = 0
    refuses_streams: bool = False
    hides_from_list: bool = False
    forgets_pages: bool = False
    interval_ms: int = 100
    mishaps: deque[tuple[int, str]] = field(default_factory=deque)
    log: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    handles: dict[str, str] = field(default_factory=dict)
    chats: dict[str, LiveChat] = field(default_factory=dict)

    def go_live(self, video: str, channel: str, title: str = "a stream", *, has_begun: bool = True) -> LiveChat:
        """A new stream with its chat; without `has_begun` it is only announced."""
        chat = LiveChat(f"chat-{video}", video, channel, title, self.unix_ms, has_begun=has_begun)
        self.chats[chat.id] = chat
        return chat

    def asked(self, path: str, method: str = "GET") -> int:
        """How often a path was asked for."""
        return sum(1 for how, what, _ in self.log if (how, what) == (method, path))

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        self.log.append((request.method, request.path, {k: v for k, v in request.query.items() if k != "key"}))
        del self.log[:-KEPT]
        try:
            login = self._logins().get(request.path)
            if login is not None:
                return Answer(*login({name: values[0] for name, values in parse_qs(request.body.decode()).items()}))
            self._admit(request)
            return self._act(request)
        except _No as no:
            return Answer(no.status, _error(no))

    def _logins(self) -> Mapping[str, Callable[[Mapping[str, str]], Said]]:
        accounts = self.accounts
        return {"/device/code": accounts.begin, "/token": accounts.exchange, "/revoke": accounts.give_back}

    # -------------------------------------------------------------------------------------------------------- admission

    def _admit(self, request: Request) -> None:
        if self.mishaps:
            status, reason = self.mishaps.popleft()
            raise _No(status, reason)
        key = request.headers.get("x-goog-api-key") or request.query.get("key", "")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token not in self.accounts.tokens:
            raise _No(401, "authError", "Invalid Credentials")
        if not token and key not in self.keys:
            raise _No(400, "badRequest", "API key not valid. Please pass a valid API key.")
        cost = INSERT_COST if request.method == "POST" else COSTS.get(request.path, 1)
        if cost > self.units:
            message = "The request cannot be completed because you have exceeded your quota."
            raise _No(403, "quotaExceeded", message, "youtube.quota")
        self.units -= cost
        self.spent += cost

    def _act(self, request: Request) -> Answer:
        query = request.query
        match request.method, request.path:
            case "GET", "/videos":
                return Answer(200, _list("youtube#videoListResponse", self._videos(query.get("id", "").split(","))))
            case "GET", "/channels":
                return Answer(200, _list("youtube#channelListResponse", self._channels(query)))
            case "GET", "/playlistItems":
                return Answer(200, _list("youtube#playlistItemListResponse", self._uploads(query)))
            case "GET", "/search":
                return Answer(200, _list("youtube#searchListResponse", self._found(query)))
            case "GET", "/liveChat/messages":
                chat = self._chat(query.get("liveChatId", ""))
                return Answer(200, self._page(chat, self._place(query)) | {"pollingIntervalMillis": self.interval_ms})
            case "GET", "/liveChat/messages/stream":
                if self.refuses_streams:
                    raise _No(403, "forbidden", "The stream is not for you.")
                chat = self._chat(query.get("liveChatId", ""))
                return Answer(200, pages=self._pages(chat, self._place(query)))
            case "POST", "/liveChat/messages":
                return Answer(200, self._insert(request))
            case _:
                raise _No(404, "notFound", "Not Found")

    # ---------------------------------------------------------------------------------------------------------- finding

    def _videos(self, names: list[str]) -> list[Json]:
        return [chat.as_video() for chat in self.chats.values() if chat.video in names]

    def _channels(self, query: Mapping[str, str]) -> list[Json]:
        name = query.get("forHandle", "").removeprefix("@") or query.get("forUsername", "")
        channel = self.handles.get(name.lower()) if name else query.get("id")
        known = {*self.handles.values(), *(chat.channel for chat in self.chats.values())}
        channel = channel if channel in known else None
        return [{"kind": "youtube#channel", "id": channel}] if channel else []

    def _uploads(self, query: Mapping[str, str]) -> list[Json]:
        channel = f"UC{query.get('playlistId', '')[2:]}"
        videos = [chat.video for chat in reversed(self.chats.values()) if chat.channel == channel]
        if not videos:
            raise _No(404, "playlistNotFound", "The playlist cannot be found.")
        shown = [] if self.hides_from_list else videos[: int(query.get("maxResults", "5"))]
        return [{"kind": "youtube#playlistItem", "contentDetails": {"videoId": video}} for video in shown]

    def _found(self, query: Mapping[str, str]) -> list[Json]:
        live = [one for one in self.chats.values() if one.channel == query.get("channelId") and one.is_on]
        return [{"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": one.video}} for one in live]

    # --------------------------------------------------------------------------------------------------------- the chat

    def _chat(self, id: str) -> LiveChat:
        chat = self.chats.get(id)
        if chat is None:
            raise _No(404, "liveChatNotFound", "The live chat cannot be found.", "youtube.liveChat")
        if chat.is_disabled:
            raise _No(403, "liveChatDisabled", "Live chat is not enabled.", "youtube.liveChat")
        if chat.is_closed:
            raise _No(403, "liveChatEnded", "The live chat is no longer live.", "youtube.liveChat")
        return chat

    def _place(self, query: Mapping[str, str]) -> int:
        token = query.get("pageToken", "")
        if not token:
            return 0
        try:
            place = -1 if self.forgets_pages else int(base64.urlsafe_b64decode(token))
        except ValueError:
            place = -1
        if place < 0:
            raise _No(400, "pageTokenInvalid", "The page token is invalid.", "youtube.parameter")
        return place

    def _page(self, chat: LiveChat, start: int) -> Json:
        messages = chat.messages[start : start + PAGE]
        end = start + len(messages)
        page = _list("youtube#liveChatMessageListResponse", messages)
        page["nextPageToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
        if chat.is_over and end == len(chat.messages):
            page["offlineAt"] = stamp(self.unix_ms())
            chat.is_closed = True
        return page

    async def _pages(self, chat: LiveChat, start: int) -> AsyncGenerator[Json, None]:
        """A page at once, and one whenever something was written, until the chat is over."""
        is_first = True
        while True:
            if is_first or len(chat.messages) > start or chat.is_over:
                is_first = False
                page = self._page(chat, start)
                start += len(page["items"])
                yield page
                if "offlineAt" in page:
                    return
            else:
                await chat.change()

    def _insert(self, request: Request) -> Json:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.accounts.tokens:
            raise _No(401, "required", "Login Required")
        try:
            snippet = json.loads(request.body)["snippet"]
            name, text = str(snippet["liveChatId"]), str(snippet["textMessageDetails"]["messageText"])
        except (ValueError, KeyError, TypeError):
            raise _No(400, "invalidParameter", "The request body is no message.") from None
        if not 0 < len(text) <= 200:
            raise _No(400, "messageTextInvalid", "The message text is not valid.", "youtube.liveChat")
        chat = self._chat(name)
        channel = self.accounts.tokens[token]
        chat.says(channel, text, id=channel, isChatOwner=channel == chat.channel)
        return chat.messages[-1]


def stamp(unix_ms: int) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _list(kind: str, items: list[Json]) -> Json:
    info = {"totalResults": len(items), "resultsPerPage": len(items)}
    return {"kind": kind, "etag": "e", "pageInfo": info, "items": items}


def _error(no: _No) -> Json:
    reason = {"message": no.message, "domain": no.domain, "reason": no.reason}
    return {"error": {"code": no.status, "message": no.message, "errors": [reason]}}
