"""The command line of vLLM (`vllm serve --help`, 0.33).

How weights are stored it reads from the model itself: naming it would choose slower kernels for AWQ and GPTQ. Adapters
are models by name, and prefixes are cached by adapter, so that nothing leaks from one character to the other. There is
no context shift and no attention sink but those that a model was trained with (gpt-oss).
"""

import json
from bisect import bisect_left
from pathlib import Path
from typing import Final

from spark_vtuber.serving.commands.command import DRAFTED, HOST, NO_DOWNLOAD, QUIET, Command, Launch, checked

RANKS: Final = (8, 16, 32, 64, 128, 256, 320, 512)
"""What `--max-lora-rank` takes."""


def command(launch: Launch) -> Command:
    """How vLLM is started. Raises `SparkError` for arguments that must not be set."""
    checked(launch)
    argv = [launch.program or "vllm", "serve", launch.model]
    argv += ["--host", HOST, "--port", str(launch.port), "--served-model-name", launch.name]
    argv += ["--max-model-len", str(launch.context), "--max-num-seqs", str(launch.sequences)]
    argv += ["--max-num-batched-tokens", str(max(launch.batch_tokens, launch.sequences))]
    argv += ["--gpu-memory-utilization", f"{launch.share:.2f}", "--kv-cache-memory-bytes", str(launch.kv_bytes)]
    argv += ["--enable-prefix-caching"]
    if launch.kv == "fp8":
        argv += ["--kv-cache-dtype", "fp8"]
    if launch.adapters:
        count = str(len(launch.adapters))
        rank = RANKS[min(bisect_left(RANKS, launch.max_rank), len(RANKS) - 1)]
        argv += ["--enable-lora", "--max-loras", count, "--max-cpu-loras", count, "--max-lora-rank", str(rank)]
        argv += ["--lora-modules", *(f"{name}={path}" for name, path in launch.adapters.items())]
    if launch.draft:
        draft = {"model": launch.draft, "num_speculative_tokens": DRAFTED}
        argv += ["--speculative-config", json.dumps(draft)]
    elif launch.is_drafting_ngrams:
        lookup = {"method": "ngram", "num_speculative_tokens": DRAFTED, "prompt_lookup_max": 4, "prompt_lookup_min": 2}
        argv += ["--speculative-config", json.dumps(lookup)]
    return Command((*argv, *launch.arguments), "/health", QUIET, notes=notes(launch))


def notes(launch: Launch) -> tuple[str, ...]:
    """What a streamer should know of a server that takes models by name and adapters in every request."""
    found = []
    if not Path(launch.model).exists():
        found.append(NO_DOWNLOAD)
    if launch.adapters and launch.draft:
        found.append("the draft model has no adapter, so that fewer of its tokens are kept")
    return tuple(found)
