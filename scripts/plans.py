"""The generated page docs/reference/what-fits.md: what `spark-vtuber plan` reckons for models and machines it knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spark_vtuber.serving.budget import Demand, budget
from spark_vtuber.serving.machines import MACHINES, Machine
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.plan import gb
from spark_vtuber.serving.published import PUBLISHED
from spark_vtuber.serving.quantisation import TAKES, Server, quantisation
from spark_vtuber.serving.speed import BUDGET_MS, FRESH_TOKENS, GAPLESS_TOKENS_PER_S, REACHED, speed

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reference" / "what-fits.md"
SERVER: Final = Server.LLAMACPP
CONTEXT: Final = 8_192
SEQUENCES: Final = 2

HEAD: Final = f"""\
<!-- Written by scripts/reference.py from the code; do not edit. -->
# What fits where

**Computed, not measured.** This is what `spark-vtuber plan` reckons with llama.cpp, four bits a weight, two characters
of {CONTEXT:,} tokens each, and the voice that needs no card. The first number is what is likely: {REACHED:.0%} of the
tokens a second that the memory allows at most. The second is the time until a viewer hears the first words, with
{FRESH_TOKENS} tokens of the prompt that are new to the server. Bold: within {BUDGET_MS:g} ms, and without
holes in the speech, which needs {GAPLESS_TOKENS_PER_S:g} tokens a second. Figures that were measured stand in
[benchmarks](benchmarks.md); [why it is so](../explanation/what-a-machine-can-do.md).

"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    machines = list(MACHINES.values())
    yield f"| model, memory | {' | '.join(f'`{one.name}`' for one in machines)} |"
    yield "|---|" + "---|" * len(machines)
    for name in PUBLISHED:
        demand = _demand(name)
        yield f"| `{name}`, {gb(demand.model.weight_bytes)} | {' | '.join(_cell(demand, one) for one in machines)} |"
    yield ""
    yield "## The machines"
    yield ""
    yield "| machine | memory | bandwidth | 16-bit operations | from |"
    yield "|---|---|---|---|---|"
    for one in machines:
        yield (
            f"| `{one.name}`: {one.title} | {gb(one.memory_bytes)} | {one.bandwidth_bytes_per_s / 1e9:.0f} GB/s | "
            f"{one.tflops:g} · 10¹² /s | {one.source} |"
        )


def _demand(name: str) -> Demand:
    kind = "mxfp4_moe" if name.startswith("gpt-oss") and "mxfp4_moe" in TAKES[SERVER] else "4"
    return Demand(Model(name, PUBLISHED[name], quantisation(kind, SERVER)), SERVER, CONTEXT, SEQUENCES)


def _cell(demand: Demand, machine: Machine) -> str:
    need = budget(demand, machine)
    if not need.is_possible:
        return "does not fit"
    reached = speed(demand, machine)
    pace = f"{reached.tokens_per_s:.0f}/s, {_time(reached.first_audio_ms)}"
    if not need.fits:
        return f"{pace}, no head-room"
    return f"**{pace}**" if reached.is_in_time and reached.is_gapless else pace


def _time(time_ms: float) -> str:
    return f"{time_ms:,.0f} ms" if time_ms < 10_000 else f"{time_ms / 1000:,.0f} s"
