"""Finds the live chat of a channel or a video, by the cheapest way there is."""

from typing import Final

from spark_vtuber.chat.youtube_address import Channel, Handle, Place, User, Video
from spark_vtuber.chat.youtube_api import YouTube
from spark_vtuber.chat.youtube_protocol import Broadcast
from spark_vtuber.chat.youtube_quota import SEARCH, Quota
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError

SEARCH_AFTER: Final = 5
"""Looks that found nothing before the search is asked, which costs as much as fifty of them."""

SEARCH_EVERY_S: Final = 3_600.0
SEARCH_SHARE: Final = 0.3
"""The share of the day's units that may be spent when the search is asked."""


class Finder:
    """Looks for what is live at a place.

    A video costs one unit a look. A channel costs two: its newest videos, and which of them is live; the search, a
    hundred, finds what is missing in that list and is asked once an hour at most. A handle costs one, once.
    """

    def __init__(self, youtube: YouTube, place: Place, quota: Quota, clock: Clock) -> None:
        self._youtube = youtube
        self._place = place
        self._quota = quota
        self._clock = clock
        self._misses = 0
        self._searched_s: float | None = None
        self._is_there = False

    async def look(self) -> Broadcast | None:
        """What can be read now; None where nothing is live.

        Raises:
            EngineError: `no_channel` or `no_video` where there is no such thing; as `YouTube`.
        """
        place = await self._resolved()
        if isinstance(place, Video):
            return await self._video(place)
        found = await self._live(await self._recent(place))
        if found is None and self._may_search():
            self._searched_s = self._clock.now()
            found = await self._live(await self._youtube.search(place))
        self._misses = 0 if found else self._misses + 1
        return found

    @property
    def name(self) -> str:
        """The place in words."""
        match self._place:
            case Video(id) | Channel(id):
                return id
            case Handle(name):
                return f"@{name}"
            case User(name):
                return name

    async def _resolved(self) -> Video | Channel:
        if isinstance(self._place, Handle | User):
            self._place = await self._known(self._place)
        return self._place

    async def _known(self, place: Channel | Handle | User) -> Channel:
        channel = await self._youtube.channel(place)
        if channel is None:
            fix = "check the spelling of chat.youtube.channel"
            raise EngineError("no_channel", f"YouTube has no channel {self.name}", fix=fix)
        self._is_there = True
        return channel

    async def _video(self, video: Video) -> Broadcast | None:
        found = await self._youtube.broadcasts(video.id)
        if not found:
            fix = "check chat.youtube.video; a private video cannot be seen with a key"
            raise EngineError("no_video", f"YouTube has no live video {video.id}", fix=fix)
        return found[0] if found[0].chat and not found[0].is_over else None

    async def _recent(self, channel: Channel) -> tuple[str, ...]:
        """The newest videos; a channel that never had one has no list of them."""
        try:
            return await self._youtube.recent(channel)
        except EngineError as error:
            if error.code != "not_found":
                raise
        if not self._is_there:
            await self._known(channel)
        return ()

    async def _live(self, videos: tuple[str, ...]) -> Broadcast | None:
        return next((one for one in await self._youtube.broadcasts(*videos) if one.is_on), None)

    def _may_search(self) -> bool:
        if self._misses < SEARCH_AFTER or self._quota.spent + SEARCH > SEARCH_SHARE * self._quota.limit:
            return False
        return self._searched_s is None or self._clock.now() - self._searched_s >= SEARCH_EVERY_S
