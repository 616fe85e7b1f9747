"""What the fake Twitch is asked and answers, without sockets: HTTP requests, answers, ids and times."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

Json = Mapping[str, Any]

REASONS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""What stands in the field `error` of an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; without `body` it is empty."""

    status: int = 200
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The body as it goes over the wire."""
        return b"" if self.body is None else json.dumps(self.body).encode()


class Refusal(Exception):
    """Twitch says no. `answer` is how; a plain one leaves the field `error` out, as OAuth's mostly do."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, *, is_plain: bool = False
    ) -> None:
        super().__init__(message)
        error = {} if is_plain else {"error": REASONS[status]}
        self.answer = Answer(status, {**error, "status": status, "message": message}, headers or {})


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `path` has no query; names of `headers` are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a parameter of the query."""
        return [value for key, value in parse_qsl(self.query, keep_blank_values=True) if key == name]

    def one(self, name: str) -> str:
        """A parameter of the query, empty where it is missing."""
        return next(iter(self.all(name)), "")

    def needs(self, name: str) -> str:
        """A parameter of the query. Raises `Refusal` where it is missing."""
        value = self.one(name)
        if not value:
            raise Refusal(400, f'Missing required parameter "{name}"')
        return value

    def form(self) -> dict[str, str]:
        """The parameters of the query and of a form in the body; Twitch reads both."""
        fields = dict(parse_qsl(self.query, keep_blank_values=True))
        if "json" not in self.headers.get("content-type", ""):
            fields |= dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return fields

    def json(self) -> dict[str, Any]:
        """The JSON object of the body. Raises `Refusal` where there is none."""
        try:
            value = json.loads(self.body or b"null")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Refusal(400, "The request body is not a JSON object")
        return value

    def fields(self) -> dict[str, Any]:
        """The JSON object of the body and the parameters of the query: some clients send a message in the query."""
        return {**dict(parse_qsl(self.query)), **(self.json() if self.body else {})}

    @property
    def token(self) -> str:
        """What the `Authorization` header carries, without its scheme."""
        return self.headers.get("authorization", "").partition(" ")[2]


class Ids:
    """Ids and tokens that look like Twitch's, the same in every run."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """An id of a message, a reward, a subscription."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def token(self, length: int = 30, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
        """A token of letters and digits."""
        return "".join(self._random.choices(alphabet, k=length))


def stamp(unix_ms: int) -> str:
    """RFC 3339 in nanoseconds, as in messages of EventSub."""
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{unix_ms % 1000:03}000000Z"


def later(unix_ms: int, seconds: float) -> str:
    """The stamp of an instant some seconds on."""
    return stamp(unix_ms + timedelta(seconds=seconds) // timedelta(milliseconds=1))
