"""The command line of llama.cpp's `llama-server` (build 1 of 0.5.0-dev, commit 0c1e570; tried, not only read).

`--cache-ram 0` is a must with adapters: the server's cache in RAM gives a slot what another computed under the other
adapter (ggml-org/llama.cpp#26207). Adapters are loaded without being applied, every request names all of them, and
each character keeps a slot, in which its prefix stays. `--cache-reuse` shifts keys that it did not compute there and
changes answers; it is left off. `--context-shift` and `--keep`, the nearest thing to attention sinks, matter only
while an answer is longer than the context, which a bounded prompt never makes it.
"""

from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.commands.command import DRAFTED, HOST, Command, Launch, checked

LARGEST_PHYSICAL_BATCH: Final = 512
"""The server's own default of `--ubatch-size`: larger ones take memory and gain little."""


def command(launch: Launch) -> Command:
    """How `llama-server` is started. Raises `SparkError` for what must not be set and for paths that it cannot take."""
    checked(launch)
    argv = [launch.program or "llama-server", "--model", launch.model, "--alias", launch.name]
    argv += ["--host", HOST, "--port", str(launch.port), "--offline", "--no-ui", "--metrics"]
    argv += ["--parallel", str(launch.sequences), "--ctx-size", str(launch.context * launch.sequences)]
    argv += ["--batch-size", str(launch.batch_tokens)]
    argv += ["--ubatch-size", str(min(launch.batch_tokens, LARGEST_PHYSICAL_BATCH))]
    argv += ["--cache-type-k", launch.kv, "--cache-type-v", launch.kv, "--cache-ram", "0"]
    if launch.adapters:
        argv += ["--lora", ",".join(_listed(launch)), "--lora-init-without-apply"]
    if launch.draft:
        argv += ["--spec-type", "draft-simple", "--model-draft", launch.draft, "--spec-draft-n-max", str(DRAFTED)]
    elif launch.is_drafting_ngrams:
        argv += ["--spec-type", "ngram-simple"]
    return Command((*argv, *launch.arguments), "/health", notes=_notes(launch))


def _listed(launch: Launch) -> list[str]:
    paths = [str(path) for path in launch.adapters.values()]
    for path in paths:
        if "," in path:
            raise SparkError(
                f"llama.cpp cannot load {path}: it separates paths by commas", code="bad_path", fix="rename the file"
            )
    return paths


def _notes(launch: Launch) -> tuple[str, ...]:
    notes = []
    if launch.adapters and launch.draft:
        notes.append("the draft model has no adapter, so that fewer of its tokens are kept")
    if launch.adapters and launch.kv != "f16":
        notes.append(f"keys and values as {launch.kv} change answers a little, with and without adapters")
    return tuple(notes)
