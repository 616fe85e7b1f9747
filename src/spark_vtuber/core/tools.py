"""Functions that a character may call while it answers: what they are, one call, and its result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """A function a model may call; `description` tells when to. `parameters` is the JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call as the model wrote it. `arguments` is the JSON text, unchecked; `id` ties the result to the call."""

    id: str
    name: str
    arguments: str
