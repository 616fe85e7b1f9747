"""Accounts without a show: for the command line."""

import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
import httpx

from spark_vtuber import engines
from spark_vtuber.app.accounts import PLATFORMS, Platform, as_given, check_changeable, complete, keeper, platform_of
from spark_vtuber.app.chats import engine_of, options_of
from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.chat.oauth import Identity, Prompt, Tokens, not_signed_in
from spark_vtuber.chat.oauth_account import Account, OAuth
from spark_vtuber.chat.port import ChatSource
from spark_vtuber.chat.twitch_helix import Helix
from spark_vtuber.config.keys import Config
from spark_vtuber.core.accounts import AccountState, AccountView
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.vault.vault import Vault

TRIAL: Final = "account-trial"
"""A secret that is kept for a moment, to see whether one can be."""


class Alone:
    """The accounts of a configuration while no show uses them."""

    def __init__(self, config: Config, vault: Vault, http: httpx.AsyncClient) -> None:
        self._config = config
        self._vault = vault
        self._http = http
        self._clock = SystemClock()

    async def sign_in(self, platform: str, show: Callable[[Prompt], None]) -> Identity:
        """Sign in; `show` is told what a person has to do. Raises `SparkError`.

        Whether tokens can be kept is tried before the person does anything.
        """
        one = platform_of(platform)
        check_changeable(one)
        oauth = self._oauth(one)
        await anyio.to_thread.run_sync(self._try_to_keep)
        login, prompt = await oauth.begin(one.scopes(self._config))
        show(prompt)
        return await complete(oauth, login, prompt, keeper(self._vault.keep, one.secret))

    async def sign_out(self, platform: str) -> bool:
        """Forget an account; False where there was none. Its tokens are given back where that is possible."""
        one = platform_of(platform)
        check_changeable(one)
        tokens: Tokens | None = None
        with suppress(EngineError):
            tokens = await anyio.to_thread.run_sync(partial(self._tokens, one))
        was_kept = bool(await anyio.to_thread.run_sync(self._vault.remove, one.secret))
        if tokens is not None:
            with suppress(SparkError):
                await self._oauth(one).revoke(tokens)
        return was_kept

    async def views(self) -> tuple[AccountView, ...]:
        """Every account as the platform knows it; a token that has ended is renewed and kept."""
        return tuple([as_given(one, await self._view(one)) for one in PLATFORMS.values()])

    async def send(self, platform: str, text: str) -> None:
        """Write one line as the account. Raises `SparkError`."""
        one = platform_of(platform)
        chosen = engine_of(self._config.chat, platform)
        if chosen is None or not one.is_used(self._config):
            raise EngineError("read_only", f"{one.title} is not used with an account", fix=one.how_to_use)
        name, keys = chosen
        spec = engines.spec("chat", name)
        around = Surroundings(self._clock, random.Random(), logging.getLogger("spark_vtuber"))
        env = engine_env(self._config, around, self._http, (), self._vault.secret)
        env = replace(env, keep_secret=self._keep)
        async with spec.open(options_of(spec, keys), env) as source, anyio.create_task_group() as tasks:
            tasks.start_soon(_read, source)
            await source.send(text)
            tasks.cancel_scope.cancel()

    async def make_reward(self, title: str, cost: int, *, wants_text: bool) -> None:
        """Make a reward in the channel of the Twitch account, which can then be settled. Raises `SparkError`."""
        one = platform_of("twitch")
        account = await self._account(one)
        oauth = self._oauth(one)
        if account is None:
            raise not_signed_in(oauth.provider)
        identity = await account.validate()
        helix = Helix(self._config.chat.twitch.api_url, oauth.provider, account, self._http)
        await helix.make_reward(identity.user_id, title, cost, wants_text=wants_text)

    async def _account(self, one: Platform) -> Account | None:
        """The account that is signed in; None where nobody is."""
        tokens = await anyio.to_thread.run_sync(partial(self._tokens, one))
        return None if tokens is None else Account(self._oauth(one), tokens, one.secret, self._keep, self._clock)

    async def _keep(self, name: str, value: str) -> None:
        await keeper(self._vault.keep, name)(value)

    async def _view(self, one: Platform) -> AccountView:
        signed_out = AccountView(one.name, one.title, "signed_out")
        try:
            account = await self._account(one)
            if account is None:
                return signed_out
            wanted = set(one.scopes(self._config))
            if not self._oauth(one).provider.validate_url:
                await account.access()
                granted, login = set(account.tokens.scopes), ""
            else:
                identity = await account.validate()
                granted, login = set(identity.scopes), identity.login
        except SparkError as error:
            state: AccountState = "refused" if error.code in ("signed_out", "bad_account") else "signed_out"
            return replace(signed_out, state=state, detail=error.message, fix=error.fix)
        missing, excess = tuple(sorted(wanted - granted)), tuple(sorted(granted - wanted))
        fix = self._oauth(one).provider.login if missing or excess else ""
        return AccountView(one.name, one.title, "signed_in", login, missing, excess, fix=fix)

    def _tokens(self, one: Platform) -> Tokens | None:
        """The tokens that are kept. Raises `EngineError("bad_account")`."""
        try:
            return Tokens.from_json(self._vault.secret(one.secret))
        except EngineError as error:
            if error.code == "no_secret":
                return None
            raise

    def _oauth(self, one: Platform) -> OAuth:
        return one.oauth(self._config, self._vault.secret, self._http, self._clock)

    def _try_to_keep(self) -> None:
        self._vault.keep(TRIAL, "a secret can be kept")
        self._vault.remove(TRIAL)


@asynccontextmanager
async def alone(config: Config, vault: Vault) -> AsyncIterator[Alone]:
    """The accounts of a configuration, with a client of their own."""
    async with http_client() as http:
        yield Alone(config, vault, http)


async def _read(source: ChatSource) -> None:
    """What is told meanwhile is for nobody."""
    async with aclosing(source.events()) as events:
        async for _ in events:
            pass
