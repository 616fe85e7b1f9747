"""Runs the tests of one tier: `python scripts/tests.py test|figures|soak [pytest arguments]`.

`test` prepares the test bed, runs the unmarked tests, holds the modules of `coverage_floor` to 100 %, runs the `real`
tests, and holds everything together to the floor of `pyproject.toml`. The tests with a real model server are among them
where one was built before (`make test-engines`) or SPARK_CI_ENGINES=1 asks for it. With arguments it only hands them
to pytest.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import engines
import testbed

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "out" / "coverage"
TIERS = {
    "unmarked": "not real and not figures and not soak and not engines",
    "real": "real and not figures and not soak and not engines",
    "engines": "engines",
    "figures": "figures",
    "soak": "soak",
}


MOST_AT_ONCE = 4
"""Real tests wait more than they work, but each brings processes of its own."""


def side_by_side() -> list[str]:
    """Pytest's arguments to run test files beside each other, as many as there are processors.

    In the order of their names: left to itself, xdist begins with the files of many tests, and those of one long test
    (ten hours of chaos, a browser through every tab) come last, when the other workers have nothing left to do.
    """
    return ["-n", str(min(MOST_AT_ONCE, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder"]


def coverage(*arguments: str, data: Path) -> int:
    """The exit status of a coverage command on this data file."""
    environment = dict(os.environ, COVERAGE_FILE=str(data))
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], cwd=ROOT, env=environment, check=False
    ).returncode


def pytest(*arguments: str) -> int:
    """The exit status of pytest without coverage."""
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


def all_tests() -> int:
    """The unmarked and the real tests with their floors of coverage; the number of parts that failed."""
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    unmarked, real, total = DATA / "unmarked", DATA / "real", DATA / "total"
    statuses = [coverage("run", "-m", "pytest", *side_by_side(), "-m", TIERS["unmarked"], data=unmarked)]
    coverage("combine", "--quiet", data=unmarked)
    floor = [sys.executable, "scripts/coverage_floor.py", str(unmarked)]
    statuses.append(subprocess.run(floor, cwd=ROOT, check=False).returncode)
    statuses.append(coverage("run", "-m", "pytest", *side_by_side(), "-m", TIERS["real"], data=real))
    coverage("combine", "--quiet", data=real)
    statuses.append(engine_tests())
    coverage("combine", "--quiet", "--keep", str(unmarked), str(real), data=total)
    statuses.append(coverage("report", "--skip-covered", data=total))
    return sum(1 for status in statuses if status)


def engine_tests() -> int:
    """The exit status of the tests with real model servers; 0 where they are not selected, which is said."""
    if engines.is_wanted():
        engines.build()
        return pytest("-m", TIERS["engines"], str(engines.TESTS))
    print(f"[tests] not selected: the tests with a real model server (marker engines). To run them: {engines.RUN}")
    return 0


def main() -> None:
    """Runs the tier and ends with its status."""
    tier, *arguments = sys.argv[1:]
    testbed.main()
    if tier == "test":
        sys.exit(pytest(*arguments) if arguments else all_tests())
    sys.exit(pytest("-m", TIERS[tier], "-s", *arguments))


if __name__ == "__main__":
    main()
