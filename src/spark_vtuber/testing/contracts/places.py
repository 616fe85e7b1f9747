# ruff: noqa: S101 - a contract speaks in assertions
"""What every place of secrets does."""

from collections.abc import Callable

from spark_vtuber.vault.port import Place

AWKWARD = (
    "plain",
    "two\nlines\r\n",
    " spaces around ",
    "-----BEGIN KEY-----\nMII=\n-----END KEY-----\n",
    "пароль 暗号 🔑",
    '{"json": "\\u0000"}',
    "\ufeffmark",
    "x" * 20_000,
)


def check_place(place: Place, again: Callable[[], Place]) -> None:
    """Values come back as they were, also for the next process (`again` opens the same place anew).

    Raises:
        AssertionError: the place breaks the contract.
    """
    assert place.names() == ()
    assert place.read("nobody") is None
    assert place.remove("nobody") is False
    for number, value in enumerate(AWKWARD):
        place.write(f"name-{number}", value)
    assert place.names() == again().names() == tuple(f"name-{number}" for number in range(len(AWKWARD)))
    for number, value in enumerate(AWKWARD):
        assert place.read(f"name-{number}") == value
        assert again().read(f"name-{number}") == value
    place.write("name-1", "new")
    assert again().read("name-1") == "new"
    assert place.remove("name-1") is True
    assert again().read("name-1") is None
    assert again().remove("name-1") is False
    for name in place.names():
        assert again().remove(name)
    assert place.names() == again().names() == ()
    place.write("name-0", "back")
    assert again().read("name-0") == "back"
