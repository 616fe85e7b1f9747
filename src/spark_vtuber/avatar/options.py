"""What can be set about a character in VTube Studio."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MouthStyle = Literal["auto", "vowels", "open"]
"""Which inputs the mouth moves: `vowels` VoiceA to VoiceO, `open` MouthOpen and MouthSmile, `auto` all there are."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the model stands, in VTube Studio's own units; None leaves a value as it is."""

    x: float | None = None
    y: float | None = None
    size: float | None = None
    rotation: float | None = None


@dataclass(frozen=True, slots=True)
class VTubeStudioOptions:
    """Keys of `[avatar.vtube_studio]`; the configuration documents and checks them."""

    host: str = "127.0.0.1"
    port: int = 8001
    rate_hz: float = 60.0
    lead_ms: float = 20.0
    mouth: MouthStyle = "auto"
    motion: float = 1.0
    own_parameters: bool = True
    model: str = ""
    place: Place = field(default_factory=Place)
    expressions: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The place of this VTube Studio, `host:port`."""
        return f"{self.host}:{self.port}"
