import pytest

from spark_vtuber import engines
from spark_vtuber.app.chats import SOURCES, engine_of, options_of
from spark_vtuber.config.chat_keys import Chat


@pytest.mark.parametrize(
    ("twitch", "engine"),
    [
        ({}, None),
        ({"channel": "nova"}, "twitch"),
        ({"channel": "nova", "account": True}, "twitch-account"),
        ({"account": True}, "twitch-account"),
    ],
)
def test_one_engine_reads_a_channel_with_an_account_or_without(twitch: dict[str, object], engine: str | None) -> None:
    chosen = engine_of(Chat.model_validate({"twitch": twitch}), "twitch")
    assert (chosen[0] if chosen else None) == engine


def test_every_engine_gets_the_keys_of_the_table_that_are_its_own() -> None:
    chat = Chat.model_validate(
        {"twitch": {"channel": "Nova", "account": True, "features": {"ads": False}}, "replay": {"file": "x.jsonl"}}
    )
    for source in SOURCES:
        if chosen := engine_of(chat, source):
            spec = engines.spec("chat", chosen[0])
            options = options_of(spec, chosen[1])
            assert set(spec.options.model_fields) <= set(chosen[1])
            if chosen[0] == "twitch-account":
                assert (options.channel, options.features["ads"], options.features["polls"]) == ("nova", False, True)
