"""Keys of where weights lie and where they come from."""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

from spark_vtuber.config.section import Section, key
from spark_vtuber.core.paths import at_home

HUB: Final = "https://huggingface.co"


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must begin with http:// or https:// and name a host, as in https://huggingface.co")
    if parts.username is not None:
        raise ValueError('must not hold a password; use token = "secret:NAME"')
    return url.rstrip("/")


def _folder(path: Path | None) -> Path | None:
    return at_home(path) if path is not None else None


class WeightSettings(Section):
    """Models, adapters, voices, ears and embedders that `spark-vtuber models` gets and keeps."""

    dir: Annotated[Path | None, AfterValidator(_folder)] = key(
        None, "The folder that holds them; none = `weights` in the data directory."
    )
    base_url: Annotated[str, AfterValidator(_address)] = key(
        HUB, "The hub they come from, or a mirror with the same paths."
    )
    token: str = key("", 'Secret with a token for the hub, as "secret:huggingface"; empty = none is sent.')
    largest_gb: float = key(200.0, "Longest file whose length nobody published, in GB.", gt=0, le=4_000)
