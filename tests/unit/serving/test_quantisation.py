"""Which server takes which quantisation: every pair, and what is said where one does not."""

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.quantisation import (
    KV_BITS,
    KV_TAKES,
    QUANTISATIONS,
    Family,
    Server,
    check,
    check_kv,
    quantisation,
    servers_of,
)

GGUF_ONLY = {Server.LLAMACPP, Server.OLLAMA}
TENSORS = {
    "bf16": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "fp16": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "awq": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "gptq": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "gptq-8bit": {Server.VLLM},
    "fp8": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "nvfp4": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "mxfp4": {Server.VLLM, Server.SGLANG, Server.TENSORRT},
    "w4a16": {Server.VLLM, Server.SGLANG},
    "w8a8": {Server.VLLM, Server.SGLANG},
    "bitsandbytes": set(),
    "bitsandbytes-8bit": set(),
}
LLAMACPP_ONLY = {"tq1_0", "tq2_0", "iq1_s", "iq1_m", "nvfp4-gguf"}


@pytest.mark.parametrize("server", Server)
@pytest.mark.parametrize("name", QUANTISATIONS)
def test_every_pair_of_server_and_quantisation_is_taken_or_refused_with_the_right_name(
    name: str, server: Server
) -> None:
    one = QUANTISATIONS[name]
    gguf = {Server.LLAMACPP} if name in LLAMACPP_ONLY else GGUF_ONLY
    takers = gguf if one.family is Family.GGUF else TENSORS[name]
    if server in takers:
        check(server, one)
        return
    with pytest.raises(SparkError) as refused:
        check(server, one, "Nemo-8B")
    error = refused.value
    assert error.code == "wrong_quantisation"
    assert "Nemo-8B" in error.message
    assert one.title in error.message
    assert server.label in error.message
    if one.is_for_training:
        assert "training only" in error.fix
    elif takers and (server in GGUF_ONLY) is not (one.family is Family.GGUF):
        assert any(word in error.fix for word in ("llamacpp", f"takes it as {name}"))


def test_a_gptq_model_is_sent_to_vllm_and_llama_cpp_is_told_what_it_needs() -> None:
    with pytest.raises(SparkError) as refused:
        check(Server.LLAMACPP, QUANTISATIONS["gptq"])
    assert refused.value.message == "this is a GPTQ model, and llama.cpp does not take that"
    assert refused.value.fix == "vLLM takes it as gptq; llama.cpp needs a GGUF of it"


def test_every_server_takes_something_and_every_servable_quantisation_has_a_server() -> None:
    for one in QUANTISATIONS.values():
        assert bool(servers_of(one)) is not one.is_for_training, one.name


def test_names_are_taken_as_people_write_them() -> None:
    assert quantisation("Q4_K_M").name == "q4_k_m"
    assert quantisation("4", Server.VLLM).name == "awq"
    assert quantisation("4bit", Server.LLAMACPP).name == "q4_k_m"
    assert quantisation(" AWQ ").name == "awq"
    with pytest.raises(SparkError, match='no quantisation "q9"') as told:
        quantisation("q9")
    assert "q8_0" in told.value.fix


def test_four_bits_with_their_scales_are_more_than_four() -> None:
    for name in ("awq", "gptq", "nvfp4", "mxfp4", "q4_k_m", "q4_0", "bitsandbytes"):
        assert 4 < QUANTISATIONS[name].bits < 5


@pytest.mark.parametrize("server", Server)
@pytest.mark.parametrize("kv", KV_BITS)
def test_every_pair_of_server_and_cache_type_is_taken_or_refused(kv: str, server: Server) -> None:
    if kv in KV_TAKES[server]:
        check_kv(server, kv)
        return
    with pytest.raises(SparkError) as refused:
        check_kv(server, kv)
    assert refused.value.code == "wrong_kv"
    assert "f16" in refused.value.fix
