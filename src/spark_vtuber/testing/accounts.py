"""Accounts in memory: a person who signs in is played by the test."""

from collections.abc import Sequence
from dataclasses import replace

from spark_vtuber.core.accounts import AccountView, LoginCode
from spark_vtuber.core.errors import SparkError

CODE = LoginCode("https://www.twitch.tv/activate", "ABCDEFGH", 1_800_001_800_000)


class FakeAccounts:
    """Implements `core.accounts.Accounts` with the platform `twitch`.

    `type_code` is the person who signs in as `login`; `sent` keeps what was written; `refusal` is raised by the next
    `sign_in`.
    """

    def __init__(self) -> None:
        self.view = AccountView("twitch", "Twitch", "signed_out")
        self.sent: list[tuple[str, str]] = []
        self.refusal: SparkError | None = None
        self._before: AccountView = self.view

    def type_code(self, login: str = "nova") -> None:
        """The person has typed the code."""
        if self.view.code is None:
            raise AssertionError("nobody asked for a code")
        self.view = AccountView("twitch", "Twitch", "signed_in", login)

    def accounts(self) -> Sequence[AccountView]:
        """The one."""
        return [self.view]

    async def sign_in(self, platform: str) -> LoginCode:
        """Give the code, or raise what the test wants."""
        self._known(platform)
        if self.refusal:
            raise self.refusal
        if self.view.code is None:
            self._before = self.view
        self.view = replace(self.view, state="waiting", code=CODE)
        return CODE

    async def sign_out(self, platform: str) -> bool:
        """Give up the code, else the account."""
        self._known(platform)
        if self.view.code is not None:
            self.view = replace(self._before, failure="the login was given up")
            return True
        is_signed_in = self.view.state != "signed_out"
        self.view = AccountView("twitch", "Twitch", "signed_out")
        return is_signed_in

    async def send(self, platform: str, text: str) -> None:
        """Note it, if an account is signed in."""
        self._known(platform)
        if self.view.state != "signed_in":
            raise SparkError("twitch is not connected", code="not_connected", fix="spark-vtuber chat login twitch")
        self.sent.append((platform, text))

    def _known(self, platform: str) -> None:
        if platform != "twitch":
            raise SparkError(f"there is no platform {platform}", code="unknown_platform", fix="twitch")
