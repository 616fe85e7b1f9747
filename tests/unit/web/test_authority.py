"""Which hosts and origins are ours."""

import pytest

from spark_vtuber.web.authority import OwnNames

LOCAL = OwnNames("127.0.0.1")
OPEN = OwnNames("0.0.0.0", ["Show.Example"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "127.0.0.1", "localhost:1", "LOCALHOST:8080", "[::1]:8080", "127.8.9.1"]
)
def test_loopback_is_ours_on_any_port(host: str) -> None:
    assert LOCAL.has_host(host)
    assert OPEN.has_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "0.0.0.0:8080",
        "192.168.1.5:8080",
        "127.0.0.1:8080@evil.example",
        "user@127.0.0.1",
        "127.0.0.1:80:80",
        "127.0.0.1:port",
        "[::1",
        "[fe80::1]:8080",
        "localhost\n",
        "xn--lcalhost-bcd",
    ],
)
def test_anything_else_is_foreign_on_loopback(host: str) -> None:
    assert not LOCAL.has_host(host)


def test_beyond_loopback_addresses_and_given_names_are_ours_but_no_other_name() -> None:
    assert OPEN.has_host("192.168.1.5:8080")
    assert OPEN.has_host("[fe80::1]:8080")
    assert OPEN.has_host("show.example")
    assert not OPEN.has_host("evil.example")
    assert not OPEN.has_host("0.0.0.0:8080")
    assert OwnNames("studio.lan").has_host("studio.lan:8080")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://LOCALHOST:8080", "localhost:8080"),
        ("https://localhost", "localhost:443"),
        ("http://localhost:80", "localhost"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_a_page_of_this_server_is_ours(origin: str, host: str) -> None:
    assert LOCAL.has_origin(origin, host)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "several",
        "http://evil.example",
        "http://evil.example:8080",
        "http://localhost:3000",
        "http://127.0.0.1:8080.evil.example",
        "http://127.0.0.1:8080/",
        "file://127.0.0.1:8080",
        "chrome-extension://abc",
    ],
)
def test_pages_of_other_servers_are_foreign_also_on_this_machine(origin: str) -> None:
    assert not LOCAL.has_origin(origin, "127.0.0.1:8080")
