"""What the catalogue says of weights: which files, how long, under which licence, for which engine.

Catalogues are files that anybody may drop into the data directory, so nothing in them is believed: names stay inside
their folder, addresses are http or https without a password, and `EntryError` is all that can come of one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlsplit

from spark_vtuber.core.errors import SparkError

LONGEST_TEXT: Final = 300
MOST_FILES: Final = 200
LARGEST_BYTES: Final = 4 * 1024**4
PART: Final = ".part"
"""How the name of a file ends that is not complete."""

_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,120}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_REPO: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96}")
_REVISION: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that are no files on Windows."""

_KEYS: Final = frozenset(
    {"id", "kind", "title", "licence", "engine", "quantisation", "repo", "revision", "page", "file"}
)
_FILE_KEYS: Final = frozenset({"path", "at", "url", "size", "sha256"})


class EntryError(SparkError):
    """An entry of a catalogue is wrong; the others are not touched by it."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}", code="catalogue", fix="see docs/how-to/get-a-model.md for the keys")


class Kind(StrEnum):
    """What weights are for; also the folder that holds them."""

    MODEL = "model"
    ADAPTER = "adapter"
    VOICE = "voice"
    EARS = "ears"
    EMBEDDER = "embedder"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of an entry: `path` below the entry's folder, and where it comes from.

    `at` is an address of its own, or a path below the hub's address. `size_bytes` and `sha256` (64 hexadecimal digits)
    are None where nobody published them; the first pull then writes them down.
    """

    path: str
    at: str
    size_bytes: int | None = None
    sha256: str | None = None

    def url(self, base_url: str) -> str:
        """The address of the file, for a hub at `base_url`."""
        return self.at if "://" in self.at else f"{base_url.rstrip('/')}/{self.at}"


@dataclass(frozen=True, slots=True)
class Entry:
    """Weights that can be had. `licence` is an SPDX name or one of `licences.toml`; empty = nobody said."""

    id: str
    kind: Kind
    title: str
    files: tuple[WeightFile, ...]
    licence: str = ""
    engine: str = ""
    quantisation: str = ""
    page: str = ""
    repo: str = ""

    @property
    def size_bytes(self) -> int | None:
        """Of all files together; None where one is not known."""
        sizes = [file.size_bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


def read_entry(value: Any, where: str) -> Entry:
    """The entry in a table of a catalogue; `where` names it in errors. Raises `EntryError`."""
    table = _table(value, where, _KEYS)
    name = _text(table, "id", where)
    if not _ID.fullmatch(name) or _DEVICES.fullmatch(name) or name.endswith("."):
        raise EntryError(where, "`id` has small letters, digits, dots and dashes, and 64 of them at most")
    where = f'"{name}"'
    try:
        kind = Kind(_text(table, "kind", where))
    except ValueError:
        raise EntryError(where, f"`kind` is one of {', '.join(Kind)}") from None
    repo, revision = _text(table, "repo", where), _text(table, "revision", where) or "main"
    if repo and (not _REPO.fullmatch(repo) or not _REVISION.fullmatch(revision)):
        raise EntryError(where, '`repo` is as "owner/name", `revision` a branch, tag or commit')
    page = _text(table, "page", where)
    if page and not _is_address(page):
        raise EntryError(where, "`page` is an address with http or https")
    return Entry(
        name,
        kind,
        _text(table, "title", where) or name,
        tuple(_files(table.get("file"), f"{repo}/resolve/{quote(revision, safe='')}" if repo else "", where)),
        _text(table, "licence", where),
        _text(table, "engine", where),
        _text(table, "quantisation", where),
        page,
        repo,
    )


def _files(value: Any, below: str, where: str) -> Iterator[WeightFile]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_FILES:
        raise EntryError(where, f"it has between 1 and {MOST_FILES} tables [[entry.file]]")
    seen: set[str] = set()
    for one in value:
        table = _table(one, where, _FILE_KEYS)
        path = _text(table, "path", where)
        if not is_safe_path(path):
            raise EntryError(where, f'"{path}" cannot be the path of a file below the folder of its entry')
        if path.lower() in seen:
            raise EntryError(where, f'"{path}" is there twice')
        seen.add(path.lower())
        yield WeightFile(path, _address(table, path, below, where), _size(table, where), _checksum(table, where))


def is_safe_path(path: str) -> bool:
    """Whether a path stays below its folder on every system, and no part of it means anything special."""
    parts = path.split("/")
    return len(parts) <= 4 and all(
        _NAME.fullmatch(part) and not _DEVICES.fullmatch(part) and not part.endswith((".", PART)) for part in parts
    )


def _address(table: Mapping[str, Any], path: str, below: str, where: str) -> str:
    url, at = _text(table, "url", where), _text(table, "at", where) or path
    if url:
        if not _is_address(url):
            raise EntryError(where, f'the `url` of "{path}" is no address with http or https and without a password')
        return url
    if not below:
        raise EntryError(where, f'"{path}" has no `url`, and the entry no `repo`')
    if "://" in at or at.startswith("/") or ".." in at.split("/"):
        raise EntryError(where, f'the `at` of "{path}" is a path below the repository')
    return f"{below}/{quote(at)}"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and url.isascii()
    except ValueError:
        return False


def _size(table: Mapping[str, Any], where: str) -> int | None:
    size = table.get("size")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= LARGEST_BYTES:
        raise EntryError(where, "`size` is a number of bytes")
    return size


def _checksum(table: Mapping[str, Any], where: str) -> str | None:
    checksum = _text(table, "sha256", where).lower()
    if checksum and not _SHA256.fullmatch(checksum):
        raise EntryError(where, "`sha256` has 64 hexadecimal digits")
    return checksum or None


def _table(value: Any, where: str, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise EntryError(where, "it is no table")
    if unknown := sorted(map(str, value.keys() - known)):
        raise EntryError(where, f'there is no key "{printable(unknown[0])}"; known are {", ".join(sorted(known))}')
    return value


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
        raise EntryError(where, f"`{key}` is one printable line of at most {LONGEST_TEXT} characters")
    return value.strip()


def printable(text: str) -> str:
    """One short line that a terminal can take."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_TEXT]).strip()
