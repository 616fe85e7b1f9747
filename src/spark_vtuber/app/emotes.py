"""The pictures of emotes: fetched from the platform once, kept on disk, shown by our own pages.

A page never meets the platform's servers, and what comes from there is not believed: the id must look like one, no
redirect is followed, the file must be a PNG, GIF or WebP by its first bytes, and small.
"""

import re
import stat
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import httpx

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.steering import Picture

MAX_BYTES: Final = 512 * 1024
FETCH_S: Final = 5.0
FETCHES: Final = 4
"""Pictures that are fetched at the same time."""

WAITING: Final = 256
"""Requests that wait for a fetch at most."""

GONE_S: Final = 600.0
FAILED_S: Final = 30.0
"""How long a picture is not asked for again: one that is not there, and one that could not be fetched."""

REFUSALS: Final = 1_000

TWITCH_ID: Final = re.compile(r"(?:[0-9]{1,12}|emotesv2_[0-9a-f]{32})(?:_(?:BW|HF|SG|SQ|TK))?")
"""Ids of Twitch, old and new, with the suffix of a modified emote."""

_SUFFIXES: Final = {"image/png": "png", "image/gif": "gif", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: str
    message: str
    fix: str
    until_s: float


class EmoteCache:
    """Implements `core.steering.EmotePictures` for Twitch.

    `folder` holds at most `room_bytes` of pictures; the one that was not asked for longest leaves. Many requests for
    one picture are one fetch. `base` is where the pictures are, empty for nowhere.
    """

    def __init__(self, http: httpx.AsyncClient, base: str, folder: Path, clock: Clock, room_bytes: int) -> None:
        self._http = http
        self._base = base.rstrip("/")
        self._folder = folder
        self._clock = clock
        self._room_bytes = room_bytes
        self._kept: OrderedDict[str, tuple[Path, int]] | None = None
        self._refused: OrderedDict[str, _Refusal] = OrderedDict()
        self._pending: dict[str, anyio.Event] = {}
        self._fetching = anyio.Semaphore(FETCHES)
        self._opening = anyio.Lock()
        self._waiting = 0

    async def picture(self, source: str, emote: str) -> Picture:
        """A picture, from disk or from the platform.

        Raises:
            SparkError: `bad_emote`, `no_emotes`, `emote_gone`, `emote_failed` or `emote_busy`.
        """
        if source != "twitch" or not self._base:
            raise SparkError("there are no pictures of this chat", code="no_emotes", fix="see [chat.emotes]")
        if TWITCH_ID.fullmatch(emote) is None:
            raise SparkError("this is not the id of an emote", code="bad_emote")
        await self._open()
        if self._waiting >= WAITING:
            raise SparkError("too many pictures are asked for at once", code="emote_busy", fix="ask again")
        self._waiting += 1
        try:
            return await self._found(emote)
        finally:
            self._waiting -= 1

    async def _found(self, emote: str) -> Picture:
        """Whoever asks first fetches; the others wait and look again, and one of them fetches where it gave up."""
        while True:
            if (picture := await self._from_disk(emote)) is not None:
                return picture
            refusal = self._refused.get(emote)
            if refusal is not None and self._clock.now() < refusal.until_s:
                raise SparkError(refusal.message, code=refusal.code, fix=refusal.fix)
            pending = self._pending.get(emote)
            if pending is None:
                return await self._fetched(emote)
            await pending.wait()

    async def _fetched(self, emote: str) -> Picture:
        done = self._pending[emote] = anyio.Event()
        try:
            async with self._fetching:
                picture = await self._fetch(emote)
            await self._keep(emote, picture)
        except SparkError as error:
            seconds = GONE_S if error.code == "emote_gone" else FAILED_S
            self._refused[emote] = _Refusal(error.code, error.message, error.fix, self._clock.now() + seconds)
            self._refused.move_to_end(emote)
            if len(self._refused) > REFUSALS:
                self._refused.popitem(last=False)
            raise
        finally:
            del self._pending[emote]
            done.set()
        return picture

    async def _fetch(self, emote: str) -> Picture:
        url = f"{self._base}/{emote}/default/dark/2.0"
        headers = {"accept": ", ".join(_SUFFIXES), "accept-encoding": "identity"}
        data = bytearray()
        try:
            with anyio.fail_after(FETCH_S):
                async with self._http.stream("GET", url, headers=headers, follow_redirects=False) as answer:
                    _check(answer)
                    async for chunk in answer.aiter_raw():
                        data += chunk
                        if len(data) > MAX_BYTES:
                            raise _failed(f"the picture is larger than {MAX_BYTES // 1024} kB")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise _failed("the platform does not give the picture now") from error
        media_type = sniffed(data)
        if media_type is None:
            raise _failed("what came is no PNG, GIF or WebP")
        return Picture(bytes(data), media_type)

    async def _open(self) -> None:
        """Look once what the folder holds."""
        async with self._opening:
            if self._kept is None:
                self._kept = await anyio.to_thread.run_sync(_pictures_in, self._folder)

    async def _from_disk(self, emote: str) -> Picture | None:
        kept = self._kept or OrderedDict()
        if emote not in kept:
            return None
        kept.move_to_end(emote)
        data = await anyio.to_thread.run_sync(_read, kept[emote][0], abandon_on_cancel=True)
        media_type = sniffed(data)
        if media_type is None:
            kept.pop(emote, None)
            return None
        return Picture(data, media_type)

    async def _keep(self, emote: str, picture: Picture) -> None:
        """Write a picture down; a disk that refuses only costs the next fetch."""
        path = self._folder / f"{emote}.{_SUFFIXES[picture.type]}"
        kept = OrderedDict() if self._kept is None else self._kept
        with anyio.CancelScope(shield=True):
            if not await anyio.to_thread.run_sync(_write, path, picture.data):
                return
            kept[emote] = (path, len(picture.data))
            gone = []
            while sum(size for _, size in kept.values()) > self._room_bytes and len(kept) > 1:
                gone.append(kept.popitem(last=False)[1][0])
            if gone:
                await anyio.to_thread.run_sync(_remove, gone)


def sniffed(data: bytes | bytearray) -> str | None:
    """The media type of a picture by its first bytes; None where it is none of ours."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _check(answer: httpx.Response) -> None:
    if answer.status_code in (404, 410):
        raise SparkError("the platform has no such emote", code="emote_gone")
    if answer.status_code != 200:
        raise _failed(f"the platform answered {answer.status_code}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise _failed("the platform answered in a coding that was not asked for")


def _failed(message: str) -> SparkError:
    return SparkError(message, code="emote_failed", fix="it is asked for again in a while")


def _pictures_in(folder: Path) -> OrderedDict[str, tuple[Path, int]]:
    """The pictures that were kept before, the oldest first; what else lies there, links and large files, is none."""
    found = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.suffix.removeprefix(".") in _SUFFIXES.values() and TWITCH_ID.fullmatch(path.stem):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES:
                    found.append((status.st_mtime, path.stem, path, status.st_size))
    except OSError:
        return OrderedDict()
    return OrderedDict((emote, (path, size)) for _, emote, path, size in sorted(found))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, data: bytes) -> bool:
    fresh = path.with_suffix(".new")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError:
        return False
    return True


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
