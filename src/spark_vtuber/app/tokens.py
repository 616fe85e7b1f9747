"""Tokens that open the show beyond loopback; the configuration names them."""

from collections.abc import Callable

from pydantic import SecretStr

from spark_vtuber.core.errors import SparkError

REFERENCE = "secret:"

FindSecret = Callable[[str], str]
"""Gives a secret by its name, or raises `EngineError` (`no_secret`) with the fix; `Vault.secret` is one."""


def token(reference: str, secret: FindSecret) -> SecretStr | None:
    """The secret that a key names; None where it is empty.

    Raises:
        SparkError: `plain_secret` where the key holds the secret itself, `no_secret` where it is not known.
    """
    if not reference:
        return None
    if not reference.startswith(REFERENCE):
        raise SparkError(
            "a token must not stand in the configuration",
            code="plain_secret",
            fix='name a secret: desk_token = "secret:desk", and run: spark-vtuber secrets set desk',
        )
    return SecretStr(secret(reference.removeprefix(REFERENCE)))
