"""The facet of OBS in memory, for the routes."""

from dataclasses import dataclass, field, replace

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.obs import ObsStats, ObsView

CONNECTED = ObsView(
    state="connected",
    address="127.0.0.1:4455",
    scene="Live",
    scenes=("Live", "Safety"),
    streaming=True,
    stats=ObsStats(30.0, 12, 0.5, 3.2, 9.1, 210.0),
    safety_scene="Safety",
)


@dataclass(slots=True)
class FakeObsDesk:
    """Implements `core.obs.ObsDesk`; a scene that it does not have is refused."""

    now: ObsView = field(default=CONNECTED)

    def view(self) -> ObsView:
        """How it is now."""
        return self.now

    async def switch(self, scene: str) -> str:
        """Put a scene on air."""
        if self.now.state != "connected":
            raise EngineError("obs_not_connected", "OBS is not connected", retryable=True, fix="start OBS")
        if scene not in self.now.scenes:
            fix = f"its scenes are: {', '.join(self.now.scenes)}"
            raise EngineError("obs_no_scene", f'OBS does not show "{scene}"', fix=fix)
        self.now = replace(self.now, scene=scene)
        return scene
