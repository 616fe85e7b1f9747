"""The door for lines of other platforms, which programs of the streamer push in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from spark_vtuber.core.events import ChatEvent, ChatKind

VERSION: Final = 1
"""Of the schema of events and frames; it only grows."""

INGEST_OFF: Final = "ingest_off"
"""Code of the error while nobody may come in."""

WRONG_TOKEN: Final = "wrong_token"  # noqa: S105 - a code, not a token
UNSETTLED: Final = (
    "settle this purchase where it was bought once `redeem` tells of it: the show cannot give points back"
)
"""Note on a purchase: only the program that pushed it in can reach the platform's list."""

RATE: Final = "rate"
"""Code of an event that came too fast."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one event of a batch.

    `id` is the event's id as it was sent, or one that was given to it. A refused one has a `code` and a `reason`, and
    no id where it could not be read. `note` is what its sender should know of one that was taken.
    """

    index: int
    id: str
    code: str = ""
    reason: str = ""
    note: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the event was taken in."""
        return not self.code


def note_on(event: ChatEvent) -> str:
    """What the sender of an event should know of it."""
    return UNSETTLED if event.kind is ChatKind.REWARD else ""


@dataclass(frozen=True, slots=True)
class Receipts:
    """What became of a batch; `wait_s` is when more would be taken, where some came too fast."""

    receipts: Sequence[Receipt]
    wait_s: float = 0.0


class IngestPeer(Protocol):
    """One connected program, seen from its socket."""

    def receive(self, text: str) -> None:
        """Take a text frame. Raises `SparkError` for whoever may not come in, `ProtocolError` for what is no frame."""
        ...

    def frames(self) -> AsyncIterator[str | bytes]:
        """What must be sent to it, in order; ends when it said no hello in time, or fell too far behind."""
        ...


class Ingest(Protocol):
    """Takes in what happens on other platforms. A door of its own: its token opens nothing else."""

    def opens(self, token: str) -> bool:
        """Whether this is the token. Raises `SparkError`: `ingest_off` with the fix, or what is wrong with the key."""
        ...

    def post(self, batch: Mapping[str, Any]) -> Receipts:
        """Take a batch: `{"version"?, "source"?, "events": [...]}`. Raises `SparkError("bad_batch")` for none."""
        ...

    def connect(self, *, is_known: bool) -> AbstractAsyncContextManager[IngestPeer]:
        """Connect a program; one that is not known yet must show the token with its first frame."""
        ...


def receipt_view(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON."""
    view: dict[str, Any] = {"index": receipt.index, "id": receipt.id, "accepted": receipt.is_accepted}
    if not receipt.is_accepted:
        return {**view, "code": receipt.code, "reason": receipt.reason}
    return {**view, "note": receipt.note} if receipt.note else view


def receipts_view(receipts: Receipts) -> dict[str, Any]:
    """All receipts of a batch as JSON, counted."""
    accepted = sum(receipt.is_accepted for receipt in receipts.receipts)
    return {
        "accepted": accepted,
        "refused": len(receipts.receipts) - accepted,
        "results": [receipt_view(receipt) for receipt in receipts.receipts],
    }
