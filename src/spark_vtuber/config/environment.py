"""What the environment gives beside keys: secrets, and the environment of child processes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SECRET_VARIABLE: Final = "SPARK_SECRET_"  # noqa: S105 - how their names begin, not a secret
"""How the variables begin that hold secrets."""

PASSPHRASE: Final = "SPARK_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The variable that opens the file with the secrets."""


def given_secrets(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The secrets that the environment holds: `SPARK_SECRET_MY_KEY` is "my-key"."""
    env = os.environ if environ is None else environ
    prefix = len(SECRET_VARIABLE)
    return {
        name[prefix:].lower().replace("_", "-"): value
        for name, value in env.items()
        if name.startswith(SECRET_VARIABLE) and value
    }


def variable_of(name: str) -> str:
    """The variable that gives the secret of a name."""
    return SECRET_VARIABLE + name.upper().replace("-", "_")


def passphrase(environ: Mapping[str, str] | None = None) -> str:
    """What opens the file with the secrets; empty where it is not set."""
    return (os.environ if environ is None else environ).get(PASSPHRASE, "")


def secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Every secret value of the environment, for what must keep them out of logs."""
    return tuple(one for one in (*given_secrets(environ).values(), passphrase(environ)) if one)


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process: ours without the secrets, plus `extra`."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(SECRET_VARIABLE) and name != PASSPHRASE
    }
    return kept | dict(extra or {})


def hugging_face_cache(environ: Mapping[str, str] | None = None) -> Path:
    """Where Hugging Face's libraries keep what they downloaded (huggingface_hub, "Environment variables")."""
    env = os.environ if environ is None else environ
    if env.get("HF_HUB_CACHE"):
        return Path(env["HF_HUB_CACHE"]).expanduser()
    home = env.get("HF_HOME") or Path(env.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"
