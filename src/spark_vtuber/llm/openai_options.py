"""The configuration keys of the `openai` engine."""

import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

SECRET_PREFIX: Final = "secret:"  # noqa: S105 - how a reference begins, not a secret

SecretName = Annotated[str, StringConstraints(pattern=r"^secret:[A-Za-z0-9_.-]+$")]
"""A reference to a secret; the value itself never stands in the configuration."""

_RESERVED: Final = frozenset({"messages", "model", "stream"})
_HOST: Final = re.compile(r"^[\w.:%-]+$")
_HEADER_NAME: Final = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")


def _base_url(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not _HOST.match(parts.hostname or ""):
        raise ValueError("must begin with http:// or https:// and name a host, as in http://127.0.0.1:11434/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError('must not hold a password; use api_key = "secret:NAME"')
    if parts.query or parts.fragment:
        raise ValueError("must not hold a query or a fragment; use extra_body or extra_headers")
    if parts.port == 0:
        raise ValueError("must not name port 0")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    address = urlunsplit((parts.scheme, parts.netloc, path or "/v1", "", ""))
    try:
        httpx.URL(address)
    except httpx.InvalidURL as error:
        raise ValueError("is not an address that can be asked") from error
    return address


DialectName = Literal["auto", "openai", "vllm", "llamacpp", "ollama", "tensorrt", "sglang", "lmstudio"]


class OpenAIOptions(BaseModel):
    """Where the model is and how it is asked. Every key is optional."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="http://127.0.0.1:11434/v1", description="Address of the interface; without a path, /v1 is meant."
    )
    model: str = Field(default="", description="Name of the model; empty takes the first one the server lists.")
    dialect: DialectName = Field(
        default="auto", description="Kind of server; auto looks at the server, openai assumes nothing of it."
    )
    slot: str = Field(
        default="",
        pattern=r"^[\w.-]*$",
        max_length=40,
        description="A place for one model at a time: characters whose tables name the same one share it by turns.",
    )
    keep_alive: str = Field(
        default="30m",
        pattern=r"^(-1|0|\d+(ms|s|m|h)?)$",
        description="How long Ollama keeps the model after the last request; -1 for ever.",
    )
    prompt_memory: Literal["try", "off"] = Field(
        default="try",
        description="llama.cpp with adapters: off = started with --cache-ram 0; try finds that out at each start.",
    )
    load_timeout_s: float = Field(default=120.0, gt=0, le=3600, description="How long loading a model may take.")
    api_key: SecretName | None = Field(default=None, description='Reference to the key, as in "secret:openai".')
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="Further keys of the request; max_completion_tokens replaces max_tokens."
    )
    extra_headers: dict[str, str] = Field(
        default_factory=dict, description='Further headers; a value may be a reference such as "secret:NAME".'
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="Used where a turn asks for none.")
    max_tokens: int | None = Field(default=None, ge=1, le=100_000, description="Upper bound for a turn's own limit.")
    connect_timeout_s: float = Field(default=2.0, gt=0, le=60, description="Until the server took the connection.")
    first_token_timeout_s: float = Field(default=8.0, gt=0, le=600, description="From the request to the first text.")
    token_timeout_s: float = Field(default=5.0, gt=0, le=600, description="Between two pieces of the answer.")

    @field_validator("extra_body")
    @classmethod
    def _leave_ours_alone(cls, body: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(_RESERVED & body.keys()):
            raise ValueError(f"must not set {', '.join(taken)}")
        return body

    @field_validator("extra_headers")
    @classmethod
    def _headers_stay_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.match(name) or not value.isascii() or not value.isprintable():
                raise ValueError("must be plain header names and printable values")
        return headers
