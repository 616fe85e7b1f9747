"""One file over HTTP, so that it can be cut at any instant and goes on from there (RFC 9110, sections 13 and 14).

What is not complete lies in `NAME.part`, and beside it `NAME.part.json` says of which version of the file it is. It
goes on with `Range`, and with `If-Range` where the server named a version, so that a file that changed meanwhile
begins anew. A server is not believed: not its lengths, not its redirects, not its coding.
"""

import errno
import hashlib
import json
import os
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights.receipts import BLOCK_BYTES, put

if TYPE_CHECKING:
    from hashlib import _Hash

MOST_REDIRECTS: Final = 5
LONGEST_NOTE_BYTES: Final = 16_384
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class TransferError(SparkError):
    """A file could not be had. `retryable` tells whether trying again may help; a part stays where it helps."""

    def __init__(
        self, code: str, message: str, fix: str, *, retryable: bool = False, wait_s: float | None = None
    ) -> None:
        super().__init__(message, code=code, fix=fix)
        self.retryable = retryable
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Source:
    """What is fetched: its address, and its length and SHA-256 where they are known.

    More than `limit_bytes` are never taken. `headers` (a token) go to the address's own host only, and only over TLS or
    to this machine.
    """

    url: str
    size_bytes: int | None
    sha256: str | None
    limit_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetched:
    """How far a file is: bytes that are there, of all of them where that is known; `sha256` once it is complete."""

    done_bytes: int
    of_bytes: int | None
    sha256: str = ""


