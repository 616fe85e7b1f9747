"""What a streamer has at hand to name a channel or a video on YouTube: an id, a handle, an address from the browser."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from spark_vtuber.core.errors import EngineError

_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")
_CHANNEL_ID: Final = re.compile(r"UC[A-Za-z0-9_-]{22}")
_HANDLE: Final = re.compile(r"[\w.·-]{3,100}")
_HOSTS: Final = frozenset(
    {"youtube.com", "www.youtube.com", "m.youtube.com", "gaming.youtube.com", "studio.youtube.com"}
)
_VIDEO_FOLDERS: Final = frozenset({"live", "video", "shorts", "embed", "v"})
_NAMED: Final = frozenset({"c", "user"})


@dataclass(frozen=True, slots=True)
class Video:
    """One video, live now or to come."""

    id: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its id (`UC…`)."""

    id: str

    @property
    def uploads(self) -> str:
        """The playlist of all its videos, live ones included: the id of a channel with another beginning."""
        return f"UU{self.id[2:]}"


@dataclass(frozen=True, slots=True)
class Handle:
    """A channel by its handle, without the `@`."""

    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A channel by the name that it had before there were handles."""

    name: str


Place = Video | Channel | Handle | User


def read_place(channel: str, video: str) -> Place:
    """Where to read; the video wins where both are given.

    Raises:
        EngineError: `no_channel`, also where nothing is given.
    """
    if video.strip():
        found = _video(video.strip())
        if found is None:
            raise _unknown("chat.youtube.video", video)
        return found
    text = channel.strip()
    if not text:
        raise EngineError("no_channel", "no YouTube channel is configured", fix="set chat.youtube.channel")
    place = _at_address(text) if "/" in text else _named(text)
    if place is None:
        raise _unknown("chat.youtube.channel", channel)
    return place


def _video(text: str) -> Video | None:
    if _VIDEO_ID.fullmatch(text):
        return Video(text)
    place = _at_address(text)
    return place if isinstance(place, Video) else None


def _named(text: str) -> Place | None:
    if _CHANNEL_ID.fullmatch(text):
        return Channel(text)
    name = text.removeprefix("@")
    return Handle(name) if _HANDLE.fullmatch(name) else None


def _at_address(text: str) -> Place | None:
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    folders = [part for part in url.path.split("/") if part]
    if url.netloc == "youtu.be":
        return _video_id(folders[:1])
    if url.netloc not in _HOSTS or not folders:
        return None
    if folders[0] == "watch":
        return _video_id(parse_qs(url.query).get("v", []))
    return _in_folders(folders)


def _in_folders(folders: list[str]) -> Place | None:
    match folders:
        case [folder, video, *_] if folder in _VIDEO_FOLDERS:
            return _video_id([video])
        case ["channel", name, *_]:
            return Channel(name) if _CHANNEL_ID.fullmatch(name) else None
        case [folder, name, *_] if folder in _NAMED:
            return User(name) if _HANDLE.fullmatch(name) else None
        case [name, *_] if name.startswith("@"):
            return _named(name)
    return None


def _video_id(names: list[str]) -> Video | None:
    return Video(names[0]) if names and _VIDEO_ID.fullmatch(names[0]) else None


def _unknown(key: str, text: str) -> EngineError:
    return EngineError(
        "no_channel",
        f"{key} is no YouTube address that is known: {text[:60]!r}",
        fix="a handle (@name), the id of a channel (UC…), or the address of the channel or the stream",
    )
