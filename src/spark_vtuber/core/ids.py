"""Identifiers: short, unique within a session, readable in a log."""

import random
from typing import NewType

PersonaId = NewType("PersonaId", str)
TurnId = NewType("TurnId", str)
CueId = NewType("CueId", str)
SessionId = NewType("SessionId", str)


class Serial:
    """Numbers things as `prefix1`, `prefix2`, …; one counter a session."""

    __slots__ = ("_count", "_prefix")

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0

    def next(self) -> str:
        """A name that this counter never gave before."""
        self._count += 1
        return f"{self._prefix}{self._count}"


def session_id(rng: random.Random) -> SessionId:
    """A name for one life of the show: twelve hexadecimal digits."""
    return SessionId(f"{rng.getrandbits(48):012x}")
