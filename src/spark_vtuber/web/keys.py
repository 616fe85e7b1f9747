"""Who may do what: the tokens of the desk and of the stage."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs

from pydantic import SecretStr

Headers = Iterable[tuple[bytes, bytes]]


class Role(StrEnum):
    """DESK may do everything, STAGE may open the stage."""

    DESK = "desk"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class _Key:
    """What opens one role: a token, kept as its digest, and the cookie that stands for it."""

    token: bytes
    cookie: str

    @classmethod
    def of(cls, role: Role, token: SecretStr) -> "_Key":
        secret = token.get_secret_value().encode()
        cookie = hmac.new(secret, f"spark-vtuber cookie {role}".encode(), hashlib.sha256).hexdigest()
        return cls(token=_digest(secret), cookie=cookie)


class Keys:
    """The tokens in force. Comparisons take the same time whatever is presented."""

    def __init__(self, *, desk: SecretStr | None, stage: SecretStr | None) -> None:
        tokens = {Role.DESK: desk, Role.STAGE: stage}
        self._keys = {role: _Key.of(role, token) for role, token in tokens.items() if token is not None}

    @property
    def are_needed(self) -> bool:
        """Whether a request must show one; without any token everybody on this machine has the desk."""
        return Role.DESK in self._keys

    def role(self, headers: Headers) -> Role | None:
        """What a request may do by its `Authorization` or its cookies."""
        presented: list[str] = []
        cookies: dict[str, str] = {}
        for name, value in headers:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                presented.append(value[7:].decode("latin-1").strip())
            elif name == b"cookie":
                cookies.update(_cookies(value.decode("latin-1")))
        for role, key in self._keys.items():
            if any(self.opens(role, token) for token in presented):
                return role
            if hmac.compare_digest(cookies.get(_cookie_name(role), "").encode(), key.cookie.encode()):
                return role
        return None

    def role_of_query(self, query: bytes) -> Role | None:
        """STAGE if the query string holds its token as `key`; the desk's token has no place in an address."""
        values = parse_qs(query.decode("latin-1")).get("key", [])
        return Role.STAGE if any(self.opens(Role.STAGE, value) for value in values) else None

    def opens(self, role: Role, token: str) -> bool:
        """Whether `token` is the one of `role`."""
        key = self._keys.get(role)
        return key is not None and hmac.compare_digest(_digest(token.encode("utf-8", "surrogatepass")), key.token)

    def cookie(self, role: Role) -> str:
        """The `Set-Cookie` value that gives a browser `role`. Raises `KeyError` where the role has no token."""
        return f"{_cookie_name(role)}={self._keys[role].cookie}; Path=/; HttpOnly; SameSite=Strict"


def _cookie_name(role: Role) -> str:
    return f"spark_{role}"


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _cookies(header: str) -> Iterator[tuple[str, str]]:
    """The names and values of a `Cookie` header (RFC 6265, 4.2.1)."""
    for pair in header.split(";"):
        name, separator, value = pair.partition("=")
        if separator:
            yield name.strip(), value.strip()
