"""Accounts on platforms: signing in and out, with a show and without one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import anyio
import httpx
from anyio.abc import TaskGroup

from spark_vtuber.app.house import House
from spark_vtuber.app.tokens import FindSecret, token
from spark_vtuber.chat import twitch_features, youtube_account
from spark_vtuber.chat.oauth import DeviceLogin, Identity, Prompt, Provider, Tokens
from spark_vtuber.chat.oauth_account import OAuth
from spark_vtuber.chat.twitch_features import provider_of, scopes_of, wanted
from spark_vtuber.config.environment import given_secrets, variable_of
from spark_vtuber.config.keys import Config
from spark_vtuber.core.accounts import AccountView, LoginCode, account_event
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError, SparkError

HOW_TO_GET_A_GOOGLE_CLIENT: Final = (
    "make an OAuth client of the type TVs and Limited Input devices in the Google Cloud console, then set"
)
HOW_TO_GET_A_CLIENT: Final = "register an application of the type Public at dev.twitch.tv/console, then set"


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform that accounts sign in to.

    `secret` is the name under which the tokens are kept, `source` the component that uses them while `is_used`.
    `provider` raises `SparkError("no_client_id")`; `scopes` are exactly those that what is switched on needs;
    `client_secret` is the reference to the secret of the application, empty where it has none.
    """

    name: str
    title: str
    secret: str
    source: str
    provider: Callable[[Config], Provider]
    scopes: Callable[[Config], tuple[str, ...]]
    is_used: Callable[[Config], bool]
    how_to_use: str
    client_secret: Callable[[Config], str] = lambda _: ""

    def oauth(self, config: Config, secret: FindSecret, http: httpx.AsyncClient, clock: Clock) -> OAuth:
        """Who signs accounts in. Raises `SparkError`: `no_client_id`, `no_secret`, `plain_secret`."""
        provider = self.provider(config)
        if found := token(self.client_secret(config), secret):
            provider = replace(provider, client_secret=found.get_secret_value())
        return OAuth(provider, http, clock)


def _twitch_provider(config: Config) -> Provider:
    twitch = config.chat.twitch
    if not twitch.client_id:
        what = "signing in to Twitch needs the client id of an application"
        raise SparkError(what, code="no_client_id", fix=f"{HOW_TO_GET_A_CLIENT} chat.twitch.client_id")
    return provider_of(twitch.id_url, twitch.client_id)


def _twitch_scopes(config: Config) -> tuple[str, ...]:
    features = config.chat.twitch.features.model_dump()
    return scopes_of(wanted(name for name, is_on in features.items() if is_on))


def _youtube_provider(config: Config) -> Provider:
    youtube = config.chat.youtube
    if not youtube.client_id:
        what = "signing in to YouTube needs the client id of an application"
        raise SparkError(what, code="no_client_id", fix=f"{HOW_TO_GET_A_GOOGLE_CLIENT} chat.youtube.client_id")
    return youtube_account.provider_of(youtube.id_url, youtube.client_id)


PLATFORMS: Final[Mapping[str, Platform]] = {
    "twitch": Platform(
        name="twitch",
        title="Twitch",
        secret=twitch_features.SECRET,
        source="chat:twitch",
        provider=_twitch_provider,
        scopes=_twitch_scopes,
        is_used=lambda config: config.chat.twitch.account,
        how_to_use="set chat.twitch.account = true",
    ),
    "youtube": Platform(
        name="youtube",
        title="YouTube",
        secret=youtube_account.SECRET,
        source="chat:youtube",
        provider=_youtube_provider,
        scopes=lambda _: youtube_account.SCOPES,
        is_used=lambda config: config.chat.youtube.account,
        how_to_use="set chat.youtube.account = true",
        client_secret=lambda config: config.chat.youtube.client_secret,
    ),
}


