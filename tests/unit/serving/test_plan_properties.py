"""What holds of every plan, whatever is asked of whichever machine."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.serving.budget import Adapted, Demand, budget, served_bytes
from spark_vtuber.serving.machines import MACHINES, Machine
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.plan import make_plan
from spark_vtuber.serving.published import PUBLISHED
from spark_vtuber.serving.quantisation import KV_TAKES, QUANTISATIONS, TAKES, Server
from spark_vtuber.serving.speed import speed


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    server = draw(st.sampled_from(Server))
    model = Model(
        "m", PUBLISHED[draw(st.sampled_from(sorted(PUBLISHED)))], QUANTISATIONS[draw(st.sampled_from(TAKES[server]))]
    )
    return Demand(
        model=model,
        server=server,
        context=draw(st.integers(512, 131_072)),
        sequences=draw(st.integers(1, 16)),
        kv=draw(st.sampled_from(KV_TAKES[server])),
        batch_tokens=draw(st.integers(64, 8_192)),
        is_drafting_ngrams=draw(st.booleans()),
        voice=draw(st.sampled_from(["espeak", "kokoro"])),
    )


machines = st.sampled_from(list(MACHINES.values()))


@given(demands(), machines)
def test_more_of_anything_never_takes_less_memory(demand: Demand, machine: Machine) -> None:
    least = budget(demand, machine)
    assert 0 < least.resident_bytes <= least.peak_bytes
    assert served_bytes(demand, machine) <= least.peak_bytes
    for more in (
        replace(demand, context=demand.context + 1_024),
        replace(demand, sequences=demand.sequences + 1),
        replace(demand, adapters=(Adapted("a", 8, 1_000_000),)),
        replace(demand, draft=demand.model),
    ):
        assert budget(more, machine).peak_bytes > least.peak_bytes


@given(demands(), machines)
def test_a_longer_past_never_makes_it_faster_and_nothing_passes_the_ceiling(demand: Demand, machine: Machine) -> None:
    short, long = speed(demand, machine, 100), speed(demand, machine, 50_000)
    assert long.ceiling_tokens_per_s <= short.ceiling_tokens_per_s
    assert short.tokens_per_s < short.ceiling_tokens_per_s
    assert machine.bandwidth_bytes_per_s / short.bytes_per_token >= short.ceiling_tokens_per_s * 0.999
    assert short.first_token_ms < short.first_audio_ms


@given(demands(), machines)
def test_a_plan_is_good_or_says_why_not_and_what_it_suggests_is_good(demand: Demand, machine: Machine) -> None:
    plan = make_plan(demand, machine)
    assert plan.is_good is not any(True for _ in plan.reasons())
    if plan.suggestion is not None:
        assert not plan.is_good
        assert make_plan(plan.suggestion.demand, machine).is_good
