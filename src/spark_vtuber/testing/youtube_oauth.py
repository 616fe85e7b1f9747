"""The fake YouTube's logins: Google's device codes and refresh tokens, without I/O.

Source: Google, "OAuth 2.0 for TV and limited-input device applications": the statuses, and `verification_url` where the
standard says `verification_uri`. A refresh token stays good until it is revoked, and a refresh gives no new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Said = tuple[int, dict[str, Any]]

ALLOWED: Final = frozenset(
    {"https://www.googleapis.com/auth/youtube", "https://www.googleapis.com/auth/youtube.readonly"}
)
"""What this kind of login may ask YouTube for."""

TOKEN_S: Final = 3_599


@dataclass(slots=True)
class GoogleAccounts:
    """Who may write. `tokens` are good access tokens, `refreshes` good refresh tokens, each with its channel;
    `interval_s` is how often a login may ask.
    """

    client_id: str = "client.apps.example.com"
    client_secret: str = "no-secret-at-all"  # noqa: S105 - made up
    tokens: dict[str, str] = field(default_factory=dict)
    refreshes: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str | None] = field(default_factory=dict)
    interval_s: int = 5
    _count: int = 0

    def approve(self, channel: str) -> None:
        """Somebody types every code that waits, and agrees for a channel."""
        self.codes = dict.fromkeys(self.codes, channel)

    def expire(self) -> None:
        """Every access token has ended."""
        self.tokens.clear()

    def revoke(self) -> None:
        """Somebody took all permissions back."""
        self.tokens.clear()
        self.refreshes.clear()

    def give(self, channel: str) -> tuple[str, str]:
        """A new access token and its refresh token, as after a login."""
        self._count += 1
        access, refresh = f"access-{self._count}", f"refresh-{self._count}"
        self.tokens[access], self.refreshes[refresh] = channel, channel
        return access, refresh

    def begin(self, form: Mapping[str, str]) -> Said:
        """Answer a request for a code."""
        if form.get("client_id") != self.client_id:
            return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        if not set(form.get("scope", "").split()) <= ALLOWED:
            return 400, {"error": "invalid_scope", "error_description": "Invalid device flow scope"}
        self._count += 1
        code = f"device-{self._count}"
        self.codes[code] = None
        address = "https://www.google.com/device"
        answer = {"device_code": code, "user_code": f"ABC-{self._count:03}", "verification_url": address}
        return 200, {**answer, "expires_in": 1800, "interval": self.interval_s}

    def give_back(self, form: Mapping[str, str]) -> Said:
        """Answer a request to revoke a token, and with it the whole login."""
        token = form.get("token", "")
        channel = self.tokens.get(token) or self.refreshes.get(token)
        if channel is None:
            return 400, {"error": "invalid_token"}
        self.tokens = {one: owner for one, owner in self.tokens.items() if owner != channel}
        self.refreshes = {one: owner for one, owner in self.refreshes.items() if owner != channel}
        return 200, {}

    def exchange(self, form: Mapping[str, str]) -> Said:
        """Answer a request for tokens."""
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "refresh_token":
            channel = self.refreshes.get(form.get("refresh_token", ""))
            if channel is None:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            self._count += 1
            self.tokens[access := f"access-{self._count}"] = channel
            return 200, _tokens(access)
        code = form.get("device_code", "")
        if code not in self.codes:
            return 400, {"error": "invalid_grant", "error_description": "Malformed auth code."}
        channel = self.codes[code]
        if channel is None:
            return 428, {"error": "authorization_pending", "error_description": "Precondition Required"}
        del self.codes[code]
        access, refresh = self.give(channel)
        return 200, {**_tokens(access), "refresh_token": refresh}


def _tokens(access: str) -> dict[str, Any]:
    scope = "https://www.googleapis.com/auth/youtube"
    return {"access_token": access, "expires_in": TOKEN_S, "scope": scope, "token_type": "Bearer"}
