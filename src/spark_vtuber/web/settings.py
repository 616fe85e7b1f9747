"""What the web server must know about where it stands."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

BUNDLE: Final = Path(__file__).with_name("static")
"""Where the build of the front end puts its files."""

MAX_BODY_BYTES: Final = 64 * 1024
"""The most a request body or a text frame may hold."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the server listens and whom it serves.

    `names` are further host names under which people reach it. Beyond loopback `desk_token` is needed; with
    `stage_token` the stage can be opened without handing out the desk. `static` holds the built front end, `models`
    the models that people dropped there.
    """

    host: str = "127.0.0.1"
    names: tuple[str, ...] = field(default=())
    desk_token: SecretStr | None = None
    stage_token: SecretStr | None = None
    chat_rate_per_s: float = 200.0
    chat_burst: int = 500
    static: Path = BUNDLE
    models: Path | None = None


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
