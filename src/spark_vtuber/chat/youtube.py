"""Live chat of a YouTube channel or video, over the YouTube Data API."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.chat.youtube_account import LOGIN, Access, access_of
from spark_vtuber.chat.youtube_address import read_place
from spark_vtuber.chat.youtube_api import YouTube
from spark_vtuber.chat.youtube_finder import Finder
from spark_vtuber.chat.youtube_quota import INSERT, Quota
from spark_vtuber.chat.youtube_reader import Reader, Ties
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.keepsake import Keepsake

REFERENCE: Final = "secret:"
KEPT: Final = "youtube-quota.json"
BOOKMARK: Final = "youtube-bookmark.json"
_HOW_TO_SET_A_KEY: Final = 'set chat.youtube.api_key = "secret:youtube", and run: spark-vtuber secrets set youtube'
READY_S: Final = 10.0
"""Longest wait of a line for the first look whether something is live."""

LONGEST_LINE: Final = 200
"""Characters of a line in a live chat; Google refuses more."""


class YouTubeOptions(BaseModel):
    """Keys of `[chat.youtube]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str = Field(default="", max_length=300)
    video: str = Field(default="", max_length=300)
    api_key: str = Field(default="", pattern=r"^(secret:.+)?$")
    quota: int = Field(default=10_000, ge=100, le=100_000_000)
    hours: float = Field(default=4.0, gt=0, le=24)
    account: bool = False
    client_secret: str = Field(default="", pattern=r"^(secret:.+)?$")
    api_url: str = Field(default="https://www.googleapis.com/youtube/v3", pattern=r"^https?://\S+$")
    id_url: str = Field(default="https://oauth2.googleapis.com", pattern=r"^https?://\S+$")


class YouTubeChat:
    """A `ChatSource`: reads with a key, writes with an account."""

    def __init__(self, youtube: YouTube, reader: Reader, quota: Quota, access: Access | None) -> None:
        self._youtube = youtube
        self._reader = reader
        self._quota = quota
        self._access = access

    def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that happens in the chat, from one stream to the next; see `Reader.events`."""
        return self._reader.events()

    async def send(self, text: str) -> None:
        """Write a line; one that is too long for YouTube is cut.

        Raises:
            EngineError: `read_only` without an account, `not_live` where nothing is read now, `quota_exceeded` where
                the day's units are not enough; as `YouTube.insert` and the account.
        """
        if self._access is None:
            raise _read_only(f"{text[:20]!r} was not sent")
        with anyio.move_on_after(READY_S):
            await self._reader.looked()
        broadcast, room = self._reader.now, self._reader.room
        if broadcast is None:
            raise EngineError("not_live", f"nothing is live: {text[:20]!r} was not sent", retryable=True)
        line = shortened(text)
        if not line:
            return
        if not self._quota.allows(INSERT):
            raise EngineError("quota_exceeded", f"today's YouTube quota is spent: {text[:20]!r} was not sent")
        message = ""
        room.expect(line)
        try:
            message = await self._insert(broadcast.chat, line, self._access)
        finally:
            room.sent(line, message)

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        """YouTube sells nothing that could be fulfilled or given back here."""
        del event, is_done
        raise EngineError("read_only", "YouTube has no rewards to settle")

    async def _insert(self, chat: str, line: str, access: Access) -> str:
        token = await access("")
        try:
            return await self._youtube.insert(chat, line, token)
        except EngineError as error:
            if error.code != "bad_token":
                raise
        return await self._youtube.insert(chat, line, await access(token))


def shortened(text: str) -> str:
    """A line as YouTube takes it: one line, at most 200 characters, cut at a word where that is possible."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_LINE:
        return line
    cut = line[: LONGEST_LINE - 1]
    at_word = cut.rpartition(" ")[0]
    return f"{at_word if len(at_word) > LONGEST_LINE // 2 else cut}…"


def _read_only(what: str) -> EngineError:
    return EngineError(
        "read_only",
        f"YouTube is read without an account: {what}",
        fix=f"set chat.youtube.account = true, and sign in: {LOGIN}",
    )


def _key(options: YouTubeOptions, env: EngineEnv) -> str:
    if not options.api_key:
        raise EngineError("no_secret", "no key of the YouTube API is configured", fix=_HOW_TO_SET_A_KEY)
    return _secret(options.api_key, env)


def _secret(reference: str, env: EngineEnv) -> str:
    """The value behind a reference, fit for a header. Raises `EngineError("no_secret")`."""
    name = reference.removeprefix(REFERENCE)
    value = env.secret(name).strip()
    if not value or not value.isascii() or not value.isprintable():
        fix = f"set it again: spark-vtuber secrets set {name}"
        raise EngineError("no_secret", f"the value behind {reference} is no key", fix=fix)
    return value


def _access(options: YouTubeOptions, env: EngineEnv) -> Access | None:
    if not options.account:
        return None
    client_secret = _secret(options.client_secret, env) if options.client_secret else ""
    return access_of(options.id_url, client_secret, env)


@asynccontextmanager
async def _open(options: YouTubeOptions, env: EngineEnv) -> AsyncIterator[YouTubeChat]:
    """The chat; nothing is asked before its events are. Raises `EngineError`: `no_channel`, `no_secret`."""
    place = read_place(options.channel, options.video)
    key = _key(options, env)
    keepsake: Callable[[str], Keepsake | None] = env.ports.get("keepsake", _unkept)
    kept, bookmark = keepsake(KEPT), keepsake(BOOKMARK)
    measure: Callable[[str, str, float], None] = env.ports.get("measure", _unmeasured)

    def changed(spent: int) -> None:
        measure("youtube_quota_spent_units", "Units of today's YouTube quota that are spent.", spent)

    quota = Quota(options.quota, options.hours, env.clock.unix_ms, kept.read() if kept else None, changed)
    measure("youtube_quota_limit_units", "Units of the YouTube quota in a day.", options.quota)

    async def keep() -> None:
        if kept is not None:
            await kept.write(quota.record())

    youtube = YouTube(env.http, options.api_url, key, quota, env.clock.unix_ms)
    ties = Ties(env.clock, env.random, env.log, env.ports.get("report", _unreported), keep, bookmark)
    reader = Reader(youtube, Finder(youtube, place, quota, env.clock), quota, ties)
    yield YouTubeChat(youtube, reader, quota, _access(options, env))


async def _probe(options: YouTubeOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    """Whether the key is good and the channel is there; costs a few of the day's units."""
    if not options.channel and not options.video:
        yield Finding("youtube", "note", "off")
        return
    quota = Quota(options.quota, options.hours, env.clock.unix_ms)
    try:
        place = read_place(options.channel, options.video)
        youtube = YouTube(env.http, options.api_url, _key(options, env), quota, env.clock.unix_ms)
        finder = Finder(youtube, place, quota, env.clock)
        found = await finder.look()
    except EngineError as error:
        yield Finding("youtube", "error", error.message, error.fix)
        return
    state = f'"{found.title}" is live' if found else "nothing is live now"
    yield Finding("youtube", "ok", f"{finder.name} can be read; {state}")


def _unreported(*_: Any) -> None:
    """For a chat nobody watches."""


def _unkept(_name: str) -> None:
    """Where nothing outlives the show."""


def _unmeasured(_name: str, _meaning: str, _value: float) -> None:
    """Where nobody counts."""


SPEC: Final = EngineSpec(
    options=YouTubeOptions,
    open=_open,
    probe=_probe,
    summary="reads and writes the live chat of a YouTube channel",
    licence="Apache-2.0",
)
