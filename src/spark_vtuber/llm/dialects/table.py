"""All dialects by name, and how a server is told to be of one."""

from collections.abc import Mapping
from typing import Final

from spark_vtuber.llm.dialects import llamacpp, lmstudio, ollama, plain, sglang, tensorrt, vllm
from spark_vtuber.llm.dialects.dialect import Answers, Dialect, a_text, an_object, entries_of

AUTO: Final = "auto"

DIALECTS: Final[Mapping[str, Dialect]] = {
    module.DIALECT.name: module.DIALECT for module in (plain, vllm, llamacpp, ollama, tensorrt, sglang, lmstudio)
}

_OWNERS: Final[Mapping[str, str]] = {
    "vllm": "vllm",
    "sglang": "sglang",
    "tensorrt_llm": "tensorrt",
    "llamacpp": "llamacpp",
    "library": "ollama",
    "organization_owner": "lmstudio",
    "openai": "openai",
    "openai-internal": "openai",
    "system": "openai",
}
"""What the servers write into `owned_by` of the models they list."""

SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "/api/version": ("version", "ollama"),
    "/props": ("default_generation_settings", "llamacpp"),
    "/api/v0/models": ("data", "lmstudio"),
    "/server_info": ("model_path", "sglang"),
    "/version": ("version", "vllm"),
}
"""Addresses of one kind of server only: a key of the object that it answers there. The first that fits counts."""


def by_owner(answers: Answers) -> Dialect | None:
    """The dialect that the list of models betrays; None where it says nothing known."""
    owners = (a_text(entry.get("owned_by")) for entry in entries_of(answers))
    return next((DIALECTS[_OWNERS[owner]] for owner in owners if owner in _OWNERS), None)


def by_signs(answers: Answers) -> Dialect:
    """The dialect whose own address answered; plain where none did."""
    for path, (key, name) in SIGNS.items():
        if key in an_object(answers.get(path)):
            return DIALECTS[name]
    return plain.DIALECT
