"""The engine that reads and writes the chat of a Twitch channel with an account."""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Final

import anyio.to_thread

from spark_vtuber.chat.oauth import Identity
from spark_vtuber.chat.oauth_account import OAuth
from spark_vtuber.chat.twitch_account_reader import TwitchAccount, kept_tokens, load_room, not_installed, reading
from spark_vtuber.chat.twitch_features import LOGIN, Feature, TwitchAccountOptions, compared, features_of, provider_of
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError


@asynccontextmanager
async def _open(options: TwitchAccountOptions, env: EngineEnv) -> AsyncIterator[TwitchAccount]:
    await anyio.to_thread.run_sync(load_room)
    async with reading(options, env) as reader:
        yield reader


async def _probe(options: TwitchAccountOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    """Whether the account is signed in, what it may do, and whether Twitch knows it; nothing is renewed."""
    if find_spec("twitchio") is None:
        missing = not_installed("twitchio")
        yield Finding("twitch", "error", missing.message, missing.fix)
        return
    try:
        tokens = kept_tokens(options, env)
        oauth = OAuth(provider_of(options.id_url, tokens.client_id), env.http, env.clock)
        identity = await oauth.validate(tokens.access)
    except EngineError as error:
        yield Finding("twitch", "error", error.message, error.fix)
        return
    for finding in _findings(features_of(options), identity):
        yield finding


def _findings(features: Collection[Feature], identity: Identity | None) -> Iterable[Finding]:
    again = f"sign in again: {LOGIN}"
    if identity is None:
        yield Finding("twitch", "note", "the access token has ended; the show renews it when it starts")
        return
    yield Finding("twitch", "ok", f"signed in as {identity.login}")
    permissions = compared(tuple(features), identity.scopes)
    if permissions.lost:
        lacks = f"{', '.join(permissions.lost)} lack the permission {', '.join(permissions.missing)}"
        yield Finding("twitch", "error" if "chat" in permissions.lost else "warning", lacks, again)
    if permissions.excess:
        yield Finding("twitch", "note", f"may do more than is used: {', '.join(permissions.excess)}", again)


SPEC: Final = EngineSpec(
    options=TwitchAccountOptions,
    open=_open,
    probe=_probe,
    summary="reads and writes the chat of a Twitch channel with an account",
    licence="Apache-2.0",
)
