import random
from itertools import pairwise

import pytest
from rich.console import Console

from spark_vtuber.testing.bench.soak import Restart, Sample, Soaked
from spark_vtuber.testing.bench.soak_faults import FAULTS, QUARTER_S, Draw
from spark_vtuber.testing.bench.soak_report import as_json, figures, is_kept, table


def soaked(**more: object) -> Soaked:
    """An hour without trouble: a turn every ten seconds, 3 kB each."""
    whole = Soaked(3_600.0, looks=3_600, up=3_600, sessions=["a"], lines=360)
    whole.sounds_s = [float(at_s) for at_s in range(0, 3_600, 10)]
    whole.samples = [
        Sample(at_s, at_s // 10, "a", 90_000 + 0.3 * at_s, 20, 5, 0.0, 0) for at_s in range(0, 36_000, 100)
    ]
    for name, value in more.items():
        setattr(whole, name, value)
    return whole


def value(whole: Soaked, name: str) -> float | None:
    return next(one.value for one in figures(whole) if one.name == name)


def test_an_hour_without_trouble_keeps_every_limit() -> None:
    whole = soaked()
    assert is_kept(whole)
    assert value(whole, "memory") == pytest.approx(3.0)
    assert value(whole, "longest silence") == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("uptime", {"up": 3_500}),
        ("crashes of the show", {"sessions": ["a", "b"]}),
        ("longest restart", {"restarts": [Restart("director", "hung", 31.0)]}),
        (
            "memory",
            {
                "samples": [
                    Sample(at_s, at_s // 10, "a", 90_000.0 + at_s, 20, 5, 0.0, 0) for at_s in range(0, 36_000, 99)
                ]
            },
        ),
    ],
)
def test_each_limit_can_be_missed(name: str, trouble: dict[str, object]) -> None:
    whole = soaked(**trouble)
    assert [one.name for one in figures(whole) if not one.is_kept] == [name]
    assert not is_kept(whole)
    assert as_json(whole)["kept"] is False


def test_a_show_that_was_killed_on_purpose_did_not_crash() -> None:
    assert is_kept(soaked(sessions=["a", "b"], expected_show_restarts=1))


def test_the_table_shows_what_was_done_and_what_came_of_it() -> None:
    console = Console(width=120, no_color=True)
    whole = soaked(restarts=[Restart("tts:espeak", "died", 0.2)], struck=[(60.0, "voice worker is killed")])
    with console.capture() as captured:
        console.print(table(whole))
    assert "voice worker is killed ×1" in captured.get()
    assert "tts:espeak" in captured.get()


def test_every_fault_comes_before_any_comes_again() -> None:
    draw = Draw(random.Random(1), 10_000.0)
    often = [name for name, fault in FAULTS.items() if not fault.least_s]
    assert sorted(draw.next(60.0 * number).name for number in range(len(often))) == sorted(often)


def test_faults_that_restart_the_show_are_late_and_rare() -> None:
    hours_s = 4 * 3_600.0
    draw = Draw(random.Random(2), hours_s)
    drawn = [draw.next(60.0 * minute) for minute in range(240)]
    hangs = [60.0 * minute for minute, fault in enumerate(drawn) if fault.name == "show hangs"]
    assert hangs[0] >= 0.75 * hours_s
    assert all(later - earlier >= QUARTER_S for earlier, later in pairwise(hangs))
    assert len(hangs) >= 2
