"""What was changed in the panel: a table on disk, and values of the kind that can stand in it."""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import tomli_w

from spark_vtuber.app.catalogue import HIDDEN, REFERENCE, holds_password, is_secret
from spark_vtuber.app.keepsake import replace_file
from spark_vtuber.config.load import OVERRIDES

HEADER: Final = """\
# Changed in the panel of Spark VTuber, which rewrites this file with every change there.
# It wins over spark.toml; the environment and flags win over it. Remove a key to have the one of spark.toml back.
"""

DEEPEST: Final = 16
"""How deep tables and lists may lie in each other."""


def write(folder: Path, table: Mapping[str, Any]) -> None:
    """Put a table in the place of the overrides on disk: all of it or, with an `OSError`, nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / OVERRIDES, f"{HEADER}\n{tomli_w.dumps(table)}" if table else HEADER)


def with_key(overrides: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """The overrides with one more key."""
    table = deepcopy(dict(overrides))
    at = table
    for name in path[:-1]:
        inner = at.get(name)
        at[name] = inner if isinstance(inner, dict) else {}
        at = at[name]
    at[path[-1]] = deepcopy(value)
    return table


def without_key(overrides: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """The overrides without a key, and without the tables that are empty then."""
    table = deepcopy(dict(overrides))
    tables: list[dict[str, Any]] = [table]
    for name in path[:-1]:
        inner = tables[-1].get(name)
        if not isinstance(inner, dict):
            return table
        tables.append(inner)
    tables[-1].pop(path[-1], None)
    for name, at, inner in reversed(list(zip(path, tables, tables[1:], strict=False))):
        if not inner:
            del at[name]
    return table


def refusal(path: Sequence[str], value: Any, depth: int = 0) -> str:
    """Why a value cannot stand in a configuration, whatever the key; empty where it can."""
    if depth > DEEPEST:
        return "lies too deep in tables and lists"
    match value:
        case None:
            return "needs a value; reset the key to have the one below the panel's back"
        case float() if not math.isfinite(value):
            return "must be a finite number"
        case int() if not -(2**63) <= value < 2**63:
            return "is too large a number"
        case str():
            return _refusal_of_text(path, value)
        case Mapping():
            inner = ((str(name), one) for name, one in value.items())
            reasons = (refusal((*path, name), one, depth + 1) or _refusal_of_text((), name) for name, one in inner)
            return next(filter(None, reasons), "")
        case list() | tuple():
            return next(filter(None, (refusal(path, one, depth + 1) for one in value)), "")
        case _:
            return ""


def _refusal_of_text(path: Sequence[str], text: str) -> str:
    if any((char < " " and char not in "\t\n") or "\ud800" <= char <= "\udfff" for char in text):
        return "holds characters that cannot be written"
    if HIDDEN in text:
        return f"holds {HIDDEN}, which stands in the panel for a secret that is written into the configuration"
    if path and text and not text.startswith(REFERENCE) and (is_secret(path[-1]) or holds_password(text)):
        return 'holds a secret; a secret is named, as in "secret:NAME", and set by spark-vtuber secrets set NAME'
    return ""
