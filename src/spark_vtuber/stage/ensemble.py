"""Several stages as one: the first tells what is heard, the others follow it and may fail."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.port import Part, Position, Stage

RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a failed stage is opened again; the last one repeats."""


class Follower(Protocol):
    """A stage without a clock of its own. Its calls do not block; a failure is an `EngineError`."""

    def take(self, part: Part, position: Position) -> None:
        """Take the next part; `position` is what is heard now."""
        ...

    def cut(self, turn: TurnId, position: Position) -> None:
        """The turn was cancelled when `position` was heard."""
        ...


OpenFollower = Callable[[], AbstractAsyncContextManager[Follower]]

Report = Callable[[str, EngineError | None], None]
"""Told the name of a follower and why it failed, or None when it works."""


class Ensemble:
    """A `Stage` made of one that leads and any number that follow.

    A follower that fails is skipped, reported, and opened again after a pause; the show does not notice. While `run`
    does not run there are no followers.
    """

    def __init__(self, lead: Stage, followers: Mapping[str, OpenFollower], report: Report) -> None:
        self._lead = lead
        self._followers = dict(followers)
        self._report = report
        self._live: dict[str, Follower] = {}
        self._failed: dict[str, anyio.Event] = {}
        self._errors: dict[str, EngineError] = {}

    async def run(self) -> None:
        """Open the followers and keep them open, until cancelled."""
        async with anyio.create_task_group() as tasks:
            for name, open_follower in self._followers.items():
                tasks.start_soon(self._keep, name, open_follower)

    async def perform(self, part: Part) -> None:
        """Hand the part to every stage that works."""
        await self._lead.perform(part)
        position = self._lead.position()
        self._each(lambda follower: follower.take(part, position))

    def position(self) -> Position:
        """What the leading stage hears."""
        return self._lead.position()

    async def reached(self, position: Position) -> float:
        """As the leading stage says."""
        return await self._lead.reached(position)

    async def flush(self, turn: TurnId) -> Position:
        """Silence the leading stage; the others are cut at the same position."""
        position = await self._lead.flush(turn)
        self._each(lambda follower: follower.cut(turn, position))
        return position

    def _each(self, order: Callable[[Follower], None]) -> None:
        for name, follower in list(self._live.items()):
            try:
                order(follower)
            except EngineError as error:
                self._errors[name] = error
                del self._live[name]
                self._failed[name].set()

    async def _keep(self, name: str, open_follower: OpenFollower) -> None:
        failures = 0
        while True:
            failed = self._failed[name] = anyio.Event()
            opened_at = anyio.current_time()
            try:
                async with open_follower() as follower:
                    self._live[name] = follower
                    self._report(name, None)
                    try:
                        await failed.wait()
                    finally:
                        self._live.pop(name, None)
                error = self._errors.pop(name)
            except EngineError as raised:
                error = self._errors.pop(name, raised)
            if anyio.current_time() - opened_at > RETRY_S[-1]:
                failures = 0
            self._report(name, error)
            await anyio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1
