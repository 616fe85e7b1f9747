"""`spark-vtuber secrets`: keep passwords, keys and tokens, see where they lie, forget them. Never prints one."""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from spark_vtuber import engines
from spark_vtuber.app.vault import LOGINS, file_of, keyring_of, uses, vault_of
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, results
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.vault.port import canonical
from spark_vtuber.vault.vault import ENVIRONMENT, FILE

PATIENCE_S: Final = 60.0
"""Somebody sits here, and may have to unlock the keyring first."""

app = typer.Typer(
    help="Keep passwords, keys and tokens; see where they lie.", no_args_is_help=True, rich_markup_mode="rich"
)


class Where(StrEnum):
    """The places that a secret can be put into."""

    KEYRING = "keyring"
    FILE = "file"


Name = Annotated[str, typer.Argument(help='What the configuration calls it: obs for "secret:obs".')]


@app.command(name="set")
def set_(
    name: Name,
    where: Annotated[Where | None, typer.Option("--in", help="Where to keep it.", show_default="the first")] = None,
    plaintext: Annotated[bool, typer.Option("--plaintext", help="Keep it unencrypted, in the private file.")] = False,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
) -> None:
    r"""Keep a secret; it is asked for without showing it, or read from standard input.

    It goes into the keyring of the system. Without one it goes into a file of the
    data directory that only your account can read, sealed with the passphrase in
    SPARK_PASSPHRASE, which the show needs then too. Without either, only
    --plaintext, or \[secrets] plaintext = true, keeps it.

    A show that runs takes it after `config reload` and a restart of the part.

    [bold]Examples[/]

      spark-vtuber secrets set obs
      spark-vtuber secrets set openai < key.txt
    """
    if plaintext and where is Where.KEYRING:
        _fail(SparkError("a keyring keeps nothing in plaintext", fix="leave out --in, or --plaintext"), 2)
    try:
        settings = _settings(config, data_dir)
        known = canonical(name)
        vault = vault_of(settings, keyring_of(settings, PATIENCE_S), plaintext="always" if plaintext else "never")
        place = vault.keep(known, _typed(name), FILE if plaintext else where.value if where else "")
        first = vault.where()[known][0]
    except SparkError as error:
        _fail(error, 1)
    console.print(f'[green]✓[/] "{escape(known)}" is in the {place}{" in plaintext" * plaintext}')
    if first == ENVIRONMENT:
        variable = f"SPARK_SECRET_{known.upper().replace('-', '_')}"
        console.print(f"[yellow]note[/] the variable {escape(variable)} is set and wins over it")
    if known not in uses(settings):
        console.print(f'[dim]No key of the configuration names it yet, as in: password = "secret:{escape(known)}"[/]')


@app.command(name="list")
def list_(config: options.ConfigFile = None, data_dir: options.DataDir = None, as_json: options.AsJson = False) -> None:
    """List the secrets: where each lies, and which keys name it; no values.

    The places are environment, keyring and file; the first one wins. The exit
    code is 1 where the configuration names a secret that no place has.

    [bold]Example[/]

      spark-vtuber secrets list
    """
    try:
        settings = _settings(config, data_dir)
        found = _found(settings)
    except SparkError as error:
        _fail(error, 1)
    if as_json:
        print(json.dumps(found))
    elif found:
        results.print(_table(found))
    else:
        console.print("There are no secrets. To keep one: spark-vtuber secrets set NAME")
    raise typer.Exit(0 if all(one["places"] for one in found) else 1)


@app.command()
def remove(name: Name, config: options.ConfigFile = None, data_dir: options.DataDir = None) -> None:
    """Forget a secret, in the keyring and in the file.

    [bold]Example[/]

      spark-vtuber secrets remove obs
    """
    try:
        settings = _settings(config, data_dir)
        vault = vault_of(settings, keyring_of(settings, PATIENCE_S))
        places = vault.remove(name)
        left = vault.where().get(canonical(name), ())
    except SparkError as error:
        _fail(error, 1)
    if not places and not left:
        _fail(SparkError(f'there is no secret "{name}"', fix="spark-vtuber secrets list"), 1)
    for place in places:
        console.print(f'[green]✓[/] "{escape(name)}" is no longer in the {place}')
    if ENVIRONMENT in left:
        console.print("[yellow]note[/] the environment still holds it; unset the variable where you set it")


def _settings(config: options.ConfigFile, data_dir: options.DataDir) -> Config:
    return load(engines.spec, config, options.layer(data={"dir": data_dir})).config


def _typed(name: str) -> str:
    """What is typed without being shown, or what comes through a pipe, without the end of its last line."""
    if not sys.stdin.isatty():
        try:
            return sys.stdin.read().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SparkError("the value is no text", code="bad_value", fix="pipe text in UTF-8") from None
    value: str = typer.prompt(f'The value of "{name}" (not shown)', hide_input=True, err=True)
    return value


def _found(settings: Config) -> list[dict[str, Any]]:
    keyring = keyring_of(settings, PATIENCE_S)
    entries = file_of(settings, keyring).content().entries
    used = uses(settings)
    return [
        {
            "name": name,
            "places": list(places),
            "plaintext": FILE in places and entries[name].is_plain,
            "used_by": list(used.get(name, ())),
        }
        for name, places in vault_of(settings, keyring).where(used).items()
    ]


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("secret", "in", "used by"):
        table.add_column(title, header_style="dim", overflow="fold")
    for one in found:
        places = ", ".join(one["places"]) + " (plaintext)" * one["plaintext"]
        how = LOGINS.get(one["name"], f"spark-vtuber secrets set {one['name']}")
        table.add_row(
            escape(one["name"]),
            places or f"[red]nowhere[/]: {escape(how)}",
            escape(", ".join(one["used_by"])) or "[dim]nothing[/]",
        )
    return table


def _fail(error: SparkError, code: int) -> NoReturn:
    complain(error)
    raise typer.Exit(code)
