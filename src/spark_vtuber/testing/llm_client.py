"""The client of model servers, without a show around it."""

import logging
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.openai_model import OpenAIModel
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.openai_wire import Wire
from spark_vtuber.testing.virtual import VirtualClock


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


def client_env(
    http: httpx.AsyncClient, personas: tuple[PersonaView, ...] = (), ports: Mapping[str, Any] | None = None
) -> EngineEnv:
    """What an engine may touch, where that is an HTTP client and nothing else."""
    return EngineEnv(
        clock=VirtualClock(),
        random=random.Random(1),
        data_dir=Path(),
        secret=_no_secret,
        log=logging.getLogger("llm"),
        worker=_no_worker,
        http=http,
        ports=ports or {},
        personas=personas,
    )


def _no_secret(name: str) -> str:
    raise EngineError("no_secret", f"there is no secret {name}")


def _no_worker(module: str, argv: Sequence[str] = ()) -> Any:
    raise EngineError("not_installed", f"there are no workers here: {[module, *argv]}")
