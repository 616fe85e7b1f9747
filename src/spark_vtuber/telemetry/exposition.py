"""Counters and histograms, and the Prometheus text exposition format 0.0.4 they are written in."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

Labels = tuple[str, ...]


class Counter:
    """A number that only grows, one for each combination of label values. Label values come from closed sets."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self._values: dict[Labels, float] = {} if self.labels else {(): 0.0}

    def add(self, *values: str, amount: float = 1.0) -> None:
        """Grow by `amount`; `values` belong to the labels, in their order."""
        self._values[values] = self._values.get(values, 0.0) + amount

    def value(self, *values: str) -> float:
        """What was counted so far."""
        return self._values.get(values, 0.0)

    def lines(self) -> Iterator[str]:
        """The metric as text lines."""
        yield from head(self.name, self.text, "counter")
        for values, number in self._values.items():
            yield sample(self.name, zip(self.labels, values, strict=True), number)


class Histogram:
    """How often a number fell into each bucket; `bounds` are upper bounds in rising order, without infinity."""

    def __init__(self, name: str, text: str, bounds: Sequence[float], labels: Sequence[str] = ()) -> None:
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        if not self.labels:
            self._open(())

    def observe(self, number: float, *values: str) -> None:
        """Count one observation."""
        if values not in self._counts:
            self._open(values)
        self._counts[values][bisect_left(self._bounds, number)] += 1
        self._sums[values] += number

    def lines(self) -> Iterator[str]:
        """The metric as text lines; buckets are cumulative."""
        yield from head(self.name, self.text, "histogram")
        for values, counts in self._counts.items():
            labels = list(zip(self.labels, values, strict=True))
            total = 0
            for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
                total += count
                yield sample(f"{self.name}_bucket", [*labels, ("le", _number(bound))], total)
            yield sample(f"{self.name}_sum", labels, self._sums[values])
            yield sample(f"{self.name}_count", labels, total)

    def _open(self, values: Labels) -> None:
        self._counts[values] = [0] * (len(self._bounds) + 1)
        self._sums[values] = 0.0


class Reading:
    """Numbers of the moment, asked for when the metrics are read; `read` gives label values and a number for each.

    A `kind` of "counter" is for a number that somebody else makes grow; its name ends in `_total`.
    """

    def __init__(
        self,
        name: str,
        text: str,
        read: Callable[[], Iterable[tuple[Labels, float]]],
        labels: Sequence[str] = (),
        kind: Literal["gauge", "counter"] = "gauge",
    ) -> None:
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self.kind = kind
        self._read = read

    def lines(self) -> Iterator[str]:
        """The metric as text lines."""
        yield from head(self.name, self.text, self.kind)
        for values, number in self._read():
            yield sample(self.name, zip(self.labels, values, strict=True), number)


def head(name: str, text: str, kind: str) -> Iterator[str]:
    """The two comment lines above the samples of a metric."""
    described = text.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {name} {described}"
    yield f"# TYPE {name} {kind}"


def sample(name: str, labels: Iterable[tuple[str, str]], number: float) -> str:
    """One line: a name, its labels, a value."""
    inner = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
    return f"{name}{{{inner}}} {_number(number)}" if inner else f"{name} {_number(number)}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(number: float) -> str:
    if number == math.inf:
        return "+Inf"
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "-Inf"
    return str(int(number)) if number == int(number) else repr(float(number))
