"""Where the time of a turn went: the arithmetic of its marks."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from spark_vtuber.core.turns import Mark

STAGES: Final[Mapping[tuple[Mark, Mark], str]] = {
    (Mark.RECEIVED, Mark.ADMITTED): "inbox",
    (Mark.ADMITTED, Mark.PROMPT): "choice",
    (Mark.PROMPT, Mark.REQUEST): "prompt",
    (Mark.REQUEST, Mark.FIRST_TOKEN): "model",
    (Mark.FIRST_TOKEN, Mark.FIRST_CLAUSE): "clause",
    (Mark.FIRST_CLAUSE, Mark.GUARDED): "guard",
    (Mark.GUARDED, Mark.FIRST_AUDIO): "voice",
    (Mark.FIRST_AUDIO, Mark.FLOOR): "floor",
    (Mark.FLOOR, Mark.FIRST_PLAYED): "stage",
    (Mark.FIRST_PLAYED, Mark.LAST_PLAYED): "speech",
}
"""What happens between two neighbouring marks."""

RESPONSE: Final = (Mark.RECEIVED, Mark.FIRST_AUDIO)
"""The part of a turn that the latency budgets are about."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch between two marks that follow one another.

    `start_ms` counts from the turn's first mark. `stage` is a name of `STAGES`, or empty where a mark between
    the two is missing: then nobody knows which stage took the time.
    """

    stage: str
    start: Mark
    end: Mark
    start_ms: float
    duration_ms: float


def segments(marks: Mapping[Mark, float]) -> tuple[Segment, ...]:
    """The stretches between the marks that are present, in the order of the marks; they leave no time out."""
    present = [(mark, marks[mark]) for mark in Mark if mark in marks]
    return tuple(
        Segment(
            stage=STAGES.get((start, end), ""),
            start=start,
            end=end,
            start_ms=(start_s - present[0][1]) * 1000,
            duration_ms=(end_s - start_s) * 1000,
        )
        for (start, start_s), (end, end_s) in pairwise(present)
    )


def response_ms(marks: Mapping[Mark, float]) -> float | None:
    """Received → first audio in milliseconds; None where one of them never happened."""
    start, end = RESPONSE
    return (marks[end] - marks[start]) * 1000 if start in marks and end in marks else None


def explained(marks: Mapping[Mark, float]) -> float | None:
    """The share (0..1) of received → first audio that belongs to a named stage; None without both marks."""
    total_ms = response_ms(marks)
    if total_ms is None:
        return None
    if total_ms <= 0:
        return 1.0
    order = list(Mark)
    first, last = order.index(RESPONSE[0]), order.index(RESPONSE[1])
    inside = {mark: marks[mark] for mark in order[first : last + 1] if mark in marks}
    return sum(segment.duration_ms for segment in segments(inside) if segment.stage) / total_ms


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The middle and the tail of a set of numbers."""

    p50: float
    p95: float
    p99: float


def percentiles(values: Iterable[float]) -> Percentiles | None:
    """p50, p95 and p99 with linear interpolation between ranks (definition 7 of Hyndman and Fan, 1996).

    None for no values.
    """
    ordered = sorted(values)
    if not ordered:
        return None

    def at(share: float) -> float:
        rank = share * (len(ordered) - 1)
        low, high = math.floor(rank), math.ceil(rank)
        return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)

    return Percentiles(p50=at(0.50), p95=at(0.95), p99=at(0.99))
