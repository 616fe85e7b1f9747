"""The exception tree of the project.

    SparkError                what happened, to what, and what to do next
    ├── ConfigError           the configuration is wrong; carries every mistake at once
    ├── EngineError           an engine failed; an outcome of a turn, never a bug
    └── ProtocolError         a peer broke a wire protocol; the connection cannot go on

Anything else that is raised is a bug: it propagates to the supervisor, is counted and shown.
Exceptions of vendors never cross a port; engines raise `EngineError` from the cause.
"""

from dataclasses import dataclass


class SparkError(Exception):
    """Base of every error the project raises on purpose.

    `code` is a short stable name for machines, `fix` tells a person what to do next.
    """

    def __init__(self, message: str, *, code: str = "error", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix


class EngineError(SparkError):
    """An engine could not do what was asked.

    `retryable` says whether the same call may succeed a little later.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False, fix: str = "") -> None:
        super().__init__(message, code=code, fix=fix)
        self.retryable = retryable


class ProtocolError(SparkError):
    """A peer sent something its protocol does not allow."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="protocol")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong key of a configuration: where, why, and how to mend it."""

    key: str
    reason: str
    fix: str = ""


class ConfigError(SparkError):
    """The configuration holds one or more mistakes; nothing of it was applied."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        lines = "\n".join(f"  {m.key}: {m.reason}" + (f" ({m.fix})" if m.fix else "") for m in mistakes)
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"the configuration has {count}:\n{lines}", code="config", fix="spark-vtuber config check")
        self.mistakes = mistakes
