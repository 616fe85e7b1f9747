"""What fits where, and how fast it answers there."""

from dataclasses import replace

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.budget import Adapted, Demand, budget, served_bytes
from spark_vtuber.serving.machines import GB, GIB, MACHINES, Machine, Seen, machine, this_machine
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.plan import PRESETS, Plan, bare_demand, check, gb, make_plan, tried
from spark_vtuber.serving.published import PUBLISHED, known
from spark_vtuber.serving.quantisation import Server, quantisation
from spark_vtuber.serving.speed import speed

SPARK = machine("dgx-spark")


def demand(name: str, stored: str = "4", server: Server = Server.LLAMACPP) -> Demand:
    return Demand(Model(name, known(name), quantisation(stored, server)), server)


@pytest.mark.parametrize("server", Server)
def test_llama_70b_at_four_bits_on_dgx_spark_is_slow_and_something_else_is_not(server: Server) -> None:
    plan = make_plan(demand("llama-3.1-70b", server=server), SPARK)
    assert plan.budget.fits
    assert plan.speed.ceiling_tokens_per_s <= 7.8
    assert not plan.speed.is_in_time
    assert any("misses 500 ms" in reason for reason in plan.reasons())
    found = plan.suggestion
    assert found is not None
    assert found.budget.fits
    assert found.speed.first_audio_ms < 500
    assert found.speed.is_gapless
    assert found.demand.server is server


def test_the_ceiling_is_bandwidth_by_bytes_of_active_weights() -> None:
    plain = Model("m", known("llama-3.1-70b"), quantisation("4"), measured_bytes=35 * GB)
    empty = speed(Demand(plain, Server.LLAMACPP), SPARK, used_tokens=0)
    share = plain.active_bytes / plain.weight_bytes
    assert empty.ceiling_tokens_per_s * share == pytest.approx(273 / 35)
    assert speed(Demand(plain, Server.LLAMACPP), SPARK, 8_000).ceiling_tokens_per_s < empty.ceiling_tokens_per_s


def test_a_mixture_is_as_large_as_all_and_as_quick_as_few() -> None:
    mixed, dense = demand("qwen3-30b-a3b"), demand("qwen3-32b")
    assert mixed.model.weight_bytes == pytest.approx(dense.model.weight_bytes, rel=0.1)
    assert speed(mixed, SPARK).tokens_per_s > 5 * speed(dense, SPARK).tokens_per_s


@pytest.mark.parametrize(
    ("name", "stored", "published_bytes"),
    [
        ("gpt-oss-20b", "mxfp4", 12.8 * GIB),
        ("gpt-oss-120b", "mxfp4", 60.8 * GIB),
        ("llama-3.1-8b", "q4_k_m", 4.58 * GIB),
        ("llama-3.1-8b", "q8_0", 7.95 * GIB),
    ],
)
def test_weights_are_as_large_as_their_makers_say(name: str, stored: str, published_bytes: float) -> None:
    """Checkpoints in OpenAI's model card of gpt-oss, sizes in the README of llama.cpp's quantize tool."""
    assert demand(name, stored).model.weight_bytes == pytest.approx(published_bytes, rel=0.01)


def test_the_budget_is_the_sum_of_its_parts_and_grows_with_what_is_asked() -> None:
    plain = demand("llama-3.1-8b")
    made = budget(plain, SPARK)
    assert made.resident_bytes == sum(part.resident_bytes for part in made.parts)
    assert made.peak_bytes > made.resident_bytes
    weights = next(part for part in made.parts if part.name == "weights")
    assert weights.resident_bytes == pytest.approx(8.03e9 * 4.8944 / 8, rel=0.01)
    longer = budget(replace(plain, context=16_384), SPARK)
    assert longer.resident_bytes - made.resident_bytes == 2 * 8_192 * 131_072
    halved = replace(plain, kv="q8_0")
    assert halved.kv_bytes < 0.55 * plain.kv_bytes
    adapted = replace(plain, adapters=(Adapted("spark", 16, 80_000_000), Adapted("ember", 16, 80_000_000)))
    assert budget(adapted, SPARK).resident_bytes - made.resident_bytes == 160_000_000
    draft = Model("llama-3.2-1b", known("llama-3.2-1b"), quantisation("4"))
    drafted = replace(plain, draft=draft)
    assert budget(drafted, SPARK).resident_bytes - made.resident_bytes == (
        draft.weight_bytes + 2 * draft.shape.kv_bytes(8_192)
    )


def test_the_model_of_another_character_is_counted_and_is_no_part_of_this_servers_share() -> None:
    alone = demand("qwen3-8b")
    two = replace(alone, others=(Model("llama-3.2-3b", known("llama-3.2-3b"), quantisation("4")),))
    other = next(part for part in budget(two, SPARK).parts if part.name == "another model")
    assert budget(two, SPARK).resident_bytes == budget(alone, SPARK).resident_bytes + other.resident_bytes
    assert other.resident_bytes > 1.9e9 + 8_192 * 114_688
    assert served_bytes(two, SPARK) == served_bytes(alone, SPARK)
    in_one = replace(two, server=Server.OLLAMA)
    assert served_bytes(in_one, SPARK) > served_bytes(replace(in_one, others=()), SPARK)


def test_on_a_card_the_model_has_the_card_and_the_rest_has_the_system() -> None:
    card = machine("rtx-4090")
    made = budget(demand("qwen3-14b"), card)
    assert {part.name for part in made.parts if part.place == "system"} == {"voice", "memory", "show", "system"}
    assert made.resident_bytes < 16 * GB
    assert 0 < served_bytes(demand("qwen3-14b"), card) < made.peak_bytes


