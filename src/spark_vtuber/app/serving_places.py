"""Where models and adapters lie that are called by a name: what was pulled, what was trained, what is cached."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spark_vtuber.app import weights
from spark_vtuber.config.environment import hugging_face_cache
from spark_vtuber.config.keys import Config
from spark_vtuber.core.paths import at_home, exists
from spark_vtuber.serving.quantisation import Family

ADAPTERS: Final = "adapters"
"""Folder of the data directory in which adapters of characters are looked for; `train adapter` writes them there."""

_NAME: Final = re.compile(r"^[\w.+:-]+$")
_REPOSITORY: Final = re.compile(r"^[\w.-]+/[\w.-]+$")


def model_place(config: Config, name: str, cache: Path | None = None) -> Path | None:
    """The file or folder of a model: a path, an entry that `models pull` got, or a repository in the cache of Hugging
    Face; None where it is none of these. `cache` stands in place of that of the environment.
    """
    path = at_home(name)
    if exists(path):
        return path
    if _NAME.match(name) and not name.startswith("."):
        return _in(weights.folder(config) / "model" / name, "config.json")
    return _cached(cache or hugging_face_cache(), name) if _REPOSITORY.match(name) else None


def adapter_place(config: Config, name: str, family: Family) -> Path | None:
    """The file or folder of an adapter that a character names; such a name is one component of a path at most."""
    if not _NAME.match(name) or name.startswith("."):
        return None
    own, pulled = config.data.dir / ADAPTERS, weights.folder(config) / "adapter" / name
    if family is Family.GGUF:
        files: Iterator[Path] = iter((own / f"{name}.gguf", own / name / f"{name}.gguf", pulled / f"{name}.gguf"))
        return next((file for file in files if file.is_file()), None)
    folders = (own / name / "adapter", own / name, pulled)
    return next((folder for folder in folders if (folder / "adapter_config.json").is_file()), None)


def _in(folder: Path, sign: str) -> Path | None:
    """A folder as a server takes it, or the first GGUF file in it."""
    if (folder / sign).is_file():
        return folder
    return next(iter(sorted(folder.glob("*.gguf"))), None)


def _cached(cache: Path, repository: str) -> Path | None:
    """The newest snapshot of a repository with its configuration (huggingface_hub, "Understand caching")."""
    snapshots = (cache / f"models--{repository.replace('/', '--')}" / "snapshots").glob("*/config.json")
    found = sorted(snapshots, key=lambda file: file.stat().st_mtime, reverse=True)
    return found[0].parent if found else None
