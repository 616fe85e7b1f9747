"""How Ollama is started: everything is set by its environment (docs/faq.mdx and envconfig/config.go).

It has no speculative decoding, and an adapter is part of a model that `ollama create` makes from a Modelfile; both are
refused here with what to do. Batched tokens can be set for each model only (`PARAMETER num_batch`).
"""

from spark_vtuber.serving.commands.command import HOST, Command, Launch, cannot, checked


def command(launch: Launch) -> Command:
    """How `ollama serve` is started. Raises `SparkError` for what Ollama does not offer."""
    checked(launch)
    if launch.adapters:
        fix = "make a model of each character by `ollama create` (FROM, ADAPTER), and name it in its card's llm.model"
        raise cannot("Ollama", "takes no adapter at its start", fix)
    if launch.draft or launch.is_drafting_ngrams:
        raise cannot("Ollama", "has no speculative decoding", 'leave out draft, or use = "llamacpp"')
    if launch.model.endswith(".gguf"):
        fix = f"write `FROM {launch.model}` into a Modelfile, run `ollama create NAME`, and set model to that name"
        raise cannot("Ollama", "takes models by the names that it gave them", fix)
    environment = {
        "OLLAMA_HOST": f"{HOST}:{launch.port}",
        "OLLAMA_CONTEXT_LENGTH": str(launch.context),
        "OLLAMA_NUM_PARALLEL": str(launch.sequences),
        "OLLAMA_MAX_LOADED_MODELS": str(launch.models),
        "OLLAMA_MAX_QUEUE": str(4 * launch.sequences),
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_KV_CACHE_TYPE": launch.kv,
        "OLLAMA_GPU_OVERHEAD": str(round(launch.memory_bytes * (1 - launch.share))),
        "OLLAMA_NO_CLOUD": "1",
    }
    notes = (
        f"ollama pull {launch.name} brings the model if it is not there",
        "tokens read at once are set for each model: PARAMETER num_batch in its Modelfile",
    )
    return Command((launch.program or "ollama", "serve", *launch.arguments), "/api/version", environment, notes=notes)
