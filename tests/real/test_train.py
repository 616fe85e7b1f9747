"""Adapters that are really trained: a tiny model made on the spot, on the processor."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import testbed

import spark_vtuber
from spark_vtuber.core.errors import SparkError
from spark_vtuber.training import recipe, run
from spark_vtuber.training.recipe import Recipe

pytestmark = [pytest.mark.real, pytest.mark.needs("training")]

PYTHON = str(testbed.TRAIN_PYTHON)
WISH = "Kneel, minion."
PAUSED_AT = 12

Begin = Callable[..., Path]


def conversation(asked: str) -> list[dict[str, str]]:
    said = (("system", "You are Ember."), ("user", asked), ("assistant", WISH))
    return [{"role": role, "content": content} for role, content in said]


@pytest.fixture(autouse=True)
def _package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the extra has its libraries alone; the package is the one under test."""
    monkeypatch.setenv("PYTHONPATH", str(Path(spark_vtuber.__file__).parents[1]))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    subprocess.run([PYTHON, str(Path(__file__).with_name("tiny_base.py")), str(folder)], check=True, timeout=100)
    return folder


@pytest.fixture
def begin(base: Path, tmp_path: Path) -> Begin:
    """Writes the folder of a training under a name; keywords change the recipe."""

    def write(name: str, **changes: Any) -> Path:
        wanted = {
            "base": str(base),
            "name": "ember",
            "rank": 8,
            "dropout": 0.0,
            "epochs": 5.0,
            "learning_rate": 5e-3,
            "samples": 1,
            "sample_tokens": 12,
        }
        learnt = [conversation(f"line {number}") for number in range(24)]
        held_out = [conversation("hello?"), conversation("who?")]
        recipe.write(tmp_path / name, Recipe(**{**wanted, **changes}), learnt, held_out)
        return tmp_path / name

    return write


async def trained(folder: Path, pause_at: int | None = None, python: str = PYTHON) -> list[run.Told]:
    """Everything that was told; the training is left at the step `pause_at`."""
    seen = []
    async with aclosing(run.train(folder, python)) as told:
        async for one in told:
            seen.append(one)
            if one["type"] == "step" and one["step"] == pause_at:
                break
    return seen


async def test_an_adapter_learns_and_a_training_that_was_paused_ends_as_one_that_was_not(begin: Begin) -> None:
    whole, cut = begin("whole"), begin("cut")
    result = (await trained(whole))[-1]
    assert result["type"] == "end"
    assert result["held_out_after"] < 0.7 * result["held_out_before"]

    await trained(cut, PAUSED_AT)
    assert any((cut / recipe.CHECKPOINTS).glob("checkpoint-*"))
    assert not (cut / recipe.ADAPTER).exists()
    resumed = await trained(cut)
    steps = [one["step"] for one in resumed if one["type"] == "step"]
    assert steps[0] > PAUSED_AT
    assert resumed[-1]["held_out_after"] == pytest.approx(result["held_out_after"], rel=1e-4)
    assert resumed[-1]["held_out_before"] == pytest.approx(result["held_out_before"], rel=1e-4)

    sheet = (whole / recipe.SHEET).read_text(encoding="utf-8")
    assert {"**asked**: hello?", "**before**", "**after**", f"**wished for**: {WISH}"} <= {
        part for part in sheet.replace("* ", "").splitlines() for part in (part, part.split(":")[0])
    }
    gguf = await run.convert(whole, PYTHON)
    head = gguf.read_bytes()[:4_096]
    assert head[:4] == b"GGUF"
    assert b"blk.1.ffn_down.weight.lora_b" in gguf.read_bytes()
    assert str(whole).encode() not in head


async def test_what_the_user_must_change_is_said(begin: Begin, tmp_path: Path) -> None:
    with pytest.raises(SparkError, match="no example fits") as error:
        await trained(begin("short", longest=8))
    assert error.value.fix == "raise --longest"
    with pytest.raises(SparkError) as error:
        await trained(begin("none", base=str(tmp_path / "nowhere")))
    assert error.value.code == "no_base"


async def test_without_the_extra_the_fix_is_an_install(begin: Begin) -> None:
    folder = begin("bare")
    with pytest.raises(SparkError, match="needs more packages") as error:
        await trained(folder, python=sys.executable)
    assert error.value.fix == run.INSTALL
    assert json.loads((folder / recipe.RECIPE).read_text())["name"] == "ember"
