"""A server that is nothing but OpenAI's interface: nothing is assumed of it that the reference does not promise."""

from typing import Final

from spark_vtuber.llm.dialects.dialect import Dialect

DIALECT: Final = Dialect(
    name="openai",
    title="the server",
    sampling={"temperature": "temperature", "top_p": "top_p"},
    adapter_fix="name a model that has the adapter built in, or use vLLM, SGLang or llama-server",
)
