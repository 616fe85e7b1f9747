"""The weights of a configuration: where they lie, what the catalogue says of them, what a pull works with."""

from pathlib import Path
from typing import Final

import httpx

from spark_vtuber.app.tokens import FindSecret, token
from spark_vtuber.config.keys import Config
from spark_vtuber.weights import catalogue
from spark_vtuber.weights.catalogue import Catalogue
from spark_vtuber.weights.pull import GB, Means

FOLDER: Final = "weights"
AGENT: Final = "spark-vtuber"
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)


def folder(config: Config) -> Path:
    """The folder of weights."""
    return config.weights.dir or config.data.dir / FOLDER


def entries(config: Config) -> Catalogue:
    """Our catalogue and the user's. Blocks on the disk."""
    return catalogue.read(folder(config) / catalogue.OWN)


def client() -> httpx.Client:
    """The client of the downloader. A proxy of the environment is used for the world, never for this machine."""
    own = ("127.0.0.1", "localhost", "[::1]")
    mounts = {f"all://{host}": None for host in own}
    return httpx.Client(timeout=TIMEOUT, mounts=mounts, headers={"user-agent": AGENT})


def means(config: Config, http: httpx.Client, secret: FindSecret) -> Means:
    """What a pull works with. Raises `SparkError` where the token is named and no place has it."""
    keys = config.weights
    found = token(keys.token, secret)
    return Means(http, keys.base_url, int(keys.largest_gb * GB), found.get_secret_value() if found else "")
