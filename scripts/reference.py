"""Writes the generated pages of docs/reference from the code: `python scripts/reference.py [--check]`.

`configuration.md` and the `.env.example` of the repository come from the schema of `spark.toml`, `command-line.md` from
the commands themselves, the table of machines in `benchmarks.md` from what was measured on them. With `--check` nothing
is written; it ends with 1 where a page is not what the code says.
"""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import machines
import plans
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from spark_vtuber import engines
from spark_vtuber.cli.main import app
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import ENGINE_PORTS
from spark_vtuber.config.section import Section

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py from the code; do not edit. -->\n"
MACHINE_DEPENDENT = {"data.dir": "the platform's directory for data"}
OURS = re.compile(r"spark_vtuber\.(?!testing\.)")
"""Engines of other packages, and those for measurements, are not described."""

MARKUP = re.compile(r"\[/?(?:bold|dim)?\]")

CONFIGURATION = """
# Configuration

One file, `spark.toml`, with every key optional. It is looked for as `--config FILE`, `$SPARK_CONFIG`, `./spark.toml`,
and in the configuration directory of the platform. Later layers win: defaults, file, `overrides.toml` of the data
directory, environment, flags. In the environment `SPARK_SERVER__PORT=9000` is `port` in `[server]`; lists and tables
are JSON.
`spark-vtuber config show` prints what is in force and which layer set it, `spark-vtuber config check` every mistake.

A secret is named, never written: `"secret:openai"` is what `spark-vtuber secrets set openai` keeps, or the variable
`SPARK_SECRET_OPENAI`, which wins ([keep secrets](../how-to/keep-secrets.md)).

*Applies* says when a changed key takes effect: `live` at once, `component` with the restart of its component, `restart`
with the next start of the show.
"""
ENVIRONMENT = """\
# Every variable that Spark VTuber reads. Written by scripts/reference.py from the code; do not edit, copy.
# The program does not read this file: a shell does (set -a; . ./.env; set +a), or systemd (EnvironmentFile=).
# What is commented out has the value that stands there. Lists and tables are JSON.

# The configuration file; without it ./spark.toml, then the platform's place.
#SPARK_CONFIG=

# Secrets. `spark-vtuber secrets set NAME` keeps them better; a variable wins over it.

# Opens the file with the secrets where the system has no keyring.
#SPARK_PASSPHRASE=
"""
NAMED = re.compile(r'"secret:([A-Za-z0-9_.-]+)"')

ENGINES = """
## Engines

`[llm]`, `[tts]` and `[guard]` hold `use`, the name of an engine, and that engine's own keys. `[llm] use = "auto"` takes
the first model server found on this machine, else the understudy.
"""
COMMANDS = """
# Command line

Every command has `--help`. Results go to standard output, everything else to standard error. Exit codes: 0 done, 1
found something wrong, 2 wrong use or configuration, 130 ended with Ctrl-C.
"""


def configuration() -> str:
    """The page about the keys of `spark.toml`."""
    parts = [NOTE, CONFIGURATION]
    for name, field in Config.model_fields.items():
        if name in ENGINE_PORTS:
            continue
        if get_origin(field.annotation) is dict:
            parts += _table(f"{name}.NAME", field.description, get_args(field.annotation)[1])
        else:
            parts += _table(name, field.description, type(field.default))
    parts.append(ENGINES)
    for port in ENGINE_PORTS:
        for engine in engines.names(port):
            spec = engines.spec(port, engine)
            if not OURS.match(spec.options.__module__):
                continue
            parts.append(f'\n### `[{port}] use = "{engine}"`\n\n{spec.summary} (licence: {spec.licence})\n')
            if spec.options.model_fields:
                parts.append("\n| Key | Default | Meaning |\n|---|---|---|\n")
                parts += [
                    f"| `{key}` | {_value(one.get_default(call_default_factory=True))} | {one.description or ''} |\n"
                    for key, one in spec.options.model_fields.items()
                ]
    return "".join(parts)


def environment() -> str:
    """The example of an environment: every secret that a key may name, and every key as a variable."""
    keys = [*_keys((), Config), *_engine_keys()]
    secrets: dict[str, list[str]] = {}
    for path, _, meaning in keys:
        for name in NAMED.findall(meaning):
            secrets.setdefault(name, []).append(f"{'.'.join(path)}: {meaning}")
    parts = [ENVIRONMENT]
    for name, uses in secrets.items():
        variable = f"SPARK_SECRET_{name.upper().replace('-', '_')}"
        parts.append("".join(f"\n# {use}" for use in uses) + f"\n#{variable}=\n")
    table: tuple[str, ...] = ()
    for path, value, meaning in keys:
        if path[:-1] != table:
            table = path[:-1]
            parts.append(f"\n# [{'.'.join(table)}]\n")
        parts.append(f"\n# {meaning}\n#SPARK_{'__'.join(path).upper()}={value}\n")
    return "".join(parts)


