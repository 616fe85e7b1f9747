"""What a command line is written from, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spark_vtuber.core.errors import SparkError

HOST: Final = "127.0.0.1"
DRAFTED: Final = 4
"""Tokens that are drafted at once; longer drafts are seldom kept in talk."""

QUIET: Final = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
"""For servers that would else download what is not here, and tell their makers who runs them."""

NO_DOWNLOAD: Final = "a model that is not on this machine is not downloaded: spark-vtuber models pull brings one"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a server is started with; every bound comes from the plan.

    `context` is of one sequence. `kv_bytes` and `share` are what keys and values, and the whole server, may take of the
    memory; `models` are how many of them stay loaded. `draft` is a model, empty without one. `arguments` are the
    streamer's own and come last.
    """

    model: str
    name: str
    port: int
    context: int
    sequences: int
    batch_tokens: int
    kv: str
    kv_bytes: int
    share: float
    memory_bytes: int
    models: int = 1
    adapters: Mapping[str, Path] = field(default_factory=dict)
    max_rank: int = 64
    draft: str = ""
    is_drafting_ngrams: bool = False
    program: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command line. `files` are written into `folder` before the start; the server is ready when `ready_path`
    answers 200. `notes` say what a streamer should know of this start.
    """

    argv: tuple[str, ...]
    ready_path: str
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def checked(launch: Launch) -> None:
    """Refuse arguments that would take back what is promised.

    Raises:
        SparkError: `bad_argument`: the server would listen beyond this machine, or on another port, or a key would
            stand where every program can read it.
    """
    for argument in launch.arguments:
        name = argument.split("=", 1)[0]
        if name == "--api-key":
            raise SparkError(
                "[engine] arguments must not hold a key: every program of this machine can read them",
                code="bad_argument",
                fix="leave it out, since the server listens on this machine only; or --api-key-file of llama.cpp",
            )
        if name in {"--host", "--port"}:
            raise SparkError(
                f"[engine] arguments must not set {name}",
                code="bad_argument",
                fix="[engine] port sets the port; a server for other machines is started by hand",
            )


def cannot(server: str, what: str, fix: str) -> SparkError:
    """The refusal of something that a server does not offer."""
    return SparkError(f"{server} {what}", code="not_offered", fix=fix)
