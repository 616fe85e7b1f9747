"""Keeps an account of a platform valid: login, refresh and validation over HTTP; the protocol is in `oauth`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.chat.oauth import (
    LONGEST_S,
    DeviceLogin,
    Form,
    Identity,
    Prompt,
    Provider,
    Tokens,
    refused,
    seconds_of,
    senseless,
    signed_out,
    text_of,
    tokens_from,
    unreachable,
)
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError, SparkError

PATIENCE_S: Final = 10.0
"""Longest wait for one answer of the server."""

KEEP_S: Final = 30.0
"""Longest wait for a refresh to be answered and stored; whoever is cancelled meanwhile waits for it, because a
refresh token may count once only."""

LARGEST_BYTES: Final = 64 * 1024

KeepSecret = Callable[[str, str], Awaitable[None]]
"""Keeps a value under a name where secrets are kept. Raises `SparkError` where it cannot."""


class OAuth:
    """Talks to the authorisation server of a provider."""

    def __init__(self, provider: Provider, http: httpx.AsyncClient, clock: Clock) -> None:
        self.provider = provider
        self._http = http
        self._clock = clock

    async def begin(self, scopes: tuple[str, ...]) -> tuple[DeviceLogin, Prompt]:
        """Ask for a code. Raises `EngineError` as `DeviceLogin.begun`."""
        login = DeviceLogin(self.provider, scopes)
        status, body = await self._post(self.provider.device_url, login.request)
        return login, login.begun(status, body)

    async def finish(self, login: DeviceLogin, prompt: Prompt) -> Tokens:
        """Wait until the person is done, as long as the code is good.

        A server that cannot be reached for a while is asked again. Raises `EngineError` as `DeviceLogin.answered`.
        """
        with anyio.move_on_after(prompt.expires_s):
            while True:
                await anyio.sleep(login.interval_s)
                try:
                    status, body = await self._post(self.provider.token_url, login.question)
                except EngineError as error:
                    if not error.retryable:
                        raise
                    continue
                if tokens := login.answered(status, body, self._clock.unix_ms()):
                    return tokens
        what = f"the code for {self.provider.title} has expired"
        raise EngineError("code_expired", what, fix=f"ask for a new one: {self.provider.login}")

    async def refresh(self, old: Tokens) -> Tokens:
        """New tokens; the old refresh token may be worthless afterwards.

        Raises:
            EngineError: `signed_out` where the server does not accept the account any more, `unreachable`.
        """
        secret = {"client_secret": self.provider.client_secret} if self.provider.client_secret else {}
        form = {
            "client_id": old.client_id,
            **secret,
            "grant_type": "refresh_token",
            "refresh_token": old.refresh,
        }
        status, body = await self._post(self.provider.token_url, form)
        if status == 200:
            return tokens_from(self.provider, body, self._clock.unix_ms(), old)
        if status in (400, 401, 403):
            raise signed_out(self.provider)
        raise refused(self.provider, status, body)

    async def validate(self, access: str) -> Identity | None:
        """Whose the token is; None where it is not good any more. Raises `EngineError("unreachable")`."""
        try:
            answer = await self._http.get(
                self.provider.validate_url, headers={"authorization": f"OAuth {access}"}, timeout=PATIENCE_S
            )
        except httpx.HTTPError as error:
            raise unreachable(self.provider, type(error).__name__) from None
        if answer.status_code == 401:
            return None
        body = body_of(answer)
        if answer.status_code != 200:
            raise refused(self.provider, answer.status_code, body)
        try:
            return Identity(
                user_id=text_of(body["user_id"]),
                login=text_of(body["login"]),
                client_id=text_of(body["client_id"]),
                scopes=tuple(sorted(map(text_of, body.get("scopes") or ()))),
                expires_s=seconds_of(body.get("expires_in", 0), longest=366 * LONGEST_S),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise senseless(self.provider) from error

    async def revoke(self, tokens: Tokens) -> None:
        """Give the tokens back, where the server takes them. Raises `EngineError("unreachable")`."""
        if self.provider.revoke_url:
            form = {"client_id": tokens.client_id, "token": tokens.access}
            await self._post(self.provider.revoke_url, form)

    async def _post(self, url: str, form: Form) -> tuple[int, Mapping[str, Any]]:
        try:
            answer = await self._http.post(url, data=dict(form), timeout=PATIENCE_S)
        except httpx.HTTPError as error:
            raise unreachable(self.provider, type(error).__name__) from None
        return answer.status_code, body_of(answer)


class Account:
    """An account that is signed in: gives an access token that is good, one refresh at a time.

    New tokens are stored under `name` before anybody gets them: a refresh token that counts once must not be lost.
    """

    def __init__(self, oauth: OAuth, tokens: Tokens, name: str, keep: KeepSecret, clock: Clock) -> None:
        self._oauth = oauth
        self._tokens = tokens
        self._unkept: Tokens | None = None
        self._name = name
        self._keep = keep
        self._clock = clock
        self._lock = anyio.Lock()

    @property
    def tokens(self) -> Tokens:
        """Those in use."""
        return self._tokens

    async def access(self, refused: str = "") -> str:
        """A good access token; never the one that was `refused`, which the server did not take.

        Raises:
            EngineError: `signed_out`, `unreachable`, or `not_kept` where the new tokens could not be stored.
        """
        async with self._lock:
            is_refused = bool(refused) and refused == self._tokens.access
            if self._unkept is not None or is_refused or not self._tokens.is_fresh(self._clock.unix_ms()):
                await self._renew()
            return self._tokens.access

    async def validate(self) -> Identity:
        """Ask the server whose the token is, renewed where it has ended. Raises `EngineError` as `access`."""
        access = await self.access()
        identity = await self._oauth.validate(access)
        if identity is None:
            identity = await self._oauth.validate(await self.access(access))
        if identity is None:
            raise signed_out(self._oauth.provider)
        async with self._lock:
            ends_ms = self._clock.unix_ms() + round(identity.expires_s * 1000)
            self._tokens = replace(self._tokens, scopes=identity.scopes, expires_at_ms=ends_ms)
        return identity

    async def _renew(self) -> None:
        failure: EngineError | None = None
        with anyio.CancelScope(shield=True), anyio.move_on_after(KEEP_S) as patience:
            try:
                self._unkept = self._unkept or await self._oauth.refresh(self._tokens)
                await self._keep(self._name, self._unkept.to_json())
                self._tokens, self._unkept = self._unkept, None
            except EngineError as error:
                failure = error
            except SparkError as error:
                what = f"the new tokens of {self._oauth.provider.title} cannot be kept: {error.message}"
                failure = EngineError("not_kept", what, retryable=True, fix=error.fix)
        if patience.cancelled_caught:
            failure = unreachable(self._oauth.provider, "no answer")
        if failure is not None:
            raise failure


def body_of(answer: httpx.Response, largest: int = LARGEST_BYTES) -> Mapping[str, Any]:
    """The object that an answer is; empty for everything else, and for more than `largest` bytes."""
    if len(answer.content) > largest:
        return {}
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
