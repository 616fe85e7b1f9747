"""`spark-vtuber config`: check the configuration, show what is in force, print its schema, let a show read it again."""

import json
from dataclasses import asdict
from typing import Any

import typer
from rich.markup import escape

from spark_vtuber import engines
from spark_vtuber.app import effective
from spark_vtuber.cli import options
from spark_vtuber.cli.changes import tell_changes
from spark_vtuber.cli.console import complain, console
from spark_vtuber.cli.running import asked_to_reload
from spark_vtuber.config.load import Settings, load, schema
from spark_vtuber.core.errors import ConfigError, Mistake, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.settings import BAD_VALUE
from spark_vtuber.personality import card

WRONG = 2
"""The exit code for a configuration with mistakes."""

app = typer.Typer(
    help="Check the configuration, or show what is in force.", no_args_is_help=True, rich_markup_mode="rich"
)


@app.command()
def check(config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Say OK, or list every mistake with its fix (exit code 2).

    The file is looked for as --config, $SPARK_CONFIG, ./spark.toml, and in the
    configuration directory of the platform. Without a file every key has its
    default, and that is a valid configuration. The files of the characters are
    read, too.
    """
    try:
        settings = load(engines.spec, config)
        _read_cards(settings)
    except ConfigError as error:
        if as_json:
            mistakes = [{"key": one.key, "reason": one.reason, "fix": one.fix} for one in error.mistakes]
            print(json.dumps({"ok": False, "mistakes": mistakes}))
        else:
            _complain_of_all(error)
        raise typer.Exit(WRONG) from error
    if as_json:
        print(json.dumps({"ok": True, "file": _file(settings), "mistakes": []}))
    else:
        print(f"OK: {_file(settings) or 'no file, every key has its default'}")


@app.command()
def show(config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    r"""Print every key with its value and the layer that set it.

    The layers, later ones win: default, file, overrides (set in the panel),
    environment (SPARK_SERVER__PORT=9000 is port in \[server]), flag.
    Secrets are named in the configuration, never written; should one have been
    written all the same, it is not printed.
    """
    try:
        settings = load(engines.spec, config)
    except SparkError as error:
        complain(error)
        raise typer.Exit(WRONG) from error
    keys = effective.keys(settings)
    if as_json:
        print(json.dumps({"file": _file(settings), "keys": [_key_view(key) for key in keys]}))
    else:
        print(effective.as_toml(keys, settings.file))


@app.command(name="schema")
def print_schema() -> None:
    """Print the JSON schema of spark.toml; the keys of each engine stand under "$engines"."""
    print(json.dumps(schema(engines.spec, engines.names), indent=2, ensure_ascii=False))


@app.command()
def reload(config: options.ConfigFile = None, port: options.Port = None, as_json: options.AsJson = False) -> None:
    """Let the running show read its configuration again.

    Live keys count at once, others restart what they belong to or wait for the
    next start of the show. A configuration with mistakes changes nothing; all
    of them are listed (exit code 2).

    [bold]Examples[/]

      spark-vtuber config reload
      spark-vtuber config reload --port 9000
    """
    try:
        changes = asked_to_reload(load(engines.spec, config, options.layer(server={"port": port})).config)
    except ConfigError as error:
        _complain_of_all(error)
        raise typer.Exit(WRONG) from error
    except SparkError as error:
        complain(error)
        raise typer.Exit(WRONG if error.code == BAD_VALUE else 1) from error
    if as_json:
        print(json.dumps({"changed": [asdict(one) for one in changes]}))
    else:
        tell_changes(changes)


def _read_cards(settings: Settings) -> None:
    """Raises `ConfigError` with what is wrong with any character's file."""
    mistakes: list[Mistake] = []
    for name, one in settings.config.persona.items():
        try:
            card.load(PersonaId(name), one.card)
        except ConfigError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ConfigError(tuple(mistakes))


def _complain_of_all(error: ConfigError) -> None:
    count = len(error.mistakes)
    console.print(f"[bold red]error[/] the configuration has {'one mistake' if count == 1 else f'{count} mistakes'}")
    for mistake in error.mistakes:
        console.print(f"  [bold]{escape(mistake.key)}[/] {escape(mistake.reason)}")
        if mistake.fix:
            console.print(f"    [dim]fix:[/] {escape(mistake.fix)}")


def _file(settings: Settings) -> str | None:
    return str(settings.file) if settings.file else None


def _key_view(key: effective.Key) -> dict[str, Any]:
    return {"table": list(key.table), "name": key.name, "value": key.value, "source": key.source}
