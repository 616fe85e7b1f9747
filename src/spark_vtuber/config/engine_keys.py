"""Keys of a model server that Spark VTuber starts itself: `spark-vtuber engine up`, and what `plan` reckons with."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from spark_vtuber.config.section import Section, key
from spark_vtuber.core.paths import at_home

AdapterPath = Annotated[Path, AfterValidator(at_home)]

NO_SERVER = ""


class ServerSettings(Section):
    """A model server of this machine. The show finds it on its port by itself."""

    use: Literal["", "vllm", "llamacpp", "ollama", "sglang", "tensorrt"] = key(
        NO_SERVER, "The server to start; empty = none, `[llm]` names one that runs already."
    )
    model: str = key(
        "",
        "A GGUF file, the folder of a model, a name that `models pull` got, or one that the server knows.",
        max_length=1_000,
    )
    quantisation: str = key(
        "", "How its weights are stored, where its files are not here to tell: awq, gptq, fp8, nvfp4, q4_k_m …"
    )
    program: str = key("", "The server's program; empty = looked for on the PATH.", max_length=1_000)
    port: int = key(8000, "Port on 127.0.0.1.", ge=1, le=65535)
    context: int = key(8_192, "Longest prompt with its answer, in tokens, of one character.", ge=512, le=1_000_000)
    sequences: int = key(0, "Answers at once; 0 = one for each character.", ge=0, le=64)
    batch_tokens: int = key(2_048, "Tokens of a prompt that are read at once.", ge=64, le=65_536)
    kv: Literal["f16", "fp8", "q8_0", "q4_0"] = key(
        "f16", "How keys and values are kept: fp8 for vLLM, SGLang and TensorRT-LLM, q8_0 or q4_0 for the others."
    )
    draft: str = key("", 'Speculative decoding: a small model of the same kind, or "ngram".', max_length=1_000)
    adapters: dict[str, AdapterPath] = key(
        {}, "LoRA adapters by the name that characters call them; all of them stay resident."
    )
    max_rank: int = key(64, "The largest rank of an adapter.", ge=1, le=512)
    memory_share: float = key(0.0, "Share of the card for the server; 0 = what `plan` reckons.", ge=0, le=0.98)
    arguments: tuple[str, ...] = key((), "Further arguments of the program, each on its own.")
    machine: str = key("this", "The machine to plan for: this, dgx-spark, rtx-4090 …")
    ready_s: float = key(600.0, "Longest wait until a model is loaded.", ge=1, le=7_200)
    with_show: bool = key(False, "Start it with the show, and stop it with the show that started it.")
