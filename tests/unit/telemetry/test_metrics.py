"""What Prometheus reads."""

import platform
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from spark_vtuber.core.desk import Component
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.telemetry import process
from spark_vtuber.telemetry.exposition import Counter, Histogram, Reading
from spark_vtuber.telemetry.metrics import ShowMetrics
from spark_vtuber.testing.virtual import EPOCH_MS, START_S, VirtualClock


def test_a_counter_without_labels_starts_at_zero() -> None:
    counter = Counter("lines_total", "Lines.")
    assert list(counter.lines()) == ["# HELP lines_total Lines.", "# TYPE lines_total counter", "lines_total 0"]
    counter.add(amount=2.5)
    assert list(counter.lines())[-1] == "lines_total 2.5"


def test_label_values_are_escaped() -> None:
    counter = Counter("odd_total", "Odd.", ["why"])
    counter.add('a"b\\c\nd')
    assert list(counter.lines())[-1] == 'odd_total{why="a\\"b\\\\c\\nd"} 1'
    assert counter.value("never") == 0


def test_buckets_of_a_histogram_add_up_and_include_their_bound() -> None:
    histogram = Histogram("wait_seconds", "Wait.", (0.1, 1.0))
    for number in (0.05, 0.1, 0.5, 9.0):
        histogram.observe(number)
    assert list(histogram.lines())[2:] == [
        'wait_seconds_bucket{le="0.1"} 2',
        'wait_seconds_bucket{le="1"} 3',
        'wait_seconds_bucket{le="+Inf"} 4',
        "wait_seconds_sum 9.65",
        "wait_seconds_count 4",
    ]


async def test_a_turn_is_counted_with_its_outcome_its_time_and_its_stages(record: Callable[..., TurnRecord]) -> None:
    metrics = ShowMetrics(VirtualClock())
    metrics.record(record())
    metrics.record(record(marks={}, counts={}, blocked=(), is_degraded=False))
    lines = metrics.render().splitlines()
    assert 'spark_vtuber_turns_total{outcome="completed"} 2' in lines
    assert "spark_vtuber_turns_degraded_total 1" in lines
    assert "spark_vtuber_clauses_blocked_total 1" in lines
    assert 'spark_vtuber_tokens_total{direction="in"} 120' in lines
    assert 'spark_vtuber_response_seconds_bucket{le="0.4"} 0' in lines
    assert 'spark_vtuber_response_seconds_bucket{le="0.5"} 1' in lines
    assert 'spark_vtuber_stage_seconds_count{stage="model"} 1' in lines


async def test_drafted_tokens_are_counted_beside_those_that_were_kept(record: Callable[..., TurnRecord]) -> None:
    metrics = ShowMetrics(VirtualClock())
    metrics.record(record(counts={"tokens_drafted": 8, "tokens_accepted": 5}))
    metrics.record(record(counts={"tokens_drafted": 4, "tokens_accepted": 0}))
    lines = metrics.render().splitlines()
    assert 'spark_vtuber_draft_tokens_total{fate="drafted"} 12' in lines
    assert 'spark_vtuber_draft_tokens_total{fate="accepted"} 5' in lines


async def test_prompts_are_counted_by_what_the_server_had_at_hand(record: Callable[..., TurnRecord]) -> None:
    metrics = ShowMetrics(VirtualClock())
    metrics.record(record(counts={"tokens_in": 1_000, "tokens_cached": 900}))
    metrics.record(record(counts={"tokens_in": 500}))
    metrics.record(record(counts={"tokens_in": 100, "tokens_cached": 0}))
    lines = metrics.render().splitlines()
    assert 'spark_vtuber_prompt_tokens_total{cached="yes"} 900' in lines
    assert 'spark_vtuber_prompt_tokens_total{cached="no"} 200' in lines


