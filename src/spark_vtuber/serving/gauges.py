"""What a server tells of itself in the text format of Prometheus: pace, load, and what became of drafted tokens.

Names are those of the servers' own pages: llama-server with `--metrics`, vLLM's "Production Metrics", SGLang's
"Production Metrics". A server that tells nothing has no readings.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SAMPLE: Final = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\s+(\S+)")

_PACE: Final = ("llamacpp:predicted_tokens_seconds", "sglang:gen_throughput")
_RUNNING: Final = ("llamacpp:requests_processing", "vllm:num_requests_running", "sglang:num_running_reqs")
_GENERATED: Final = (
    "llamacpp:tokens_predicted_total",
    "vllm:generation_tokens_total",
    "sglang:generation_tokens_total",
)
_DRAFTED: Final = ("llamacpp:spec_decode_num_draft_tokens_total", "vllm:spec_decode_num_draft_tokens_total")
_ACCEPTED: Final = ("llamacpp:spec_decode_num_accepted_tokens_total", "vllm:spec_decode_num_accepted_tokens_total")

MOST_LINES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Gauges:
    """What a server told; None for what it does not tell."""

    tokens_per_s: float | None = None
    running: int | None = None
    tokens_generated: int | None = None
    tokens_drafted: int | None = None
    tokens_accepted: int | None = None

    @property
    def acceptance(self) -> float | None:
        """Share of the drafted tokens that were kept, 0..1; None where nothing was drafted."""
        if not self.tokens_drafted or self.tokens_accepted is None:
            return None
        return min(1.0, self.tokens_accepted / self.tokens_drafted)


def gauges_in(text: str) -> Gauges:
    """The readings in a page of metrics, which may be anything."""
    found: dict[str, float] = {}
    for line in text.splitlines()[:MOST_LINES]:
        sample = _SAMPLE.match(line)
        if sample is None:
            continue
        value = _number(sample[2])
        if value is not None:
            found[sample[1]] = found.get(sample[1], 0.0) + value
    return Gauges(
        tokens_per_s=_first(found, _PACE),
        running=_count(found, _RUNNING),
        tokens_generated=_count(found, _GENERATED),
        tokens_drafted=_count(found, _DRAFTED),
        tokens_accepted=_count(found, _ACCEPTED),
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _first(found: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    return next((found[name] for name in names if name in found), None)


def _count(found: Mapping[str, float], names: tuple[str, ...]) -> int | None:
    value = _first(found, names)
    return None if value is None else round(value)
