"""What a user gets: the wheel and its entry points."""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("llm", "tts", "guard", "chat")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built without the front end, which has tests of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = {**os.environ, "SPARK_SKIP_UI": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    assert built.name.endswith("-py3-none-any.whl")
    return zipfile.ZipFile(built).namelist()


@pytest.mark.real
def test_the_wheel_brings_the_ready_made_characters(wheel: list[str]) -> None:
    assert {path.name for path in (ROOT / "personas").glob("*.toml")} == {
        name.removeprefix("spark_vtuber/personas/") for name in wheel if name.startswith("spark_vtuber/personas/")
    }


@pytest.mark.real
def test_the_wheel_brings_every_module_and_data_file(wheel: list[str]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "src"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    sources = {name.removeprefix("src/") for name in listed.split("\0") if name and (ROOT / name).exists()}
    assert sources <= set(wheel)


@pytest.mark.real
def test_the_wheel_carries_the_licence_and_the_notice(wheel: list[str]) -> None:
    assert {"LICENSE", "NOTICE"} <= {name.rpartition("/")[2] for name in wheel if "/licenses/" in name}


@pytest.mark.parametrize(
    "entry", [entry for port in ENGINES for entry in entry_points(group=f"spark_vtuber.{port}")], ids=lambda e: e.value
)
def test_an_engine_is_found_by_its_name(entry: object) -> None:
    spec = entry.load()
    assert spec.api == 1
