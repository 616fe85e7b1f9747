"""Reads one YouTube live chat after the other: by stream where it can be had, else page by page."""

import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.chat.twitch_irc_link import Pace, Pauses
from spark_vtuber.chat.youtube_api import YouTube
from spark_vtuber.chat.youtube_bookmark import Bookmark, read_bookmark
from spark_vtuber.chat.youtube_finder import Finder
from spark_vtuber.chat.youtube_protocol import Broadcast, Page
from spark_vtuber.chat.youtube_quota import LIST, STREAM, Quota
from spark_vtuber.chat.youtube_room import Room
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.keepsake import Keepsake

LOOK_FIRST_S: Final = 15.0
LOOK_LAST_S: Final = 300.0
LOOK_GROWTH: Final = 1.2
"""While nothing is live it is looked for every 15 s at first, after some twenty minutes every five."""

POLL_S: Final = 5.0
"""Between two pages, where YouTube says nothing."""

LEAST_POLL_S: Final = 0.2

STREAM_TRIES: Final = 3
"""Streams that bring nothing, one after the other, before pages are read instead."""

STREAM_AGAIN_S: Final = 600.0
"""After so long without a stream, it is tried again."""

QUOTA_AGAIN_S: Final = 1_800.0
"""A quota that is used up may be raised by hand; asking costs nothing."""

DISABLED_S: Final = 60.0

FATAL: Final = frozenset({"bad_key", "not_enabled", "no_channel", "no_video", "refused", "bad_token"})

Report = Callable[..., None]
"""Called as `report(state, detail, fix)`."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What a reader is tied to: time, chance, the log, the board, where the quota is kept, and the bookmark."""

    clock: Clock
    random: random.Random
    log: logging.Logger
    report: Report
    keep: Callable[[], Awaitable[None]]
    bookmark: Keepsake | None = None


