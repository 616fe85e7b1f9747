"""Settings and a log in memory, without a configuration behind them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from spark_vtuber.core.logs import LogLine
from spark_vtuber.core.settings import BAD_VALUE, OUTRANKED, UNKNOWN_KEY, Change, Files, RefusedError, Setting

MAX_TOKENS = Setting(
    ("replies", "max_tokens"),
    "Longest answer, in tokens.",
    "integer",
    default=300,
    value=300,
    source="default",
    applies="live",
    limits={"minimum": 16, "maximum": 4_000},
)
PORT = Setting(("server", "port"), "Port.", "integer", 8080, 9000, "flag", "restart", {"minimum": 0})


class FakeSettings:
    """Implements `core.settings.SettingsDesk` over a few keys, which are numbers.

    `elsewhere` are values that a file holds and that the next `reload` finds. `told` is called with every change.
    """

    def __init__(self, *settings: Setting, told: Callable[[Change], None] = lambda _: None) -> None:
        self.files = Files("spark.toml", "overrides.toml")
        self.elsewhere: dict[str, Any] = {}
        self._settings = {one.key: one for one in settings or (MAX_TOKENS, PORT)}
        self._below = dict(self._settings)
        self._told = told

    def listed(self) -> Sequence[Setting]:
        """The keys as they are."""
        return tuple(self._settings.values())

    async def change(self, key: str, value: Any = None, *, is_reset: bool = False) -> Change:
        """Set or reset one."""
        if key not in self._settings:
            raise RefusedError(f'there is no key "{key}"', code=UNKNOWN_KEY, fix="see the list")
        old = self._settings[key]
        if is_reset:
            return self._put(key, self._below[key])
        if old.source == "flag":
            raise RefusedError(f"{key} is set by a flag", code=OUTRANKED)
        self._check(old, value)
        return self._put(key, replace(old, value=value, source="overrides"))

    async def reload(self) -> Sequence[Change]:
        """Take what is elsewhere."""
        found, self.elsewhere = self.elsewhere, {}
        for key, value in found.items():
            self._check(self._settings[key], value)
        return [
            self._put(key, replace(self._settings[key], value=value, source="file")) for key, value in found.items()
        ]

    def _check(self, setting: Setting, value: Any) -> None:
        least, most = setting.limits.get("minimum", value), setting.limits.get("maximum", value)
        if not isinstance(value, int) or not least <= value <= most:
            raise RefusedError(f"{setting.key}: is not right", code=BAD_VALUE, fix="the old value stays")

    def _put(self, key: str, setting: Setting) -> Change:
        old, self._settings[key] = self._settings[key], setting
        change = Change(key, old.value, setting.value, "now")
        self._told(change)
        return change


class FakeLog:
    """Implements `core.logs.Log` over the lines a test put in, oldest first."""

    def __init__(self, *lines: LogLine) -> None:
        self.lines = list(lines)

    def newest(self, limit: int) -> Sequence[LogLine]:
        """The last of them, newest first."""
        return self.lines[::-1][:limit]
