"""Machines that plans are made for: how much memory there is, and how fast it can be read.

Bandwidth and memory are those of the makers' data sheets, named at each. `tflops` are dense 16-bit tensor operations
with 32-bit sums where the data sheet has them; a prefill is estimated by them.
"""

from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.errors import SparkError

GB: Final = 10**9
GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine. Where the memory is not unified, the model lives on the card and everything else in `system_bytes`.

    `source` says where its numbers are from.
    """

    name: str
    title: str
    memory_bytes: int
    bandwidth_bytes_per_s: float
    tflops: float
    source: str
    is_unified: bool = True
    system_bytes: int = 0
    has_gpu: bool = True


_ALL: Final = (
    Machine(
        "dgx-spark",
        "NVIDIA DGX Spark (GB10)",
        128 * GB,
        273e9,
        125.0,
        "NVIDIA DGX Spark hardware overview: 128 GB LPDDR5x, 273 GB/s; an eighth of 1 PFLOP (FP4, sparse) at 16 bits",
    ),
    Machine(
        "rtx-3060-12gb",
        "NVIDIA GeForce RTX 3060 12 GB",
        12 * GIB,
        360e9,
        25.5,
        "NVIDIA Ampere GA106 data sheet: 192-bit GDDR6 at 15 Gbit/s",
        is_unified=False,
        system_bytes=16 * GIB,
    ),
    Machine(
        "rtx-4070-ti-super",
        "NVIDIA GeForce RTX 4070 Ti SUPER",
        16 * GIB,
        672e9,
        88.0,
        "NVIDIA Ada data sheet: 256-bit GDDR6X at 21 Gbit/s",
        is_unified=False,
        system_bytes=32 * GIB,
    ),
    Machine(
        "rtx-4090",
        "NVIDIA GeForce RTX 4090",
        24 * GIB,
        1008e9,
        165.0,
        "NVIDIA Ada GPU architecture paper, appendix A: 384-bit GDDR6X at 21 Gbit/s",
        is_unified=False,
        system_bytes=32 * GIB,
    ),
    Machine(
        "rtx-5090",
        "NVIDIA GeForce RTX 5090",
        32 * GIB,
        1792e9,
        209.5,
        "NVIDIA RTX Blackwell GPU architecture paper, appendix A: 512-bit GDDR7 at 28 Gbit/s",
        is_unified=False,
        system_bytes=32 * GIB,
    ),
    Machine(
        "mac-m4-pro",
        "Apple M4 Pro, 48 GB",
        48 * GIB,
        273e9,
        17.0,
        "Apple: MacBook Pro (M4 Pro) technical specifications, 273 GB/s; operations estimated",
    ),
    Machine(
        "mac-m4-max",
        "Apple M4 Max, 128 GB",
        128 * GIB,
        546e9,
        34.0,
        "Apple: MacBook Pro (M4 Max, 40-core GPU) technical specifications, 546 GB/s; operations estimated",
    ),
    Machine(
        "cpu",
        "a PC without a graphics card, DDR4",
        32 * GIB,
        51.2e9,
        1.5,
        "JEDEC DDR4-3200, two channels of 25.6 GB/s; operations on 8 bits estimated for eight cores",
        has_gpu=False,
    ),
    Machine(
        "cpu-ddr5",
        "a PC without a graphics card, DDR5",
        64 * GIB,
        89.6e9,
        3.0,
        "JEDEC DDR5-5600, two channels of 44.8 GB/s; operations on 8 bits estimated for twelve cores",
        has_gpu=False,
    ),
)

MACHINES: Final = {one.name: one for one in _ALL}

_BY_CARD: Final = {
    "gb10": "dgx-spark",
    "rtx 3060": "rtx-3060-12gb",
    "rtx 4070 ti super": "rtx-4070-ti-super",
    "rtx 4090": "rtx-4090",
    "rtx 5090": "rtx-5090",
}
"""What the driver calls a card, in lower case, and the machine whose numbers it has."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What sensors told of a machine: its memory, its card, and how fast its memory could be read, None if not tried.

    `card_bytes` is None for a card without memory of its own.
    """

    memory_bytes: int
    card: str = ""
    card_bytes: int | None = None
    bandwidth_bytes_per_s: float | None = None


def machine(name: str) -> Machine:
    """The machine of a name.

    Raises:
        SparkError: `unknown_machine`, with the names there are.
    """
    known = MACHINES.get(name.strip().lower())
    if known is None:
        raise SparkError(
            f'no numbers are known of a machine "{name}"',
            code="unknown_machine",
            fix=f"--machine this, {', '.join(MACHINES)}",
        )
    return known


def this_machine(seen: Seen) -> Machine:
    """The machine that was seen; a card we have no numbers of is taken for one that is half as fast as an RTX 4090."""
    name = next((name for card, name in _BY_CARD.items() if card in seen.card.lower()), None)
    if not seen.card:
        usual = MACHINES["cpu"]
        bandwidth = seen.bandwidth_bytes_per_s
        return replace(
            usual,
            name="this",
            title="this machine, without a graphics card",
            memory_bytes=seen.memory_bytes,
            bandwidth_bytes_per_s=bandwidth or usual.bandwidth_bytes_per_s,
            source="bandwidth measured just now, one copy of a large array" if bandwidth else usual.source,
        )
    known = MACHINES[name] if name else MACHINES["rtx-4090"]
    share, doubt = (1.0, "") if name else (0.5, "no data sheet is known of it, taken for half an RTX 4090; ")
    is_unified = seen.card_bytes is None
    return replace(
        known,
        name="this",
        title=f"this machine: {seen.card}",
        memory_bytes=seen.memory_bytes if seen.card_bytes is None else seen.card_bytes,
        bandwidth_bytes_per_s=known.bandwidth_bytes_per_s * share,
        tflops=known.tflops * share,
        source=doubt + known.source,
        is_unified=is_unified,
        system_bytes=0 if is_unified else seen.memory_bytes,
    )
