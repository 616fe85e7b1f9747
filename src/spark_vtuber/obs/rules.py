"""Which scene an event of the show asks for. Does no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spark_vtuber.core.desk import Event


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

    def take(self, event: Event, on_air: str) -> Wish | None:
        """The scene that an event asks for, None for no change; `on_air` is the scene of now, empty if not known."""
        match event.type:
            case "panic":
                if not self._is_panic:
                    self._before = "" if on_air == self._safety_scene else on_air
                self._is_panic = True
                return Wish(self._safety_scene) if self._safety_scene else None
            case "resume" if self._is_panic:
                self._is_panic = False
                is_untouched = on_air in ("", self._safety_scene)
                return Wish(self._before) if self._returns and self._before and is_untouched else None
            case _ if self._is_panic:
                return None
            case _:
                rule = next((rule for rule in self._rules if rule.fits(event)), None)
                return Wish(rule.scene, rule.for_s) if rule else None


def _at(data: Any, name: str) -> Any:
    for part in name.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data
