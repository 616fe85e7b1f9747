"""Strikes that outlive the show, and are announced where somebody is not answered any more."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import anyio
from pydantic import TypeAdapter, ValidationError

from spark_vtuber.app.viewers import viewer_key
from spark_vtuber.config.guard_keys import StrikeSettings
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.guarding import Struck
from spark_vtuber.core.keepsake import Keepsake
from spark_vtuber.moderation.strikes import StrikeLimits, Strikes

WRITE_S: Final = 2.0
"""Strikes of so long are written at once."""

_STRUCK = TypeAdapter(list[Struck])


class KeptStrikes:
    """Implements `core.guarding.StrikeBook`; `run` writes what changed, `finish` writes the rest."""

    def __init__(
        self, keepsake: Keepsake, clock: Clock, announce: Announce, settings: Callable[[], StrikeSettings]
    ) -> None:
        self._keepsake = keepsake
        self._announce = announce
        self._settings = settings
        self._known = settings()
        self._limits = limits(self._known)
        self._strikes = Strikes(clock, self._limits_now, _read(keepsake.read()))
        self._changed = anyio.Event()

    def strike(self, key: str, name: str, source: str, category: str) -> None:
        """Count a blocked line against a viewer. Never waits."""
        if not self._settings().on:
            return
        struck = self._strikes.strike(key, name, source, category)
        self._changed.set()
        if struck is not None:
            self._announce("struck", key=key, name=struck.name, source=source, until=struck.until_ms)

    def is_struck(self, source: str, author: str) -> bool:
        """Whether the author of that id is not to be answered now."""
        if self._strikes.is_empty or not self._settings().on:
            return False
        return self._strikes.is_struck(viewer_key(source, author))

    def strikes(self) -> Sequence[Struck]:
        """Everybody with strikes, as they are now."""
        return self._strikes.all()

    async def pardon(self, key: str) -> Struck | None:
        """Forget all strikes of a viewer."""
        struck = self._strikes.pardon(key)
        if struck is not None:
            self._announce("pardoned", key=key, name=struck.name)
            await self._write()
        return struck

    async def run(self) -> None:
        """Write changes for ever, those of `WRITE_S` together."""
        while True:
            await self._changed.wait()
            await anyio.sleep(WRITE_S)
            await self._write()

    async def finish(self) -> None:
        """Write what was not written yet."""
        if self._changed.is_set():
            await self._write()

    def _limits_now(self) -> StrikeLimits:
        """The limits of the settings in force, made anew only where those changed."""
        settings = self._settings()
        if settings is not self._known:
            self._known, self._limits = settings, limits(settings)
        return self._limits

    async def _write(self) -> None:
        self._changed = anyio.Event()
        await self._keepsake.write(_STRUCK.dump_python(list(self._strikes.kept()), mode="json"))


def limits(settings: StrikeSettings) -> StrikeLimits:
    """The limits that a configuration sets."""
    return StrikeLimits(
        limit=settings.limit,
        half_life_min=settings.half_life_min,
        rest_min=settings.rest_min,
        longest_min=settings.longest_h * 60,
        floor=settings.floor,
        other=settings.other,
        weights={category.value: weight for category, weight in settings.weights.items()},
    )


def _read(value: Any | None) -> list[Struck]:
    """The viewers in a file; entries that are none are left out."""
    found = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, Mapping):
            try:
                found += _STRUCK.validate_python([entry])
            except ValidationError:
                continue
    return found
