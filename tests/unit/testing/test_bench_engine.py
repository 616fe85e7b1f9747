import json
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import machines
import pytest
from typer.testing import CliRunner

from spark_vtuber.cli.bench import app
from spark_vtuber.cli.bench_report import write_report
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.machine import Gpu
from spark_vtuber.core.turns import Mark
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta, Usage
from spark_vtuber.testing.bench import engine_figures as names
from spark_vtuber.testing.bench import engine_report, machine_report
from spark_vtuber.testing.bench.engine import measure
from spark_vtuber.testing.bench.engine_figures import Figures
from spark_vtuber.testing.bench.engine_steps import Target
from spark_vtuber.testing.bench.latency import Run
from spark_vtuber.testing.bench.profiles import PROFILES
from spark_vtuber.testing.bench.report import Report, report
from spark_vtuber.testing.bench.statistics import Floor, Measured
from spark_vtuber.testing.models import ScriptedModel

READS_PER_S = 1_000
WRITES_PER_S = 40
CHARS = 4


@dataclass
class RememberingModel:
    """Reads what it does not remember at 1,000 tokens a second and answers at 40; one memory for each adapter."""

    model: str = "script"
    adapters: tuple[str, ...] = ("ember", "spark")
    context_tokens: int | None = 4_096
    most_tokens: int = 1_000
    accepts: float | None = None
    asked: list[str] = field(default_factory=list)
    _memory: dict[str, str] = field(default_factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("fake", self.model, context_tokens=self.context_tokens, adapters=self.adapters)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        adapter = request.persona.adapter.name if request.persona.adapter else ""
        self.asked.append(adapter)
        prompt = "".join(message.content for message in request.messages)
        known = self._memory.get(adapter, "")
        cached = next(
            (at for at, (old, new) in enumerate(zip(known, prompt, strict=False)) if old != new),
            min(len(known), len(prompt)),
        )
        self._memory[adapter] = prompt
        await anyio.sleep((len(prompt) - cached) / CHARS / READS_PER_S)
        tokens = min(request.max_tokens, self.most_tokens)
        for number in range(tokens):
            if number:
                await anyio.sleep(1 / WRITES_PER_S)
            yield TextDelta("word ")
        drafted = (None, None) if self.accepts is None else (100, round(100 * self.accepts))
        yield Usage(len(prompt) // CHARS, cached // CHARS, tokens, *drafted)


def median(figures: Figures, name: str) -> float:
    row = next(row for row in engine_report.rows(figures) if row.name == name)
    assert row.p50 is not None, row.why
    return row.p50


async def test_figures_are_what_the_server_did() -> None:
    (figures,) = await measure([Target("one", RememberingModel())], 3, random.Random(1))
    assert median(figures, names.COLD) == pytest.approx(650, abs=60)
    assert median(figures, names.COLD_SPEED) == pytest.approx(READS_PER_S, rel=0.01)
    assert median(figures, names.WARM) < 0.2 * median(figures, names.COLD)
    assert median(figures, names.REPLY) == pytest.approx(median(figures, names.WARM) + 475, abs=15)
    assert median(figures, names.CACHED_SHARE) > 80
    assert median(figures, names.speed(0)) == pytest.approx(WRITES_PER_S)
    assert median(figures, names.speed(2_000)) == pytest.approx(WRITES_PER_S)


async def test_the_worth_of_a_draft_is_a_figure_where_there_is_one() -> None:
    drafting, plain = await measure(
        [Target("one", RememberingModel(accepts=0.7)), Target("two", RememberingModel())], 1, random.Random(1)
    )
    assert median(drafting, names.ACCEPTED) == pytest.approx(70)
    assert plain.missing[names.ACCEPTED] == "nothing is drafted"


def test_nothing_of_a_draft_kept_is_nought() -> None:
    figures = Figures("one", Capabilities("fake"), {names.ACCEPTED: [0.0, 0.0]})
    (row,) = [row for row in engine_report.rows(figures) if row.name == names.ACCEPTED]
    assert row.shown() == "0.00 / 0.00"


async def test_a_context_that_the_server_does_not_hold_is_not_measured() -> None:
    (figures,) = await measure([Target("one", RememberingModel())], 1, random.Random(1))
    (row,) = [row for row in engine_report.rows(figures) if row.name == names.speed(10_000)]
    assert row.p50 is None
    assert row.why == "its context is 4,096 tokens"
    assert row.shown() == "not measured"


async def test_adapters_are_measured_one_the_other_and_the_other_again() -> None:
    model = RememberingModel()
    (figures,) = await measure([Target("one", model)], 2, random.Random(1))
    assert [adapter for adapter in model.asked if adapter] == ["ember", "spark", "spark"] * 2
    assert len(figures.values[names.SWITCH]) == len(figures.values[names.STAY]) == 2


async def test_without_two_adapters_there_is_no_switch() -> None:
    (figures,) = await measure([Target("one", RememberingModel(adapters=("ember",)))], 1, random.Random(1))
    assert figures.missing[names.SWITCH] == "no two adapters are loaded"


async def test_what_a_server_does_not_count_is_not_made_up() -> None:
    (figures,) = await measure([Target("one", ScriptedModel())], 1, random.Random(1))
    rows = {row.name: row for row in engine_report.rows(figures)}
    assert rows[names.CACHED].p50 is None
    assert rows[names.COLD_SPEED].why == "the server does not count tokens"
    assert rows[names.REPLY].why == "the model ends its answers before"
    assert rows[names.MEMORY].why == rows[names.CARD_MEMORY].why == "the server is not on this machine"


async def test_two_servers_are_asked_in_turn_within_every_step() -> None:
    order: list[str] = []
    first, second = RememberingModel(), RememberingModel()
    await measure(
        [Target("one", first), Target("two", second)], 2, random.Random(1), lambda _done, _all, what: order.append(what)
    )
    assert len(first.asked) == len(second.asked)
    assert order[0:4] == ["warm-up", "warm-up", "cold prompt", "cold prompt"]
    assert order[-1] == "done"


async def test_a_server_that_falls_silent_ends_the_measurement() -> None:
    with pytest.raises(EngineError):
        await measure([Target("one", ScriptedModel(fail_at=3))], 1, random.Random(1))


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("/home/you/models/big.gguf", "big.gguf"),
        ("D:\\models\\big.gguf", "big.gguf"),
        ("models/big.gguf", "big.gguf"),
        ("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),
        ("llama3.1:70b", "llama3.1:70b"),
        ("", "unknown"),
    ],
)
def test_a_model_is_named_without_the_path_to_its_file(model: str, shown: str) -> None:
    assert engine_report.model_name(Figures("one", Capabilities("openai", model))) == shown


async def a_report(**more: str) -> dict[str, object]:
    (figures,) = await measure([Target("one", RememberingModel(**more))], 1, random.Random(1))  # type: ignore[arg-type]
    machine = machine_report.describe([Gpu("NVIDIA GB10", memory_total_bytes=None)], "0.1.0")
    latency = {
        "embedded": {
            "machine": "left out",
            "figures_ms": {"posted → first audio at the client": {"p50": 410.0, "p95": 433.0, "p99": 440.0}},
            "kept": True,
        }
    }
    return machine_report.put_together("DGX Spark", machine, latency, [engine_report.as_json(figures)], None)


async def test_a_report_names_neither_the_machine_nor_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "kitchen-pc")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/you"))
    whole = await a_report(model="the one of kitchen-pc under /home/you/x")
    text = json.dumps(whole) + machine_report.as_markdown(whole)
    assert "kitchen-pc" not in text
    assert "/home/you" not in text


