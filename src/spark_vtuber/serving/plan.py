"""Whether a configuration can run on a machine, how fast it will answer, and what would do better. Pure arithmetic."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.budget import Budget, Demand, budget
from spark_vtuber.serving.machines import GB, Machine
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.published import PUBLISHED
from spark_vtuber.serving.quantisation import FOUR_BITS, TAKES, Server, quantisation
from spark_vtuber.serving.speed import BUDGET_MS, GAPLESS_TOKENS_PER_S, Speed, speed


@dataclass(frozen=True, slots=True)
class Preset:
    """A model that is quick for what it can do. `draft` proposes tokens to it."""

    name: str
    model: str
    draft: str = ""
    note: str = ""


PRESETS: Final = (
    Preset("moe-120b", "gpt-oss-120b", note="a mixture of experts that reads 5 billion weights a token"),
    Preset("moe-30b", "qwen3-30b-a3b", note="a mixture of experts that reads 3 billion weights a token"),
    Preset("dense-14b-draft", "qwen3-14b", "qwen3-0.6b", "with a draft model; takes adapters on every server"),
    Preset("moe-20b", "gpt-oss-20b", note="a mixture of experts that reads 4 billion weights a token"),
    Preset("dense-8b", "llama-3.1-8b", note="takes adapters on every server"),
    Preset("dense-4b", "qwen3-4b", note="small, and quick on any card"),
    Preset("dense-1.7b", "qwen3-1.7b", note="for a machine without a card"),
    Preset("dense-0.6b", "qwen3-0.6b", note="the smallest one that holds a conversation"),
)
"""The one that can do most comes first."""

CERTAIN: Final = 0.8
"""What is suggested must be likely to need this share of the time, since times are estimates."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A preset that meets the budget on the same machine, with what it needs and reaches there."""

    preset: Preset
    demand: Demand
    budget: Budget
    speed: Speed


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run, what it takes of the machine, what it reaches, and what would be quick where it is not."""

    demand: Demand
    budget: Budget
    speed: Speed
    suggestion: Suggestion | None = None

    @property
    def is_good(self) -> bool:
        """It fits with head-room, is in time, and has no holes."""
        return self.budget.fits and self.speed.is_in_time and self.speed.is_gapless

    def reasons(self) -> Iterator[str]:
        """What is wrong with it, as sentences with their numbers; none where it is good."""
        need, machine = self.budget, self.budget.machine
        if not need.is_possible:
            yield (
                f"it cannot run: it needs {gb(need.peak_bytes)} at its worst, and there are {gb(machine.memory_bytes)}"
                + _of_system(need)
            )
        elif not need.fits:
            yield f"it has no head-room: it needs {gb(need.peak_bytes)} of {gb(machine.memory_bytes)}" + _of_system(
                need
            )
        reached = self.speed
        if not reached.is_gapless:
            pace = f"{reached.tokens_per_s:.1f} tokens/s are likely, and speech needs {GAPLESS_TOKENS_PER_S:g}"
            yield f"speech has holes: {pace}"
        if not reached.is_in_time:
            yield f"it misses {BUDGET_MS:g} ms: the first words are heard after about {reached.first_audio_ms:,.0f} ms"


def make_plan(demand: Demand, machine: Machine) -> Plan:
    """The plan of what is to run, with a suggestion where it is not good."""
    plan = Plan(demand, budget(demand, machine), speed(demand, machine))
    return plan if plan.is_good else replace(plan, suggestion=suggest(demand, machine))


def check(plan: Plan) -> None:
    """Refuse a start that cannot succeed.

    Raises:
        SparkError: `too_large`, with the numbers and what would run.
    """
    if plan.budget.is_possible:
        return
    raise SparkError(
        f"{plan.demand.model.name}: {next(plan.reasons())}",
        code="too_large",
        fix=_instead(plan) or "a shorter context, fewer bits, or a smaller model; spark-vtuber plan shows the parts",
    )


def suggest(demand: Demand, machine: Machine) -> Suggestion | None:
    """The preset that can do most of those that fit, are well in time and have no holes; None where none is.

    Context, sequences and what runs beside the server stay as they are demanded. Adapters do not go with another model;
    where there are any, it is a dense one, for which new ones can be trained and served everywhere.
    """
    for found in tried(demand, machine):
        is_quick = found.speed.first_audio_ms <= BUDGET_MS * CERTAIN
        takes_adapters = not demand.adapters or found.demand.model.shape.experts is None
        if found.budget.fits and is_quick and found.speed.is_gapless and takes_adapters:
            return found
    return None


def tried(demand: Demand, machine: Machine) -> Iterator[Suggestion]:
    """Every preset in the place of the model that is demanded, whether it fits or not."""
    for preset in PRESETS:
        trial = _trial(preset, demand)
        yield Suggestion(preset, trial, budget(trial, machine), speed(trial, machine))


def bare_demand(server: Server, context: int, sequences: int, kv: str) -> Demand:
    """A demand that names no model yet, for `tried`."""
    return Demand(_four_bits(PRESETS[-1].model, server), server, context, sequences, kv)


def _trial(preset: Preset, demand: Demand) -> Demand:
    draft = _four_bits(preset.draft, demand.server) if preset.draft else None
    model = _four_bits(preset.model, demand.server)
    context = min(demand.context, model.shape.max_context or demand.context)
    return replace(demand, model=model, draft=draft, is_drafting_ngrams=False, adapters=(), others=(), context=context)


def _four_bits(name: str, server: Server) -> Model:
    """A published model as a server usually has it with four bits; gpt-oss was made with MXFP4."""
    kinds = ("mxfp4", "mxfp4_moe") if name.startswith("gpt-oss") else ()
    kind = next((one for one in kinds if one in TAKES[server]), FOUR_BITS[server])
    return Model(name, PUBLISHED[name], quantisation(kind, server))


def _instead(plan: Plan) -> str:
    found = plan.suggestion
    if found is None:
        return ""
    return f"{found.demand.model.name} as {found.demand.model.quantisation.name} runs here (preset {found.preset.name})"


def _of_system(need: Budget) -> str:
    machine = need.machine
    if machine.is_unified:
        return ""
    return f" on the card, and {gb(need.system_bytes)} of {gb(machine.system_bytes)} beside it"


def gb(size: float) -> str:
    """Bytes as people read them, in units of a thousand million."""
    return f"{size / GB:,.1f} GB" if size >= GB else f"{size / 1e6:,.0f} MB"
