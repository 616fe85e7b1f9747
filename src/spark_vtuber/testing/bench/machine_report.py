"""All benchmarks of a machine in one file: what was measured, and on what. Fit to be published.

The file is JSON with a number for its format; the same as Markdown is for people. What the machine or its user is
called is in neither.
"""

import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.machine import Gpu
from spark_vtuber.testing.bench.engine_report import NOT_MEASURED, amount
from spark_vtuber.testing.bench.process import processor

FORMAT: Final = 1
GIB: Final = 2**30
HOW: Final = "spark-vtuber bench report"
MOST_BYTES: Final = 4 << 20

_LATENCY: Final = {
    "posted → first audio at the client": "posted → first audio",
    "own delay: the same beyond the floor": "own delay",
    "CPU of the show, posted → first audio": "CPU of the show to the first audio",
}
"""Rows of `bench latency` that a summary shows, and what they are called there."""


def describe(cards: Sequence[Gpu], version: str) -> dict[str, Any]:
    """The machine: processor, cores, memory, graphics, system and the versions of what runs; no names of its own."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": _gib(psutil.virtual_memory().total),
        "graphics": [{"name": card.name, "memory_gib": _gib(card.memory_total_bytes)} for card in cards],
        "system": _system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "version": version,
    }


def put_together(
    title: str,
    machine: Mapping[str, Any],
    latency: Mapping[str, Any],
    engine: Sequence[Mapping[str, Any]],
    persona: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The whole report, ready for JSON. `latency` is by profile; an empty part was not measured."""
    whole = {
        "format": FORMAT,
        "title": title,
        "measured": f"{dt.datetime.now(dt.UTC):%Y-%m}",
        "machine": dict(machine),
        "latency": {name: _without_machine(figures) for name, figures in latency.items()},
        "engine": list(engine),
        "persona": persona,
    }
    cleaned: dict[str, Any] = clean(whole)
    return cleaned


def read(path: Path) -> dict[str, Any]:
    """A report from its file.

    Raises:
        SparkError: `no_report`: it cannot be read, is no report, or of a newer format.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise SparkError(f"{path.name} cannot be read: {error}", code="no_report") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise SparkError(
            f"{path.name} is no report of format {FORMAT}", code="no_report", fix="spark-vtuber bench report"
        )
    return whole


def clean(value: Any) -> Any:
    """The same without the user's folder and the machine's name, in whatever text they stand."""
    if isinstance(value, str):
        for private, instead in ((str(Path.home()), "~"), (platform.node(), "this machine")):
            if len(private) > 1:
                value = value.replace(private, instead)
        return value
    if isinstance(value, dict):
        return {clean(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return value


def as_markdown(whole: Mapping[str, Any]) -> str:
    """The report for people."""
    lines = [f"# {whole['title']}", "", described(whole), "", "## The show", ""]
    latency = whole["latency"]
    if latency:
        lines += ["| p50 / p95, ms | " + " | ".join(latency) + " |", "|---|" + "---|" * len(latency)]
        for key, name in _LATENCY.items():
            cells = [_pair(figures["figures_ms"].get(key)) for figures in latency.values()]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append(
            "| promise kept | " + " | ".join("yes" if one["kept"] else "no" for one in latency.values()) + " |"
        )
    else:
        lines.append(NOT_MEASURED.capitalize() + ".")
    lines += ["", "## The model server", ""]
    for engine in whole["engine"]:
        holds = f", context {engine['context_tokens']:,} tokens" if engine["context_tokens"] else ""
        lines += [f"{engine['model']} on {engine['dialect'] or 'an unknown server'}{holds}.", ""]
        lines += ["| | p50 | p95 | |", "|---|---|---|---|"]
        lines += [_engine_row(name, row) for name, row in engine["figures"].items()]
    if not whole["engine"]:
        lines.append(NOT_MEASURED.capitalize() + ".")
    lines += ["", "## The characters", ""]
    lines.append(f"Alignment with the card at the start and after hours of chat, of 100: {characters(whole)}.")
    return "\n".join(lines) + "\n"


def described(whole: Mapping[str, Any]) -> str:
    """The machine of a report in one line."""
    machine = whole["machine"]
    sizes = [(card["name"], card["memory_gib"]) for card in machine["graphics"]]
    cards = ", ".join(f"{name} with {size:g} GiB" if size else name for name, size in sizes)
    parts = [
        f"{machine['processor']}, {machine['cores']} cores",
        f"{machine['memory_gib']:g} GiB",
        cards or "no NVIDIA card",
        f"{machine['system']} {machine['architecture']}",
        f"Python {machine['python']}",
        f"Spark VTuber {machine['version']}",
        whole["measured"],
    ]
    return ", ".join(parts) + "."


def model(whole: Mapping[str, Any]) -> str:
    """The model that was measured, and on what."""
    engine = whole["engine"][0] if whole["engine"] else None
    return f"{engine['model']} on {engine['dialect'] or 'an unknown server'}" if engine else NOT_MEASURED


def characters(whole: Mapping[str, Any]) -> str:
    """Every character with its alignment at the start and after the chat, as `bench persona` found them."""
    found = (whole["persona"] or {}).get("personas", [])
    return "; ".join(_aligned(one) for one in found) or NOT_MEASURED


def _aligned(one: Mapping[str, Any]) -> str:
    percents = [one["alignment"][phase]["percent"] for phase in ("start", "after") if phase in one["alignment"]]
    return f"{one['name']} {' / '.join(map(amount, percents))}"


def latency_cell(whole: Mapping[str, Any], profile: str, key: str) -> str:
    """p50 / p95 of a figure of `bench latency`."""
    return _pair(whole["latency"].get(profile, {}).get("figures_ms", {}).get(key))


def engine_cell(whole: Mapping[str, Any], name: str) -> str:
    """p50 / p95 of a figure of `bench engine`, of the first server."""
    row = whole["engine"][0]["figures"].get(name) if whole["engine"] else None
    return _pair(row)


def _pair(row: Mapping[str, Any] | None) -> str:
    if not row or row.get("p50") is None:
        return NOT_MEASURED
    return amount(row["p50"]) if row["p50"] == row["p95"] else f"{amount(row['p50'])} / {amount(row['p95'])}"


def _engine_row(name: str, row: Mapping[str, Any]) -> str:
    if row["p50"] is None:
        return f"| {name} | {NOT_MEASURED} | | {row['why']} |"
    return f"| {name} | {amount(row['p50'])} | {amount(row['p95'])} | {row['unit']}, {row['count']} values |"


def _without_machine(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if key != "machine"}


def _gib(size_bytes: int | None) -> float | None:
    return round(size_bytes / GIB, 1) if size_bytes else None


def _system() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            return "Linux"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.release()}"
