"""Rules that all tests share: the clock they run on, what they may need, how long they may take."""

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
import testbed

from spark_vtuber.testing.virtual import VirtualLoop

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

hypothesis.settings.register_profile("spark", deadline=None)  # a test that is not a figure never measures time
hypothesis.settings.load_profile("spark")

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
"""No test, and no show that one starts, reads the keyring of whoever runs it."""

SIGHUP = getattr(signal, "SIGHUP", None)
TIMEOUTS_S = {"soak": 24 * 3600, "figures": 900, "engines": 120, "real": 120}


def pytest_configure() -> None:
    """Have the signals as a terminal gives them: a run in the background would hand "ignore" on to every program."""
    for number, default in ((signal.SIGINT, signal.default_int_handler), (SIGHUP, signal.SIG_DFL)):
        if number is not None and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, default)


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The ordinary loop for tests that meet the world, the virtual clock for all others."""
    if any(request.node.get_closest_marker(name) for name in TIMEOUTS_S):
        return "asyncio", {}
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.fixture
def soak_s() -> float:
    """How long a soak test runs, in seconds: `make soak MINUTES=480`."""
    return 60.0 * float(os.environ.get("SPARK_SOAK_MINUTES", "10"))


@pytest.fixture
def chromium() -> Path:
    """The browser that Playwright drives; ask for it with `@pytest.mark.needs("chromium")`."""
    path = testbed.chromium()
    assert path is not None, testbed.PEERS["chromium"].fix
    return path


@pytest.fixture
def inspircd() -> Path:
    """The IRC server; ask for it with `@pytest.mark.needs("inspircd")`."""
    path = testbed.find("inspircd")
    assert path is not None, testbed.PEERS["inspircd"].fix
    return path


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the tests of other platforms and gives each tier its time."""
    elsewhere = [item for item in items if not _is_for_this_platform(item)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]
    for item in items:
        tier = next((name for name in TIMEOUTS_S if item.get_closest_marker(name)), None)
        if tier and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUTS_S[tier]))


def _is_for_this_platform(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("platform")
    return marker is None or sys.platform in marker.args


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose peers are not there, with the command that brings them."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            peer = testbed.PEERS[name]
            if not peer.is_there():
                pytest.skip(f"needs {name} ({peer.purpose}): {peer.fix}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With SPARK_NO_SKIP=1 a skipped test has failed: a green run then means that everything ran."""
    report = yield
    return report if hasattr(report, "wasxfail") else _portable(report, item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """As for tests, for modules that skip themselves."""
    report = yield
    return _portable(report, collector.nodeid)


def _portable(report: Report, name: str) -> Report:
    # Reports travel between processes as UTF-8, and a test may have logged half a character.
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    if report.skipped and os.environ.get("SPARK_NO_SKIP") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{name} was skipped, and SPARK_NO_SKIP=1 forbids it: {reason}"
    return report
