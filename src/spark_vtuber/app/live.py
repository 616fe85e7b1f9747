"""The settings in force, and whoever wants to know when they change."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import anyio

from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import Settings


class Live:
    """Settings that can be replaced while the show runs.

    Parts ask `config` when they need a value, or are told of changes where they keep one. Belongs to the event loop's
    thread.
    """

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        self.settings = settings
        self._log = log
        self._told: list[tuple[str, Callable[[], None]]] = []

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.settings.config

    def on_change(self, prefix: str, told: Callable[[], None]) -> Callable[[], None]:
        """Call `told` after every change of the key `prefix` or of one in its table; gives what ends that.

        `told` must not wait. One that raises has a bug, which is logged and keeps nobody else from being told.
        """
        entry = (prefix, told)
        self._told.append(entry)
        return lambda: self._told.remove(entry)

    @contextmanager
    def telling(self, prefix: str, told: Callable[[], None]) -> Iterator[None]:
        """As `on_change`, until the context is left."""
        forget = self.on_change(prefix, told)
        try:
            yield
        finally:
            forget()

    def replace(self, settings: Settings, changed: Iterable[str]) -> None:
        """Put new settings in force; `changed` are the keys whose values differ."""
        self.settings = settings
        keys = tuple(changed)
        for prefix, told in tuple(self._told):
            if any(_is_within(key, prefix) for key in keys):
                try:
                    told()
                except Exception:  # noqa: BLE001 - the others must be told all the same
                    self._log.exception("a part of the show did not take the change of %s", prefix)

    async def follow(self, prefix: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run` anew whenever something of `prefix` changes, for ever; its errors are raised."""
        while True:
            with anyio.CancelScope() as scope, self.telling(prefix, scope.cancel):
                await run()
                await anyio.sleep_forever()


def _is_within(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith(f"{prefix}.") or prefix.startswith(f"{key}.")
