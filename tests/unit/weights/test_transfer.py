"""One file over HTTP, against servers that do what they like."""

import errno
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from spark_vtuber.weights import transfer
from spark_vtuber.weights.transfer import Fetched, Source, TransferError, fetch

BODY = bytes(range(256)) * 40
SHA = hashlib.sha256(BODY).hexdigest()
URL = "https://hub.example/a.bin"
SOURCE = Source(URL, len(BODY), SHA, len(BODY))
NOTED = Source(URL, None, None, 1_000_000)


@dataclass
class Server:
    """An honest server of one file, with ETag and Range; `heads` are those of the requests so far."""

    body: bytes = BODY
    etag: str = '"v1"'
    takes_ranges: bool = True
    heads: list[Mapping[str, str]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heads.append(request.headers)
        self.hosts.append(request.url.host)
        headers = {"etag": self.etag}
        wanted = request.headers.get("range")
        is_same = request.headers.get("if-range", self.etag) == self.etag
        if wanted and self.takes_ranges and is_same:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.body):
                return httpx.Response(416, headers={"content-range": f"bytes */{len(self.body)}"})
            whole = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
            return streamed(206, self.body[start:], {**headers, "content-range": whole})
        return streamed(200, self.body, headers)


def streamed(status: int, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    """As it comes from a socket: not read yet."""
    return httpx.Response(status, headers={"content-length": str(len(body)), **headers}, content=iter([body]))


def client(serve: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(serve))


def got(serve: Callable[[httpx.Request], httpx.Response], part: Path, source: Source = SOURCE) -> Fetched:
    *_, last = fetch(client(serve), source, part)
    return last


def refused(serve: Callable[[httpx.Request], httpx.Response], part: Path, source: Source = SOURCE) -> TransferError:
    with pytest.raises(TransferError) as raised:
        got(serve, part, source)
    return raised.value


def answer(status: int = 200, content: Any = BODY, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(content, bytes):
        return lambda _request: streamed(status, content, named)
    return lambda _request: httpx.Response(status, headers=named, content=content)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "sub" / "a.bin.part"


def begun(part: Path, data: bytes, version: str | None = '"v1"', url: str = URL) -> None:
    part.parent.mkdir()
    part.write_bytes(data)
    if version is not None:
        part.with_name("a.bin.part.json").write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")


def test_a_file_comes_whole_with_its_checksum(part: Path) -> None:
    server = Server()
    assert got(server, part) == Fetched(len(BODY), len(BODY), SHA)
    assert part.read_bytes() == BODY
    assert "range" not in server.heads[0]
    assert server.heads[0]["accept-encoding"] == "identity"
    assert not part.with_name("a.bin.part.json").exists()


def test_a_cut_file_goes_on_where_it_stopped(part: Path) -> None:
    begun(part, BODY[:1000])
    server = Server()
    assert got(server, part, NOTED).sha256 == SHA
    assert server.heads[0]["range"] == "bytes=1000-"
    assert server.heads[0]["if-range"] == '"v1"'
    assert part.read_bytes() == BODY


def test_a_file_that_changed_on_the_server_begins_anew(part: Path) -> None:
    begun(part, b"old" * 100)
    server = Server(etag='"v2"')
    assert got(server, part, NOTED).sha256 == SHA
    assert part.read_bytes() == BODY


def test_a_server_that_ignores_ranges_sends_it_all_again(part: Path) -> None:
    begun(part, BODY[:1000])
    assert got(Server(takes_ranges=False), part).sha256 == SHA


@pytest.mark.parametrize(
    "note", ["{", "[]", '{"url": 1}', '{"url": "https://hub.example/a.bin", "version": 7}', "x" * 20_000]
)
def test_a_part_whose_version_nobody_knows_begins_anew(part: Path, note: str) -> None:
    begun(part, b"whatever", None)
    part.with_name("a.bin.part.json").write_text(note, encoding="utf-8")
    server = Server()
    assert got(server, part, NOTED).sha256 == SHA
    assert "range" not in server.heads[0]


def test_with_a_known_checksum_a_part_without_a_version_goes_on(part: Path) -> None:
    begun(part, BODY[:5], None)
    server = Server()
    assert got(server, part).sha256 == SHA
    assert server.heads[0]["range"] == "bytes=5-"


def test_a_part_of_another_address_is_not_continued(part: Path) -> None:
    begun(part, b"other", url="https://elsewhere.example/b")
    server = Server()
    assert got(server, part, NOTED).sha256 == SHA
    assert "range" not in server.heads[0]


def test_a_weak_tag_names_no_version_but_a_date_does(part: Path) -> None:
    part.parent.mkdir()
    steps = fetch(client(answer(etag='W/"1"', last_modified="Sat, 21 Nov 2026 10:00:00 GMT")), NOTED, part)
    next(steps)
    steps.close()
    note = json.loads(part.with_name("a.bin.part.json").read_text(encoding="utf-8"))
    assert note["version"] == "Sat, 21 Nov 2026 10:00:00 GMT"


def test_a_part_that_is_complete_is_only_checked(part: Path) -> None:
    begun(part, BODY)
    assert got(Server(), part).sha256 == SHA


def test_a_part_that_is_longer_than_the_file_begins_anew(part: Path) -> None:
    begun(part, BODY + b"more")
    error = refused(Server(), part)
    assert error.code == "range"
    assert error.retryable
    assert not part.exists()


def test_another_piece_than_was_asked_for_is_not_appended(part: Path) -> None:
    begun(part, BODY[:1000])
    error = refused(answer(206, BODY[5:], content_range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}"), part)
    assert error.code == "range"
    assert not part.exists()


def test_a_piece_that_nobody_asked_for_is_not_taken(part: Path) -> None:
    assert refused(answer(206, b"x", content_range="chunks 0-0/1"), part).code == "range"


def test_a_wrong_checksum_leaves_nothing(part: Path) -> None:
    error = refused(Server(body=b"\x00" * len(BODY)), part)
    assert error.code == "wrong_checksum"
    assert not error.retryable
    assert not part.exists()


def test_another_length_than_the_catalogue_says_is_refused_before_a_byte_is_taken(part: Path) -> None:
    error = refused(Server(body=BODY + b"!"), part)
    assert error.code == "changed"
    assert not part.exists()


def test_a_body_that_is_too_long_is_cut_off(part: Path) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"\x00" * 65_536

    chunked = answer(200, endless(), transfer_encoding="chunked")
    assert refused(chunked, part, replace(NOTED, limit_bytes=300_000)).code == "too_large"
    assert not part.exists()


def test_a_length_beyond_the_limit_is_refused_at_once(part: Path) -> None:
    assert refused(Server(), part, replace(NOTED, limit_bytes=5)).code == "too_large"


def test_without_length_checksum_or_chunks_nobody_could_see_a_cut(part: Path) -> None:
    bare = httpx.Response(200, content=iter([b"x"]))
    del bare.headers["transfer-encoding"]
    assert refused(lambda _request: bare, part, NOTED).code == "no_length"


def test_a_truncated_body_is_told_and_its_part_stays(part: Path) -> None:
    error = refused(answer(200, iter([BODY[:900]]), content_length=str(len(BODY))), part)
    assert error.code == "cut"
    assert error.retryable
    assert part.read_bytes() == BODY[:900]


@pytest.mark.parametrize(
    ("status", "code", "is_retryable"),
    [
        (401, "refused", False),
        (403, "refused", False),
        (404, "gone", False),
        (410, "gone", False),
        (429, "busy", True),
        (503, "busy", True),
        (418, "status", False),
        (204, "status", False),
    ],
)
def test_a_status_is_told_for_what_it_is(part: Path, status: int, code: str, is_retryable: bool) -> None:
    error = refused(answer(status), part)
    assert (error.code, error.retryable) == (code, is_retryable)
    assert error.fix


@pytest.mark.parametrize(("header", "wait_s"), [("7", 7.0), ("99999", 60.0), ("soon", None), ("", None)])
def test_a_server_may_say_when_to_come_again(part: Path, header: str, wait_s: float | None) -> None:
    assert refused(answer(503, retry_after=header), part).wait_s == wait_s


def test_a_coding_that_nobody_asked_for_is_refused(part: Path) -> None:
    assert refused(answer(200, content_encoding="gzip"), part).code == "coding"


def redirecting(to: Mapping[str, str], then: Server) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        if (there := to.get(str(request.url))) is not None:
            then.heads.append(request.headers)
            return httpx.Response(302, headers={"location": there})
        return then(request)

    return serve


def test_a_redirect_to_https_is_followed_and_the_token_stays_behind(part: Path) -> None:
    server = Server()
    serve = redirecting({URL: "https://cdn.example/x", "https://cdn.example/x": "/y"}, server)
    assert got(serve, part, replace(SOURCE, headers={"authorization": "Bearer t"})).sha256 == SHA
    assert ["authorization" in head for head in server.heads] == [True, False, False]
    assert server.hosts == ["cdn.example"]


def test_a_token_never_goes_over_plain_http_to_another_machine(part: Path) -> None:
    server = Server()
    plain = replace(SOURCE, url="http://hub.example/a.bin", headers={"authorization": "Bearer t"})
    assert got(server, part, plain).sha256 == SHA
    assert "authorization" not in server.heads[0]


def test_a_redirect_on_the_same_plain_host_is_followed(part: Path) -> None:
    start = "http://hub.example/a.bin"
    serve = redirecting({start: "http://hub.example/b.bin"}, Server())
    assert got(serve, part, replace(SOURCE, url=start)).sha256 == SHA


@pytest.mark.parametrize(
    "location",
    [
        "http://evil.example/a.bin",
        "http://hub.example/a.bin",
        "file:///etc/passwd",
        "https://me:pw@x.example/",
        "http://[",
        "",
    ],
)
def test_any_other_redirect_is_refused(part: Path, location: str) -> None:
    assert refused(redirecting({URL: location}, Server()), part).code == "redirect"


def test_a_circle_of_redirects_ends(part: Path) -> None:
    assert refused(redirecting({URL: URL}, Server()), part).code == "redirects"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.ConnectError("no"), "cut"),
        (httpx.RemoteProtocolError("peer closed"), "cut"),
        (httpx.UnsupportedProtocol("ftp"), "bad_url"),
        (httpx.InvalidURL("?"), "bad_url"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EACCES, "Permission denied"), "disk"),
    ],
)
def test_what_breaks_is_told_by_its_code(part: Path, trouble: Exception, code: str) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        raise trouble

    assert refused(serve, part).code == code


def test_closing_it_keeps_the_part(part: Path) -> None:
    steps = fetch(
        client(answer(200, iter([BODY[:50], BODY[50:]]), content_length=str(len(BODY)), etag='"v1"')), SOURCE, part
    )
    assert next(steps) == Fetched(0, len(BODY))
    assert next(steps) == Fetched(50, len(BODY))
    steps.close()
    assert part.read_bytes() == BODY[:50]
    assert got(Server(), part).sha256 == SHA


def test_the_host_of_nothing_is_empty() -> None:
    assert transfer._host("http://[") == ""
