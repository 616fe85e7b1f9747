"""The configuration: one TOML file, the panel's overrides, the environment and flags.

Only this room reads the environment. Later layers win: defaults < file < overrides < environment <
flags. The file is looked for as `--config`, `$SPARK_CONFIG`, `./spark.toml`, and in the platform's configuration
directory. Secrets are named in it (`api_key = "secret:openai"`), never written; those of the environment are read here.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import platformdirs
from pydantic import BaseModel, ValidationError

from spark_vtuber.config.environment import SECRET_VARIABLE
from spark_vtuber.config.keys import APP, AUTO, Config, Data, VTubeStudio
from spark_vtuber.config.section import Section
from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.errors import ConfigError, Mistake, SparkError

EngineLookup = Callable[[str, str], EngineSpec]
"""`lookup(port, name)` gives an engine or raises `SparkError`."""

ENGINE_PORTS: Final = ("llm", "tts", "guard")
OVERRIDES: Final = "overrides.toml"
"""What was changed in the panel; the file lies in the data directory."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and its validated options."""

    name: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a configuration was read from, so that it can be read again."""

    lookup: EngineLookup
    path: Path | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] | None = None

    def load(self, overrides: Mapping[str, Any] | None = None) -> "Settings":
        """The configuration as it stands there now, with `overrides` in place of those on disk. Raises as `load`."""
        return load(self.lookup, self.path, self.flags, self.environ, overrides=overrides)


@dataclass(frozen=True, slots=True)
class Settings:
    """A valid configuration with its engines resolved.

    `engines[persona][port]` is what a character uses; `sources` says which layer set a key ("file", "overrides",
    "environment", "flag"); `file` is the file that was read, None where there is none. `origin` is None where the
    configuration was not read from anywhere.
    """

    config: Config
    file: Path | None
    engines: Mapping[str, Mapping[str, EngineChoice]]
    sources: Mapping[str, str] = field(default_factory=dict)
    origin: Origin | None = None


def load(
    lookup: EngineLookup,
    path: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read, merge and validate every layer.

    `flags` is nested like the file; `overrides` stands in place of those on disk. Raises `ConfigError` with every
    mistake at once.
    """
    env = os.environ if environ is None else environ
    file = _find(path, env)
    above = [("environment", _from_environment(env)), ("flag", flags or {})]
    layers: list[tuple[str, Mapping[str, Any]]] = [("file", read_table(file)), *above]
    folder = _data_dir(layers)
    if overrides is None:
        overrides = {} if folder is None else read_overrides(folder)
    if "dir" in _table_at(overrides, ("data",)):
        raise ConfigError(
            (Mistake("data.dir", f"cannot stand in {OVERRIDES}, which lies in it", "set it in the file"),)
        )
    layers.insert(1, ("overrides", overrides))
    config, sources = _combine(layers, lookup)
    return Settings(config, file, _resolve(config, lookup), sources, Origin(lookup, path, flags or {}, environ))


def read_overrides(folder: Path) -> dict[str, Any]:
    """What was changed in the panel; empty where nothing was. Raises `ConfigError` where it cannot be read."""
    file = folder / OVERRIDES
    return read_table(file) if file.is_file() else {}


