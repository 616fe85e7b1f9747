"""The measurement of model servers through our own client: what a turn waits for, cold and warm.

Several servers are asked in turn within every step, in random order, so that whatever else the machine does meets all.
Every figure comes from real answers; what cannot be measured says why instead.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from spark_vtuber.core.machine import ProcessRole
from spark_vtuber.health.sensors import MachineSensors
from spark_vtuber.testing.bench.engine_figures import CARD_MEMORY, CONTEXTS, MEMORY, Figures
from spark_vtuber.testing.bench.engine_steps import Subject, Target, subject

ROUNDS: Final = 5
WARM_TURNS: Final = 2
"""Turns of a conversation a round, after the cold one."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

Progress = Callable[[int, int, str], None]
Step = tuple[str, Callable[[Subject], Awaitable[None]]]

STEPS: Final[tuple[Step, ...]] = (
    ("cold prompt", Subject.cold),
    *(("next turn", Subject.warm) for _ in range(WARM_TURNS)),
    *((f"{context:,} tokens", partial(Subject.speed, context=context)) for context in CONTEXTS),
    ("adapters", Subject.switch),
)
"""One round."""


async def measure(
    targets: Sequence[Target],
    rounds: int,
    rng: random.Random,
    progress: Progress = lambda _done, _all, _what: None,
) -> tuple[Figures, ...]:
    """The figures of every target, in their order.

    Raises:
        EngineError: a server did not answer; see the codes of its engine.
    """
    subjects = [subject(target, rng.getrandbits(32)) for target in targets]
    sensors = MachineSensors()
    plan: list[Step] = [("warm-up", Subject.warm_up), *STEPS * rounds]
    whole = len(plan) * len(subjects)
    for number, (name, step) in enumerate(plan):
        for place, one in enumerate(rng.sample(subjects, len(subjects))):
            progress(number * len(subjects) + place, whole, name)
            await step(one)
            await _weigh(one, sensors)
    progress(whole, whole, "done")
    return tuple(one.figures for one in subjects)


async def _weigh(one: Subject, sensors: MachineSensors) -> None:
    """Look at the memory of the processes that a port of this machine leads to, and of all graphics cards."""
    parts = urlsplit(one.target.base_url)
    if parts.hostname not in LOOPBACK or parts.port is None:
        for name in (MEMORY, CARD_MEMORY):
            one.figures.add(name, None, "the server is not on this machine")
        return
    use = await sensors.look((), (parts.port,))
    held = sum(process.rss_bytes for process in use.processes if process.role is ProcessRole.ENGINE)
    if held:
        one.figures.raise_to(MEMORY, held / 2**20)
    else:
        one.figures.add(MEMORY, None, "the system does not tell whose port it is")
    cards = [card.memory_used_bytes for card in use.gpus if card.memory_used_bytes is not None]
    if cards:
        one.figures.raise_to(CARD_MEMORY, sum(cards) / 2**20)
    else:
        one.figures.add(CARD_MEMORY, None, "no graphics card tells its memory")
