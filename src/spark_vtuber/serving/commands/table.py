"""The command line of every server."""

from pathlib import Path
from typing import Final

from spark_vtuber.serving.commands import llamacpp, ollama, sglang, tensorrt, vllm
from spark_vtuber.serving.commands.command import Command, Launch
from spark_vtuber.serving.quantisation import Server

INSTALL: Final = {
    Server.VLLM: "pip install vllm, in an environment of its own; then [engine] program = its bin/vllm",
    Server.LLAMACPP: "install llama.cpp (brew, winget, or its releases); then [engine] program = …/llama-server",
    Server.OLLAMA: "install Ollama from ollama.com",
    Server.SGLANG: "pip install sglang, in an environment of its own; then [engine] program = its bin/sglang",
    Server.TENSORRT: "NVIDIA's container of TensorRT-LLM has trtllm-serve; then [engine] program names it",
}
"""What to do where the program is not there."""


def command_for(server: Server, launch: Launch, folder: Path) -> Command:
    """How a server is started; files that it needs are to lie in `folder`.

    Raises:
        SparkError: it does not offer what is asked.
    """
    match server:
        case Server.VLLM:
            return vllm.command(launch)
        case Server.LLAMACPP:
            return llamacpp.command(launch)
        case Server.OLLAMA:
            return ollama.command(launch)
        case Server.SGLANG:
            return sglang.command(launch)
        case Server.TENSORRT:
            return tensorrt.command(launch, folder)
