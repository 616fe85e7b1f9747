"""What the keeper of a model server is told, and what it tells: both are JSON, read by another process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

State = Literal["starting", "ready", "restarting", "failed", "stopped"]

STATES: Final[tuple[State, ...]] = get_args(State)


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be taken for another one that got its number later: `created` is when it began (Unix s)."""

    pid: int
    created: float


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be kept running. `state` and `log` are files; `ready_path` answers 200 on `port` once it is loaded."""

    server: str
    model: str
    argv: tuple[str, ...]
    port: int
    ready_path: str
    ready_s: float
    state: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the keeper's standard input."""
        return {**asdict(self), "argv": list(self.argv), "state": str(self.state), "log": str(self.log)}

    @staticmethod
    def of(table: Mapping[str, Any]) -> "Job":
        """The job in what `as_json` made."""
        paths = {"state": Path(table["state"]), "log": Path(table["log"])}
        return Job(**{**table, **paths, "argv": tuple(table["argv"])})


@dataclass(frozen=True, slots=True)
class Kept:
    """How a kept server is. `since_ms` is when this state began, `restarts` how often it was started again."""

    state: State
    server: str
    model: str
    port: int
    since_ms: int
    keeper: Identity | None = None
    process: Identity | None = None
    detail: str = ""
    restarts: int = 0
    argv: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the file of the state."""
        return {**asdict(self), "argv": list(self.argv)}


def kept_in(table: Any) -> Kept | None:
    """What a file of the state says; None where it is damaged."""
    if not isinstance(table, Mapping):
        return None
    state, port, since, restarts = (table.get(key) for key in ("state", "port", "since_ms", "restarts"))
    argv = table.get("argv")
    if state not in STATES or not all(type(one) is int for one in (port, since, restarts)):
        return None
    return Kept(
        state=cast("State", state),
        server=str(table.get("server", "")),
        model=str(table.get("model", "")),
        port=cast("int", port),
        since_ms=cast("int", since),
        keeper=_identity(table.get("keeper")),
        process=_identity(table.get("process")),
        detail=str(table.get("detail", "")),
        restarts=cast("int", restarts),
        argv=tuple(str(one) for one in argv) if isinstance(argv, list) else (),
    )


def _identity(table: Any) -> Identity | None:
    pid = table.get("pid") if isinstance(table, Mapping) else None
    created = table.get("created") if isinstance(table, Mapping) else None
    if type(pid) is not int or pid <= 0 or not isinstance(created, int | float):
        return None
    return Identity(pid, float(created))
