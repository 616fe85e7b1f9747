"""Resolves the default install and each light extra as wheels only, for every target platform and Python.

What has no wheel somewhere would be built from source on a user's machine; it is listed, and the check fails.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from constraints import PYTHONS, ROOT, extras, uv_environment

TARGETS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux aarch64": "aarch64-manylinux_2_28",
    "Windows": "x86_64-pc-windows-msvc",
    "macOS arm64": "aarch64-apple-darwin",
}


def installs() -> Iterator[tuple[str, list[str]]]:
    """The default install and each light extra, with the arguments that select it."""
    yield "the default install", []
    for extra in extras():
        yield f"extra {extra}", ["--extra", extra]


def refusal(python: str, platform: str, selection: list[str]) -> str:
    """What the resolver says against wheels alone; empty where they suffice."""
    command = ["uv", "pip", "compile", "--quiet", "--only-binary", ":all:", "--no-header", "--no-annotate"]
    command += ["--python-version", python, "--python-platform", platform, "-c", "requirements/constraints.txt"]
    answer = subprocess.run(
        [*command, *selection, "pyproject.toml"],
        cwd=ROOT,
        env=uv_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stderr.strip() if answer.returncode else ""


def main() -> None:
    """Prints one line for each install and ends with 1 where a wheel is missing."""
    failed = 0
    for name, selection in installs():
        cases = list(product(PYTHONS, TARGETS))
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda case, s=selection: refusal(case[0], TARGETS[case[1]], s), cases))
        lacking = [(case, answer) for case, answer in zip(cases, answers, strict=True) if answer]
        print(f"{name}: {len(cases) - len(lacking)} of {len(cases)} platforms and Pythons need no compiler")
        for (python, target), answer in lacking:
            print(f"  {target}, Python {python} falls back to a source build:\n    {answer}")
        failed += len(lacking)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
