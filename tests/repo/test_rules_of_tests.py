"""The rules of `tests/conftest.py`, seen from inside and on small suites of their own."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from spark_vtuber.testing.virtual import VirtualLoop

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
import sys, pytest, testbed

testbed.PEERS["a-peer"] = testbed.Peer("a peer of nobody", lambda: False, "apt-get install -y a-peer")

@pytest.mark.needs("a-peer")
def test_with_a_peer(): raise AssertionError

@pytest.mark.skip(reason="no such thing here")
def test_left_out(): pass

@pytest.mark.platform("a-platform-of-nobody")
def test_elsewhere(): raise AssertionError

@pytest.mark.platform(sys.platform)
def test_here(): pass
"""


async def test_an_unmarked_test_runs_on_the_virtual_clock() -> None:
    assert isinstance(asyncio.get_running_loop(), VirtualLoop)
    began = anyio.current_time()
    await anyio.sleep(3600)
    assert anyio.current_time() - began == pytest.approx(3600)


@pytest.mark.real
async def test_a_real_test_runs_on_the_ordinary_loop() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
    assert await anyio.to_thread.run_sync(lambda: 42) == 42


MODULE = """
import pytest

pytest.skip("no such thing here", allow_module_level=True)
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small suite under the rules of this one."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
    (tmp_path / "test_small.py").write_text(SUITE)
    return tmp_path


def outcome(suite: Path, **environment: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(suite)]
    ours = ("COV", "SPARK_NO_SKIP", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    answer = subprocess.run(
        [*command, "-p", "no:cacheprovider"], env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    return answer.stdout.splitlines()


@pytest.mark.real
def test_tests_of_other_platforms_are_deselected(suite: Path) -> None:
    assert "1 passed, 2 skipped, 1 deselected" in outcome(suite)[-1]


@pytest.mark.real
def test_a_test_without_its_peer_is_skipped_with_the_command_that_brings_it(suite: Path) -> None:
    assert any("needs a-peer (a peer of nobody): apt-get install -y a-peer" in line for line in outcome(suite))


@pytest.mark.real
def test_a_skip_fails_where_skips_are_forbidden(suite: Path) -> None:
    assert "1 passed, 1 deselected, 2 errors" in outcome(suite, SPARK_NO_SKIP="1")[-1]


@pytest.mark.real
def test_a_skipped_module_fails_where_skips_are_forbidden(suite: Path) -> None:
    (suite / "test_small.py").write_text(MODULE)
    assert "1 skipped" in outcome(suite)[-1]
    assert "1 error" in outcome(suite, SPARK_NO_SKIP="1")[-1]
