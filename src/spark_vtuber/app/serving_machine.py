"""What this machine is, for plans: its memory, its card, and how fast its memory can be read."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import psutil

from spark_vtuber.core.machine import Gpu
from spark_vtuber.health.sensors import Cards
from spark_vtuber.serving.machines import Machine, Seen, machine, this_machine

THIS: Final = "this"
COPIED_BYTES: Final = 64 << 20
TRIALS: Final = 3


def planned_machine(name: str, look: "Callable[[], Seen] | None" = None) -> Machine:
    """The machine of a name, or the one this runs on for "this".

    Raises:
        SparkError: `unknown_machine`.
    """
    return this_machine((look or seen_here)()) if name == THIS else machine(name)


def seen_here(cards: "Callable[[], Sequence[Gpu]] | None" = None) -> Seen:
    """What psutil and NVIDIA's driver tell. Without a card the memory is tried, which takes some 100 ms."""
    found = tuple(Cards().look()) if cards is None else tuple(cards())
    total = psutil.virtual_memory().total
    if not found:
        return Seen(total, bandwidth_bytes_per_s=copy_bandwidth())
    largest = max(found, key=lambda card: card.memory_total_bytes or 0)
    return Seen(total, largest.name, largest.memory_total_bytes)


def copy_bandwidth() -> float:
    """Bytes a second that one copy of a large array moves, read and written; the best of some trials."""
    import numpy as np

    source = np.ones(COPIED_BYTES, dtype=np.uint8)
    target = np.empty_like(source)
    best_s = float("inf")
    for _ in range(TRIALS):
        began_s = time.perf_counter()
        np.copyto(target, source)
        best_s = min(best_s, time.perf_counter() - began_s)
    return 2 * COPIED_BYTES / best_s