def platform_of(name: str, platforms: Mapping[str, Platform] = PLATFORMS) -> Platform:
    """A platform by its name. Raises `SparkError("unknown_platform")`."""
    if name not in platforms:
        known = ", ".join(platforms)
        raise SparkError(f'accounts cannot sign in to "{name}"', code="unknown_platform", fix=f"known are: {known}")
    return platforms[name]


async def complete(
    oauth: OAuth, login: DeviceLogin, prompt: Prompt, keep: Callable[[str], Awaitable[None]]
) -> Identity:
    """Wait until the person typed the code, ask whose the tokens are where that can be asked, and keep them.

    A platform that cannot say now whose they are leaves the name empty.

    Raises:
        SparkError: as `OAuth.finish`, what `keep` says, or `bad_answer`; nothing is kept then.
    """
    tokens = await oauth.finish(login, prompt)
    identity = await _identity(oauth, tokens)
    await keep(tokens.to_json())
    return identity


async def _identity(oauth: OAuth, tokens: Tokens) -> Identity:
    unknown = Identity("", "", tokens.client_id, tokens.scopes, 0.0)
    if not oauth.provider.validate_url:
        return unknown
    try:
        identity = await oauth.validate(tokens.access)
    except EngineError as error:
        if not error.retryable:
            raise
        return unknown
    if identity is None:
        raise EngineError("bad_answer", f"{oauth.provider.title} does not know its own token", fix="try again")
    return identity


def check_changeable(one: Platform) -> None:
    """Raises `SparkError("in_environment")` for an account that the environment gives: no program can change it."""
    if one.secret in given_secrets():
        variable = variable_of(one.secret)
        what = f"the {one.title} account is given by the environment variable {variable}, which goes before all others"
        raise SparkError(what, code="in_environment", fix=f"unset {variable}, then try again")


def as_given(one: Platform, view: AccountView) -> AccountView:
    """A view that says so where the environment gives the account: what is renewed cannot be written back there."""
    if one.secret not in given_secrets():
        return view
    variable = variable_of(one.secret)
    detail = "; ".join(filter(None, (view.detail, f"the environment variable {variable} goes before what is renewed")))
    return replace(view, detail=detail, fix=f"unset {variable}, and sign in where nobody is signed in then")


