"""Tokens and cookies."""

from pydantic import SecretStr

from spark_vtuber.web.keys import Keys, Role

BOTH = Keys(desk=SecretStr("desk-token"), stage=SecretStr("stage-token"))


def role(name: str, value: str, keys: Keys = BOTH) -> Role | None:
    return keys.role([(b"accept", b"*/*"), (name.encode(), value.encode())])


def test_without_tokens_nothing_is_needed_and_nothing_opens() -> None:
    keys = Keys(desk=None, stage=None)
    assert not keys.are_needed
    assert role("authorization", "Bearer ", keys) is None
    assert not keys.opens(Role.STAGE, "")


def test_a_bearer_token_opens_its_role() -> None:
    assert BOTH.are_needed
    assert role("authorization", "Bearer desk-token") is Role.DESK
    assert role("authorization", "bearer stage-token") is Role.STAGE
    assert role("authorization", "Bearer wrong") is None
    assert role("authorization", "Basic desk-token") is None


def test_a_cookie_stands_for_a_token_without_holding_it() -> None:
    cookie = BOTH.cookie(Role.DESK)
    assert "desk-token" not in cookie
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    pair = cookie.split(";")[0]
    assert role("cookie", f"other=1; {pair}") is Role.DESK
    assert role("cookie", pair + "0") is None
    assert role("cookie", pair.replace("spark_desk", "spark_stage")) is None


def test_a_cookie_ends_with_its_token() -> None:
    renewed = Keys(desk=SecretStr("another"), stage=None)
    assert role("cookie", BOTH.cookie(Role.DESK).split(";")[0], renewed) is None


def test_garbage_opens_nothing() -> None:
    assert role("cookie", 'a="; \\ =;;;\x01') is None
    assert role("cookie", "spark_desk") is None
    assert BOTH.role([(b"authorization", b"Bearer \xff\xfe")]) is None
    assert BOTH.role([(b"cookie", b"spark_desk=\xff\xfe")]) is None


def test_only_the_stage_token_may_stand_in_an_address() -> None:
    assert BOTH.role_of_query(b"a=1&key=stage-token") is Role.STAGE
    assert BOTH.role_of_query(b"key=desk-token") is None
    assert BOTH.role_of_query(b"key=") is None
    assert BOTH.role_of_query(b"") is None
    assert Keys(desk=SecretStr("d"), stage=None).role_of_query(b"key=d") is None