def test_what_cannot_run_is_refused_with_the_numbers_and_what_would() -> None:
    plan = make_plan(demand("llama-3.1-70b", server=Server.VLLM), machine("rtx-3060-12gb"))
    assert not plan.budget.is_possible
    with pytest.raises(SparkError) as refused:
        check(plan)
    assert refused.value.code == "too_large"
    assert gb(plan.budget.peak_bytes) in refused.value.message
    assert gb(plan.budget.machine.memory_bytes) in refused.value.message
    assert "preset" in refused.value.fix


def test_who_has_adapters_is_not_sent_to_a_mixture() -> None:
    wanted = demand("llama-3.1-70b")
    found = make_plan(replace(wanted, adapters=(Adapted("spark", 16, 80_000_000),)), SPARK).suggestion
    assert found is not None
    assert found.demand.model.shape.experts is None


def test_a_start_without_head_room_is_told_and_not_refused() -> None:
    wanted = demand("llama-3.1-8b")
    need = budget(wanted, SPARK).peak_bytes
    tight = replace(SPARK, memory_bytes=round(need * 1.02))
    plan = make_plan(wanted, tight)
    check(plan)
    assert next(plan.reasons()).startswith("it has no head-room")
    assert not plan.is_good


def test_a_machine_too_slow_for_speech_is_told() -> None:
    plan = make_plan(demand("qwen3-32b"), machine("cpu"))
    assert any("speech has holes" in reason for reason in plan.reasons())


def test_nothing_is_suggested_where_nothing_meets_the_budget() -> None:
    slow = replace(machine("cpu"), bandwidth_bytes_per_s=5e9, tflops=0.05)
    plan = make_plan(demand("qwen3-0.6b"), slow)
    assert plan.suggestion is None
    check(plan)
    small = replace(slow, memory_bytes=2 * GB)
    with pytest.raises(SparkError) as refused:
        check(make_plan(demand("qwen3-0.6b"), small))
    assert "spark-vtuber plan" in refused.value.fix


def test_a_draft_gains_with_a_dense_model_and_not_with_a_mixture() -> None:
    draft = Model("d", known("qwen3-0.6b"), quantisation("4"))
    dense, mixed = demand("qwen3-14b"), demand("qwen3-30b-a3b")
    assert speed(replace(dense, draft=draft), SPARK).tokens_per_s > 1.3 * speed(dense, SPARK).tokens_per_s
    assert speed(replace(mixed, draft=draft), SPARK).tokens_per_s == speed(mixed, SPARK).tokens_per_s
    ngrams = speed(replace(dense, is_drafting_ngrams=True), SPARK)
    assert ngrams.tokens_per_s > speed(dense, SPARK).tokens_per_s
    assert ngrams.ceiling_tokens_per_s == speed(dense, SPARK).ceiling_tokens_per_s


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_has_a_plan_for_every_preset(name: str) -> None:
    for found in tried(bare_demand(Server.LLAMACPP, 8_192, 2, "f16"), MACHINES[name]):
        assert found.preset in PRESETS
        assert found.demand.model.name in PUBLISHED
        assert found.speed.ceiling_tokens_per_s > 0
        assert found.speed.first_audio_ms > 0


def test_a_good_plan_has_no_reasons_and_no_suggestion() -> None:
    plan = make_plan(demand("qwen3-30b-a3b"), SPARK)
    assert plan.is_good
    assert not list(plan.reasons())
    assert plan.suggestion is None


def here(seen: Seen) -> Machine:
    return this_machine(seen)


def test_this_machine_has_the_numbers_of_its_card() -> None:
    spark = here(Seen(119 * GIB, "NVIDIA GB10"))
    assert (spark.is_unified, spark.memory_bytes, spark.bandwidth_bytes_per_s) == (True, 119 * GIB, 273e9)
    gaming = here(Seen(32 * GIB, "NVIDIA GeForce RTX 4090", 24 * GIB))
    assert (gaming.is_unified, gaming.memory_bytes, gaming.system_bytes) == (False, 24 * GIB, 32 * GIB)
    unknown = here(Seen(32 * GIB, "NVIDIA GeForce RTX 9999", 48 * GIB))
    assert unknown.memory_bytes == 48 * GIB
    assert unknown.bandwidth_bytes_per_s == 504e9
    assert "no data sheet" in unknown.source


def test_a_machine_without_a_card_is_as_fast_as_its_memory_was_measured() -> None:
    measured = here(Seen(16 * GIB, bandwidth_bytes_per_s=20e9))
    assert (measured.bandwidth_bytes_per_s, measured.has_gpu) == (20e9, False)
    assert "measured" in measured.source
    assert here(Seen(16 * GIB)).bandwidth_bytes_per_s == MACHINES["cpu"].bandwidth_bytes_per_s


def test_a_machine_nobody_knows_is_told_with_those_that_are_known() -> None:
    with pytest.raises(SparkError, match="toaster") as told:
        machine("toaster")
    assert "dgx-spark" in told.value.fix


def test_sizes_are_written_as_people_read_them() -> None:
    assert [gb(size) for size in (30e6, 1.5e9, 128e9)] == ["30 MB", "1.5 GB", "128.0 GB"]
    assert isinstance(make_plan(demand("qwen3-8b"), SPARK), Plan)
