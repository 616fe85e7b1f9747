"""How long the understudy takes to load and to answer."""

import random
import time
import tracemalloc

import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.load import Brain, load_brain
from spark_vtuber.llm.brain.talk import Talk
from spark_vtuber.testing.bench.pace import burst

LOAD_S = 0.3
REPLY_BURSTS = 5.0
"""The longest reply, in bursts of small work on the same machine: 3 ms where a burst takes 0.6."""
HELD_BYTES = 8_000_000


def hostile(rng: random.Random, words: list[str]) -> list[str]:
    """Lines of 500 characters that make matching as long as it gets."""
    return [
        *(" ".join(rng.choices(words, k=120))[:500] for _ in range(40)),
        *("".join(rng.choices("<>{}[]^*@#\\|!?.,;: ab1", k=500)) for _ in range(40)),
        *(" ".join("".join(rng.choices("abcdefghilmnoprstu", k=9)) for _ in range(50)) for _ in range(40)),
        *("a " * 250, "a" * 500, "1+" * 250, "a. " * 166, "hello you or " * 38, "say over " * 55, "i am my " * 62) * 6,
    ]


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * len(seconds))]


def replies(brain: Brain) -> list[float]:
    talk, rng = Talk(brain, random.Random(1)), random.Random(2)
    persona = PersonaView(PersonaId("main"), "Spark")
    times = []
    for text in hostile(rng, sorted(brain.ear.vocabulary)):
        start_s = time.perf_counter()
        talk.answer(persona, Cue(CueId("c"), CueKind.CHAT, text, author="xX_" * 30))
        times.append(time.perf_counter() - start_s)
    return times


def floor_s() -> float:
    """A burst of small work, as fast as this machine can do it."""
    times = []
    for _ in range(50):
        start_s = time.perf_counter()
        burst()
        times.append(time.perf_counter() - start_s)
    return min(times)


@pytest.mark.figures
def test_the_brain_loads_fast_and_answers_hostile_lines_faster() -> None:
    loads = []
    for _ in range(3):
        start_s = time.perf_counter()
        brain = load_brain()
        loads.append(time.perf_counter() - start_s)
    rounds = [(p95(times) / floor_s(), times) for times in (replies(brain) for _ in range(3))]
    ratio, best = min(rounds)
    tracemalloc.start()
    kept = load_brain()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    print(f"\nload {min(loads) * 1e3:.0f} ms, holds {held / 1e6:.1f} MB")
    p50_ms, p95_ms = sorted(best)[len(best) // 2] * 1e3, p95(best) * 1e3
    print(f"hostile reply p50 {p50_ms:.2f} ms, p95 {p95_ms:.2f} ms, {ratio:.1f} x floor")
    assert kept.voices
    assert min(loads) < LOAD_S
    assert ratio < REPLY_BURSTS
    assert held < HELD_BYTES
