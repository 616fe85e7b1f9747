"""Secrets in a file of the data directory that only its owner can read, sealed one by one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from spark_vtuber.core.errors import SparkError
from spark_vtuber.vault import files
from spark_vtuber.vault.sealing import NO_KEY, SALT_BYTES, Keys, Lock

FOLDER: Final = "secrets"
NAME: Final = "secrets.json"
VERSION: Final = 1

Plaintext = Literal["never", "allowed", "always"]
"""Whether a value may be written as it is: never, where there is no key to seal it, or always."""

_SALT: Final = re.compile(rf"[0-9a-f]{{{2 * SALT_BYTES}}}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as it stands in the file."""

    text: str
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What the file holds. Names can be read without the key."""

    lock: Lock | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def is_sealed(self) -> bool:
        """Whether anything in it needs the key."""
        return any(not entry.is_plain for entry in self.entries.values())


class SecretFile:
    """`secrets/secrets.json` of a data directory, as a place of secrets."""

    def __init__(self, data_dir: Path, keys: Keys, plaintext: Plaintext = "never") -> None:
        self.path = data_dir / FOLDER / NAME
        self._keys = keys
        self._plaintext = plaintext

    def content(self) -> Content:
        """What is there now.

        Raises:
            SparkError: `unsafe` where others can reach it, `damaged`, `no_disk`.
        """
        raw = files.read(self.path)
        try:
            return Content() if raw is None else _parsed(json.loads(raw))
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise SparkError(
                f"{self.path} is damaged", code="damaged", fix="restore it, or remove it and set the secrets again"
            ) from None

    def names(self) -> tuple[str, ...]:
        """As `Place` says."""
        return tuple(sorted(self.content().entries))

    def read(self, name: str) -> str | None:
        """As `Place` says."""
        content = self.content()
        entry = content.entries.get(name)
        if entry is None or entry.is_plain:
            return entry.text if entry else None
        value = self._keys.seal(content.lock).open(name, entry.text) if content.lock else None
        if value is None:
            raise SparkError(
                f'"{name}" in {self.path} was changed by hand',
                code="damaged",
                fix=f"set it again: spark-vtuber secrets set {name}",
            )
        return value

    def write(self, name: str, value: str) -> None:
        """As `Place` says; `no_key` where there is nothing to seal it with and plaintext is not allowed."""
        with files.locked(self.path.parent):
            self._put(self._with(self.content(), name, value))

    def remove(self, name: str) -> bool:
        """As `Place` says; needs no key."""
        if name not in self.content().entries:
            return False
        with files.locked(self.path.parent):
            content = self.content()
            left = replace(content, entries={one: kept for one, kept in content.entries.items() if one != name})
            self._put(left if left.is_sealed else replace(left, lock=None))
            if content.lock and not left.is_sealed:
                self._keys.forget(content.lock)
            return name in content.entries

    def _with(self, content: Content, name: str, value: str) -> Content:
        entry, lock = Entry(value, is_plain=True), content.lock
        if self._plaintext != "always":
            try:
                lock = lock if lock and content.is_sealed else self._keys.make()
                entry = Entry(self._keys.seal(lock).close(name, value), is_plain=False)
            except SparkError as error:
                if error.code != NO_KEY or self._plaintext == "never":
                    raise
                lock = content.lock
        return Content(lock, {**content.entries, name: entry})

    def _put(self, content: Content) -> None:
        lock = content.lock
        entries = {name: {"plain" if one.is_plain else "sealed": one.text} for name, one in content.entries.items()}
        document: dict[str, Any] = {
            "version": VERSION,
            "lock": {"by": lock.by, "salt": lock.salt, "check": lock.check} if lock else None,
            "secrets": dict(sorted(entries.items())),
        }
        files.replace(self.path, json.dumps(document, indent=1).encode() + b"\n")


def _parsed(document: Any) -> Content:
    """Raises `ValueError`, `KeyError`, `TypeError` or `AttributeError` where it is not what `_put` writes."""
    if document["version"] != VERSION:
        raise ValueError("an unknown version")
    lock = document["lock"] and Lock(*(_text(document["lock"][part]) for part in ("by", "salt", "check")))  # type: ignore[arg-type]
    if lock and (lock.by not in ("keyring", "passphrase") or not _SALT.fullmatch(lock.salt)):
        raise ValueError("an unknown lock")
    return Content(lock or None, {str(name): _entry(one) for name, one in document["secrets"].items()})


def _entry(one: Any) -> Entry:
    ((kind, text),) = one.items()
    if kind not in ("plain", "sealed"):
        raise ValueError("an unknown kind")
    return Entry(_text(text), kind == "plain")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
