"""`spark-vtuber chat`: sign accounts in to chat platforms, see how they are, write a line. With a show or without."""

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, NoReturn, TypeVar

import anyio
import typer
from rich.markup import escape
from rich.status import Status

from spark_vtuber import engines
from spark_vtuber.app.accounts import PLATFORMS, platform_of
from spark_vtuber.app.accounts_alone import Alone, alone
from spark_vtuber.app.vault import keyring_of, vault_of
from spark_vtuber.chat.oauth import Prompt
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, errors_in
from spark_vtuber.cli.running import ask
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.accounts import account_view
from spark_vtuber.core.errors import SparkError

PATIENCE_S: Final = 60.0
"""Somebody sits here, and may have to unlock the keyring first."""

LOOK_S: Final = 0.5
"""How often a show is asked whether the code was typed."""

T = TypeVar("T")
Platform = Annotated[str, typer.Argument(help=f"One of: {', '.join(PLATFORMS)}.")]

app = typer.Typer(
    help="Sign in to chat platforms, see who is signed in, write a line.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command()
def login(
    platform: Platform,
    config: options.ConfigFile = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
) -> None:
    r"""Sign an account in, with a code that you type on the platform's page.

    The show never sees your password. It asks for exactly the permissions that
    \[chat.twitch.features] switches on; the tokens go where secrets are kept.
    A show that runs takes the account at once.

    Twitch wants an application of yours first: register one of the type
    Public at dev.twitch.tv/console, and set \[chat.twitch] client_id.

    [bold]Example[/]

      spark-vtuber chat login twitch
    """
    settings = _settings(config, port, data_dir)
    with _complaining():
        one = platform_of(platform)
        try:
            code = ask(settings, "/api/accounts/login", {"platform": platform})
        except SparkError as error:
            if error.code != "no_show":
                raise
            name = _sign_in_alone(settings, platform)
        else:
            name = _sign_in_with_the_show(settings, platform, code)
        console.print(f"[green]✓[/] signed in to {one.title}{f' as [bold]{escape(name)}[/]' if name else ''}")
        if not one.is_used(settings):
            console.print(f"To use the account, {escape(one.how_to_use)} in spark.toml.")
        elif platform == "twitch" and not settings.chat.twitch.channel:
            console.print(f"The show reads the channel of {escape(name)}; chat.twitch.channel names another one.")


@app.command()
def logout(
    platform: Platform,
    config: options.ConfigFile = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
) -> None:
    """Forget an account and give its permissions back.

    A login that a show waits for is given up first.

    [bold]Example[/]

      spark-vtuber chat logout twitch
    """
    settings = _settings(config, port, data_dir)
    with _complaining():
        title = platform_of(platform).title
        try:
            is_done = bool(ask(settings, "/api/accounts/logout", {"platform": platform})["signed_out"])
        except SparkError as error:
            if error.code != "no_show":
                raise
            is_done = _alone(settings, lambda accounts: accounts.sign_out(platform))
        console.print(f"[green]✓[/] signed out of {title}" if is_done else f"Nobody was signed in to {title}.")


@app.command()
def status(
    config: options.ConfigFile = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Say who is signed in where, and which permissions are missing or too many.

    The exit code is 1 where an account that the configuration uses does not
    work.

    [bold]Example[/]

      spark-vtuber chat status
    """
    settings = _settings(config, port, data_dir)
    used = {one.name for one in PLATFORMS.values() if one.is_used(settings)}
    with _complaining():
        try:
            views: list[dict[str, Any]] = ask(settings, "/api/accounts")
        except SparkError as error:
            if error.code != "no_show":
                raise
            views = [account_view(one) for one in _alone(settings, lambda accounts: accounts.views())]
        if as_json:
            print(json.dumps(views))
        else:
            for view in views:
                _show(view, is_used=view["platform"] in used)
    broken = [view for view in views if view["platform"] in used and (view["state"] != "signed_in" or view["missing"])]
    raise typer.Exit(1 if broken else 0)


@app.command()
def send(
    platform: Platform,
    text: Annotated[str, typer.Argument(help="The line, of at most 500 characters on Twitch.")],
    config: options.ConfigFile = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
) -> None:
    """Write one line into the chat, as the account.

    A show that runs writes it; without one, the command itself does.

    [bold]Example[/]

      spark-vtuber chat send twitch "We are live!"
    """
    settings = _settings(config, port, data_dir)
    with _complaining():
        try:
            ask(settings, "/api/accounts/send", {"platform": platform, "text": text})
        except SparkError as error:
            if error.code != "no_show":
                raise
            _alone(settings, lambda accounts: accounts.send(platform, text))
        console.print("[green]✓[/] sent")


@app.command()
def reward(
    platform: Platform,
    title: Annotated[str, typer.Argument(help="What viewers see, of at most 45 characters.")],
    cost: Annotated[int, typer.Option(help="Points that it costs.", min=1)] = 500,
    text: Annotated[bool, typer.Option("--text", help="Viewers write something with it.")] = False,
    config: options.ConfigFile = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
) -> None:
    r"""Make a reward for channel points on Twitch, before the show.

    Twitch lets a program fulfil, or give back, only rewards that it made
    itself. What a reward does is in the tables \[rewards] of the configuration.

    [bold]Example[/]

      spark-vtuber chat reward twitch "Ask the dragon" --cost 500 --text
    """
    settings = _settings(config, port, data_dir)
    with _complaining():
        if platform_of(platform).name != "twitch":
            raise SparkError(f"{platform} has no rewards", code="no_rewards", fix="only Twitch has")
        if _has_show(settings):
            raise SparkError("the account is in use by a show", code="in_use", fix="stop the show first")
        _alone(settings, lambda accounts: accounts.make_reward(title, cost, wants_text=text))
        console.print(f"[green]✓[/] made the reward [bold]{escape(title)}[/]")


def _has_show(settings: Config) -> bool:
    """Whether a show uses the accounts: only one program may renew a token that counts once."""
    try:
        ask(settings, "/api/accounts")
    except SparkError as error:
        if error.code != "no_show":
            raise
        return False
    return True


def _sign_in_alone(settings: Config, platform: str) -> str:
    waiting: list[Status] = []

    def show(prompt: Prompt) -> None:
        waiting.append(_tell(prompt.address, prompt.code))
        waiting[0].start()

    try:
        return _alone(settings, lambda accounts: accounts.sign_in(platform, show)).login
    finally:
        for one in waiting:
            one.stop()


def _sign_in_with_the_show(settings: Config, platform: str, code: dict[str, Any]) -> str:
    """Wait with the show until the code was typed; gives who signed in."""
    try:
        with _tell(str(code["address"]), str(code["code"])):
            while True:
                time.sleep(LOOK_S)
                views = ask(settings, "/api/accounts")
                view = next(one for one in views if one["platform"] == platform)
                if view["state"] != "waiting":
                    break
    except KeyboardInterrupt:
        ask(settings, "/api/accounts/logout", {"platform": platform})
        raise
    if view["state"] != "signed_in" or view["failure"]:
        raise SparkError(view["failure"] or view["detail"] or "nobody signed in", fix=view["fix"])
    return str(view["login"])


def _tell(address: str, code: str) -> Status:
    """The address and the code, and a line that shows that somebody waits."""
    console.print("Open this page in a browser, where you are signed in as the account that is to be used:")
    console.print(
        f"\n    [bold]{escape(address)}[/]\n\nand type the code:\n\n    [bold]{escape(code)}[/]\n", soft_wrap=True
    )
    return console.status("Waiting for you to agree there; Ctrl+C gives up …")


def _show(view: dict[str, Any], *, is_used: bool) -> None:
    marks = {"signed_in": "[green]signed in[/]", "waiting": "[yellow]waiting[/]", "refused": "[red]refused[/]"}
    who = f" as {escape(view['login'])}" if view["login"] else ""
    console.print(f"{escape(view['title'])}: {marks.get(view['state'], '[dim]signed out[/]')}{who}")
    for title, scopes in (("missing", view["missing"]), ("more than is used", view["excess"])):
        if scopes:
            console.print(f"  [yellow]{title}:[/] {escape(', '.join(scopes))}")
    if view["detail"]:
        console.print(f"  {escape(view['detail'])}")
    login = f"spark-vtuber chat login {view['platform']}" if is_used and view["state"] == "signed_out" else ""
    if fix := view["fix"] or login:
        console.print(f"  [dim]fix:[/] {escape(fix)}")


def _alone(settings: Config, work: Callable[[Alone], Awaitable[T]]) -> T:
    async def run() -> T:
        vault = vault_of(settings, keyring_of(settings, PATIENCE_S))
        async with alone(settings, vault) as accounts:
            return await work(accounts)

    return anyio.run(run)


def _settings(config: options.ConfigFile, port: options.Port, data_dir: options.DataDir) -> Config:
    try:
        layer = options.layer(server={"port": port}, data={"dir": data_dir})
        return load(engines.spec, config, layer).config
    except SparkError as error:
        _fail([error])


@contextmanager
def _complaining() -> Iterator[None]:
    """Turns errors into messages with their fixes, and exit code 1."""
    errors: list[SparkError] = []
    try:
        yield
    except* SparkError as group:
        errors.extend(errors_in(group))
    if errors:
        _fail(errors)


def _fail(errors: Iterable[SparkError]) -> NoReturn:
    for error in errors:
        complain(error)
    raise typer.Exit(1)
