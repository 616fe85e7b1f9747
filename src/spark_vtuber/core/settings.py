"""The settings as the doors see them: every key with its meaning, changed while the show runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from spark_vtuber.core.errors import SparkError

Source = Literal["default", "file", "overrides", "environment", "flag"]
"""Who set a key; later ones win."""

Applies = Literal["live", "component", "restart"]
"""When a changed key takes effect: at once, with the restart of its component, or with the show's next start."""

Applied = Literal["now", "component", "restart"]
"""What became of a change: it counts, its component was restarted for it, or it waits for the show's next start."""

Type = Literal["integer", "number", "string", "boolean", "list", "table"]

BAD_VALUE: Final = "bad_value"
UNKNOWN_KEY: Final = "unknown_key"
OUTRANKED: Final = "outranked"
NOT_WRITTEN: Final = "not_written"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the configuration.

    `key` is its whole name, as in "replies.max_tokens", and `path` its parts. `value` and `default` are as JSON has
    them; where either holds a secret, it says so instead. `limits` are "minimum", "maximum", "exclusive_minimum",
    "exclusive_maximum", "choices" and "pattern", as far as there are any. `is_pending`: it was changed and waits for
    the show's next start.
    """

    path: tuple[str, ...]
    meaning: str
    type: Type
    default: Any
    value: Any
    source: str
    applies: Applies
    limits: Mapping[str, Any] = field(default_factory=dict)
    is_secret: bool = False
    is_pending: bool = False

    @property
    def key(self) -> str:
        """The whole name."""
        return ".".join(self.path)

    @property
    def section(self) -> str:
        """The table it stands in."""
        return ".".join(self.path[:-1])


@dataclass(frozen=True, slots=True)
class Change:
    """A key that was changed, with its values before and after."""

    key: str
    old: Any
    value: Any
    applied: Applied


@dataclass(frozen=True, slots=True)
class Files:
    """Where the settings stand: the user's file, if there is one, and the one that the panel writes."""

    file: str | None
    overrides: str


class RefusedError(SparkError):
    """A change that was not made; nothing is different. `code` is one of the constants of this module."""


class SettingsDesk(Protocol):
    """What can be asked of the settings of the running show. Changes are made one after the other."""

    @property
    def files(self) -> Files:
        """Where the settings stand."""
        ...

    def listed(self) -> Sequence[Setting]:
        """Every key, table by table."""
        ...

    async def change(self, key: str, value: Any = None, *, is_reset: bool = False) -> Change:
        """Set a key, or with `is_reset` give it back to the layers below the panel's.

        The whole configuration is checked first, and what the change needs is opened.

        Raises:
            RefusedError: `bad_value` with every reason, `unknown_key`, `outranked` where the environment or a flag
                says otherwise, `not_written` where the file of the panel cannot be written.
        """
        ...

    async def reload(self) -> Sequence[Change]:
        """Read every layer again and apply what is different.

        Raises:
            RefusedError: `bad_value` with every mistake; the old configuration stays.
        """
        ...
