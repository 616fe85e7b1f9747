"""The fake Twitch's OAuth: device codes, one-time refresh tokens, validation and revocation. No I/O.

Source: <https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/#device-code-grant-flow>, `…/refresh-tokens`,
`…/validate-tokens`, `…/revoke-tokens`. A public client (one without a secret) gets refresh tokens that work once and
expire after 30 idle days.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.testing.twitch_fake_wire import Answer, Ids, Refusal, Request

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
CODE_S: Final = 1800
INTERVAL_S: Final = 5
TOKEN_S: Final = 14_400
REFRESH_S: Final = 30 * 24 * 3600
CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token stands for. `user_id` and `login` are empty for the token of an app."""

    token: str
    client_id: str
    user_id: str
    login: str
    scopes: tuple[str, ...]
    expires_s: float


@dataclass(frozen=True, slots=True)
class Renewal:
    """A refresh token and the access token that came with it."""

    grant: Grant
    expires_s: float


@dataclass(slots=True)
class Ask:
    """A device code that waits for somebody. `approver` is the login of who said yes."""

    client_id: str
    user_code: str
    scopes: tuple[str, ...]
    expires_s: float
    approver: str = ""
    is_over: bool = False


@dataclass(slots=True)
class Accounts:
    """Who may do what.

    `clients` are the known client ids and their secrets, None for a public one. While `approver` names a login, it
    approves every code at once. `token_s` is how long access tokens last, `interval_s` how often a client is told to
    ask. `find` gives the id of a login.
    """

    clock: Clock
    ids: Ids
    find: Callable[[str], str]
    clients: dict[str, str | None]
    approver: str = ""
    token_s: float = TOKEN_S
    interval_s: int = INTERVAL_S
    grants: dict[str, Grant] = field(default_factory=dict)
    renewals: dict[str, Renewal] = field(default_factory=dict)
    asks: dict[str, Ask] = field(default_factory=dict)

    # ---------------------------------------------------------------------------------------------------- the script

    @property
    def codes(self) -> list[str]:
        """The user codes that wait for an approval, oldest first."""
        return [ask.user_code for ask in self.asks.values() if not (ask.approver or ask.is_over)]

    def approve(self, user_code: str, login: str, scopes: tuple[str, ...] | None = None) -> None:
        """Somebody types a code in and says yes; with `scopes`, to these and not to what was asked for."""
        ask = self._ask_of(user_code)
        ask.approver = login
        ask.scopes = ask.scopes if scopes is None else scopes

    def decline(self, user_code: str) -> None:
        """Somebody says no: the code is worth nothing from now on."""
        self._ask_of(user_code).is_over = True

    def give(self, login: str, scopes: tuple[str, ...], client_id: str) -> tuple[str, str]:
        """A new access token and its refresh token, as after a login."""
        grant = self._grant(client_id, login, scopes)
        return grant.token, self._renewal(grant)

    def expire(self) -> None:
        """Every access token is too old; refresh tokens still work."""
        self.grants.clear()

    def disconnect(self, user_id: str = "") -> None:
        """A user (or every one) disconnects the app: neither access nor refresh tokens work any longer."""
        gone = {token for token, one in self.grants.items() if user_id in ("", one.user_id)}
        self.grants = {token: one for token, one in self.grants.items() if token not in gone}
        self.renewals = {key: one for key, one in self.renewals.items() if user_id not in ("", one.grant.user_id)}

    def _ask_of(self, user_code: str) -> Ask:
        return next(ask for ask in self.asks.values() if ask.user_code == user_code)

    # --------------------------------------------------------------------------------------------------- what is asked

    def who(self, token: str) -> Grant | None:
        """What a token stands for; None where it is unknown or too old."""
        grant = self.grants.get(token)
        return grant if grant is not None and grant.expires_s > self.clock.now() else None

    def has_authorised(self, client_id: str, user_id: str) -> bool:
        """Whether a user has a connection to a client."""
        renewals = [one.grant for one in self.renewals.values()]
        known = [*self.grants.values(), *renewals]
        return any(one.client_id == client_id and one.user_id == user_id for one in known)

    def answer(self, request: Request) -> Answer:
        """Answer a request below `/oauth2`. Raises `Refusal`."""
        match request.method, request.path.removeprefix("/oauth2"):
            case "POST", "/device":
                return self._device(request.form())
            case "POST", "/token":
                return self._token(request.form())
            case "GET", "/validate":
                return self._validate(request)
            case "POST", "/revoke":
                return self._revoke(request.form())
            case _:
                raise Refusal(404, "Not Found", is_plain=True)

    def _device(self, form: Mapping[str, str]) -> Answer:
        client_id = self._client(form)
        scopes = form.get("scopes", form.get("scope", "")).split()
        code, user_code = self.ids.token(40), self.ids.token(8, CODE_LETTERS)
        self.asks[code] = Ask(client_id, user_code, tuple(scopes), self.clock.now() + CODE_S, approver=self.approver)
        address = f"https://www.twitch.tv/activate?public=true&device-code={user_code}"
        body = {
            "device_code": code,
            "expires_in": CODE_S,
            "interval": self.interval_s,
            "user_code": user_code,
            "verification_uri": address,
        }
        return Answer(200, body)

    def _token(self, form: Mapping[str, str]) -> Answer:
        client_id = self._client(form)
        match form.get("grant_type", ""):
            case grant_type if grant_type == DEVICE_GRANT:
                return self._from_code(client_id, form.get("device_code", ""))
            case "refresh_token":
                self._check_secret(client_id, form)
                return self._from_refresh(client_id, form.get("refresh_token", ""))
            case "client_credentials":
                self._check_secret(client_id, form)
                if self.clients[client_id] is None:
                    raise Refusal(400, "missing client secret", is_plain=True)
                grant = self._grant(client_id, "", ())
                body = {"access_token": grant.token, "expires_in": self._left_s(grant), "token_type": "bearer"}
                return Answer(200, body)
            case "":
                raise Refusal(400, "missing grant type", is_plain=True)
            case _:
                raise Refusal(400, "invalid grant type", is_plain=True)

    def _from_code(self, client_id: str, code: str) -> Answer:
        ask = self.asks.get(code)
        if ask is None or ask.is_over or ask.client_id != client_id or ask.expires_s <= self.clock.now():
            raise Refusal(400, "invalid device code", is_plain=True)
        if not ask.approver:
            raise Refusal(400, "authorization_pending", is_plain=True)
        ask.is_over = True
        return self._hand_out(self._grant(client_id, ask.approver, ask.scopes))

    def _from_refresh(self, client_id: str, token: str) -> Answer:
        renewal = self.renewals.get(token)
        if renewal is None or renewal.grant.client_id != client_id or renewal.expires_s <= self.clock.now():
            raise Refusal(400, "Invalid refresh token")
        is_public = self.clients[client_id] is None
        if is_public:
            del self.renewals[token]
        self.grants.pop(renewal.grant.token, None)
        grant = self._grant(client_id, renewal.grant.login, renewal.grant.scopes)
        if is_public:
            return self._hand_out(grant)
        self.renewals[token] = Renewal(grant, self.clock.now() + REFRESH_S)
        return self._hand_out(grant, refresh=token)

    def _validate(self, request: Request) -> Answer:
        grant = self.who(request.token)
        if grant is None:
            raise Refusal(401, "invalid access token", is_plain=True)
        body: dict[str, Any] = {"client_id": grant.client_id}
        if grant.user_id:
            body |= {"login": grant.login, "user_id": grant.user_id}
        return Answer(200, body | {"scopes": list(grant.scopes), "expires_in": self._left_s(grant)})

    def _revoke(self, form: Mapping[str, str]) -> Answer:
        if form.get("client_id", "") not in self.clients:
            raise Refusal(404, "client does not exist", is_plain=True)
        grant = self.grants.pop(form.get("token", ""), None)
        if grant is None:
            raise Refusal(400, "Invalid token", is_plain=True)
        self.renewals = {key: one for key, one in self.renewals.items() if one.grant.token != grant.token}
        return Answer()

    # ---------------------------------------------------------------------------------------------------------- tokens

    def _client(self, form: Mapping[str, str]) -> str:
        client_id = form.get("client_id", "")
        if not client_id:
            raise Refusal(400, "missing client id", is_plain=True)
        if client_id not in self.clients:
            raise Refusal(400, "invalid client", is_plain=True)
        return client_id

    def _check_secret(self, client_id: str, form: Mapping[str, str]) -> None:
        secret = self.clients[client_id]
        if secret is not None and form.get("client_secret") != secret:
            raise Refusal(403, "invalid client secret", is_plain=True)

    def _grant(self, client_id: str, login: str, scopes: tuple[str, ...]) -> Grant:
        user_id = self.find(login) if login else ""
        grant = Grant(self.ids.token(), client_id, user_id, login.lower(), scopes, self.clock.now() + self.token_s)
        self.grants[grant.token] = grant
        return grant

    def _renewal(self, grant: Grant) -> str:
        refresh = self.ids.token(50)
        self.renewals[refresh] = Renewal(grant, self.clock.now() + REFRESH_S)
        return refresh

    def _left_s(self, grant: Grant) -> int:
        return round(grant.expires_s - self.clock.now())

    def _hand_out(self, grant: Grant, refresh: str = "") -> Answer:
        body = {
            "access_token": grant.token,
            "expires_in": self._left_s(grant),
            "refresh_token": refresh or self._renewal(grant),
            "scope": list(grant.scopes),
            "token_type": "bearer",
        }
        return Answer(200, body)
