"""How long the guard takes for a line, in CPU time of one core, the best of three; no trap is blocked, all bad is."""

from collections.abc import Iterable
from time import process_time

import pytest

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import LONGEST_LINE, Chain, ChainOptions
from spark_vtuber.moderation.language import language_of
from spark_vtuber.testing.bench.pace import pace
from spark_vtuber.testing.guard_texts import BAD, BENIGN

pytestmark = pytest.mark.figures

CHAIN = Chain(ChainOptions())

HOSTILE = (
    "f.f.", "i ", "a s s ", "kill ", "i will ", "go please just ", "women hate ", "4111 ", "a@", "1 a st ", "f*",
    "child sex ", "ignore all ", "(((", "x dot ", "http://", "ffff:", "\u200b", "e\u0301\u0301", "\ufdfa", "жен ",
    "a.b.", "rue rue ", "1.1.1.1 ", "ab12 ab12 ", ":a", "the a to ", "nobody not never ", "'\"", "\ud800",
    "k as in kite ", "kilo mike ", "one two oh ", "oh seven double ", "lol kill ", "xvyy ", "llik lla ",
    "aGVsbG8gd29ybGQ=", ".- ", '"a" ', '"kill" ', "Xa Yb. ", "a1b2 c3d4 ", "6b 69 ", "01101011 ", "nig and ",
    "AngryName_9 ", "call me a ", "ni",
)  # fmt: skip
"""What makes a check work hard, to be repeated."""


def test_no_trap_is_blocked_and_everything_bad_is(capsys: pytest.CaptureFixture[str]) -> None:
    stopped = [text for text in BENIGN if CHAIN.rule(text, Direction.IN).decision is Decision.BLOCK]
    passed = [text for _, text in BAD if CHAIN.rule(text, Direction.IN).decision is not Decision.BLOCK]
    with capsys.disabled():
        print(f"\n{len(stopped)} of {len(BENIGN)} traps blocked, {len(passed)} of {len(BAD)} bad ones passed")
    assert (stopped, passed) == ([], [])


def cpu_us(text: str) -> float:
    """The least of three times that one ruling took."""

    def once() -> float:
        began = process_time()
        CHAIN.rule(text, Direction.IN)
        return (process_time() - began) * 1e6

    return min(once() for _ in range(3))


def p95(values: Iterable[float]) -> float:
    ranked = sorted(values)
    return ranked[int(len(ranked) * 0.95)]


@pytest.mark.parametrize(("length", "limit_us"), [(100, 700), (500, 3_000)])
def test_a_line_takes_little_time(length: int, limit_us: float, capsys: pytest.CaptureFixture[str]) -> None:
    """The limit is that of the reference machine."""
    whole = " ".join([*BENIGN, *(text for _, text in BAD)]) * 20
    lines = [whole[at : at + length] for at in range(0, len(whole) - length, 97)][:300]
    found = min(p95(map(cpu_us, lines)) for _ in range(3))
    floor = p95(map(_walk_us, lines))
    with capsys.disabled():
        print(f"\n{length} characters: p95 {found:.0f} µs, {found / max(floor, 1):.0f} walks over the characters")
    assert found <= limit_us * pace()


def _walk_us(text: str) -> float:
    began = process_time()
    sum(map(ord, text))
    return (process_time() - began) * 1e6


def test_a_language_is_told_in_a_millisecond(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [
        (sample * LONGEST_LINE)[:LONGEST_LINE]
        for sample in ("the a to ", "de la ", "жен ", "ich und ", "日本", "\u200b")
    ]
    worst = max(_language_us(text) for text in (*texts, *BENIGN))
    with capsys.disabled():
        print(f"\nlanguage of a line: at most {worst:.0f} µs")
    assert worst <= 1_000


def _language_us(text: str) -> float:
    def once() -> float:
        began = process_time()
        language_of(text)
        return (process_time() - began) * 1e6

    return min(once() for _ in range(3))


def test_a_hostile_line_takes_no_longer_than_it_may(capsys: pytest.CaptureFixture[str]) -> None:
    found = {sample: cpu_us((sample * LONGEST_LINE)[:LONGEST_LINE]) for sample in HOSTILE}
    worst = max(found, key=lambda sample: found[sample])
    endless = max(cpu_us((sample * 10_000)[:10_000]) for sample in HOSTILE)
    with capsys.disabled():
        print(f"\nworst {LONGEST_LINE} characters: {found[worst]:.0f} µs ({worst!r}); of 10,000: {endless:.0f} µs")
    assert found[worst] <= 8_000
    assert endless <= 16_000
