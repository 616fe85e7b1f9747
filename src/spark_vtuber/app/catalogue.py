"""Every key of a configuration, documented: meaning, type, limits, default, value, and the layer that set it."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined, to_jsonable_python

from spark_vtuber.config.keys import AUTO, Config, PersonaSettings
from spark_vtuber.config.load import ENGINE_PORTS, EngineChoice, EngineLookup, Settings, engine_in
from spark_vtuber.config.section import Section
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.settings import Setting, Type

HIDDEN: Final = "(hidden)"
"""Stands where a secret was written into the configuration."""

REFERENCE: Final = "secret:"

_SECRET_NAME: Final = re.compile(r"key|token|secret|passw|auth|cookie|bearer|credential|webhook", re.IGNORECASE)
_SECRET_URL: Final = re.compile(r"(?<=://)[^/@\s]+@")
_FREE_TABLES: Final = frozenset({"extra_headers", "extra_body"})
"""Tables of an engine whose keys we do not know: any string in them may be a secret."""

_TYPES: Final = {"array": "list", "object": "table"}
_LIMITS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "enum": "choices",
    "pattern": "pattern",
}


def keys(
    settings: Settings, lookup: EngineLookup, names: Callable[[str], tuple[str, ...]], *, are_raw: bool = False
) -> tuple[Setting, ...]:
    """Every key, table by table; engines with the options of those that are chosen.

    Secrets are hidden, unless `are_raw`, which is for comparing only: values, without limits.
    """
    catalogue = _Catalogue(settings, lookup, names, are_raw=are_raw)
    return tuple(catalogue.section((), settings.config, type(settings.config)()))


def is_secret(name: str) -> bool:
    """Whether a text under this name holds, or names, a secret."""
    return _SECRET_NAME.search(name) is not None


def holds_password(text: str) -> bool:
    """Whether a text is an address with a password in it."""
    return _SECRET_URL.search(text) is not None


def shown(path: tuple[str, ...], value: Any) -> Any:
    """The value at a path, or what stands for one that must not be seen."""
    if isinstance(value, list | tuple):
        return [shown(path, one) for one in value]
    if isinstance(value, Mapping):
        return {key: shown((*path, key), one) for key, one in value.items()}
    if not isinstance(value, str) or not value or value.startswith(REFERENCE):
        return value
    if any(part in _FREE_TABLES for part in path) or is_secret(path[-1]):
        return HIDDEN
    return _SECRET_URL.sub(f"{HIDDEN}@", value)


def written_secrets(path: tuple[str, ...], value: Any) -> Iterator[str]:
    """The strings in a value that `shown` would hide."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from written_secrets(path, one)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from written_secrets((*path, str(key)), one)
    elif isinstance(value, str) and shown(path, value) != value:
        yield value


