"""OBS as the doors see it: how the connection is, what is on air, and how well."""

from dataclasses import dataclass
from typing import Literal, Protocol

ObsState = Literal["off", "connecting", "connected", "wrong_password", "lost"]


@dataclass(frozen=True, slots=True)
class ObsStats:
    """How OBS is doing.

    `dropped_frames` counts since OBS started: frames drawn too late, encoded too late and lost on the way to the
    platform. `dropped_percent` is the worst of these three shares within the last minute, `render_lag_ms` the mean
    time that OBS needs to draw a frame.
    """

    fps: float
    dropped_frames: int
    dropped_percent: float
    render_lag_ms: float
    cpu_percent: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class ObsView:
    """One OBS now. What is only known while connected is empty or None otherwise; scenes are in the order of OBS."""

    state: ObsState
    address: str
    detail: str = ""
    fix: str = ""
    scene: str = ""
    scenes: tuple[str, ...] = ()
    streaming: bool = False
    recording: bool = False
    stats: ObsStats | None = None
    safety_scene: str = ""


class ObsDesk(Protocol):
    """What can be asked of the OBS beside the show."""

    def view(self) -> ObsView:
        """How it is now."""
        ...

    async def switch(self, scene: str) -> str:
        """Put a scene on air; gives its name when OBS shows it.

        Raises `EngineError`: `obs_not_connected`, `obs_no_scene`, `obs_timeout` and what ends the connection.
        """
        ...
