"""The command line of TensorRT-LLM's `trtllm-serve` (nvidia.github.io/TensorRT-LLM, "trtllm-serve", 1.2).

What has no flag stands in a file of options; JSON is YAML. Blocks of keys are reused by prefix.
"""

import json
from pathlib import Path
from typing import Any

from spark_vtuber.serving.commands.command import DRAFTED, HOST, QUIET, Command, Launch, checked
from spark_vtuber.serving.commands.vllm import notes

OPTIONS = "tensorrt-options.yaml"


def command(launch: Launch, folder: Path) -> Command:
    """How `trtllm-serve` is started, with its options in a file of `folder`.

    Raises `SparkError` for arguments that must not be set.
    """
    checked(launch)
    file = folder / OPTIONS
    argv = [launch.program or "trtllm-serve", launch.model, "--host", HOST, "--port", str(launch.port)]
    argv += ["--backend", "pytorch", "--max_seq_len", str(launch.context), "--max_batch_size", str(launch.sequences)]
    argv += ["--max_num_tokens", str(launch.batch_tokens)]
    argv += ["--kv_cache_free_gpu_memory_fraction", f"{launch.share:.2f}", "--extra_llm_api_options", str(file)]
    options = json.dumps(_options(launch), indent=1)
    return Command((*argv, *launch.arguments), "/health", QUIET, {file: options}, notes(launch))


def _options(launch: Launch) -> dict[str, Any]:
    cache: dict[str, Any] = {"enable_block_reuse": True, "max_tokens": launch.context * launch.sequences}
    if launch.kv == "fp8":
        cache["dtype"] = "fp8"
    options: dict[str, Any] = {"kv_cache_config": cache, "enable_chunked_prefill": True}
    if launch.adapters:
        count = len(launch.adapters)
        options["lora_config"] = {
            "lora_dir": [str(path) for path in launch.adapters.values()],
            "max_lora_rank": launch.max_rank,
            "max_loras": count,
            "max_cpu_loras": count,
        }
    if launch.draft:
        options["speculative_config"] = {
            "decoding_type": "Draft_Target",
            "max_draft_len": DRAFTED,
            "speculative_model_dir": launch.draft,
        }
    elif launch.is_drafting_ngrams:
        options["speculative_config"] = {"decoding_type": "NGram", "max_draft_len": DRAFTED}
    return options
