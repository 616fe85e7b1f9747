"""A table of the configuration file and its documented keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.settings import Applies


def key(default: Any, meaning: str, applies: Applies = "restart", **rules: Any) -> Any:
    """A documented key of a section."""
    return Field(default=default, description=meaning, json_schema_extra={"applies": applies}, **rules)


class Section(BaseModel):
    """A table of the file: frozen, and every key in it must be known."""

    model_config = ConfigDict(frozen=True, extra="forbid")
