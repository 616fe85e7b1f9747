"""A show that goes on: nothing fails, nothing grows, nothing is left behind."""

from pathlib import Path

import anyio
import pytest
from rich.console import Console

from spark_vtuber.testing.bench.soak import LINE_EVERY_S, soak
from spark_vtuber.testing.bench.soak_report import figures, table
from spark_vtuber.testing.bench.statistics import slope
from spark_vtuber.testing.live import LiveShow, live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = pytest.mark.soak

SETTLED_TURNS = 300
"""Caches have filled by then."""

SLOPE_KB = 6.0

LONG_ENOUGH_S = 600.0
"""A show without faults has thousands of turns in this time; the rest of the soak belongs to the one with faults."""


@pytest.mark.platform("linux")
async def test_a_show_in_which_something_fails_every_minute_goes_on(
    soak_s: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soaked = await soak(soak_s, tmp_path, has_faults=True)
    with capsys.disabled():
        Console(width=130).print(table(soaked))
    missed = [figure for figure in figures(soaked) if not figure.is_kept]
    assert not missed
    assert soaked.outcomes.get("completed", 0) > soak_s / LINE_EVERY_S / 4


async def test_a_long_show_stays_well_small_and_complete(soak_s: float, capsys: pytest.CaptureFixture[str]) -> None:
    soak_s = min(soak_s, LONG_ENOUGH_S)
    async with (
        serve(Script(text="short", tokens_per_s=0)) as model,
        live_show(model_config(model.base_url)) as show,
        show.listening(),
    ):
        start = await show.health()
        files_before = _open_files(show)
        resident: list[tuple[float, float]] = []
        turns = 0
        end_s = anyio.current_time() + soak_s
        while anyio.current_time() < end_s:
            turns += 1
            await show.write(f"viewer{turns}", f"hello number {turns}, how is it going?")
            latest = await _turn(show, f"t{turns}")
            assert latest["outcome"] == "completed"
            assert not latest["degraded"]
            resident.append((float(turns), _resident_kb(show)))
        after = await show.health()
        grown = slope(resident[SETTLED_TURNS:]) if turns > 2 * SETTLED_TURNS else None
        with capsys.disabled():
            last_mb = resident[-1][1] / 1000
            print(f"\n{turns} turns in {soak_s / 60:g} min, {last_mb:.0f} MB at the end, slope {grown} kB a turn")
        assert after["session"] == start["session"]
        assert after["status"] == "ok"
        assert _open_files(show) <= files_before + 2
        assert grown is None or grown <= SLOPE_KB


async def _turn(show: LiveShow, name: str) -> dict[str, object]:
    with anyio.fail_after(30):
        while True:
            latest = await show.turns(1)
            if latest and latest[0]["id"] == name:
                return latest[0]
            await anyio.sleep(0.05)


def _open_files(show: LiveShow) -> int:
    return sum(1 for _ in Path(f"/proc/{show.pid}/fd").iterdir())


def _resident_kb(show: LiveShow) -> float:
    lines = Path(f"/proc/{show.pid}/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS"))
