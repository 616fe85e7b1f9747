"""What the show counts, as `GET /metrics` gives it. Names and units follow the conventions of Prometheus."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, get_args

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Component, State
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.telemetry import process
from spark_vtuber.telemetry.exposition import Counter, Histogram, Reading, head, sample
from spark_vtuber.telemetry.waterfall import response_ms, segments

RESPONSE_BOUNDS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
"""0.5 s is the budget of an answer, 8 s the deadline for its first sound."""

ADMISSION_BOUNDS_S: Final = (0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0)

STAGE_BOUNDS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


STATES: Final[tuple[str, ...]] = get_args(State)


class ShowMetrics:
    """Counters of one life of the show, and the readings that its parts add."""

    def __init__(self, clock: Clock) -> None:
        self._started_ms = clock.unix_ms()
        self._turns = Counter("spark_vtuber_turns_total", "Turns that ended, by outcome.", ["outcome"])
        self._degraded = Counter("spark_vtuber_turns_degraded_total", "Turns in which a stand-in had to help.")
        self._blocked = Counter("spark_vtuber_clauses_blocked_total", "Clauses the guard did not let through.")
        self._opinions = Counter(
            "spark_vtuber_second_opinions_total", "Doubtful texts the model was asked about, by outcome.", ["outcome"]
        )
        self._received = Counter("spark_vtuber_chat_received_total", "Lines received, by source.", ["source"])
        self._dropped = Counter("spark_vtuber_chat_dropped_total", "Lines dropped, by reason.", ["reason"])
        self._tokens = Counter("spark_vtuber_tokens_total", "Tokens of the model, in and out.", ["direction"])
        self._draft = Counter(
            "spark_vtuber_draft_tokens_total", "Tokens that were drafted for the model, and those it kept.", ["fate"]
        )
        self._prompt_tokens = Counter(
            "spark_vtuber_prompt_tokens_total",
            "Tokens of prompts, where the server tells how many of them it had at hand.",
            ["cached"],
        )
        self._response = Histogram(
            "spark_vtuber_response_seconds", "From a line received to its first sound.", RESPONSE_BOUNDS_S
        )
        self._stages = Histogram(
            "spark_vtuber_stage_seconds", "Time in each stage of a turn.", STAGE_BOUNDS_S, ["stage"]
        )
        self._admission = Histogram(
            "spark_vtuber_admission_seconds", "From a line received to its place in the inbox.", ADMISSION_BOUNDS_S
        )
        self._readings: list[Reading] = []
        self._queues: dict[str, Callable[[], float]] = {}
        self._measures: dict[str, tuple[str, float]] = {}
        self._version = ""

    def built(self, version: str) -> None:
        """Say which release runs."""
        self._version = version

    def watch(self, reading: Reading) -> None:
        """Ask a part of the show for its numbers whenever the metrics are read."""
        self._readings.append(reading)

    def watch_queue(self, name: str, depth: Callable[[], float]) -> None:
        """Show how much waits in a queue."""
        self._queues[name] = depth

    def measure(self, name: str, meaning: str, value: float) -> None:
        """Note a value of a part that tells it when it changes; `spark_vtuber_` is put before its name."""
        self._measures[name] = (meaning, value)

    def queue_depths(self) -> dict[str, float]:
        """How much waits in each queue."""
        return {name: depth() for name, depth in self._queues.items()}

    def receive(self, source: str) -> None:
        """A line came in."""
        self._received.add(source)

    def drop(self, reason: str) -> None:
        """A line was dropped; `reason` is one of `core.turns.Reason`."""
        self._dropped.add(reason)

    def judge(self, outcome: str) -> None:
        """The model was asked about a doubtful text: allowed, refused, late or failed."""
        self._opinions.add(outcome)

    def admit(self, waited_s: float) -> None:
        """A line passed gates and guard."""
        self._admission.observe(waited_s)

    def record(self, turn: TurnRecord) -> None:
        """A turn ended."""
        self._turns.add(turn.outcome.value)
        if turn.is_degraded:
            self._degraded.add()
        if turn.blocked:
            self._blocked.add(amount=len(turn.blocked))
        self._count_tokens(turn.counts)
        if (answer_ms := response_ms(turn.marks)) is not None:
            self._response.observe(answer_ms / 1000)
        for segment in segments(turn.marks):
            if segment.stage:
                self._stages.observe(segment.duration_ms / 1000, segment.stage)

    def _count_tokens(self, counts: Mapping[str, float]) -> None:
        """What a model read and wrote for a turn, as far as its server told."""
        for direction in ("in", "out"):
            if tokens := counts.get(f"tokens_{direction}"):
                self._tokens.add(direction, amount=tokens)
        for fate in ("drafted", "accepted"):
            if tokens := counts.get(f"tokens_{fate}"):
                self._draft.add(fate, amount=tokens)
        if (cached := counts.get("tokens_cached")) is not None and (read := counts.get("tokens_in")):
            self._prompt_tokens.add("yes", amount=min(cached, read))
            self._prompt_tokens.add("no", amount=max(0.0, read - cached))

    def render(self, *, components: Iterable[Component] = (), gauges: Mapping[str, float] | None = None) -> str:
        """The text of `GET /metrics`.

        `gauges` are further values of the moment; their names get the prefix `spark_vtuber_`, their units are part
        of the name.
        """
        lines: list[str] = []
        for metric in (
            self._turns,
            self._degraded,
            self._blocked,
            self._opinions,
            self._received,
            self._dropped,
            self._tokens,
            self._prompt_tokens,
            self._draft,
            self._response,
            self._stages,
            self._admission,
        ):
            lines.extend(metric.lines())
        lines.extend(_component_lines(tuple(components)))
        if self._version:
            lines.extend(head("spark_vtuber_build_info", "What runs; always 1.", "gauge"))
            labels = (("version", self._version), ("python", platform.python_version()))
            lines.append(sample("spark_vtuber_build_info", labels, 1))
        if self._queues:
            lines.extend(head("spark_vtuber_queue_depth", "What waits in each queue.", "gauge"))
            lines.extend(
                sample("spark_vtuber_queue_depth", [("queue", name)], depth()) for name, depth in self._queues.items()
            )
        for reading in self._readings:
            lines.extend(reading.lines())
        for name, (meaning, value) in self._measures.items():
            lines.extend(_gauge(f"spark_vtuber_{name}", meaning, value))
        for name, value in (gauges or {}).items():
            lines.extend(_gauge(f"spark_vtuber_{name}", f"{name.replace('_', ' ').capitalize()}.", value))
        lines.extend(self._process_lines())
        return "\n".join(lines) + "\n"

    def _process_lines(self) -> Iterator[str]:
        yield from head("process_cpu_seconds_total", "CPU time of the show.", "counter")
        yield sample("process_cpu_seconds_total", (), process.cpu_s())
        yield from _gauge("process_start_time_seconds", "When the show started (Unix time).", self._started_ms / 1000)
        if (resident := process.resident_bytes()) is not None:
            yield from _gauge("process_resident_memory_bytes", "Memory of the show in RAM.", resident)
        if (files := process.open_files()) is not None:
            yield from _gauge("process_open_fds", "File descriptors in use.", files)


def _component_lines(components: tuple[Component, ...]) -> Iterator[str]:
    yield from head("spark_vtuber_component_ok", "1 where a component is well, 0 where it is not.", "gauge")
    for component in components:
        labels = (("name", component.name), ("kind", component.kind))
        yield sample("spark_vtuber_component_ok", labels, component.state == "ok")
    yield from head("spark_vtuber_component_state", "1 for the state a component is in, 0 for the others.", "gauge")
    for component in components:
        for state in STATES:
            told = (("name", component.name), ("kind", component.kind), ("state", state))
            yield sample("spark_vtuber_component_state", told, component.state == state)


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield from head(name, text, "gauge")
    yield sample(name, (), value)
