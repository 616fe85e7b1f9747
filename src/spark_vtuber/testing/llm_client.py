"""The client of model servers, without a show around it."""

import logging
import random
from typing import Any

import httpx

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.llm.openai_model import OpenAIModel
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.openai_wire import Wire


def model_at(
    http: httpx.AsyncClient,
    *,
    personas: tuple[PersonaId, ...] = (),
    headers: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (),
    **options: Any,
) -> OpenAIModel:
    """A model with these options that was not looked at yet; `secrets` are blotted out of what the server says."""
    chosen = OpenAIOptions(**options)
    wire = Wire(
        chosen.base_url,
        http,
        random.Random(1),
        headers=headers or {},
        secrets=secrets,
        connect_timeout_s=chosen.connect_timeout_s,
    )
    return OpenAIModel(chosen, wire, personas, logging.getLogger("llm"))