class Reader:
    """The events of a place, from one stream to the next, as long as somebody reads them."""

    def __init__(self, youtube: YouTube, finder: Finder, quota: Quota, ties: Ties, pace: Pace | None = None) -> None:
        self._youtube = youtube
        self._finder = finder
        self._quota = quota
        self._ties = ties
        self._pauses = Pauses(pace or Pace(), ties.random)
        self._now: Broadcast | None = None
        self._looked = anyio.Event()
        self._room = Room(0)
        self._token = ""
        self._bookmark: Bookmark | None = None
        self._by_stream_after_s = -float("inf")
        self._empty_streams = 0
        self._told: tuple[object, ...] = ()
        self._is_warned = False
        self._is_exhausted = False

    @property
    def now(self) -> Broadcast | None:
        """What is read at the moment."""
        return self._now

    async def looked(self) -> None:
        """Wait until it was looked for something live, with success or without."""
        await self._looked.wait()

    @property
    def room(self) -> Room:
        """Where its messages are told from repetitions."""
        return self._room

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that is written from now on; each message once, also across restarts of the server.

        Where the show stopped a short while ago, what was written since then comes first.

        Raises:
            EngineError: what only a person can mend: `bad_key`, `not_enabled`, `no_channel`, `no_video`, `refused`.
        """
        self._tell("starting", f"looks for {self._finder.name}")
        began_ms, self._room = self._ties.clock.unix_ms(), Room(0)
        await self._take_bookmark()
        try:
            while True:
                self._now = await self._live()
                self._begin(self._now, began_ms - self._youtube.ahead_ms)
                async with aclosing(self._follow(self._now)) as events:
                    async for event in events:
                        yield event
                self._now = None
                self._tell("ok", f"the stream of {self._finder.name} has ended; waits for the next")
                await anyio.sleep(LOOK_FIRST_S * self._ties.random.uniform(0.5, 1.0))
        finally:
            broadcast, self._now = self._now, None
            with anyio.CancelScope(shield=True), anyio.move_on_after(1.0):
                await self._ties.keep()
                await self._leave_bookmark(broadcast)

    async def _take_bookmark(self) -> None:
        if self._ties.bookmark is not None and (found := self._ties.bookmark.read()):
            self._bookmark = read_bookmark(found)
            await self._ties.bookmark.write(None)

    def _begin(self, broadcast: Broadcast, since_ms: int) -> None:
        """Read a chat from the bookmark, where that is of this chat and young; else from `since_ms`."""
        mark = self._bookmark
        self._empty_streams = 0
        if mark is not None and mark.is_good(broadcast.chat, self._ties.clock.unix_ms()):
            self._token = mark.token
            self._room.go_on(mark.since_ms, mark.ids)
        else:
            self._token, self._bookmark = "", None
            self._room.since_ms = max(self._room.since_ms, since_ms)

    async def _leave_bookmark(self, broadcast: Broadcast | None) -> None:
        """Where the reading stopped; it is as old as the one before where no page was read since."""
        if self._ties.bookmark is None or broadcast is None:
            return
        at_ms = self._bookmark.at_ms if self._bookmark else self._ties.clock.unix_ms()
        mark = Bookmark(broadcast.chat, self._token, *self._room.told(), at_ms)
        await self._ties.bookmark.write(mark.record())

    async def _live(self) -> Broadcast:
        """Wait for something live."""
        looks = 0
        while True:
            try:
                found = await self._finder.look()
                self._answered()
            except EngineError as error:
                await self._wait_after(error)
                continue
            self._now = found
            self._looked.set()
            if found is not None:
                return found
            pause_s = min(LOOK_FIRST_S * LOOK_GROWTH ** min(looks, 64), LOOK_LAST_S)
            looks += 1
            percent = 100 * self._quota.spent // self._quota.limit
            self._tell("ok", f"{self._finder.name} is not live; waits for it; {percent} % of today's quota is spent")
            await self._keep_quota()
            await anyio.sleep(pause_s * self._ties.random.uniform(0.5, 1.0))

    async def _follow(self, broadcast: Broadcast) -> AsyncGenerator[ChatEvent, None]:
        """The events of one chat until it is over."""
        while True:
            began_s = self._ties.clock.now()
            by_stream = began_s >= self._by_stream_after_s
            interval_s, pages_read = 0.0, 0
            try:
                async with aclosing(self._pages(broadcast.chat, by_stream=by_stream)) as pages:
                    async for page in pages:
                        self._took(page, broadcast, by_stream=by_stream)
                        interval_s, pages_read = page.interval_s, pages_read + 1
                        for event in self._room.read(page):
                            yield event
                        self._token, self._bookmark = page.token or self._token, None
                        if page.is_over:
                            return
                        await self._keep_quota()
            except EngineError as error:
                if error.code == "chat_ended":
                    return
                if not (by_stream and self._gives_up_streams(error)):
                    await self._wait_after(error)
                continue
            if by_stream and not pages_read:
                self._count_empty_stream()
            await self._rest(began_s, interval_s, by_stream=by_stream)

    async def _pages(self, chat: str, *, by_stream: bool) -> AsyncGenerator[Page, None]:
        if not by_stream:
            yield await self._youtube.page(chat, self._token)
            return
        async with aclosing(self._youtube.stream(chat, self._token)) as pages:
            async for page in pages:
                yield page

    def _took(self, page: Page, broadcast: Broadcast, *, by_stream: bool) -> None:
        self._answered()
        self._pauses.reset()
        self._empty_streams = 0
        self._tell_quota(broadcast, page.interval_s, by_stream=by_stream)

    async def _rest(self, began_s: float, interval_s: float, *, by_stream: bool) -> None:
        """Until the next request, so that the quota lasts; a stream that lived long is followed by the next at once."""
        wanted_s = self._quota.pause_s(STREAM) if by_stream else self._interval_s(interval_s)
        pause_s = wanted_s - (self._ties.clock.now() - began_s) if by_stream else wanted_s
        if self._empty_streams:
            pause_s = max(pause_s, self._pauses.next_s())
        await anyio.sleep(max(pause_s, LEAST_POLL_S))

    def _interval_s(self, asked_s: float) -> float:
        return max(asked_s or POLL_S, self._quota.pause_s(LIST))

    # ------------------------------------------------------------------------------------------------------ mishaps

    def _gives_up_streams(self, error: EngineError) -> bool:
        """Whether pages are tried at once instead: a server that refuses the stream may still give them."""
        if error.code in {"refused", "not_found", "bad_token"}:
            self._empty_streams = STREAM_TRIES
        elif error.code in {"bad_answer", "unreachable", "server_error"}:
            self._empty_streams += 1
        if self._empty_streams < STREAM_TRIES:
            return False
        self._read_pages()
        return True

    def _count_empty_stream(self) -> None:
        self._empty_streams += 1
        if self._empty_streams >= STREAM_TRIES:
            self._read_pages()

    def _read_pages(self) -> None:
        self._empty_streams = 0
        self._by_stream_after_s = self._ties.clock.now() + STREAM_AGAIN_S

    async def _wait_after(self, error: EngineError) -> None:
        """Wait as long as the error asks for, and say so.

        Raises:
            EngineError: the error, where only a person can mend it.
        """
        if error.code in FATAL:
            raise error
        if error.code == "quota_exceeded":
            await self._wait_for_quota(error)
        elif error.code == "bad_page":
            self._token = ""
            await anyio.sleep(self._pauses.next_s())
        elif error.code == "chat_disabled":
            self._tell("degraded", error.message, error.fix)
            await anyio.sleep(DISABLED_S * self._ties.random.uniform(0.5, 1.0))
        else:
            pause_s = self._pauses.next_s()
            self._tell("degraded", f"{error.message}; next attempt in {pause_s:.1f} s", error.fix)
            await anyio.sleep(pause_s)

    async def _wait_for_quota(self, error: EngineError) -> None:
        if not self._is_exhausted:
            self._is_exhausted = True
            hours = self._quota.resets_in_s / 3600
            self._tell("degraded", f"{error.message}; it comes back in {hours:.1f} h", error.fix)
            self._ties.log.warning("youtube: %s", error.message)
        await self._keep_quota()
        to_reset_s = self._quota.resets_in_s + self._ties.random.uniform(1.0, 10.0)
        await anyio.sleep(min(to_reset_s, QUOTA_AGAIN_S))
        self._quota.forgive()

    def _answered(self) -> None:
        """The server has answered; where the quota was used up, it is back."""
        if self._is_exhausted:
            self._is_exhausted = False
            self._ties.log.info("youtube: the quota is back")
            self._tell("ok", f"the quota is back: {self._quota.left:,} units are left today")

    # -------------------------------------------------------------------------------------------------------- telling

    def _tell_quota(self, broadcast: Broadcast, interval_s: float, *, by_stream: bool) -> None:
        """How it is read and what that costs; again only where a whole per cent changed."""
        spent, limit = self._quota.spent, self._quota.limit
        percent = 100 * spent // limit
        key = (broadcast.video, by_stream, percent, self._quota.is_low)
        if self._told == key:
            return
        pace = "as it is written" if by_stream else f"every {self._interval_s(interval_s):.0f} s"
        detail = f'reads "{broadcast.title}" {pace}; {spent:,} of {limit:,} units of today\'s quota are spent'
        if self._quota.is_low and not by_stream:
            hours = self._quota.resets_in_s / 3600
            fix = "read by stream, ask Google for more units, or write less into the chat"
            self._tell("degraded", f"{detail}; slowed down so that the rest lasts {hours:.1f} h", fix)
        else:
            self._tell("ok", detail)
        self._told = key
        if self._quota.is_low and not self._is_warned:
            self._ties.log.warning("youtube: %d %% of today's quota is spent", percent)
        self._is_warned = self._quota.is_low

    def _tell(self, state: str, detail: str, fix: str = "") -> None:
        self._told = ()
        self._ties.report(state, detail, fix)

    async def _keep_quota(self) -> None:
        if self._quota.is_due:
            await self._ties.keep()