def read_table(file: Path | None) -> dict[str, Any]:
    """The contents of a TOML file; empty for None. Raises `ConfigError` where it cannot be read."""
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError((Mistake(str(file), f"cannot be read: {error.strerror}"),)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError((Mistake(str(file), f"is not valid TOML: {error}"),)) from error


def avatars(config: Config) -> dict[str, VTubeStudio]:
    """What every character with a model in VTube Studio uses: the shared table with its own keys over it."""
    shared = config.avatar.vtube_studio.model_dump(exclude_unset=True)
    merged = {
        name: VTubeStudio.model_validate(_overlaid(shared, persona.avatar.model_dump(exclude_unset=True)))
        for name, persona in config.persona.items()
    }
    return {name: options for name, options in merged.items() if options.on}


def schema(lookup: EngineLookup, names: Callable[[str], tuple[str, ...]]) -> dict[str, Any]:
    """JSON schema of the file, with the options of every installed engine under `$engines`."""
    whole = Config.model_json_schema()
    whole["$engines"] = {
        port: {name: lookup(port, name).options.model_json_schema() for name in names(port)} for port in ENGINE_PORTS
    }
    return whole


def _find(path: Path | None, env: Mapping[str, str]) -> Path | None:
    if path is None and env.get("SPARK_CONFIG"):
        path = Path(env["SPARK_CONFIG"])
    if path is not None:
        if not path.is_file():
            raise ConfigError((Mistake(str(path), "there is no such file", "give --config an existing file"),))
        return path
    usual = (Path("spark.toml"), Path(platformdirs.user_config_dir(APP, appauthor=False)) / "spark.toml")
    return next((candidate for candidate in usual if candidate.is_file()), None)


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """`SPARK_LLM__BASE_URL=…` as `{"llm": {"base_url": …}}`; lists and tables are JSON."""
    layer: dict[str, Any] = {}
    for name, text in sorted(env.items()):
        if not name.startswith("SPARK_") or "__" not in name or name.startswith(SECRET_VARIABLE):
            continue
        *tables, last = name.removeprefix("SPARK_").lower().split("__")
        at = layer
        for table in tables:
            at = at.setdefault(table, {})
            if not isinstance(at, dict):
                raise ConfigError((Mistake(name, "belongs to a table that another variable sets to a value"),))
        at[last] = _parsed(name, text)
    return layer


def _parsed(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError((Mistake(name, "is not valid JSON", "write lists as JSON"),)) from error


def _data_dir(layers: Sequence[tuple[str, Mapping[str, Any]]]) -> Path | None:
    """The data directory, before the rest is known to be right; None where its key is wrong, which is told later."""
    merged: dict[str, Any] = {}
    for _, layer in layers:
        _merge(merged, {"data": _table_at(layer, ("data",))}, {}, "")
    try:
        return Data.model_validate(merged["data"]).dir
    except ValidationError:
        return None


def _combine(layers: Sequence[tuple[str, Mapping[str, Any]]], lookup: EngineLookup) -> tuple[Config, dict[str, str]]:
    """The valid configuration of all layers, and which of them set each key.

    A layer that chooses another engine than those below it starts the engine's table anew: the keys of one engine
    mean nothing to another.
    """
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in layers:
        for path in engine_tables(layer):
            old, new = _table_at(merged, path), _table_at(layer, path)
            if old and "use" in new and engine_in(new, path[-1]) != engine_in(old, path[-1]):
                old.clear()
                prefix = ".".join(path) + "."
                for name in [name for name in sources if name.startswith(prefix)]:
                    del sources[name]
        _merge(merged, layer, sources, source)
    return _validate(merged, lookup), sources


def engine_tables(layer: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where the tables of engines are in a layer, or would be."""
    personas = _table_at(layer, ("persona",))
    return [(port,) for port in ENGINE_PORTS] + [
        ("persona", name, port) for name in personas for port in ("llm", "tts")
    ]


def engine_in(table: Mapping[str, Any], port: str) -> str:
    """The engine that a table means: `use`, or what its absence means."""
    name = table.get("use") or Config.model_fields[port].default["use"]
    return "openai" if name == AUTO and set(table) - {"use"} else str(name)


def _table_at(layer: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The table at a path of a layer; an empty one where there is none."""
    at: Any = layer
    for name in path:
        at = at.get(name) if isinstance(at, Mapping) else None
    return at if isinstance(at, Mapping) else {}


def _merge(
    into: dict[str, Any], layer: Mapping[str, Any], sources: dict[str, str], source: str, path: str = ""
) -> None:
    for name, value in layer.items():
        full = f"{path}{name}"
        if isinstance(value, Mapping):
            inner = into.get(name)
            into[name] = inner if isinstance(inner, dict) else {}
            _merge(into[name], value, sources, source, f"{full}.")
        else:
            into[name] = value
            sources[full] = source


def _validate(merged: dict[str, Any], lookup: EngineLookup) -> Config:
    for port in ENGINE_PORTS:
        if isinstance(merged.get(port), dict):
            merged[port] = Config.model_fields[port].default | merged[port]
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        mistakes = list(_mistakes(error, Config))
        for port in ENGINE_PORTS:
            if isinstance(merged.get(port), dict):
                _choice(port, merged[port], port, lookup, mistakes)
        raise ConfigError(tuple(mistakes)) from error


def _mistakes(error: ValidationError, model: type[BaseModel], prefix: str = "") -> tuple[Mistake, ...]:
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = [str(part) for part in item["loc"]]
        name = prefix + ".".join(path)
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(path[-1], _keys_at(model, path[:-1]), n=1)
            found.append(Mistake(name, "is not a known key", f'did you mean "{near[0]}"?' if near else ""))
        else:
            found.append(Mistake(name, item["msg"][:1].lower() + item["msg"][1:]))
    return tuple(found)


def _keys_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """The keys that are known in the table at `path`; names of characters and places in lists are passed over."""
    for part in path:
        if part in model.model_fields:
            annotation = model.model_fields[part].annotation
            inner = (one for one in (annotation, *get_args(annotation)) if isinstance(one, type))
            model = next((one for one in inner if issubclass(one, BaseModel)), model)
    return list(model.model_fields)


def _resolve(config: Config, lookup: EngineLookup) -> dict[str, dict[str, EngineChoice]]:
    """Every persona's engines; mistakes of all of them are raised together."""
    mistakes: list[Mistake] = []
    resolved: dict[str, dict[str, EngineChoice]] = {}
    if not config.persona:
        mistakes.append(Mistake("persona", "there must be at least one character"))
    for name, persona in config.persona.items():
        tables = {"llm": persona.llm, "tts": persona.tts, "guard": {}}
        resolved[name] = {}
        for port in ENGINE_PORTS:
            own, shared = tables[port], getattr(config, port)
            table = own if "use" in own else shared | own
            where = f"persona.{name}.{port}" if own else port
            choice = _choice(port, table, where, lookup, mistakes)
            if choice is not None:
                resolved[name][port] = choice
    mistakes.extend(_shared_models(config))
    if mistakes:
        raise ConfigError(tuple(dict.fromkeys(mistakes)))
    return resolved


def _shared_models(config: Config) -> Iterator[Mistake]:
    """Two characters cannot move one model."""
    used: dict[tuple[str, int], str] = {}
    for name, options in avatars(config).items():
        place = (options.host, options.port)
        if place in used:
            yield Mistake(
                f"persona.{name}.avatar.port",
                f'the VTube Studio at {options.host}:{options.port} is that of "{used[place]}"',
                "give this character a port of its own, or on = false",
            )
        used.setdefault(place, name)


def _overlaid(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The shared table with the keys of the own one over it, table by table."""
    both = {
        name: _overlaid(shared[name], value)
        for name, value in own.items()
        if isinstance(value, dict) and isinstance(shared.get(name), dict)
    }
    return shared | own | both


def _choice(
    port: str, table: Mapping[str, Any], where: str, lookup: EngineLookup, mistakes: list[Mistake]
) -> EngineChoice | None:
    name = table["use"]
    options = {option: value for option, value in table.items() if option != "use"}
    if port == "llm" and name == AUTO:
        if options:
            name = "openai"
        else:
            return EngineChoice(AUTO, Section())
    try:
        spec = lookup(port, str(name))
    except SparkError as error:
        mistakes.append(Mistake(f"{where}.use", error.message, error.fix))
        return None
    try:
        return EngineChoice(str(name), spec.options.model_validate(options))
    except ValidationError as error:
        mistakes.extend(_mistakes(error, spec.options, prefix=f"{where}."))
        return None