async def test_lines_are_counted_by_source_and_drops_by_reason() -> None:
    metrics = ShowMetrics(VirtualClock())
    metrics.receive("twitch")
    metrics.drop("rate")
    metrics.drop("rate")
    lines = metrics.render().splitlines()
    assert 'spark_vtuber_chat_received_total{source="twitch"} 1' in lines
    assert 'spark_vtuber_chat_dropped_total{reason="rate"} 2' in lines


async def test_components_and_gauges_of_the_moment_are_shown() -> None:
    components = [
        Component(name="tts", kind="tts", state="ok", detail="", since_ms=0),
        Component(name="llm", kind="llm", state="degraded", detail="", since_ms=0),
    ]
    lines = ShowMetrics(VirtualClock()).render(components=components, gauges={"inbox_lines": 4}).splitlines()
    assert 'spark_vtuber_component_ok{name="tts",kind="tts"} 1' in lines
    assert 'spark_vtuber_component_ok{name="llm",kind="llm"} 0' in lines
    assert "spark_vtuber_inbox_lines 4" in lines


async def test_every_sample_has_its_help_and_type_and_the_text_ends_with_a_newline() -> None:
    text = ShowMetrics(VirtualClock()).render()
    assert text.endswith("\n")
    typed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    for line in text.splitlines():
        if not line.startswith("#"):
            name = line.split("{")[0].split(" ")[0]
            assert name in typed or name.rsplit("_", 1)[0] in typed
    assert f"process_start_time_seconds {int(EPOCH_MS / 1000 + START_S)}" in text


async def test_a_foreign_parser_reads_every_family_with_its_kind_and_values(
    record: Callable[..., TurnRecord],
) -> None:
    metrics = ShowMetrics(VirtualClock())
    metrics.built("1.2.3")
    metrics.receive("twitch")
    metrics.record(record())
    metrics.watch_queue("inbox", lambda: 4)
    metrics.watch(Reading("spark_vtuber_odd_bytes", "Odd \\ and\nbroken.", lambda: [(('a"\\\n',), 0.1)], ["name"]))
    metrics.watch(Reading("spark_vtuber_lost_notes_total", "Lost.", lambda: [((), 3)], kind="counter"))
    component = Component(name="llm:main", kind="llm", state="degraded", detail="", since_ms=0)
    families = list(text_string_to_metric_families(metrics.render(components=[component])))

    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert all(family.documentation for family in families)
    assert {family.type for family in families} == {"counter", "gauge", "histogram"}
    found = {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}
    assert found["spark_vtuber_queue_depth", "inbox"] == 4
    assert found["spark_vtuber_lost_notes_total",] == 3
    assert found["spark_vtuber_odd_bytes", 'a"\\\n'] == 0.1
    assert found["spark_vtuber_chat_received_total", "twitch"] == 1
    assert found["spark_vtuber_build_info", "1.2.3", platform.python_version()] == 1
    states = {key[-1]: value for key, value in found.items() if key[0] == "spark_vtuber_component_state"}
    assert states == {"starting": 0, "ok": 0, "degraded": 1, "failed": 0, "off": 0}
    histogram = next(family for family in families if family.name == "spark_vtuber_response_seconds")
    assert [one.value for one in histogram.samples if one.labels.get("le") == "+Inf"] == [1]


async def test_names_end_in_their_unit_and_counters_in_total(record: Callable[..., TurnRecord]) -> None:
    metrics = ShowMetrics(VirtualClock())
    metrics.record(record())
    units = ("_seconds", "_bytes", "_fds", "_ok", "_state", "_info", "_depth")
    for text in metrics.render().splitlines():
        if text.startswith("# TYPE"):
            _, _, name, kind = text.split()
            assert name.endswith("_total") if kind == "counter" else name.endswith(units)


@pytest.mark.platform("linux")
def test_the_process_knows_its_memory_files_and_cpu_time() -> None:
    resident, files = process.resident_bytes(), process.open_files()
    assert resident is not None
    assert 5_000_000 < resident < 4_000_000_000
    assert files is not None
    assert files > 2
    assert process.cpu_s() > 0
