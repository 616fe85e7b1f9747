"""Builds the real model server of the tests once, and runs the tests that talk to it.

    python scripts/engines.py test [pytest arguments]    build where needed, then the tests of the marker `engines`
    python scripts/engines.py build                      build where needed, print the path
    python scripts/engines.py path                       print the path, end with 1 where nothing is built

llama.cpp comes from the source package of llama-cpp-python, by pip and checked by its hash: no other download. What is
built is kept by version in the user's cache, so that it is built once a machine, not once a checkout.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final, NoReturn

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

ROOT: Final = Path(__file__).resolve().parent.parent
TESTS: Final = ROOT / "tests" / "engines"
PACKAGE: Final = "llama-cpp-python"
VERSION: Final = "0.3.36"
SHA256: Final = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
"""Of the source package. Another version is another engine: some tests hold what this one does."""

PROGRAM: Final = "llama-server.exe" if sys.platform == "win32" else "llama-server"
OPTIONS: Final = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "OFF",
    "GGML_NATIVE": "OFF",
    "LLAMA_BUILD_UI": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_APP": "OFF",
}
"""One program without libraries of its own, for any processor of the kind; without the UI, which it would download."""

SPACE_BYTES: Final = 1 << 30
TOOLS: Final = {
    "cmake": "python -m pip install cmake",
    "ninja": "python -m pip install ninja",
    "a C++ compiler": "apt-get install -y g++ (Windows: the Build Tools for Visual Studio)",
}
COMPILERS: Final = ("c++", "g++", "clang++", "cl")
RUN: Final = "make test-engines"
FORCED: Final = "SPARK_CI_ENGINES"
_STEP: Final = re.compile(r"^\[(\d+)/(\d+)\]")

console = Console(stderr=True)


def cache() -> Path:
    """Where this version is kept, on this kind of machine."""
    folder = f"{PACKAGE}-{VERSION}-{sys.platform}-{platform.machine().lower()}"
    return Path(platformdirs.user_cache_dir("spark-vtuber", appauthor=False)) / "engines" / folder


def program() -> Path:
    """The path of the server, whether it is there or not."""
    return cache() / PROGRAM


def is_wanted() -> bool:
    """Whether `make test` runs the tests with real servers: one is built, or it is asked for."""
    return program().exists() or os.environ.get(FORCED) == "1"


def build() -> Path:
    """The path of the server, built now where it is not there yet. A build that was cut goes on where it was."""
    if program().exists():
        return program()
    if lacking := {name: fix for name, fix in TOOLS.items() if not _has(name)}:
        give_up(f"building {PROGRAM} needs {', '.join(lacking)}", *(f"  {fix}" for fix in lacking.values()))
    work = cache() / "build"
    work.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(work).free < SPACE_BYTES:
        give_up(f"building {PROGRAM} needs {SPACE_BYTES >> 20} MB of free space in {work}")
    log = cache() / "build.log"
    _configure(_sources(work), work / "out", log)
    _compile(work / "out", log)
    built = work / "out" / "bin" / PROGRAM
    answer = subprocess.run([built, "--version"], capture_output=True, text=True, check=False)
    if answer.returncode:
        give_up(f"{built} does not run", answer.stdout + answer.stderr)
    built.replace(program())
    shutil.rmtree(work, ignore_errors=True)
    say(f"built {program()}")
    return program()


def download(folder: Path) -> Path:
    """The source package in `folder`, by pip and checked by its hash."""
    found = folder / f"{PACKAGE.replace('-', '_')}-{VERSION}.tar.gz"
    if not (found.exists() and hashlib.sha256(found.read_bytes()).hexdigest() == SHA256):
        say(f"downloading the source package of {PACKAGE} {VERSION} (73 MB)")
        wanted = folder / "requirements.txt"
        wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command = [*pip, "--no-binary", PACKAGE, "--require-hashes", "--dest", str(folder), "-r", str(wanted)]
        if subprocess.run(command, check=False).returncode:
            give_up(f"pip could not bring {PACKAGE} {VERSION}; without a network, put {found.name} into {folder}")
    return found


def _sources(work: Path) -> Path:
    folder = work / f"{PACKAGE.replace('-', '_')}-{VERSION}"
    sources = folder / "vendor" / "llama.cpp"
    whole = work / "unpacked"
    if not whole.exists():
        archive = download(work)
        say("unpacking")
        shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(work, filter="data")
        whole.touch()
    return sources


def _configure(sources: Path, out: Path, log: Path) -> None:
    options = [f"-D{name}={value}" for name, value in OPTIONS.items()]
    command = ["cmake", "-G", "Ninja", *options, "-S", str(sources), "-B", str(out)]
    with log.open("w", encoding="utf-8") as file:
        if subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False).returncode:
            _failed("cmake", log)


def _compile(out: Path, log: Path) -> None:
    command = ["ninja", "-C", str(out), "llama-server"]
    columns = (TextColumn(rf"\[engines] building {PROGRAM}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        log.open("a", encoding="utf-8", buffering=1) as file,
        Progress(*columns, console=console) as bar,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
        ) as ninja,
    ):
        task = bar.add_task("", total=None)
        told = 0
        for line in ninja.stdout or ():
            file.write(line)
            if step := _STEP.match(line):
                done, whole = int(step[1]), int(step[2])
                bar.update(task, completed=done, total=whole)
                if not console.is_terminal and done * 10 // whole > told:
                    told = done * 10 // whole
                    say(f"built {done} of {whole} parts")
    if ninja.returncode:
        _failed("ninja", log)


def _has(tool: str) -> bool:
    names = COMPILERS if tool == "a C++ compiler" else (tool,)
    return any(shutil.which(name) for name in names)


def _failed(step: str, log: Path) -> NoReturn:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    give_up(f"{step} failed; the whole log: {log}", *lines[-20:])


def say(text: str) -> None:
    """One line of progress."""
    console.print(f"[engines] {text}", markup=False, highlight=False, soft_wrap=True)


def give_up(*lines: str) -> NoReturn:
    """Ends with the reason and what to do."""
    for line in lines:
        say(line)
    sys.exit(1)


def main() -> None:
    """Runs the command."""
    command, *arguments = sys.argv[1:] or ["test"]
    match command:
        case "path":
            print(program())
            sys.exit(not program().exists())
        case "build":
            print(build())
        case "test":
            build()
            tests = [sys.executable, "-m", "pytest", "-m", "engines", "-s", *(arguments or [str(TESTS)])]
            sys.exit(subprocess.run(tests, cwd=ROOT, check=False).returncode)
        case _:
            give_up(f'there is no command "{command}"', "python scripts/engines.py test|build|path")


if __name__ == "__main__":
    main()
