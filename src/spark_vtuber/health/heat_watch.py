"""A machine that is hot or slows itself down: the show needs less until it has cooled. Looks in, a reason out."""

from dataclasses import dataclass

from spark_vtuber.core.machine import MachineUse


@dataclass(frozen=True, slots=True)
class HeatLimits:
    """Above `soft_c` degrees Celsius the show needs less; it goes back `back_s` after the last hot look."""

    soft_c: float = 85.0
    back_s: float = 60.0


class HeatWatch:
    """Follows how hot the machine is."""

    def __init__(self, limits: HeatLimits) -> None:
        self.limits = limits
        self._reason = ""
        self._hot_s = float("-inf")

    @property
    def reason(self) -> str:
        """Why the show must need less; empty while it need not."""
        return self._reason

    def look(self, use: MachineUse, now_s: float) -> str:
        """Take one look; gives why the show must need less, empty where it need not."""
        reason = self._why(use)
        if reason:
            self._reason, self._hot_s = reason, now_s
        elif now_s - self._hot_s >= self.limits.back_s:
            self._reason = ""
        return self._reason

    def _why(self, use: MachineUse) -> str:
        for gpu in use.gpus:
            if gpu.throttle:
                return f"{gpu.name} runs slower: {gpu.throttle}"
        if use.throttle:
            return use.throttle
        readings = [(one.celsius, one.name) for one in use.temperatures]
        readings += [(gpu.temperature_c, gpu.name) for gpu in use.gpus if gpu.temperature_c is not None]
        hottest_c, name = max(readings, default=(float("-inf"), ""))
        if hottest_c >= self.limits.soft_c:
            return f"{name} has {hottest_c:.0f} °C, {self.limits.soft_c:.0f} °C is the limit"
        return ""
