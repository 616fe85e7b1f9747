"""Accounts on platforms as the doors see them: who is signed in, what it may do, and how to sign in. Never a token."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

AccountState = Literal["signed_out", "waiting", "signed_in", "refused"]
"""`waiting` is for a person to type the code; `refused`: the platform takes the account no more."""


@dataclass(frozen=True, slots=True)
class LoginCode:
    """What a person does to sign in: open `address`, type `code`, until `expires_at_ms` (Unix time)."""

    address: str
    code: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account of one platform.

    `login` is its name there, empty while it is not known. `missing` are permissions that what is switched on needs,
    `excess` those that nothing uses. `code` is there while somebody signs in. `failure` says why the last login came to
    nothing, `fix` what would help.
    """

    platform: str
    title: str
    state: AccountState
    login: str = ""
    missing: tuple[str, ...] = field(default=())
    excess: tuple[str, ...] = field(default=())
    detail: str = ""
    fix: str = ""
    failure: str = ""
    code: LoginCode | None = None


class Accounts(Protocol):
    """The accounts of the show. All methods raise `SparkError("unknown_platform")` for a platform that is none."""

    def accounts(self) -> Sequence[AccountView]:
        """One for every platform that accounts can be signed in to."""
        ...

    async def sign_in(self, platform: str) -> LoginCode:
        """Ask for a code and wait, in the background, until a person typed it; asked again, gives a new code.

        A new account takes the place of the old one once it is signed in. Raises `SparkError`: `no_client_id`, or what
        the platform says.
        """
        ...

    async def sign_out(self, platform: str) -> bool:
        """Give up a login that waits; without one forget the account. False where there was neither."""
        ...

    async def send(self, platform: str, text: str) -> None:
        """Write into the chat as the account. Raises `SparkError`: `not_connected`, or what the platform says."""
        ...


def account_view(view: AccountView) -> dict[str, Any]:
    """JSON-ready, as `GET /api/accounts` shows it."""
    code = view.code
    return {
        **account_event(view),
        "code": {"address": code.address, "code": code.code, "expires_at": code.expires_at_ms} if code else None,
    }


def account_event(view: AccountView) -> dict[str, Any]:
    """As `account_view` without the code, for the event `account`: events are kept."""
    return {
        "platform": view.platform,
        "title": view.title,
        "state": view.state,
        "login": view.login,
        "missing": list(view.missing),
        "excess": list(view.excess),
        "detail": view.detail,
        "fix": view.fix,
        "failure": view.failure,
    }
