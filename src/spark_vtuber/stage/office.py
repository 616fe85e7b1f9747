"""Who makes the sound: one client of all that could, elected by rank and kept as long as it does its work."""

from dataclasses import dataclass
from typing import Final

OBS: Final = "obs"
"""The name under which the page inside OBS says hello."""

RETRY_S: Final = 10.0
"""After this long a client that was silent may stand again; earlier where it says anything."""


@dataclass(slots=True)
class _Candidate:
    is_device: bool
    name: str = ""
    can_sound: bool = False
    since: int = 0
    silent_until: float = float("-inf")


class Office:
    """The audio owner: the local sound device, else a client named `obs`, else whoever could sound first.

    It stays until it leaves, cannot be heard any more, or was silent while it had sound to play.
    """

    __slots__ = ("_candidates", "_claims", "_owner")

    def __init__(self) -> None:
        self._candidates: dict[int, _Candidate] = {}
        self._claims = 0
        self._owner: int | None = None

    @property
    def owner(self) -> int | None:
        """The client in office."""
        return self._owner

    @property
    def owner_name(self) -> str | None:
        """What the client in office calls itself."""
        return None if self._owner is None else self._candidates[self._owner].name

    def join(self, client: int, *, is_device: bool = False) -> None:
        """A client is there; it cannot sound before its hello."""
        self._candidates[client] = _Candidate(is_device)

    def hello(self, client: int, name: str, now: float, *, has_audio: bool) -> None:
        """A client says who it is and whether it could be heard."""
        candidate = self._candidates[client]
        candidate.name = name
        if has_audio and not candidate.can_sound:
            self._claims += 1
            candidate.since = self._claims
        candidate.can_sound = has_audio
        candidate.silent_until = float("-inf")
        self.elect(now)

    def spoke(self, client: int, now: float) -> None:
        """A client said something: it is alive."""
        self._candidates[client].silent_until = float("-inf")
        self.elect(now)

    def depose(self, client: int, now: float) -> None:
        """A client had sound to play and was silent."""
        self._candidates[client].silent_until = now + RETRY_S
        self.elect(now)

    def leave(self, client: int, now: float) -> None:
        """A client is gone."""
        self._candidates.pop(client, None)
        self.elect(now)

    def elect(self, now: float) -> None:
        """Fill the office if it is empty or its holder cannot do the work."""
        able = {key: one for key, one in self._candidates.items() if one.can_sound and one.silent_until <= now}
        if self._owner not in able:
            self._owner = min(able, key=lambda key: _rank(able[key]), default=None)


def _rank(candidate: _Candidate) -> tuple[bool, bool, int]:
    return (not candidate.is_device, candidate.name != OBS, candidate.since)
