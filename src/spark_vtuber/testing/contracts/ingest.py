"""What every implementation of the door for other platforms promises, as functions that check it.

In a test: `@pytest.mark.parametrize("promise", INGEST)`, then `await promise(entrance)` with a door whose `token` opens
it and into which nothing came yet. A broken promise raises `AssertionError` that says which one.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError, SparkError
from spark_vtuber.core.ingest import Ingest


@dataclass(frozen=True, slots=True)
class Entrance:
    """A door and what opens it."""

    ingest: Ingest
    token: str


async def opens_with_its_token_alone(entrance: Entrance) -> None:
    """Another token, a part of it and nothing do not open it."""
    _hold(entrance.ingest.opens(entrance.token), "its token does not open it")
    for wrong in ("", "desk", entrance.token[:-1], f"{entrance.token} ", "\ud800"):
        _hold(not entrance.ingest.opens(wrong), f"{wrong!r} opens it")


async def takes_or_refuses_every_event_by_itself(entrance: Entrance) -> None:
    """A wrong event keeps no other out, and says what is wrong."""
    receipts = entrance.ingest.post(_batch(_line("1"), {"text": "nobody"}, _line("1"), _line("2", source="twitch")))
    codes = [receipt.code for receipt in receipts.receipts]
    _hold(codes == ["", "bad_event", "duplicate", "bad_source"], f"the codes are {codes}")
    _hold([receipt.index for receipt in receipts.receipts] == [0, 1, 2, 3], "the receipts are out of order")
    _hold(receipts.receipts[0].id == "1", "a receipt does not name its event")
    _hold(all(receipt.reason for receipt in receipts.receipts[1:]), "a refusal has no reason")


async def names_what_has_no_name(entrance: Entrance) -> None:
    """An event without an id gets one, and is never a duplicate."""
    receipts = entrance.ingest.post(_batch(_line(None), _line(None))).receipts
    _hold(all(receipt.is_accepted and receipt.id for receipt in receipts), "an event without an id is refused")
    _hold(receipts[0].id != receipts[1].id, "two events have one id")


async def takes_no_batch_that_is_none(entrance: Entrance) -> None:
    """Neither another version, nor too many, nor none, nor a source that cannot be."""
    line = _line("1")
    batches: tuple[dict[str, Any], ...] = (
        {},
        {"events": []},
        {"version": 2, "events": [line]},
        {"events": [line] * 101},
        _batch(line, to="K"),
    )
    for batch in batches:
        try:
            entrance.ingest.post(batch)
        except SparkError as error:
            _hold(error.code == "bad_batch", f"the code is {error.code}")
        else:
            raise AssertionError(f"{batch} was taken")


async def greets_whoever_is_known_or_shows_the_token(entrance: Entrance) -> None:
    """A hello is answered by a welcome, and events by receipts, in order."""
    for hello, is_known in (({}, True), ({"token": entrance.token}, False)):
        async with entrance.ingest.connect(is_known=is_known) as peer, aclosing(peer.frames()) as frames:  # type: ignore[type-var]  # a generator
            peer.receive(json.dumps({"type": "hello", "version": 1, **hello}))
            peer.receive(json.dumps({"type": "events", "ref": "a", **_batch(_line(None))}))
            told = [json.loads(await anext(frames)) for _ in range(2)]
            _hold([frame["type"] for frame in told] == ["welcome", "receipt"], "the answers are not as they should be")
            _hold((told[1]["ref"], told[1]["accepted"]) == ("a", 1), "the receipt is not that of the events")


async def lets_in_nobody_without_the_token(entrance: Entrance) -> None:
    """A wrong hello is refused, anything before it breaks the protocol, and nothing of it is taken."""
    for hello in ({}, {"token": "desk"}):
        async with entrance.ingest.connect(is_known=False) as peer:
            try:
                peer.receive(json.dumps({"type": "hello", **hello}))
            except ProtocolError:
                raise AssertionError("a wrong token is told as a broken protocol") from None
            except SparkError as error:
                _hold(error.code == "wrong_token", f"the code is {error.code}")
            else:
                raise AssertionError(f"{hello} was let in")
    for text in ("{", json.dumps({"type": "events", **_batch(_line("7"))})):
        async with entrance.ingest.connect(is_known=True) as peer:
            try:
                peer.receive(text)
            except ProtocolError:
                continue
            raise AssertionError(f"{text} was taken before a hello")
    _hold(entrance.ingest.post(_batch(_line("7"))).receipts[0].is_accepted, "events before a hello were taken")


def _batch(*events: Any, to: str = "kick") -> dict[str, Any]:
    return {"version": 1, "source": to, "events": list(events)}


def _line(id: str | None, **more: Any) -> dict[str, Any]:
    line = {"author": {"name": "Ana"}, "text": "hello there", **more}
    return line if id is None else {"id": id, **line}


def _hold(is_kept: bool, broken: str) -> None:
    if not is_kept:
        raise AssertionError(broken)


Promise = Callable[[Entrance], Awaitable[None]]

INGEST: Final[tuple[Promise, ...]] = (
    opens_with_its_token_alone,
    takes_or_refuses_every_event_by_itself,
    names_what_has_no_name,
    takes_no_batch_that_is_none,
    greets_whoever_is_known_or_shows_the_token,
    lets_in_nobody_without_the_token,
)
