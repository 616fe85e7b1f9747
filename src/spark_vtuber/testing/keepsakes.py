"""A keepsake without a disk."""

from copy import deepcopy
from typing import Any

from anyio.lowlevel import checkpoint


class MemoryKeepsake:
    """Implements `core.keepsake.Keepsake` in memory; `writes` counts what was written."""

    def __init__(self, value: Any | None = None) -> None:
        self.value = value
        self.writes = 0

    def read(self) -> Any | None:
        """The value."""
        return deepcopy(self.value)

    async def write(self, value: Any) -> None:
        """Keep a copy."""
        await checkpoint()
        self.value = deepcopy(value)
        self.writes += 1
