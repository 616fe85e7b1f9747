"""How fast a model can answer on a machine. Decoding is bound by memory: every token reads every active weight once.

The ceiling is arithmetic, what is likely is an estimate: servers reach about two thirds of a memory's bandwidth
(`REACHED`), and a prefill about a third of the operations of a data sheet (`BUSY`).
"""

from dataclasses import dataclass
from typing import Final

from spark_vtuber.serving.budget import Demand
from spark_vtuber.serving.machines import Machine
from spark_vtuber.serving.quantisation import KV_BITS

REACHED: Final = 0.65
"""Share of the bandwidth that decoding reaches, an estimate."""

BUSY: Final = 0.35
"""Share of the operations that a prefill reaches, an estimate."""

BUDGET_MS: Final = 500.0
"""A viewer's line is to be heard answered within this time."""

GAPLESS_TOKENS_PER_S: Final = 4.0
"""Speech takes three to four tokens a second; at this pace the stage has no holes."""

CLAUSE_TOKENS: Final = 5
"""Tokens after the first one until the first clause can be spoken: the prompt asks for a few quick words first."""

FRESH_TOKENS: Final = 200
"""Tokens of a prompt that are new to the server in a turn: the last answer, what changes, and the line."""

OWN_MS: Final = 25.0
"""The limit of the project for its own delay, 95 times of 100."""

REQUEST_MS: Final = 15.0
"""Until a server begins to work on a request, an estimate."""

VOICE_MS: Final = {"espeak": 2.0}
OTHER_VOICE_MS: Final = 100.0
"""From a clause to its first sound; measured for espeak, an estimate for others."""

DRAFTED: Final = 4
"""Tokens that a draft model proposes at once."""

ACCEPTED: Final = 0.6
"""Share of them that are kept, an estimate; `spark-vtuber engine status` shows the true one."""

NGRAM_GAIN: Final = 1.1
"""What drafting by n-grams gains in talk, an estimate: it helps where an answer repeats what stands in the prompt."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What can be reached. `ceiling_tokens_per_s` is the bound of the memory, without a draft; the others are likely.

    `first_audio_ms` is from a line received to the first sound, `cold_ms` from a prompt of which nothing is cached to
    its first token.
    """

    ceiling_tokens_per_s: float
    tokens_per_s: float
    first_token_ms: float
    first_audio_ms: float
    cold_ms: float
    bytes_per_token: float

    @property
    def is_gapless(self) -> bool:
        """Whether speech has no holes."""
        return self.tokens_per_s >= GAPLESS_TOKENS_PER_S

    @property
    def is_in_time(self) -> bool:
        """Whether an answer is heard within the budget."""
        return self.first_audio_ms <= BUDGET_MS


def speed(demand: Demand, machine: Machine, used_tokens: int | None = None) -> Speed:
    """What can be reached while a sequence holds `used_tokens`, half of its context where not said."""
    used = demand.context // 2 if used_tokens is None else used_tokens
    kv = demand.model.shape.kv_bytes(used, KV_BITS[demand.kv])
    adapter = max((one.bytes for one in demand.adapters), default=0)
    read = demand.model.active_bytes + kv + adapter
    ceiling = machine.bandwidth_bytes_per_s / read
    likely = ceiling * REACHED * _draft_gain(demand, read)
    first_token_ms = REQUEST_MS + _prefill_ms(demand, machine, FRESH_TOKENS) + 1000 / (ceiling * REACHED)
    voice_ms = VOICE_MS.get(demand.voice, OTHER_VOICE_MS)
    return Speed(
        ceiling_tokens_per_s=ceiling,
        tokens_per_s=likely,
        first_token_ms=first_token_ms,
        first_audio_ms=OWN_MS + first_token_ms + CLAUSE_TOKENS * 1000 / likely + voice_ms,
        cold_ms=REQUEST_MS + _prefill_ms(demand, machine, used),
        bytes_per_token=read,
    )


def _draft_gain(demand: Demand, read: float) -> float:
    """How much faster drafting makes decoding.

    Of `n` drafted tokens, each kept with probability `a`, a step keeps (1 - a^(n+1)) / (1 - a) tokens, for one reading
    of the model and `n` of the draft (Leviathan et al. 2023, "Fast Inference from Transformers via Speculative
    Decoding", equation 1). With a mixture of experts the drafted tokens ask for different experts, so that the model is
    read almost `n` times, and nothing is gained.
    """
    if demand.is_drafting_ngrams:
        return NGRAM_GAIN
    if demand.draft is None or demand.model.shape.experts is not None:
        return 1.0
    kept = (1 - ACCEPTED ** (DRAFTED + 1)) / (1 - ACCEPTED)
    return kept / (1 + DRAFTED * demand.draft.active_bytes / read)


def _prefill_ms(demand: Demand, machine: Machine, tokens: int) -> float:
    """Time to read `tokens` new tokens: two operations a weight and token, or one reading of the weights.

    A prompt of a few hundred tokens asks every expert of a mixture, so that all weights are read.
    """
    operations = 2 * demand.model.shape.active_parameters * tokens
    batches = -(-tokens // demand.batch_tokens)
    reading_s = batches * demand.model.weight_bytes / (machine.bandwidth_bytes_per_s * REACHED)
    return 1000 * max(operations / (machine.tflops * 1e12 * BUSY), reading_s)
