"""A place that keeps secrets, and the names they may have there."""

import re
from typing import Final, Protocol

from spark_vtuber.core.errors import SparkError

LONGEST: Final = 65_536
"""Bytes of a value in UTF-8."""

ABSENT: Final = "absent"
"""The code of the error of a place that does not exist on this machine."""

REFUSED: Final = "refused"
"""The code of the error of a place that is there and does not take this value, or not now."""

HUNG: Final = "hung"
"""The code of the error of a place that did not answer in time."""

HOW_TO_SET: Final = "spark-vtuber secrets set"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Place(Protocol):
    """Keeps secrets by name; names are as `canonical` gives them. Every method may wait for a disk or a daemon.

    All raise `SparkError` with its fix; the code is `absent` where the place does not exist on this machine.
    Messages never hold a value.
    """

    def names(self) -> tuple[str, ...]:
        """The names of what is kept, sorted."""
        ...

    def read(self, name: str) -> str | None:
        """A value; None where there is none of this name."""
        ...

    def write(self, name: str, value: str) -> None:
        """Keep a value in the place of the old one: after a crash at any instant the one or the other is there."""
        ...

    def remove(self, name: str) -> bool:
        """Forget a value; says whether there was one."""
        ...


def canonical(name: str) -> str:
    """The one form of a name: `My_Key`, `my.key` and `my-key` are the same secret.

    Variables of the environment know neither case nor dashes, so no place may tell names apart that they cannot.

    Raises:
        SparkError: `bad_name`.
    """
    if not _NAME.fullmatch(name):
        raise SparkError(
            f"{name[:80]!r} cannot be the name of a secret",
            code="bad_name",
            fix="use up to 64 letters, digits, dots, dashes and underscores of ASCII, as in: openai",
        )
    return re.sub(r"[_.]", "-", name.lower())


def checked(value: str) -> str:
    """A value as it came, if it can be kept.

    Raises:
        SparkError: `bad_value`; the message does not repeat it.
    """
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise _bad_value("holds characters that cannot be written", "copy it again") from None
    if not value:
        raise _bad_value("is empty", "to forget a secret: spark-vtuber secrets remove NAME")
    if "\0" in value:
        raise _bad_value("holds a zero byte", "copy it again")
    if size > LONGEST:
        raise _bad_value(f"is longer than {LONGEST} bytes", "keep it in a file of its own")
    return value


def _bad_value(what: str, fix: str) -> SparkError:
    return SparkError(f"the value {what}", code="bad_value", fix=fix)
