"""What every implementation of `core.accounts.Accounts` promises, as functions that check it.

In a test: `@pytest.mark.parametrize("promise", PROMISES)`, then `await promise(Desk(...))` with nobody signed in to
`twitch`. A broken promise raises `AssertionError` that says which one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.accounts import Accounts, AccountView
from spark_vtuber.core.errors import SparkError


@dataclass(frozen=True, slots=True)
class Desk:
    """Accounts, and the person who types the code on the page of the platform and waits until that was seen."""

    accounts: Accounts
    type_code: Callable[[], Awaitable[None]]


async def signs_in_once_the_code_was_typed(desk: Desk) -> None:
    """The view goes from signed out over waiting, with the code, to signed in with a name."""
    _hold(_view(desk).state == "signed_out", "somebody is signed in")
    code = await desk.accounts.sign_in("twitch")
    _hold(bool(code.address and code.code and code.expires_at_ms), "the code is not whole")
    _hold((_view(desk).state, _view(desk).code) == ("waiting", code), "the code is not shown while it waits")
    await desk.type_code()
    _hold(_view(desk).state == "signed_in", "nobody is signed in")
    _hold(bool(_view(desk).login) and _view(desk).code is None, "it does not say who, or still shows the code")
    _hold(not _view(desk).failure, "a login that succeeded is called a failure")


async def gives_up_a_login_before_it_signs_out(desk: Desk) -> None:
    """Signing out ends a login that waits and keeps the account; only then it forgets the account."""
    await desk.accounts.sign_in("twitch")
    await desk.type_code()
    await desk.accounts.sign_in("twitch")
    _hold(await desk.accounts.sign_out("twitch"), "a login cannot be given up")
    _hold(_view(desk).state == "signed_in", "giving up a login loses the account")
    _hold(bool(_view(desk).failure), "it is not told that nobody signed in")
    _hold(await desk.accounts.sign_out("twitch"), "an account cannot be signed out")
    _hold(_view(desk).state == "signed_out", "it is signed in after signing out")
    _hold(not await desk.accounts.sign_out("twitch"), "there was nothing to sign out of")


async def gives_a_new_code_when_asked_again(desk: Desk) -> None:
    """A login can be begun anew; the newest code is the one that is shown."""
    await desk.accounts.sign_in("twitch")
    code = await desk.accounts.sign_in("twitch")
    _hold(_view(desk).code == code, "an old code is shown")
    await desk.accounts.sign_out("twitch")
    _hold(_view(desk).state == "signed_out", "a login was not given up")


async def writes_only_where_somebody_is_connected(desk: Desk) -> None:
    """Without an account nothing is sent, and the error says what to do."""
    error = await _error(desk.accounts.send("twitch", "hello"))
    _hold(error is not None and bool(error.fix), "a line was sent by nobody, or the fix is missing")


async def knows_its_platforms(desk: Desk) -> None:
    """A platform that is none is refused by every method."""
    for act in (
        desk.accounts.sign_in("myspace"),
        desk.accounts.sign_out("myspace"),
        desk.accounts.send("myspace", "hello"),
    ):
        error = await _error(act)
        _hold(error is not None and error.code == "unknown_platform", "an unknown platform is not refused")


PROMISES: Final[tuple[Callable[[Desk], Awaitable[None]], ...]] = (
    signs_in_once_the_code_was_typed,
    gives_up_a_login_before_it_signs_out,
    gives_a_new_code_when_asked_again,
    writes_only_where_somebody_is_connected,
    knows_its_platforms,
)


def _view(desk: Desk) -> AccountView:
    return next(one for one in desk.accounts.accounts() if one.platform == "twitch")


async def _error(act: Awaitable[object]) -> SparkError | None:
    try:
        await act
    except SparkError as error:
        return error
    return None


def _hold(is_kept: bool, promise: str) -> None:
    if not is_kept:
        raise AssertionError(promise)
