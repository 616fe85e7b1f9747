"""The configuration that is in force: every key, its value, and the layer that set it. Never a secret."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spark_vtuber import engines
from spark_vtuber.app import catalogue
from spark_vtuber.config.load import Settings

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the table it stands in, its value as JSON has it, and who set it.

    `source` is "default", "file", "overrides", "environment" or "flag".
    """

    table: tuple[str, ...]
    name: str
    value: Any
    source: str


def keys(settings: Settings) -> tuple[Key, ...]:
    """Every key that is in force, table by table; engines with all their options."""
    found = catalogue.keys(settings, engines.spec, engines.names)
    return tuple(Key(one.path[:-1], one.path[-1], one.value, one.source) for one in found)


def as_toml(found: Sequence[Key], file: Path | None) -> str:
    """The keys as a TOML file with each key's source behind it; keys without a value stand in a comment."""
    lines = [f"# {file}" if file else "# no file: spark.toml is looked for here and in the configuration directory"]
    table: tuple[str, ...] | None = None
    for key in found:
        if key.table != table:
            table = key.table
            lines += ["", f"[{'.'.join(map(_bare, table))}]"] if table else [""]
        comment = "# " if key.value is None else ""
        value = "" if key.value is None else _toml(key.value)
        lines.append(f"{comment}{_bare(key.name)} = {value}".rstrip().ljust(48) + f"  # {key.source}")
    return "\n".join(lines)


def _bare(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    """A value in TOML; strings, numbers and booleans are written as in JSON, whose escapes TOML shares."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{_bare(name)} = {_toml(one)}" for name, one in value.items())
        return f"{{{pairs}}}"
    return json.dumps(value, ensure_ascii=False)
