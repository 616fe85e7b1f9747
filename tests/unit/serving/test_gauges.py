"""What servers tell of themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.serving.gauges import Gauges, gauges_in

LLAMA = """\
# HELP llamacpp:predicted_tokens_seconds Average generation throughput in tokens/s.
# TYPE llamacpp:predicted_tokens_seconds gauge
llamacpp:predicted_tokens_seconds 41.5
llamacpp:tokens_predicted_total 1200
llamacpp:requests_processing 1
llamacpp:spec_decode_num_draft_tokens_total 400
llamacpp:spec_decode_num_accepted_tokens_total 220
"""
VLLM = """\
vllm:num_requests_running{engine="0",model_name="nemo"} 2.0
vllm:generation_tokens_total{engine="0",model_name="nemo"} 900.0
vllm:generation_tokens_total{engine="1",model_name="nemo"} 100.0
vllm:spec_decode_num_draft_tokens_total{engine="0"} 10
vllm:spec_decode_num_accepted_tokens_total{engine="0"} 4
"""


def test_the_readings_of_llama_cpp_are_found() -> None:
    told = gauges_in(LLAMA)
    assert told == Gauges(41.5, 1, 1200, 400, 220)
    assert told.acceptance == pytest.approx(0.55)


def test_the_readings_of_vllm_are_added_up_over_its_engines() -> None:
    told = gauges_in(VLLM)
    assert (told.running, told.tokens_generated, told.acceptance) == (2, 1_000, 0.4)


def test_a_server_that_drafts_nothing_has_no_acceptance() -> None:
    assert gauges_in("llamacpp:spec_decode_num_draft_tokens_total 0\n").acceptance is None
    assert gauges_in("llamacpp:spec_decode_num_draft_tokens_total 5\n").acceptance is None


@given(st.text())
def test_anything_may_come_in(text: str) -> None:
    gauges_in(text)
    assert gauges_in(f"llamacpp:tokens_predicted_total nan\n{text}").tokens_per_s is None


def test_numbers_that_are_none_are_left_out() -> None:
    assert gauges_in("llamacpp:tokens_predicted_total -3\nllamacpp:requests_processing inf\n") == Gauges()
