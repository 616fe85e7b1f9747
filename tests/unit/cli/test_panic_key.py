import pytest

from spark_vtuber.cli.panic_key import port_of, said


@pytest.mark.parametrize(
    ("arguments", "port"),
    [
        (["panic", "--port", "8080"], 8080),
        (["panic"], None),
        (["panic", "--port", "8080", "--json"], None),
        (["panic", "--port", "eighty"], None),
        (["panic", "--port", "٨٠"], None),
        (["panic", "--help"], None),
    ],
)
def test_only_a_plain_panic_takes_the_short_way(arguments: list[str], port: int | None) -> None:
    assert port_of(arguments) == port


def test_it_says_whether_the_show_obeyed() -> None:
    assert "resume on the page" in said({"panic": True, "restarted": False})
    assert "started again, muted" in said({"panic": True, "restarted": True})