def _keys(path: tuple[str, ...], model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The keys of a table: path, default as the environment has it, meaning; NAME stands for one of your own."""
    inner: list[tuple[tuple[str, ...], type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        if not path and name in ENGINE_PORTS:
            continue
        if isinstance(field.default, Section):
            inner.append(((*path, name), type(field.default)))
        elif get_origin(field.annotation) is dict and _is_section(get_args(field.annotation)[1]):
            inner.append(((*path, name, "NAME"), get_args(field.annotation)[1]))
        else:
            machine = MACHINE_DEPENDENT.get(".".join((*path, name)))
            default = field.get_default(call_default_factory=True)
            yield (*path, name), "" if machine else _plain(default), field.description or ""
    for where, one in inner:
        yield from _keys(where, one)


def _engine_keys() -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The keys of our engines, each once."""
    for port in ENGINE_PORTS:
        default = Config.model_fields[port].default["use"]
        yield (port, "use"), default, f"The engine: {', '.join(_our_engines(port))}."
        known: set[str] = set()
        for engine in _our_engines(port):
            for path, value, meaning in _keys((port,), engines.spec(port, engine).options):
                if path[-1] not in known:
                    known.add(path[-1])
                    yield path, value, f"{engine}: {meaning}"


def _our_engines(port: str) -> list[str]:
    return [name for name in engines.names(port) if OURS.match(engines.spec(port, name).options.__module__)]


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _plain(value: object) -> str:
    """A default as the environment has it."""
    match value:
        case None:
            return ""
        case _ if value is PydanticUndefined:
            return ""
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return shlex.quote(str(value)) if value != "" else ""
        case _:
            return shlex.quote(json.dumps(to_jsonable_python(value)))


def _table(name: str, meaning: str | None, model: type[Section]) -> Iterator[str]:
    yield f"\n## `[{name}]`\n\n{meaning}\n\n| Key | Default | Applies | Meaning |\n|---|---|---|---|\n"
    inner: list[tuple[str, str | None, type[Section]]] = []
    for key, field in model.model_fields.items():
        if isinstance(field.default, Section):
            inner.append((f"{name}.{key}", field.description, type(field.default)))
            continue
        extra = field.json_schema_extra
        applies = extra["applies"] if isinstance(extra, dict) else ""
        default = MACHINE_DEPENDENT.get(f"{name}.{key}") or _value(field.default)
        yield f"| `{key}` | {default} | {applies} | {field.description} |\n"
    for one in inner:
        yield from _table(*one)


def _value(value: object) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple() | list():
            return f"`[{', '.join(_value(one).strip('`') for one in value)}]`"
        case None:
            return "none"
        case _ if value is PydanticUndefined:
            return "required"
        case _:
            return f"`{value}`"


def command_line() -> str:
    """The page about the commands."""
    whole = typer.main.get_command(app)
    parts = [NOTE, COMMANDS]
    for path, command in _commands(whole, "spark-vtuber"):
        text = MARKUP.sub("", command.help or "").replace("\\[", "[").strip()
        parts.append(f"\n## `{path}`\n\n```text\n{text}\n```\n")
        known = [one for one in command.params if isinstance(one, TyperArgument | TyperOption)]
        shown = [f"| {_name(one)} | {one.help} |\n" for one in known if not one.hidden and one.name != "help"]
        if shown:
            parts += ["\n| | Meaning |\n|---|---|\n", *shown]
    return "".join(parts)


def _commands(command: Any, path: str) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from _commands(inner, f"{path} {name}")
    elif isinstance(command, TyperCommand):
        yield path, command


def _name(one: TyperArgument | TyperOption) -> str:
    if isinstance(one, TyperArgument):
        return f"`{(one.name or '').upper()}`"
    value = "" if one.is_flag else f" {(one.name or '').upper()}"
    return ", ".join(f"`{name}{value}`" for name in one.opts)


PAGES = {
    FOLDER / "configuration.md": configuration,
    FOLDER / "command-line.md": command_line,
    machines.PAGE: machines.page,
    plans.PAGE: plans.page,
    ROOT / ".env.example": environment,
}


def main() -> None:
    """Writes the pages, or with `--check` says which are old."""
    is_check = "--check" in sys.argv[1:]
    old = []
    for path, make in PAGES.items():
        text = make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        old.append(path.name)
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    if is_check and old:
        sys.exit(f"run scripts/reference.py: {', '.join(old)} are not what the code says")


if __name__ == "__main__":
    main()
