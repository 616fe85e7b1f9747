"""A rehearsal: a made-up chat at its own pace, and what a viewer would have noticed of the answers."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from spark_vtuber.core.turns import Mark, Outcome, TurnRecord
from spark_vtuber.telemetry.waterfall import percentiles

MEDIAN_MS: Final = 1_200.0
P95_MS: Final = 1_800.0
LEAST_ANSWERS: Final = 5
"""Fewer say nothing about a p95."""

PAUSE_S: Final = (9.0, 16.0)
"""Between two lines: a quiet evening, in which most lines find the show free."""

VIEWERS: Final = ("mika_plays", "o_lantern", "tessellate", "nightbus", "Quill", "peach_fuzz", "b1narysunset", "Rowan")

LINES: Final = (
    "hi! just got here, what did I miss?",
    "how was your day?",
    "do you like rain or sun more?",
    "what game are we playing tonight?",
    "that was so close",
    "can you sing something?",
    "what would you eat if you could eat?",
    "tell us a joke",
    "who made you?",
    "are you nervous before a stream?",
    "my cat is watching with me",
    "good luck with the boss",
    "what is your favourite colour, and why?",
    "I failed my exam today :(",
    "happy birthday to my sister!",
    "do you dream?",
    "what do you think about pineapple on pizza",
    "how do I get better at drawing?",
    "this song is a banger",
    "where should I travel next summer?",
    "be honest, are you a robot?",
    "what is 17 times 23?",
    "any book tips?",
    "good night everybody, work tomorrow",
    "why is the sky blue?",
    "you sound different today",
    "say something nice to the mods",
    "what scares you?",
    "first time chatting, love your stream",
    "can you count to five in Spanish?",
)


def script(minutes: float, rng: random.Random) -> Iterator[dict[str, Any]]:
    """A chat of so many minutes, as lines of a replay."""
    at_s, number = 2.0, 0
    while at_s < minutes * 60:
        line: dict[str, Any] = {"at": round(at_s, 2), "author": rng.choice(VIEWERS), "id": f"rehearsal{number}"}
        match number % 25:
            case 11:
                line |= {"kind": "raid", "amount": 40, "text": ""}
            case 18:
                line |= {"kind": "bits", "amount": 100, "text": "cheer100 keep going!"}
            case _:
                line["text"] = LINES[number % len(LINES)]
        yield line
        at_s += rng.uniform(*PAUSE_S)
        number += 1


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a rehearsal. `free` answers are those to lines that found nobody speaking; only they are judged."""

    minutes: float
    lines: int
    answers: int
    free: int
    median_ms: float | None
    p95_ms: float | None
    all_median_ms: float | None
    all_p95_ms: float | None
    by_understudy: int
    failed: int
    interrupted: int
    blocked: int
    without_stage: int
    dropped: Mapping[str, int]

    def misses(self, *, needs_stage: bool = True) -> Iterator[str]:
        """Why the show is not ready; nothing where it is."""
        if needs_stage and self.without_stage:
            yield f"{self.without_stage} answers were played by no stage: open the page, or the stage in OBS"
        if self.free < LEAST_ANSWERS or self.median_ms is None or self.p95_ms is None:
            yield f"only {self.free} answers could be timed, {LEAST_ANSWERS} are needed: rehearse for longer"
            return
        if self.median_ms > MEDIAN_MS:
            yield f"from chat to sound it takes {self.median_ms:.0f} ms (median), {MEDIAN_MS:.0f} are allowed"
        if self.p95_ms > P95_MS:
            yield f"from chat to sound it takes {self.p95_ms:.0f} ms (p95), {P95_MS:.0f} are allowed"
        if self.failed:
            yield f"{self.failed} answers failed"

    def view(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "dropped": dict(self.dropped)}


def judge(
    records: Iterable[TurnRecord], *, minutes: float, lines: int, dropped: Mapping[str, int], unplayed: Iterable[str]
) -> Report:
    """What the turns of a rehearsal were like; `unplayed` are the ids of those that no stage played."""
    turns = sorted(records, key=lambda record: record.marks.get(Mark.RECEIVED, 0.0))
    all_ms: list[float] = []
    free_ms: list[float] = []
    busy_until_s = float("-inf")
    for turn in turns:
        received_s, played_s = turn.marks.get(Mark.RECEIVED), turn.marks.get(Mark.FIRST_PLAYED)
        if received_s is not None and played_s is not None:
            all_ms.append((played_s - received_s) * 1000)
            if received_s >= busy_until_s:
                free_ms.append(all_ms[-1])
        busy_until_s = max(busy_until_s, turn.marks.get(Mark.LAST_PLAYED, busy_until_s))
    unheard, free, everybody = set(unplayed), percentiles(free_ms), percentiles(all_ms)
    return Report(
        minutes=minutes,
        lines=lines,
        answers=len(all_ms),
        free=len(free_ms),
        median_ms=free.p50 if free else None,
        p95_ms=free.p95 if free else None,
        all_median_ms=everybody.p50 if everybody else None,
        all_p95_ms=everybody.p95 if everybody else None,
        by_understudy=sum(turn.is_degraded for turn in turns),
        failed=sum(turn.outcome is Outcome.FAILED for turn in turns),
        interrupted=sum(turn.outcome is Outcome.INTERRUPTED for turn in turns),
        blocked=sum(len(turn.blocked) for turn in turns),
        without_stage=sum(turn.id in unheard and bool(turn.heard) for turn in turns),
        dropped=dropped,
    )