@dataclass(slots=True)
class _Login:
    """A login that waits for a person."""

    code: LoginCode
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class AccountDesk:
    """Implements `core.accounts.Accounts`; logins are waited for while `run` runs."""

    def __init__(
        self, house: House, send: Callable[[str, str], Awaitable[None]], platforms: Mapping[str, Platform] = PLATFORMS
    ) -> None:
        self._house = house
        self._send = send
        self._platforms = platforms
        self._views = {one.name: AccountView(one.name, one.title, "signed_out") for one in platforms.values()}
        self._logins: dict[str, _Login] = {}
        self._tasks: TaskGroup | None = None

    def accounts(self) -> Sequence[AccountView]:
        """As they are, with the codes that wait."""
        return [self._shown(view) for view in self._views.values()]

    async def sign_in(self, platform: str) -> LoginCode:
        """Ask for a code and wait for it in the background."""
        one = platform_of(platform, self._platforms)
        check_changeable(one)
        if self._tasks is None:
            raise EngineError("not_ready", "the show is not ready yet", retryable=True, fix="try again")
        oauth = self._oauth(one)
        login, prompt = await oauth.begin(one.scopes(self._house.config))
        self._give_up(platform)
        expires_ms = self._house.around.clock.unix_ms() + round(prompt.expires_s * 1000)
        self._views[platform] = replace(self._views[platform], failure="")
        waiting = self._logins[platform] = _Login(LoginCode(prompt.address, prompt.code, expires_ms))
        self._announce(platform)
        self._tasks.start_soon(self._wait, one, oauth, login, prompt, waiting)
        return waiting.code

    async def sign_out(self, platform: str) -> bool:
        """Give up the code that waits, else give the tokens back and forget them."""
        one = platform_of(platform, self._platforms)
        if self._give_up(platform):
            self._views[platform] = replace(self._views[platform], failure="the login was given up")
            self._announce(platform)
            return True
        check_changeable(one)
        tokens = await self._tokens(one)
        await self._house.forget_secret(one.secret)
        was_signed_in = tokens is not None or self._views[platform].state != "signed_out"
        self.hear(AccountView(one.name, one.title, "signed_out"))
        self._house.supervisor.restart(one.source, "the account signed out")
        if tokens is not None:
            await self._revoke(one, tokens)
        return was_signed_in

    async def send(self, platform: str, text: str) -> None:
        """Write into the chat of the source that reads this platform."""
        await self._send(platform_of(platform, self._platforms).name, text)

    def hear(self, view: AccountView) -> None:
        """Take how an account is from whoever uses it."""
        if self._views[view.platform] != view:
            self._views[view.platform] = view
            self._announce(view.platform)

    async def run(self) -> None:
        """See who is signed in, then wait for logins, until cancelled."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                for one in self._platforms.values():
                    is_unknown = self._views[one.name].state == "signed_out"
                    if is_unknown and self._is_set_up(one) and await self._tokens(one) is not None:
                        self.hear(self._signed_in(one, ""))
                await anyio.sleep_forever()
            finally:
                self._tasks = None
                self._logins.clear()

    async def _wait(self, one: Platform, oauth: OAuth, login: DeviceLogin, prompt: Prompt, waiting: _Login) -> None:
        keep = partial(self._house.keep_secret, one.secret)
        view, is_new = self._views[one.name], False
        with waiting.scope:
            try:
                identity = await complete(oauth, login, prompt, keep)
                view, is_new = self._signed_in(one, identity.login), True
            except SparkError as error:
                before = self._views[one.name]
                view = replace(before, detail=error.message, fix=error.fix, failure=error.message)
        if self._logins.get(one.name) is not waiting:
            return
        del self._logins[one.name]
        self._views[one.name] = view
        self._announce(one.name)
        if is_new:
            self._house.supervisor.restart(one.source, "an account signed in")

    def _signed_in(self, one: Platform, login: str) -> AccountView:
        if one.is_used(self._house.config):
            return AccountView(one.name, one.title, "signed_in", login)
        detail = "signed in, and not used yet"
        return AccountView(one.name, one.title, "signed_in", login, detail=detail, fix=one.how_to_use)

    async def _tokens(self, one: Platform) -> Tokens | None:
        try:
            return Tokens.from_json(await self._house.around.aside(partial(self._house.vault.secret, one.secret)))
        except EngineError:
            return None

    async def _revoke(self, one: Platform, tokens: Tokens) -> None:
        """Tell the platform; that it does not hear changes nothing here."""
        try:
            await self._oauth(one).revoke(tokens)
        except SparkError as error:
            self._house.around.log.warning("%s was not told of the sign-out: %s", one.title, error.message)

    def _oauth(self, one: Platform) -> OAuth:
        house = self._house
        return one.oauth(house.config, house.vault.secret, house.http, house.around.clock)

    def _is_set_up(self, one: Platform) -> bool:
        try:
            one.provider(self._house.config)
        except SparkError:
            return False
        return True

    def _give_up(self, platform: str) -> bool:
        waiting = self._logins.pop(platform, None)
        if waiting is not None:
            waiting.scope.cancel()
        return waiting is not None

    def _shown(self, view: AccountView) -> AccountView:
        waiting = self._logins.get(view.platform)
        view = as_given(self._platforms[view.platform], view)
        return replace(view, state="waiting", code=waiting.code) if waiting else view

    def _announce(self, platform: str) -> None:
        self._house.events("account", **account_event(self._shown(self._views[platform])))


def keeper(keep: Callable[[str, str], object], secret: str) -> Callable[[str], Awaitable[None]]:
    """Keeps an account without a show: `keep(name, value)` may wait for a keyring."""

    async def kept(value: str) -> None:
        await anyio.to_thread.run_sync(keep, secret, value)

    return kept
