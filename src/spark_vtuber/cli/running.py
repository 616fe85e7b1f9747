"""Talks to a show that is running, as its own panel would."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from spark_vtuber.app.tokens import token
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.keys import Config, Server
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.settings import Change

PATIENCE_S: Final = 130.0
"""A reload may open an engine, which may load for two minutes."""

EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what stands in the file, never bound here


def asked_to_reload(config: Config) -> list[Change]:
    """Let the show of a configuration read its configuration again; gives what changed.

    Raises:
        SparkError: `no_show`: nobody answers there; else what the show says.
    """
    return _changes(config.server, ask(config, "/api/settings/reload", {}))


def ask(config: Config, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Ask the show of a configuration: what it answers to a POST of `body`, or to a GET without one.

    Raises:
        SparkError: `no_show`: nobody answers there; else what the show says.
    """
    server = config.server
    host = EVERYWHERE.get(server.host, f"[{server.host}]" if ":" in server.host else server.host)
    secret = token(server.desk_token, open_vault(config).secret)
    headers = {"user-agent": "spark-vtuber"}
    if secret is not None:
        headers["authorization"] = f"Bearer {secret.get_secret_value()}"
    url = f"http://{host}:{server.port}{path}"
    refusal: SparkError | None = None
    try:
        if body is None:
            answer = httpx.get(url, headers=headers, timeout=PATIENCE_S, trust_env=False)
        else:
            answer = httpx.post(url, json=body, headers=headers, timeout=PATIENCE_S, trust_env=False)
        told = answer.json()
        if not answer.is_success:
            said = told["error"]
            refusal = SparkError(said["message"], code=said["code"], fix=said["fix"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _no_show(server, error) from error
    if refusal is not None:
        raise refusal
    return told


def _changes(server: Server, body: Any) -> list[Change]:
    try:
        return [Change(**one) for one in body["changed"]]
    except (KeyError, TypeError) as error:
        raise _no_show(server, error) from error


def _no_show(server: Server, error: Exception) -> SparkError:
    return SparkError(
        f"no show answers on port {server.port} ({type(error).__name__})",
        code="no_show",
        fix="start it, or give the port of its pages: --port 8080",
    )
