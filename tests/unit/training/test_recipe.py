"""The folder of a training."""

import json
from pathlib import Path

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.training import recipe
from spark_vtuber.training.recipe import Recipe

HELLO = [{"role": "user", "content": "hällo"}, {"role": "assistant", "content": "hey"}]


def test_a_training_is_read_as_it_was_written(tmp_path: Path) -> None:
    wanted = Recipe(base="model", name="ember", rank=8, is_four_bit=True)
    recipe.write(tmp_path / "deep" / "run", wanted, [HELLO, HELLO], [HELLO])
    assert recipe.read(tmp_path / "deep" / "run") == wanted
    lines = (tmp_path / "deep" / "run" / recipe.TRAIN).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["messages"] for line in lines] == [HELLO, HELLO]


def test_a_training_is_never_written_over(tmp_path: Path) -> None:
    recipe.write(tmp_path, Recipe("a", "b"), [HELLO], [HELLO])
    with pytest.raises(SparkError, match="already") as error:
        recipe.write(tmp_path, Recipe("c", "d"), [HELLO], [HELLO])
    assert "--resume" in error.value.fix
    assert recipe.read(tmp_path).base == "a"


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SparkError, match="cannot be written"):
        recipe.write(tmp_path / "file" / "run", Recipe("a", "b"), [], [])


def test_what_came_of_it_is_kept_or_it_is_said_why_not(tmp_path: Path) -> None:
    recipe.finish(tmp_path, {"steps": 3})
    assert json.loads((tmp_path / recipe.RESULT).read_text()) == {"steps": 3}
    with pytest.raises(SparkError, match="cannot be written"):
        recipe.finish(tmp_path / "none", {})


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"base": "a"}'])
def test_what_is_no_training_does_not_go_on(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / recipe.RECIPE).write_text(text)
    with pytest.raises(SparkError, match="no training"):
        recipe.read(tmp_path)
