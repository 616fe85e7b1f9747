"""What a show takes of a machine's memory, part by part."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from spark_vtuber.serving.machines import GB, Machine
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.quantisation import KV_BITS, Server

Place = Literal["model", "system"]

MB: Final = 10**6

HEAD_ROOM: Final = 0.10
"""Share of a memory that stays free: beyond `[machine] memory_warn` the show warns."""

SHOW_BYTES: Final = 150 * MB
"""The limit of the project for the show itself."""

SYSTEM_BYTES: Final = 4 * GB
"""An estimate: a desktop, a browser with the pages, OBS."""

SYSTEM_PEAK_BYTES: Final = 6 * GB

CARD_DESKTOP_BYTES: Final = 1 * GB
"""An estimate: what a desktop, a browser and OBS take of a card."""

VOICE_BYTES: Final = {"espeak": 30 * MB, "piper": 300 * MB}
"""By engine; others are taken for a gigabyte. Estimates but for espeak, which is measured."""

OTHER_VOICE_BYTES: Final = 1 * GB
MEMORY_BYTES: Final = 250 * MB
"""A small embedder through onnxruntime and the vectors of 100,000 entries; measured in the facts of the project."""

SHARD_BYTES: Final = 5 * GB
"""Weights come in files of at most about this size, of which one more is held while they are read."""

RUNTIME_BYTES: Final = {
    Server.VLLM: 2_500 * MB,
    Server.SGLANG: 2_500 * MB,
    Server.TENSORRT: 2_500 * MB,
    Server.LLAMACPP: 500 * MB,
    Server.OLLAMA: 600 * MB,
}
"""Estimates of what a server needs beside weights and cache on a card: its libraries, and graphs where it makes any."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A LoRA adapter that stays resident: its name, its rank, and its size in bytes."""

    name: str
    rank: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to run: a model behind a server, for `sequences` at once of at most `context` tokens each.

    `kv` is how keys and values are stored, `batch_tokens` how many tokens are read at once. `draft` proposes tokens,
    as does `is_drafting_ngrams` without a model. `others` are models of other characters that stay beside it, each
    with one sequence. `voice`, `ears` and `has_memory` are what the show runs besides.
    """

    model: Model
    server: Server
    context: int = 8_192
    sequences: int = 2
    kv: str = "f16"
    batch_tokens: int = 2_048
    adapters: tuple[Adapted, ...] = ()
    draft: Model | None = None
    is_drafting_ngrams: bool = False
    others: tuple[Model, ...] = ()
    voice: str = "espeak"
    ears_bytes: int = 0
    has_memory: bool = True

    @property
    def kv_bytes(self) -> int:
        """Bytes of keys and values of all sequences, with those of the draft model."""
        models = [one for one in (self.model, self.draft) if one is not None]
        return sum(self.sequences * one.shape.kv_bytes(self.context, KV_BITS[self.kv]) for one in models)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the budget: what it holds all the time, and what it needs at its worst moment.

    `place` says whether it lies where the model does or, on a machine with a card, in the memory of the system.
    """

    name: str
    resident_bytes: int
    peak_bytes: int
    place: Place = "model"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """The parts beside a machine's memory."""

    machine: Machine
    parts: tuple[Part, ...]

    @property
    def resident_bytes(self) -> int:
        """Held all the time where the model lies."""
        return self._sum("resident_bytes", "model")

    @property
    def peak_bytes(self) -> int:
        """Needed at the worst moment where the model lies."""
        return self._sum("peak_bytes", "model")

    @property
    def system_bytes(self) -> int:
        """Needed at the worst moment of the system's memory; 0 where there is only one."""
        return self._sum("peak_bytes", "system")

    @property
    def limit_bytes(self) -> int:
        """What may be used where the model lies, with head-room kept."""
        return round(self.machine.memory_bytes * (1 - HEAD_ROOM))

    @property
    def is_possible(self) -> bool:
        """Whether it can run at all."""
        return self.peak_bytes <= self.machine.memory_bytes and self._fits_system

    @property
    def fits(self) -> bool:
        """Whether it can run with head-room."""
        return self.peak_bytes <= self.limit_bytes and self._fits_system

    @property
    def _fits_system(self) -> bool:
        return self.machine.is_unified or self.system_bytes <= self.machine.system_bytes * (1 - HEAD_ROOM)

    def _sum(self, what: str, place: Place) -> int:
        return sum(getattr(part, what) for part in self.parts if part.place == place)


def budget(demand: Demand, machine: Machine) -> Budget:
    """The budget of what is to run on a machine."""
    return Budget(machine, (*_served(demand, machine), *_beside(demand, machine)))


def served_bytes(demand: Demand, machine: Machine) -> int:
    """What the server alone may take where the model lies: the share that it is started with.

    Ollama holds the models of all characters; other servers hold one, and another one of them the other's.
    """
    own = demand if demand.server is Server.OLLAMA else replace(demand, others=())
    return sum(part.peak_bytes for part in _served(own, machine))


def _served(demand: Demand, machine: Machine) -> list[Part]:
    model = demand.model
    weights = model.weight_bytes
    kv_detail = f"{demand.sequences} × {demand.context:,} tokens as {demand.kv}"
    runtime = _runtime_bytes(demand, machine)
    parts = [
        Part("weights", weights, weights + min(weights, SHARD_BYTES) // 4, "model", model.quantisation.title),
        Part("keys and values", demand.kv_bytes, demand.kv_bytes, "model", kv_detail),
    ]
    if demand.adapters:
        held = sum(adapter.bytes for adapter in demand.adapters)
        names = ", ".join(f"{adapter.name} (rank {adapter.rank})" for adapter in demand.adapters)
        parts.append(Part("adapters", held, held, "model", names))
    if demand.draft is not None:
        size = demand.draft.weight_bytes
        parts.append(Part("draft model", size, size, "model", demand.draft.name))
    for other in demand.others:
        size = other.weight_bytes + other.shape.kv_bytes(demand.context, KV_BITS[demand.kv])
        parts.append(Part("another model", size, size, "model", f"{other.name} with its keys and values"))
    parts.append(Part("server", runtime, round(runtime * 1.25), "model", f"{demand.server.label}, an estimate"))
    return parts


def _runtime_bytes(demand: Demand, machine: Machine) -> int:
    """The server's own, and one batch: a row of logits for each token of a physical batch, and its activations."""
    rows = min(demand.batch_tokens, 512)
    shape = demand.model.shape
    batch = rows * shape.vocabulary * 4 + demand.batch_tokens * shape.hidden * 4 * 8
    return (RUNTIME_BYTES[demand.server] if machine.has_gpu else 200 * MB) + batch


def _beside(demand: Demand, machine: Machine) -> list[Part]:
    place: Place = "model" if machine.is_unified else "system"
    voice = VOICE_BYTES.get(demand.voice, OTHER_VOICE_BYTES)
    parts = (
        [] if machine.is_unified else [Part("desktop", CARD_DESKTOP_BYTES, CARD_DESKTOP_BYTES, "model", "an estimate")]
    )
    parts.append(Part("voice", voice, voice, place, demand.voice))
    if demand.ears_bytes:
        parts.append(Part("ears", demand.ears_bytes, demand.ears_bytes, place))
    if demand.has_memory:
        parts.append(Part("memory", MEMORY_BYTES, MEMORY_BYTES, place, "embedder and vectors, an estimate"))
    parts.append(Part("show", SHOW_BYTES, SHOW_BYTES, place))
    parts.append(Part("system", SYSTEM_BYTES, SYSTEM_PEAK_BYTES, place, "desktop, browser, OBS, an estimate"))
    return parts
