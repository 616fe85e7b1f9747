"""What an adapter learns from: exchanges of a character, from its card, from rated turns, and from files.

An exchange is what somebody wrote and what the character says to it. Files are JSON lines of one of two forms, which
other programs write too:

    {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hey, you made it!"}]}
    {"prompt": "hi", "completion": "Hey, you made it!"}

Of a longer conversation only the last exchange counts: what came before it is history, and the prompt of the show has
its own.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.errors import SparkError

LONGEST_CHARS: Final = 4_000
"""Of either side of an exchange; more is no chat."""

LONGEST_LINE: Final = 1 << 20
LEAST_HELD_OUT: Final = 2


class Source(StrEnum):
    """Where an exchange comes from; where two say different things to the same line, the later of these counts."""

    CARD = "card"
    FILE = "file"
    LIKED = "liked"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was written, by whom, and what the character should say to it."""

    asked: str
    said: str
    source: Source
    author: str = "viewer"


@dataclass(frozen=True, slots=True)
class Examples:
    """Exchanges to learn from, and those that are kept apart to see whether it did."""

    train: tuple[Exchange, ...]
    held_out: tuple[Exchange, ...]

    def count(self, source: Source) -> int:
        """How many come from there."""
        return sum(1 for exchange in (*self.train, *self.held_out) if exchange.source is source)


def from_card(examples: Iterable[tuple[str, str]]) -> Iterator[Exchange]:
    """The example exchanges of a character's card."""
    for asked, said in examples:
        yield Exchange(asked, said, Source.CARD)


def from_file(path: Path) -> Iterator[Exchange]:
    """The exchanges of a file of JSON lines.

    Raises:
        SparkError: `no_examples` where the file cannot be read, `bad_examples` with the number of the first line that
            is none.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), ""), 1):
                if line.strip():
                    yield _exchange(line, f"{path.name}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        what = f"{path} cannot be read: {error.strerror if isinstance(error, OSError) else 'it is not UTF-8'}"
        raise SparkError(what, code="no_examples", fix="name a file of JSON lines") from error


def chosen(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Each line that was asked once, with the answer of the weightiest source, in the order of first appearance."""
    order = list(Source)
    kept: dict[str, Exchange] = {}
    for exchange in exchanges:
        if not _is_usable(exchange):
            continue
        key = " ".join(exchange.asked.casefold().split())
        known = kept.get(key)
        if known is None or order.index(exchange.source) >= order.index(known.source):
            kept[key] = exchange
    return tuple(kept.values())


def split(exchanges: Sequence[Exchange], share: float) -> Examples:
    """Hold a `share` of the exchanges back, at least `LEAST_HELD_OUT`.

    Which ones depends on what was asked and on nothing else: an exchange that is in the share is not learnt from when
    others join it later.

    Raises:
        SparkError: `too_few_examples`.
    """
    if len(exchanges) < 2 * LEAST_HELD_OUT:
        raise SparkError(
            f"there are {len(exchanges)} examples, at least {2 * LEAST_HELD_OUT} are needed",
            code="too_few_examples",
            fix="rate or edit answers in the panel, add examples to the card, or give a file with --examples",
        )
    ranked = sorted(exchanges, key=_lot)
    below = [exchange for exchange in ranked if _lot(exchange) < share]
    held_out = set(ranked[: max(LEAST_HELD_OUT, min(len(below), len(exchanges) // 2))])
    return Examples(
        tuple(exchange for exchange in exchanges if exchange not in held_out),
        tuple(exchange for exchange in exchanges if exchange in held_out),
    )


def _lot(exchange: Exchange) -> float:
    """A number from 0 to 1 that belongs to what was asked."""
    digest = blake2b(exchange.asked.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _is_usable(exchange: Exchange) -> bool:
    return all(0 < len(text.strip()) <= LONGEST_CHARS for text in (exchange.asked, exchange.said))


def _exchange(line: str, where: str) -> Exchange:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        asked, said = value.get("prompt"), value.get("completion")
        if isinstance(value.get("messages"), list):
            asked, said = _last(value["messages"])
        if isinstance(asked, str) and isinstance(said, str):
            return Exchange(asked, said, Source.FILE)
    fix = 'each line needs "prompt" and "completion", or "messages" that end with a user and an assistant'
    raise SparkError(f"{where} is no example", code="bad_examples", fix=fix)


def _last(messages: list[Any]) -> tuple[object, object]:
    """The last thing the user wrote, and the answer to it."""
    turns = [one for one in messages if isinstance(one, dict) and one.get("role") in ("user", "assistant")]
    if len(turns) < 2 or (turns[-2]["role"], turns[-1]["role"]) != ("user", "assistant"):
        return None, None
    return turns[-2].get("content"), turns[-1].get("content")
