"""Tokens that open the show beyond loopback; the configuration names them."""

from pydantic import SecretStr

from spark_vtuber import config as configuration
from spark_vtuber.core.errors import SparkError

REFERENCE = "secret:"


def token(reference: str) -> SecretStr | None:
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
            fix='name a secret: desk_token = "secret:desk", and set SPARK_SECRET_DESK',
        )
    return SecretStr(configuration.secret(reference.removeprefix(REFERENCE)))
