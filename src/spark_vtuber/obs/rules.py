"""Which scene an event of the show asks for. Does no I/O."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.core.desk import Event

WATCH_S: Final = 3.0
"""A safety scene that came so shortly before a panic belongs to it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`scene` goes on air at an event of type `on` whose data has every value of `match`.

    A name in `match` may lead into inner objects ("record.outcome"). After `for_s` seconds the scene from before comes
    back, if nobody changed it meanwhile; 0 lets it stay.
    """

    on: str
    scene: str
    match: Mapping[str, Any] = field(default_factory=dict)
    for_s: float = 0.0

    def fits(self, event: Event) -> bool:
        """Whether the rule is about this event."""
        return event.type == self.on and all(_at(event.data, name) == value for name, value in self.match.items())


@dataclass(frozen=True, slots=True)
class Wish:
    """A scene that should be on air; `for_s` as in a rule."""

    scene: str
    for_s: float = 0.0


class Reactions:
    """What the show's events mean for OBS: rules, and the safety scene during a panic.

    While the panic lasts rules are not looked at.
    """

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] = ()
        self._safety_scene = ""
        self._returns = True
        self._before = ""
        self._on_air = ""
        self._left = ""
        self._left_s = -math.inf
        self._is_panic = False

    def revise(self, rules: Sequence[Rule], safety_scene: str, *, returns: bool) -> None:
        """Go by these rules from now on; `returns` says whether `resume` brings back the scene from before."""
        self._rules = tuple(rules)
        self._safety_scene = safety_scene
        self._returns = returns

    @property
    def is_panic(self) -> bool:
        """Whether everything was stopped."""
        return self._is_panic

    def saw(self, on_air: str, now_s: float) -> None:
        """A scene is on air; empty where that is not known."""
        if on_air != self._on_air:
            self._left, self._left_s = self._on_air, now_s
            self._on_air = on_air

    def take(self, event: Event, now_s: float) -> Wish | None:
        """The scene that an event asks for, None for no change."""
        match event.type:
            case "panic":
                if not self._is_panic:
                    self._before = self._scene_before(now_s)
                self._is_panic = True
                return Wish(self._safety_scene) if self._safety_scene else None
            case "resume" if self._is_panic:
                self._is_panic = False
                is_untouched = self._on_air in ("", self._safety_scene)
                return Wish(self._before) if self._returns and self._before and is_untouched else None
            case _ if self._is_panic:
                return None
            case _:
                rule = next((rule for rule in self._rules if rule.fits(event)), None)
                return Wish(rule.scene, rule.for_s) if rule else None

    def _scene_before(self, now_s: float) -> str:
        """What viewers saw before the panic. The watch may have put the safety scene on air before it is told here."""
        if self._on_air != self._safety_scene:
            return self._on_air
        return self._left if now_s - self._left_s < WATCH_S else ""


def _at(data: Any, name: str) -> Any:
    for part in name.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data
