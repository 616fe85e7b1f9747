"""The command line of every server, flag by flag."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.commands.command import Command, Launch
from spark_vtuber.serving.commands.table import INSTALL, command_for
from spark_vtuber.serving.quantisation import Server

FOLDER = Path("/run")
PLAIN = Launch(
    model="/models/nemo",
    name="nemo",
    port=8000,
    context=8_192,
    sequences=2,
    batch_tokens=2_048,
    kv="f16",
    kv_bytes=2_147_483_648,
    share=0.42,
    memory_bytes=100_000_000_000,
)
TWO = {"spark": Path("/a/spark"), "ember": Path("/a/ember")}


def made(server: Server, launch: Launch = PLAIN) -> Command:
    return command_for(server, launch, FOLDER)


def value(command: Command, flag: str) -> str:
    assert command.argv.count(flag) == 1, f"{flag} in {command.argv}"
    return command.argv[command.argv.index(flag) + 1]


def after(command: Command, flag: str) -> tuple[str, ...]:
    """The values of a flag that takes several."""
    rest = command.argv[command.argv.index(flag) + 1 :]
    until = next((at for at, one in enumerate(rest) if one.startswith("--")), len(rest))
    return rest[:until]


BOUNDS = {
    Server.VLLM: {
        "context": ("--max-model-len", "8192"),
        "sequences": ("--max-num-seqs", "2"),
        "batched tokens": ("--max-num-batched-tokens", "2048"),
        "KV bytes": ("--kv-cache-memory-bytes", "2147483648"),
        "memory share": ("--gpu-memory-utilization", "0.42"),
        "host": ("--host", "127.0.0.1"),
        "port": ("--port", "8000"),
    },
    Server.LLAMACPP: {
        "context and KV bytes": ("--ctx-size", "16384"),
        "sequences": ("--parallel", "2"),
        "batched tokens": ("--batch-size", "2048"),
        "tokens of a physical batch": ("--ubatch-size", "512"),
        "kind of keys": ("--cache-type-k", "f16"),
        "kind of values": ("--cache-type-v", "f16"),
        "no cache of prompts in RAM": ("--cache-ram", "0"),
        "host": ("--host", "127.0.0.1"),
        "port": ("--port", "8000"),
    },
    Server.SGLANG: {
        "context": ("--context-length", "8192"),
        "sequences": ("--max-running-requests", "2"),
        "batched tokens": ("--chunked-prefill-size", "2048"),
        "KV bytes": ("--max-total-tokens", "16384"),
        "memory share": ("--mem-fraction-static", "0.42"),
        "host": ("--host", "127.0.0.1"),
        "port": ("--port", "8000"),
    },
    Server.TENSORRT: {
        "context": ("--max_seq_len", "8192"),
        "sequences": ("--max_batch_size", "2"),
        "batched tokens": ("--max_num_tokens", "2048"),
        "memory share": ("--kv_cache_free_gpu_memory_fraction", "0.42"),
        "host": ("--host", "127.0.0.1"),
        "port": ("--port", "8000"),
    },
}
CASES = [(server, what, *flag) for server, flags in BOUNDS.items() for what, flag in flags.items()]


@pytest.mark.parametrize(("server", "what", "flag", "expected"), CASES, ids=str)
def test_every_start_is_bounded(server: Server, what: str, flag: str, expected: str) -> None:
    assert value(made(server), flag) == expected, what


def test_ollama_is_bounded_by_its_environment() -> None:
    assert made(Server.OLLAMA).environment == {
        "OLLAMA_HOST": "127.0.0.1:8000",
        "OLLAMA_CONTEXT_LENGTH": "8192",
        "OLLAMA_NUM_PARALLEL": "2",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_MAX_QUEUE": "8",
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_KV_CACHE_TYPE": "f16",
        "OLLAMA_GPU_OVERHEAD": "58000000000",
        "OLLAMA_NO_CLOUD": "1",
    }


def test_ollama_keeps_the_models_of_all_characters() -> None:
    assert made(Server.OLLAMA, replace(PLAIN, models=2)).environment["OLLAMA_MAX_LOADED_MODELS"] == "2"


def test_tensorrt_bounds_keys_and_values_in_its_options() -> None:
    command = made(Server.TENSORRT)
    file = FOLDER / "tensorrt-options.yaml"
    assert value(command, "--extra_llm_api_options") == str(file)
    assert json.loads(command.files[file])["kv_cache_config"] == {"enable_block_reuse": True, "max_tokens": 16_384}


def test_vllm_keeps_every_adapter_resident_and_takes_the_next_rank_it_knows() -> None:
    command = made(Server.VLLM, replace(PLAIN, adapters=TWO, max_rank=48))
    assert "--enable-lora" in command.argv
    assert value(command, "--max-loras") == value(command, "--max-cpu-loras") == "2"
    assert value(command, "--max-lora-rank") == "64"
    assert after(command, "--lora-modules") == (f"spark={TWO['spark']}", f"ember={TWO['ember']}")


def test_vllm_caches_prefixes_and_reads_the_quantisation_itself() -> None:
    command = made(Server.VLLM)
    assert "--enable-prefix-caching" in command.argv
    assert "--quantization" not in command.argv
    assert "--enable-lora" not in command.argv


def test_llama_cpp_loads_adapters_in_one_list_without_applying_them() -> None:
    command = made(Server.LLAMACPP, replace(PLAIN, adapters=TWO))
    assert value(command, "--lora") == f"{TWO['spark']},{TWO['ember']}"
    assert "--lora-init-without-apply" in command.argv
    with pytest.raises(SparkError, match="commas"):
        made(Server.LLAMACPP, replace(PLAIN, adapters={"a": Path("/a,b")}))


def test_llama_cpp_has_no_reuse_that_changes_answers_no_page_and_no_network() -> None:
    command = made(Server.LLAMACPP)
    assert {"--offline", "--no-ui", "--metrics"} <= set(command.argv)
    assert not {"--cache-reuse", "--context-shift", "--lora"} & set(command.argv)


@pytest.mark.parametrize("server", [Server.VLLM, Server.SGLANG, Server.TENSORRT])
def test_no_server_downloads_or_tells_its_makers(server: Server, tmp_path: Path) -> None:
    command = made(server)
    assert command.environment["HF_HUB_OFFLINE"] == "1"
    assert any("is not downloaded" in note for note in command.notes)
    assert not made(server, replace(PLAIN, model=str(tmp_path))).notes


def test_sglang_keeps_every_adapter_resident() -> None:
    command = made(Server.SGLANG, replace(PLAIN, adapters=TWO, max_rank=16))
    assert after(command, "--lora-paths") == (f"spark={TWO['spark']}", f"ember={TWO['ember']}")
    assert (value(command, "--max-loras-per-batch"), value(command, "--max-lora-rank")) == ("2", "16")


def test_tensorrt_keeps_every_adapter_resident() -> None:
    options = json.loads(next(iter(made(Server.TENSORRT, replace(PLAIN, adapters=TWO)).files.values())))
    assert options["lora_config"]["max_loras"] == 2
    assert options["lora_config"]["lora_dir"] == [str(path) for path in TWO.values()]


def test_a_draft_model_drafts() -> None:
    launch = replace(PLAIN, draft="/models/small")
    told = json.loads(value(made(Server.VLLM, launch), "--speculative-config"))
    assert told == {"model": "/models/small", "num_speculative_tokens": 4}
    llama = made(Server.LLAMACPP, launch)
    assert (value(llama, "--spec-type"), value(llama, "--model-draft")) == ("draft-simple", "/models/small")
    assert value(llama, "--spec-draft-n-max") == "4"
    sglang = made(Server.SGLANG, launch)
    assert value(sglang, "--speculative-draft-model-path") == "/models/small"
    options = json.loads(next(iter(made(Server.TENSORRT, launch).files.values())))
    assert options["speculative_config"]["speculative_model_dir"] == "/models/small"


def test_n_grams_draft_without_a_model() -> None:
    launch = replace(PLAIN, is_drafting_ngrams=True)
    assert json.loads(value(made(Server.VLLM, launch), "--speculative-config"))["method"] == "ngram"
    assert value(made(Server.LLAMACPP, launch), "--spec-type") == "ngram-simple"
    assert value(made(Server.SGLANG, launch), "--speculative-algorithm") == "NGRAM"
    options = json.loads(next(iter(made(Server.TENSORRT, launch).files.values())))
    assert options["speculative_config"]["decoding_type"] == "NGram"


def test_keys_and_values_are_kept_in_fewer_bits() -> None:
    small = replace(PLAIN, kv="fp8")
    assert value(made(Server.VLLM, small), "--kv-cache-dtype") == "fp8"
    assert value(made(Server.SGLANG, small), "--kv-cache-dtype") == "fp8_e5m2"
    options = json.loads(next(iter(made(Server.TENSORRT, small).files.values())))
    assert options["kv_cache_config"]["dtype"] == "fp8"
    llama = made(Server.LLAMACPP, replace(PLAIN, kv="q8_0", adapters=TWO, draft="/d"))
    assert value(llama, "--cache-type-v") == "q8_0"
    assert len(llama.notes) == 2
    assert any("no adapter" in note for note in made(Server.VLLM, replace(PLAIN, adapters=TWO, draft="/d")).notes)


@pytest.mark.parametrize(
    ("launch", "why"),
    [
        (replace(PLAIN, adapters=TWO), "no adapter"),
        (replace(PLAIN, draft="/d"), "no speculative"),
        (replace(PLAIN, is_drafting_ngrams=True), "no speculative"),
        (replace(PLAIN, model="/models/a.gguf"), "by the names"),
    ],
)
def test_what_ollama_does_not_offer_is_refused_with_what_to_do(launch: Launch, why: str) -> None:
    with pytest.raises(SparkError, match=why) as refused:
        made(Server.OLLAMA, launch)
    assert refused.value.code == "not_offered"
    assert refused.value.fix


@pytest.mark.parametrize("server", Server)
def test_the_streamers_own_arguments_come_last_and_cannot_open_the_server_to_others(server: Server) -> None:
    command = made(server, replace(PLAIN, arguments=("--own", "1"), program="/opt/own"))
    assert command.argv[-2:] == ("--own", "1")
    assert command.argv[0] == "/opt/own"
    for argument in ("--host", "--host=0.0.0.0", "--port", "--api-key", "--api-key=hunter2"):
        with pytest.raises(SparkError, match="must not") as refused:
            made(server, replace(PLAIN, arguments=(argument,)))
        assert "hunter2" not in refused.value.message
    assert INSTALL[server]
    assert made(server).ready_path.startswith("/")
