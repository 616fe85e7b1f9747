"""The state of every component, as people and machines read it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce, Component, State
from spark_vtuber.core.healing import component_view

CHOSEN: Final = frozenset({"fallback"})
"""Kinds whose bad state is somebody's choice and no error."""


def _as_it_is(text: str) -> str:
    return text


class Board:
    """Who is well and since when. A change is announced as an event `health`, a restart as `component.restarted`.

    What components say passes `mask`: they repeat what servers answered.
    """

    def __init__(self, clock: Clock, announce: Announce, mask: Callable[[str], str] = _as_it_is) -> None:
        self._clock = clock
        self._announce = announce
        self._mask = mask
        self._components: dict[str, Component] = {}
        self._restartable: set[str] = set()

    def set(self, name: str, kind: str, state: State, detail: str = "", fix: str = "") -> None:
        """Note how a component is.

        `since_ms` moves only when its state changes. The detail of a failure, and of a state that got worse, is kept
        as its last error.
        """
        now_ms = self._clock.unix_ms()
        detail, fix = self._mask(detail), self._mask(fix)
        old = self._components.get(name)
        new = replace(
            old or Component(name, kind, state, detail, now_ms, is_restartable=name in self._restartable),
            kind=kind,
            state=state,
            detail=detail,
            fix=fix,
        )
        if old is not None and old.state != state:
            new = replace(new, since_ms=now_ms)
        if _is_error(old, new):
            new = replace(new, last_error=detail, last_error_ms=now_ms)
        self._put(new)

    def offer_restart(self, name: str, *, is_restartable: bool = True) -> None:
        """Note whether a component can be restarted by name, also one that has not said yet how it is."""
        if is_restartable:
            self._restartable.add(name)
        else:
            self._restartable.discard(name)
        if (known := self._components.get(name)) is not None:
            self._put(replace(known, is_restartable=is_restartable))

    def restarted(self, name: str, why: str, took_s: float) -> None:
        """Count a restart that is done; `took_s` is how long the component was away."""
        restarts = 1
        if (known := self._components.get(name)) is not None:
            restarts = known.restarts + 1
            self._put(replace(known, restarts=restarts))
        self._announce("component.restarted", name=name, why=why, took_s=round(took_s, 3), restarts=restarts)

    def reporter(self, name: str, kind: str) -> "Reporter":
        """A function that sets the state of one component: `report(state, detail="", fix="")`."""
        return Reporter(self, name, kind)

    @property
    def components(self) -> tuple[Component, ...]:
        """All components, in the order in which they first appeared."""
        return tuple(self._components.values())

    def component(self, name: str) -> Component | None:
        """One of them."""
        return self._components.get(name)

    @property
    def status(self) -> State:
        """The worst state of all; a component that is switched off does not count."""
        states = {component.state for component in self._components.values()}
        for state in ("failed", "degraded", "starting"):
            if state in states:
                return state
        return "ok"

    def _put(self, new: Component) -> None:
        old = self._components.get(new.name)
        self._components[new.name] = new
        if old is None or _timeless(old) != _timeless(new):
            self._announce("health", component=component_view(new))


@dataclass(frozen=True, slots=True)
class Reporter:
    """Says how one component is."""

    board: Board
    name: str
    kind: str

    def __call__(self, state: State, detail: str = "", fix: str = "") -> None:
        """Note it on the board."""
        self.board.set(self.name, self.kind, state, detail, fix)


def _timeless(component: Component) -> Component:
    return replace(component, since_ms=0, last_error_ms=None)


def _is_error(old: Component | None, new: Component) -> bool:
    """Whether the new state tells of an error that is not told yet."""
    if new.kind in CHOSEN:
        return False
    is_news = old is None or old.state != new.state or old.detail != new.detail
    if new.state == "failed":
        return is_news
    return new.state == "degraded" and old is not None and old.state in ("ok", "degraded") and is_news
