"""The command line of SGLang (docs.sglang.io, "Server Arguments", 0.5).

Prefixes are kept in a radix tree, which knows adapters apart. There is no context shift and no attention sink but
those that a model was trained with.
"""

from bisect import bisect_left

from spark_vtuber.serving.commands.command import DRAFTED, HOST, QUIET, Command, Launch, checked
from spark_vtuber.serving.commands.vllm import RANKS, notes


def command(launch: Launch) -> Command:
    """How SGLang is started. Raises `SparkError` for arguments that must not be set."""
    checked(launch)
    argv = [launch.program or "sglang", "serve", "--model-path", launch.model, "--served-model-name", launch.name]
    argv += ["--host", HOST, "--port", str(launch.port), "--enable-metrics"]
    argv += ["--context-length", str(launch.context), "--max-running-requests", str(launch.sequences)]
    argv += ["--chunked-prefill-size", str(launch.batch_tokens), "--max-prefill-tokens", str(launch.batch_tokens)]
    argv += ["--max-total-tokens", str(launch.context * launch.sequences)]
    argv += ["--mem-fraction-static", f"{launch.share:.2f}"]
    if launch.kv == "fp8":
        argv += ["--kv-cache-dtype", "fp8_e5m2"]
    if launch.adapters:
        rank = RANKS[min(bisect_left(RANKS, launch.max_rank), len(RANKS) - 1)]
        count = str(len(launch.adapters))
        argv += ["--enable-lora", "--max-loras-per-batch", count, "--max-loaded-loras", count]
        argv += ["--max-lora-rank", str(rank)]
        argv += ["--lora-paths", *(f"{name}={path}" for name, path in launch.adapters.items())]
    if launch.draft:
        argv += ["--speculative-algorithm", "STANDALONE", "--speculative-draft-model-path", launch.draft]
        argv += ["--speculative-num-steps", str(DRAFTED - 1), "--speculative-eagle-topk", "1"]
        argv += ["--speculative-num-draft-tokens", str(DRAFTED)]
    elif launch.is_drafting_ngrams:
        argv += ["--speculative-algorithm", "NGRAM", "--speculative-num-draft-tokens", str(DRAFTED)]
    return Command((*argv, *launch.arguments), "/health", QUIET, notes=notes(launch))
