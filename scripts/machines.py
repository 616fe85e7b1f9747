"""The table of machines in docs/reference/benchmarks.md, made from what `spark-vtuber bench report` wrote on each.

A machine is a file `docs/reference/machines/NAME.json`. A machine that the project is meant for has its column before
anybody measured it: it says *not measured*.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from spark_vtuber.testing.bench import machine_report
from spark_vtuber.testing.bench.engine_figures import UNITS
from spark_vtuber.testing.bench.report import CPU_FIRST, OWN, REPLY

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reference" / "benchmarks.md"
FOLDER: Final = ROOT / "docs" / "reference" / "machines"
AWAITED: Final = {"dgx-spark": "DGX Spark"}
"""Machines with a column in any case, by the name of their file."""

BEGIN: Final = "<!-- machines: written by scripts/reference.py from machines/*.json -->\n"
END: Final = "<!-- end of machines -->\n"
NOT_MEASURED: Final = "*not measured*"

Cell = Callable[[Mapping[str, Any]], str]


def page() -> str:
    """The page with its table anew; the rest of it stays as it is."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table(reports(FOLDER))}{END}{after}"


def reports(folder: Path) -> dict[str, Mapping[str, Any] | None]:
    """Reports by file name, awaited machines first; None for one that nobody measured."""
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    names = [*AWAITED, *(name for name in files if name not in AWAITED)]
    return {name: machine_report.read(files[name]) if name in files else None for name in names}


def table(found: Mapping[str, Mapping[str, Any] | None]) -> str:
    """One column a machine, one row a figure; p50 / p95."""
    titles = [AWAITED[name] if whole is None else str(whole["title"]) for name, whole in found.items()]
    lines = [f"| | {' | '.join(titles)} |", "|---|" + "---|" * len(titles)]
    for name, cell in _rows():
        cells = [NOT_MEASURED if whole is None else _plain(cell(whole)) for whole in found.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _rows() -> Iterator[tuple[str, Cell]]:
    yield "machine", machine_report.described
    for profile in ("embedded", "spark"):
        yield f"show, `{profile}`: posted → first audio, ms", _latency(profile, REPLY)
        yield f"show, `{profile}`: own delay, ms", _latency(profile, OWN)
    yield "show, `embedded`: CPU to the first audio, ms", _latency("embedded", CPU_FIRST)
    yield "characters: alignment at the start / after hours of chat, of 100", machine_report.characters
    yield "model", machine_report.model
    for name, unit in UNITS.items():
        yield f"model: {name}, {unit}", _engine(name)


def _latency(profile: str, key: str) -> Cell:
    return lambda whole: machine_report.latency_cell(whole, profile, key)


def _engine(name: str) -> Cell:
    return lambda whole: machine_report.engine_cell(whole, name)


def _plain(text: str) -> str:
    """A cell: what a report says may not break out of it."""
    text = text.replace("|", "/").replace("<", "‹").replace("\n", " ")
    return NOT_MEASURED if text == "not measured" else text
