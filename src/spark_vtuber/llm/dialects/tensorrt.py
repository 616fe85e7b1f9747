"""TensorRT-LLM's `trtllm-serve`: no adapter by name.

A request may carry `lora_request` with a name, a number and a path on the server's machine; whoever wants it writes it
into `extra_body` of the character. Whether tools are taken depends on the model and is seen when the first is offered.
"""

from typing import Final

from spark_vtuber.llm.dialects.dialect import Dialect

DIALECT: Final = Dialect(
    name="tensorrt",
    title="TensorRT-LLM",
    sampling={
        "temperature": "temperature",
        "top_p": "top_p",
        "min_p": "min_p",
        "repeat_penalty": "repetition_penalty",
    },
    adapter_fix='put lora_request into extra_body of [persona.NAME.llm], or use dialect = "vllm" or "llamacpp"',
)
