# ruff: noqa: S101 - a contract speaks in assertions
"""What every desk of settings keeps to: the real one and the fake."""

from spark_vtuber.core.settings import BAD_VALUE, OUTRANKED, UNKNOWN_KEY, RefusedError, Setting, SettingsDesk

KEY = "replies.max_tokens"
"""A live key that every desk under test has, with a minimum of 16."""

OUTRANKED_KEY = "server.port"
"""A key that a flag has set."""


async def check_settings(settings: SettingsDesk) -> None:
    """Hold a desk to the protocol.

    Raises:
        AssertionError: the desk breaks the contract.
    """
    old = _setting(settings, KEY)
    made = await settings.change(KEY, 50)
    assert (made.key, made.old, made.value, made.applied) == (KEY, old.value, 50, "now")
    assert (_setting(settings, KEY).value, _setting(settings, KEY).source) == (50, "overrides")
    for key, value, code in ((KEY, 3, BAD_VALUE), (OUTRANKED_KEY, 1, OUTRANKED), ("no.key", 1, UNKNOWN_KEY)):
        before = settings.listed()
        assert await _refusal(settings, key, value) == code
        assert settings.listed() == before, f"a refused change of {key} changes nothing"
    assert (await settings.change(KEY, is_reset=True)).value == old.value
    assert _setting(settings, KEY) == old
    assert await settings.reload() == [], "nothing is different"


def _setting(settings: SettingsDesk, key: str) -> Setting:
    return next(one for one in settings.listed() if one.key == key)


async def _refusal(settings: SettingsDesk, key: str, value: int) -> str:
    try:
        await settings.change(key, value)
    except RefusedError as error:
        return error.code
    return ""