class _Catalogue:
    def __init__(
        self, settings: Settings, lookup: EngineLookup, names: Callable[[str], tuple[str, ...]], *, are_raw: bool
    ) -> None:
        self._settings = settings
        self._sources = settings.sources
        self._lookup = lookup
        self._names = names
        self._are_raw = are_raw

    def section(self, path: tuple[str, ...], section: BaseModel, default: BaseModel | None) -> Iterator[Setting]:
        """The keys of a table, then those of the tables in it, as TOML wants them."""
        inner: list[Iterator[Setting]] = []
        for name, field in type(section).model_fields.items():
            at, value = (*path, name), getattr(section, name)
            plain = getattr(default, name) if default is not None else field.get_default(call_default_factory=True)
            match value:
                case Section():
                    inner.append(self.section(at, value, plain))
                case dict() if value and all(isinstance(one, Section) for one in value.values()):
                    inner += [self.section((*at, key), one, None) for key, one in value.items()]
                case dict() if isinstance(section, PersonaSettings) and name in ENGINE_PORTS:
                    inner.append(self._engine(at, self._own_choice(path[-1], name), value))
                case dict() if not path and name in ENGINE_PORTS:
                    inner.append(self._engine(at, self._shared_choice(name), value))
                case _:
                    yield self._leaf(at, type(section), value, plain, field.description or "")
        for one in inner:
            yield from one

    def _engine(
        self, path: tuple[str, ...], choice: EngineChoice | None, table: Mapping[str, Any]
    ) -> Iterator[Setting]:
        """The keys of an engine's table; of one that says nothing itself only `use`."""
        port = path[-1]
        is_own = len(path) > 1
        default = None if is_own else Config.model_fields[port].default["use"]
        use = choice.name if choice is not None and table else table.get("use")
        names = self._names(port)
        yield Setting(
            path=(*path, "use"),
            meaning=f"The engine; empty is that of `[{port}]`." if is_own else "The engine.",
            type="string",
            default=default,
            value=use,
            source=self._source((*path, "use"), (port, "use")),
            applies="component",
            limits={"choices": [AUTO, *names] if port == "llm" else list(names)},
        )
        if choice is None or choice.name == AUTO or not table:
            unknown = {name: value for name, value in table.items() if name != "use"}
            for name, value in unknown.items():
                yield self._leaf((*path, name), None, value, None, "")
            return
        options = self._lookup(port, choice.name).options
        known = options.model_fields
        for name, value in choice.options.model_dump(mode="json").items():
            field = known.get(name)
            plain = None if field is None else field.get_default(call_default_factory=True)
            meaning = field.description or "" if field is not None else ""
            is_inherited = is_own and "use" not in table
            yield self._leaf((*path, name), options, value, plain, meaning, (port, name) if is_inherited else ())

    def _leaf(
        self,
        path: tuple[str, ...],
        model: type[BaseModel] | None,
        value: Any,
        default: Any,
        meaning: str,
        inherited: tuple[str, ...] = (),
    ) -> Setting:
        value = to_jsonable_python(value)
        default = None if default is PydanticUndefined else to_jsonable_python(default)
        rule = _rules(model).get(path[-1], {}) if model is not None and not self._are_raw else {}
        kind: Type = rule.get("type") or _type_of(value)
        limits = {ours: rule[name] for name, ours in _LIMITS.items() if name in rule}
        extra = model.model_fields[path[-1]].json_schema_extra if model and path[-1] in model.model_fields else None
        applies: Any = extra.get("applies") if isinstance(extra, dict) else None
        return Setting(
            path=path,
            meaning=meaning,
            type=kind,
            default=default if self._are_raw else shown(path, default),
            value=value if self._are_raw else shown(path, value),
            source=self._source(path, inherited),
            applies=applies or "component",
            limits=limits,
            is_secret=kind == "string" and is_secret(path[-1]) and "choices" not in limits,
        )

    def _source(self, path: tuple[str, ...], inherited: tuple[str, ...] = ()) -> str:
        """The highest layer that set the key or something in it."""
        for one in (path, inherited):
            key = ".".join(one)
            within = {source for name, source in self._sources.items() if name == key or name.startswith(f"{key}.")}
            for source in ("flag", "environment", "overrides", "file"):
                if one and source in within:
                    return source
        return "default"

    def _own_choice(self, persona: str, port: str) -> EngineChoice | None:
        return self._settings.engines.get(persona, {}).get(port)

    def _shared_choice(self, port: str) -> EngineChoice | None:
        """The engine of a port as a character gets it that has no table of its own for it."""
        for persona, choices in self._settings.engines.items():
            if not getattr(self._settings.config.persona[persona], port, None):
                return choices[port]
        table = getattr(self._settings.config, port)
        options = {name: value for name, value in table.items() if name != "use"}
        name = engine_in(table, port)
        if name == AUTO:
            return None
        try:
            return EngineChoice(name, self._lookup(port, name).options.model_validate(options))
        except (SparkError, ValidationError):
            return None


@cache
def _rules(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """What JSON schema says about each key of a model, with the types as people call them."""
    schema = model.model_json_schema()
    inner = schema.get("$defs", {})
    return {name: _rule(one, inner) for name, one in schema.get("properties", {}).items()}


def _rule(schema: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """One type of a key: of several, the first that is not null."""
    if "$ref" in schema:
        schema = schema | inner[schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            first: Mapping[str, Any] = next((one for one in schema[several] if one.get("type") != "null"), {})
            return _rule({**{name: one for name, one in schema.items() if name != several}, **first}, inner)
    rule = dict(schema)
    if "const" in rule:
        rule["enum"] = [rule["const"]]
    if "type" in rule:
        rule["type"] = _TYPES.get(rule["type"], rule["type"])
    return rule


def _type_of(value: Any) -> Type:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "list"
        case dict():
            return "table"
        case _:
            return "string"