@dataclass(slots=True)
class _Part:
    """What is there already of a file, hashed."""

    path: Path
    done_bytes: int = 0
    digest: "_Hash" = field(default_factory=hashlib.sha256)

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def read(self) -> None:
        """Hash what is there; nothing of it where it cannot be read."""
        self.done_bytes, self.digest = 0, hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    self.digest.update(block)
                    self.done_bytes += len(block)
        except FileNotFoundError:
            return

    def begin(self) -> None:
        """Forget what is there."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)
        self.done_bytes, self.digest = 0, hashlib.sha256()

    def version(self, url: str) -> str:
        """The version that the server named for what is there; empty where it is of another address or unknown."""
        try:
            if self.note.stat().st_size > LONGEST_NOTE_BYTES:
                return ""
            note = json.loads(self.note.read_text(encoding="utf-8"))
            version = note["version"] if note["url"] == url else ""
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ""
        return version if isinstance(version, str) and version.isascii() and version.isprintable() else ""


def fetch(client: httpx.Client, source: Source, part: Path) -> Generator[Fetched, None, None]:
    """Fetch a file into `part`, from where that ends; how far it is after every piece, the last with the checksum.

    Blocks. Closing the iterator, or an error, leaves the part for the next time, except where what came is not what was
    asked for.

    Raises:
        TransferError: what the server did, or the disk.
    """
    try:
        yield from _fetch(client, source, _Part(part))
    except httpx.TimeoutException as error:
        raise _passing("timeout", f"{_host(source.url)} was silent too long") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise TransferError("bad_url", f"{source.url} is no address", "mend it in the catalogue") from error
    except httpx.HTTPError as error:
        raise _passing("cut", f"the connection to {_host(source.url)} broke ({type(error).__name__})") from error
    except OSError as error:
        raise _disk(error, part) from error


def _fetch(client: httpx.Client, source: Source, part: _Part) -> Iterator[Fetched]:
    part.path.parent.mkdir(parents=True, exist_ok=True)
    part.read()
    version = part.version(source.url)
    if part.done_bytes and not version and not source.sha256:
        part.begin()
    headers = {"accept-encoding": "identity"}
    if part.done_bytes:
        headers["range"] = f"bytes={part.done_bytes}-"
        headers |= {"if-range": version} if version else {}
    answer = _ask(client, source, headers)
    try:
        if answer.status_code == 416 and part.done_bytes:
            yield _complete_already(source, part, answer)
            return
        of_bytes = _accept(source, part, answer)
        yield Fetched(part.done_bytes, of_bytes)
        yield from _store(source, part, answer, of_bytes)
    finally:
        answer.close()
    yield _checked(source, part, of_bytes)


def _ask(client: httpx.Client, source: Source, headers: Mapping[str, str]) -> httpx.Response:
    """The answer that is not a redirect, open for reading."""
    url, origin = source.url, _origin(source.url)
    for _ in range(MOST_REDIRECTS + 1):
        is_safe = urlsplit(url).scheme == "https" or (urlsplit(url).hostname or "") in LOOPBACK
        secret = source.headers if is_safe and _origin(url) == origin else {}
        answer = client.send(client.build_request("GET", url, headers={**headers, **secret}), stream=True)
        if answer.status_code not in _REDIRECTS:
            return answer
        answer.close()
        url = _followed(url, answer.headers.get("location", ""))
    raise TransferError("redirects", f"{_host(source.url)} redirects in a circle", "try again later, or set a mirror")


def _followed(url: str, location: str) -> str:
    """Where a redirect leads: to https, or to the same host as before."""
    try:
        there = urljoin(url, location)
        parts = urlsplit(there)
        is_allowed = bool(parts.hostname) and parts.username is None
        is_allowed = is_allowed and (parts.scheme == "https" or _origin(there) == _origin(url))
    except ValueError:
        there, is_allowed = location, False
    if not location or not is_allowed:
        raise TransferError(
            "redirect",
            f"{_host(url)} redirects to {_host(there) or 'nowhere'}, which is neither https nor the same host",
            "look who answers at that address; set [weights] base_url to a mirror you trust",
        )
    return there


def _accept(source: Source, part: _Part, answer: httpx.Response) -> int | None:
    """Look at the head of an answer and make the part fit to it; the length of the whole file, where it is told."""
    status, host = answer.status_code, _host(str(answer.url))
    if status in {401, 403}:
        raise TransferError(
            "refused",
            f"{host} refuses the file ({status})",
            'accept its licence on its page, and set [weights] token = "secret:huggingface" with a token of yours',
        )
    if status in {404, 410}:
        raise TransferError("gone", f"{host} has no such file ({status})", "look at its page; it may have moved")
    if status == 429 or status >= 500:
        raise _passing("busy", f"{host} answered {status}", _seconds(answer.headers.get("retry-after", "")))
    if status not in {200, 206}:
        raise TransferError("status", f"{host} answered {status}", "try again later, or set a mirror")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise TransferError("coding", f"{host} sends a coding nobody asked for", "set a mirror: [weights] base_url")
    length = _number(answer.headers.get("content-length", ""))
    if status == 206:
        start, of_bytes = _range(answer.headers.get("content-range", ""))
        if not part.done_bytes or start != part.done_bytes:
            part.begin()
            raise _passing("range", f"{host} sends another piece than was asked for")
    else:
        part.begin()
        of_bytes = length
    _check_length(source, of_bytes, host)
    if of_bytes is None and not source.sha256 and answer.headers.get("transfer-encoding", "") != "chunked":
        raise TransferError("no_length", f"{host} does not say how long the file is", "set a mirror that does")
    _remember(source, part, answer)
    return of_bytes if of_bytes is not None else source.size_bytes


def _check_length(source: Source, of_bytes: int | None, host: str) -> None:
    if of_bytes is None:
        return
    if source.size_bytes is not None and of_bytes != source.size_bytes:
        raise TransferError(
            "changed",
            f"{host} has a file of {of_bytes} bytes, and the catalogue says {source.size_bytes}",
            "it was changed there; look for a newer version of the program, or another entry",
        )
    if of_bytes > source.limit_bytes:
        raise _too_large(source, host)


def _remember(source: Source, part: _Part, answer: httpx.Response) -> None:
    """Note which version of the file the part is of; a weak tag (RFC 9110, 8.8.1) tells nothing of its bytes."""
    tag = answer.headers.get("etag", "")
    version = tag if tag.startswith('"') else answer.headers.get("last-modified", "")
    put(part.note, json.dumps({"url": source.url, "version": version}))


def _store(source: Source, part: _Part, answer: httpx.Response, of_bytes: int | None) -> Iterator[Fetched]:
    host = _host(str(answer.url))
    most = min(source.limit_bytes, of_bytes if of_bytes is not None else source.limit_bytes)
    with part.path.open("ab") as file:
        for block in answer.iter_raw():
            if part.done_bytes + len(block) > most:
                part.begin()
                raise _too_large(source, host)
            file.write(block)
            part.digest.update(block)
            part.done_bytes += len(block)
            yield Fetched(part.done_bytes, of_bytes)
        file.flush()
        os.fsync(file.fileno())
    if of_bytes is not None and part.done_bytes < of_bytes:
        raise _passing("cut", f"{host} stopped at {part.done_bytes} of {of_bytes} bytes")


def _complete_already(source: Source, part: _Part, answer: httpx.Response) -> Fetched:
    """The part is as long as the file, or longer: then it is of another one."""
    whole = _number(answer.headers.get("content-range", "").rpartition("/")[2])
    if whole != part.done_bytes:
        part.begin()
        raise _passing("range", f"{_host(source.url)} has a shorter file than the part that is here")
    return _checked(source, part, whole)


def _checked(source: Source, part: _Part, of_bytes: int | None) -> Fetched:
    found = part.digest.hexdigest()
    if source.sha256 and found != source.sha256:
        part.begin()
        raise TransferError(
            "wrong_checksum",
            f"what {_host(source.url)} sent has the SHA-256 {found[:12]}…, and {source.sha256[:12]}… is expected",
            "pull it again; if it stays so, the file was changed there: do not use it",
        )
    part.note.unlink(missing_ok=True)
    return Fetched(part.done_bytes, of_bytes if of_bytes is not None else part.done_bytes, found)


def _range(header: str) -> tuple[int | None, int | None]:
    """First byte and whole length of `bytes 5-9/10`; the length is None for `*`."""
    unit, _, rest = header.partition(" ")
    first, _, whole = rest.partition("/")
    return (_number(first.partition("-")[0]) if unit == "bytes" else None), _number(whole)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _seconds(text: str) -> float | None:
    seconds = _number(text)
    return None if seconds is None else float(min(seconds, 60))


def _passing(code: str, message: str, wait_s: float | None = None) -> TransferError:
    fix = "run the same command again: it goes on where it stopped"
    return TransferError(code, message, fix, retryable=True, wait_s=wait_s)


def _too_large(source: Source, host: str) -> TransferError:
    return TransferError(
        "too_large",
        f"{host} sends more than {source.limit_bytes} bytes",
        "look who answers there; [weights] largest_gb bounds files whose length nobody published",
    )


def _disk(error: OSError, part: Path) -> TransferError:
    if error.errno in _FULL:
        return TransferError(
            "disk_full",
            f"there is no room left in {part.parent}",
            "make room, or set [weights] dir to another disk; the same command then goes on where it stopped",
        )
    return TransferError("disk", f"{part} cannot be written: {error.strerror or error}", "set [weights] dir")


def _host(url: Any) -> str:
    try:
        return urlsplit(str(url)).hostname or ""
    except ValueError:
        return ""


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default
