"""The pins of `requirements/constraints.txt` against what the project asks for."""

import constraints


def pins() -> str:
    return constraints.CONSTRAINTS.read_text("utf-8")


def without(name: str) -> str:
    return "".join(line for line in pins().splitlines(keepends=True) if not line.startswith(f"{name}=="))


def test_every_requirement_has_one_fitting_pin_everywhere() -> None:
    assert list(constraints.mistakes(pins())) == []


def test_a_missing_pin_is_named() -> None:
    assert any(
        mistake.startswith("anyio") and "no pin" in mistake for mistake in constraints.mistakes(without("anyio"))
    )


def test_a_pin_outside_the_asked_range_is_named() -> None:
    assert any("['3.0.0']" in mistake for mistake in constraints.mistakes(without("anyio") + "anyio==3.0.0\n"))


def test_a_pin_that_one_platform_lacks_is_named() -> None:
    text = without("anyio") + "anyio==4.16.0 ; sys_platform == 'linux'\n"
    where = {mistake.rpartition(" on ")[2].split()[0] for mistake in constraints.mistakes(text)}
    assert where == {"win32", "darwin"}


def test_a_range_is_no_pin() -> None:
    assert "not a pin: anyio>=4" in list(constraints.mistakes(without("anyio") + "anyio>=4\n"))


def test_the_resolver_never_fetches_an_interpreter() -> None:
    assert constraints.uv_environment()["UV_PYTHON_DOWNLOADS"] == "never"