async def test_a_report_becomes_a_column_of_the_table_of_machines(tmp_path: Path) -> None:
    before = machines.table(machines.reports(tmp_path))
    assert "DGX Spark" in before.splitlines()[0]
    assert all("*not measured*" in line for line in before.splitlines()[2:])
    (tmp_path / "dgx-spark.json").write_text(json.dumps(await a_report()))
    after = machines.table(machines.reports(tmp_path))
    assert "NVIDIA GB10" in after
    assert "410 / 433" in after
    assert f"| model: {names.speed(2_000)}, tokens/s | 40.0 |" in after
    assert f"| model: {names.speed(10_000)}, tokens/s | *not measured* |" in after


async def test_a_report_cannot_break_out_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "evil.json").write_text(json.dumps(await a_report(model="a | b <script> \n | c")))
    lines = machines.table(machines.reports(tmp_path)).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert "<script>" not in "".join(lines)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', "[" * 5000])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(SparkError, match=r"broken\.json"):
        machines.reports(tmp_path)


def a_show_of_one_turn(profile: str, _turns: int) -> Report:
    marks = {mark: number / 100 for number, mark in enumerate(list(Mark)[:8])}
    turn = Measured(1, 0.0, 0.002, 0.004, 0.4, 0.41, marks, 2.0, 6.0, 20.0, 80_000.0)
    floor = Floor(400.0, 2.0)
    return report(Run(PROFILES[profile], "a machine", (0.1, None), floor, (turn,), 0.9, 0.001, 0.01, "0"))


def without_a_model(folder: Path) -> Path:
    config = folder / "spark.toml"
    config.write_text(f'[llm]\nuse = "understudy"\n[data]\ndir = "{folder.as_posix()}"\n')
    return config


def test_a_machine_without_a_model_server_has_a_report_without_one(tmp_path: Path) -> None:
    alignment = {"start": {"percent": 91.25}, "after": {"percent": 90.0}}
    personas = [{"name": "Spark", "alignment": alignment, "misses": [{"answer": "what was wrong"}]}]
    (tmp_path / "persona.json").write_text(json.dumps({"personas": personas}))
    file = tmp_path / "here.json"
    write_report(a_show_of_one_turn, file, "Here", 1, 1, without_a_model(tmp_path), tmp_path / "persona.json")
    whole = machine_report.read(file)
    assert whole["engine"] == []
    assert machine_report.characters(whole) == "Spark 91.2 / 90.0"
    assert set(whole["latency"]) == {"embedded", "spark"}
    assert "a machine" not in file.read_text()
    assert "what was wrong" not in file.read_text()
    readable = (tmp_path / "here.md").read_text()
    assert "| posted → first audio | 410 | 410 |" in readable
    assert "Not measured." in readable
    assert "Spark 91.2 / 90.0." in readable


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"personas": [1]}', '{"personas": [{"misses": []}]}', "nonsense"])
def test_figures_of_characters_that_are_none_are_refused_before_anything_is_measured(text: str, tmp_path: Path) -> None:
    (tmp_path / "persona.json").write_text(text)
    arguments = ["report", str(tmp_path / "here.json"), "--persona", str(tmp_path / "persona.json")]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 2
    assert "persona.json" in "".join(answer.output.split())
    assert not (tmp_path / "here.json").exists()


def test_without_a_model_server_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["engine", "--config", str(without_a_model(tmp_path))])
    assert answer.exit_code == 2
    assert "no model server is configured" in answer.output
