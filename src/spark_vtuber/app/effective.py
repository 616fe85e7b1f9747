"""The configuration that is in force: every key, its value, and the layer that set it. Never a secret."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from spark_vtuber.config import AUTO, ENGINE_PORTS, Settings

HIDDEN: Final = "(hidden)"
REFERENCE: Final = "secret:"

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SECRET_NAME: Final = re.compile(r"key|token|secret|passw|auth|cookie|bearer|credential", re.IGNORECASE)
_SECRET_URL: Final = re.compile(r"(?<=://)[^/@\s]+@")
_FREE_TABLES: Final = frozenset({"extra_headers", "extra_body"})
"""Tables of an engine whose keys we do not know: any string in them may be a secret."""


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
    found: list[Key] = []
    for name in type(settings.config).model_fields:
        value = getattr(settings.config, name)
        if name in ENGINE_PORTS:
            found += _leaves((name,), _engine(settings, name, value), settings.sources)
        else:
            found += _leaves((name,), _plain(value), settings.sources)
    return tuple(found)


def as_toml(found: Sequence[Key], file: Path | None) -> str:
    """The keys as a TOML file with each key's source behind it; keys without a value stand in a comment."""
    lines = [f"# {file}" if file else "# no file: spark.toml is looked for here and in the configuration directory"]
    table: tuple[str, ...] | None = None
    for key in found:
        if key.table != table:
            table = key.table
            lines += ["", f"[{'.'.join(map(_bare, table))}]"]
        comment = "# " if key.value is None else ""
        value = "" if key.value is None else _toml(key.value)
        lines.append(f"{comment}{_bare(key.name)} = {value}".rstrip().ljust(48) + f"  # {key.source}")
    return "\n".join(lines)


def _engine(settings: Settings, port: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The table of an engine with its options as the first character that does not choose its own gets them."""
    for persona, choices in settings.engines.items():
        own = getattr(settings.config.persona[persona], port, {})
        choice = choices[port]
        if not own and choice.name != AUTO:
            return {"use": choice.name, **_plain(choice.options)}
    return dict(table)


def _plain(value: BaseModel | Mapping[str, BaseModel]) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return {name: inner.model_dump(mode="json") for name, inner in value.items()}


def _leaves(table: tuple[str, ...], value: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[Key]:
    """The keys of a table, then those of the tables in it."""
    inner = {name: one for name, one in value.items() if isinstance(one, dict) and one}
    for name, one in value.items():
        if name not in inner:
            source = sources.get(".".join((*table, name)), "default")
            yield Key(table, name, _shown(table, name, one), source)
    for name, one in inner.items():
        yield from _leaves((*table, name), one, sources)


def _shown(table: tuple[str, ...], name: str, value: Any) -> Any:
    """The value, or what stands for one that must not be seen."""
    if isinstance(value, list):
        return [_shown(table, name, one) for one in value]
    if isinstance(value, dict):
        return {key: _shown((*table, name), key, one) for key, one in value.items()}
    if not isinstance(value, str) or not value or value.startswith(REFERENCE):
        return value
    is_free = any(part in _FREE_TABLES for part in (*table, name))
    if is_free or _SECRET_NAME.search(name):
        return HIDDEN
    return _SECRET_URL.sub(f"{HIDDEN}@", value)


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
