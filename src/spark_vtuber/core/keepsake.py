"""A small value that outlives the show."""

from typing import Any, Protocol


class Keepsake(Protocol):
    """Keeps one JSON-ready value."""

    def read(self) -> Any | None:
        """The value as it was written last; None where there is none that can be read."""
        ...

    async def write(self, value: Any) -> None:
        """Put `value` in the place of the old one. A disk that refuses is logged; nothing is raised."""
        ...
