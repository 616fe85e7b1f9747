"""Signing in to a platform, without I/O: tokens as a value, and the login by a code on another device.

Sources: RFC 8628 (device authorisation grant), RFC 6749 section 6 (refresh), Twitch's "Getting OAuth access tokens",
Google's "OAuth 2.0 for TV and limited-input device applications".
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.core.errors import EngineError

GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
EARLY_S: Final = 120.0
"""An access token that ends sooner than this is renewed before it is used."""

SLOWER_S: Final = 5.0
"""What `slow_down` adds to the time between two questions (RFC 8628, 3.5)."""

LONGEST_S: Final = 24 * 3600.0

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """Who signs accounts in. A public client has no secret; Google wants one, which is none by its own words.

    `scope_field` is what the server calls the list of scopes. Without a `validate_url` tokens cannot be asked about,
    without a `revoke_url` they cannot be given back. `login` is the command that signs in.
    """

    title: str
    device_url: str
    token_url: str
    client_id: str
    login: str
    client_secret: str = field(default="", repr=False)
    validate_url: str = ""
    revoke_url: str = ""
    scope_field: str = "scope"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens an account. Times are Unix time in milliseconds; neither token is ever shown."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at_ms: int
    scopes: tuple[str, ...]
    client_id: str
    obtained_at_ms: int

    def is_fresh(self, now_ms: int) -> bool:
        """Whether the access token can be used for a while."""
        return now_ms + EARLY_S * 1000 < self.expires_at_ms

    def to_json(self) -> str:
        """As one secret of the vault."""
        return json.dumps(
            {
                "access": self.access,
                "refresh": self.refresh,
                "expires_at": self.expires_at_ms,
                "scopes": self.scopes,
                "client_id": self.client_id,
                "obtained_at": self.obtained_at_ms,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Tokens":
        """What `to_json` wrote. Raises `EngineError("bad_account")` for anything else, without quoting it."""
        try:
            raw = json.loads(text)
            return cls(
                access=token_of(raw["access"]),
                refresh=token_of(raw["refresh"]),
                expires_at_ms=int(raw["expires_at"]),
                scopes=tuple(map(text_of, raw["scopes"])),
                client_id=text_of(raw["client_id"]),
                obtained_at_ms=int(raw["obtained_at"]),
            )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise EngineError(
                "bad_account", "what is kept of the account cannot be read", fix="sign in again"
            ) from None


def secrets_in(kept: str) -> tuple[str, ...]:
    """The tokens in a kept secret that is an account, so that each can be masked; none for any other secret."""
    try:
        tokens = Tokens.from_json(kept)
    except EngineError:
        return ()
    return tuple(one for one in (tokens.access, tokens.refresh) if one)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a person does to sign in: open `address` and type `code`, within `expires_s` seconds."""

    address: str
    code: str
    expires_s: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose a token is, and what it allows."""

    user_id: str
    login: str
    client_id: str
    scopes: tuple[str, ...]
    expires_s: float


class DeviceLogin:
    """One login by a code on another device, without I/O.

    Post `request` to `provider.device_url` and give the answer to `begun`; then post `question` to
    `provider.token_url` every `interval_s` seconds and give each answer to `answered`, until that has tokens.
    """

    def __init__(self, provider: Provider, scopes: tuple[str, ...]) -> None:
        self.provider = provider
        self.scopes = scopes
        self.interval_s = 5.0
        self._device_code = ""

    @property
    def request(self) -> Form:
        """The first form."""
        return {"client_id": self.provider.client_id, self.provider.scope_field: " ".join(self.scopes)}

    def begun(self, status: int, body: Mapping[str, Any]) -> Prompt:
        """What to show.

        Raises:
            EngineError: `login_refused` with what the server says, or `unreachable` where it cannot answer now.
        """
        if status != 200:
            raise refused(self.provider, status, body)
        try:
            self._device_code = text_of(body["device_code"])
            self.interval_s = seconds_of(body.get("interval", 5), least=1.0)
            address = text_of(body.get("verification_uri") or body.get("verification_url"))
            prompt = Prompt(address, text_of(body["user_code"]), seconds_of(body["expires_in"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise senseless(self.provider) from error
        if not address.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise senseless(self.provider)
        return prompt

    @property
    def question(self) -> Form:
        """Whether the person is done."""
        secret = {"client_secret": self.provider.client_secret} if self.provider.client_secret else {}
        return {
            "client_id": self.provider.client_id,
            **secret,
            self.provider.scope_field: " ".join(self.scopes),
            "device_code": self._device_code,
            "grant_type": GRANT,
        }

    def answered(self, status: int, body: Mapping[str, Any], now_ms: int) -> Tokens | None:
        """The tokens; None where the person is not done, then ask again after `interval_s`.

        Raises:
            EngineError: `code_expired`, `login_denied` or `login_refused`; none of them can be retried with this code.
        """
        if status == 200:
            return tokens_from(self.provider, body, now_ms)
        said = _said(body)
        if "authorization_pending" in said or status >= 500:
            return None
        if "slow_down" in said or status == 429:
            self.interval_s += SLOWER_S
            return None
        if "expired_token" in said or "invalid device code" in said:
            what = f"the code for {self.provider.title} has expired"
            raise EngineError("code_expired", what, fix=f"ask for a new one: {self.provider.login}")
        if "access_denied" in said:
            what = f"the login was refused at {self.provider.title}"
            raise EngineError("login_denied", what, fix=f"try again and agree there: {self.provider.login}")
        raise refused(self.provider, status, body)


def tokens_from(provider: Provider, body: Mapping[str, Any], now_ms: int, old: Tokens | None = None) -> Tokens:
    """The tokens in an answer of `token_url`; what a refresh leaves out stays as it was in `old`."""
    try:
        scopes = body.get("scope", body.get("scopes"))
        named = scopes.split() if isinstance(scopes, str) else scopes
        if named is None:
            named = old.scopes if old else ()
        return Tokens(
            access=token_of(body["access_token"]),
            refresh=token_of(body.get("refresh_token") or (old.refresh if old else None)),
            expires_at_ms=now_ms + round(seconds_of(body.get("expires_in", 3600), longest=366 * LONGEST_S) * 1000),
            scopes=tuple(sorted(map(text_of, named))),
            client_id=provider.client_id,
            obtained_at_ms=now_ms,
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise senseless(provider) from error


def signed_out(provider: Provider) -> EngineError:
    """The account is not accepted any more: revoked, expired, or its password was changed."""
    what = f"{provider.title} does not accept the account any more: it was revoked, or has expired"
    return EngineError("signed_out", what, fix=f"sign in again: {provider.login}")


def not_signed_in(provider: Provider) -> EngineError:
    """Nobody has signed in yet."""
    return EngineError("not_signed_in", f"no {provider.title} account is signed in", fix=f"sign in: {provider.login}")


def unreachable(provider: Provider, why: str) -> EngineError:
    """The server did not answer, or cannot now."""
    what = f"{provider.title} cannot be reached ({why})"
    return EngineError("unreachable", what, retryable=True, fix="check the network")


def refused(provider: Provider, status: int, body: Mapping[str, Any]) -> EngineError:
    """What an answer other than 200 means; a busy server can be asked again."""
    if status == 429 or status >= 500:
        return unreachable(provider, f"it answered {status}")
    said = _said(body)[:200] or str(status)
    fix = "check the client id" if "client" in said else f"try again: {provider.login}"
    return EngineError("login_refused", f"{provider.title} refused the login: {said}", fix=fix)


def senseless(provider: Provider) -> EngineError:
    """The answer is not what the protocol says."""
    return EngineError("bad_answer", f"{provider.title} answered what makes no sense", fix="check the addresses")


def _said(body: Mapping[str, Any]) -> str:
    """What went wrong, in the words of the server: `error` of the RFC, `message` of Twitch."""
    return " ".join(str(body[key]) for key in ("error", "error_description", "message") if key in body).lower()


def text_of(value: Any) -> str:
    """A text that is there and not absurdly long. Raises `TypeError`."""
    if not isinstance(value, str) or not value or len(value) > 4_096:
        raise TypeError("a text was expected")
    return value


def token_of(value: Any) -> str:
    """A token, which fits into a header: what is none there would show up in errors. Raises `TypeError`."""
    token = text_of(value)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise TypeError("a token was expected")
    return token


def seconds_of(value: Any, *, least: float = 0.0, longest: float = LONGEST_S) -> float:
    """A time within bounds. Raises `TypeError` or `ValueError`."""
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError("not a time")
    return min(max(seconds, least), longest)
