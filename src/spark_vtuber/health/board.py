"""The state of every component, as people and machines read it."""

from collections.abc import Callable
from dataclasses import replace

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce, Component, State


class Board:
    """Who is well and since when. A change of state is announced as an event `health`."""

    def __init__(self, clock: Clock, announce: Announce) -> None:
        self._clock = clock
        self._announce = announce
        self._components: dict[str, Component] = {}

    def set(self, name: str, kind: str, state: State, detail: str = "", fix: str = "") -> None:
        """Note how a component is; `since_ms` moves only when its state changes."""
        old = self._components.get(name)
        since_ms = old.since_ms if old and old.state == state else self._clock.unix_ms()
        new = Component(name, kind, state, detail, since_ms, fix)
        self._components[name] = new
        if old is None or replace(old, since_ms=0) != replace(new, since_ms=0):
            self._announce(
                "health",
                component={
                    "name": name, "kind": kind, "state": state, "detail": detail, "since": since_ms, "fix": fix,
                },
            )  # fmt: skip

    def reporter(self, name: str, kind: str) -> Callable[..., None]:
        """A function that sets the state of one component: `report(state, detail="", fix="")`."""

        def report(state: State, detail: str = "", fix: str = "") -> None:
            self.set(name, kind, state, detail, fix)

        return report

    @property
    def components(self) -> tuple[Component, ...]:
        """All components, in the order in which they first appeared."""
        return tuple(self._components.values())

    @property
    def status(self) -> State:
        """The worst state of all; a component that is switched off does not count."""
        states = {component.state for component in self._components.values()}
        for state in ("failed", "degraded", "starting"):
            if state in states:
                return state
        return "ok"
