import inspect

import pytest

from spark_vtuber.chat.twitch_features import CHAT, FEATURES, Feature, compared, scopes_of, wanted
from spark_vtuber.config.twitch_keys import TwitchFeatures
from spark_vtuber.testing.twitch_fake_topics import TOPICS

subscriptions = pytest.importorskip("twitchio.eventsub.subscriptions")


def test_every_switch_of_the_configuration_is_a_feature() -> None:
    assert set(TwitchFeatures.model_fields) == {one.name for one in FEATURES} - {CHAT.name}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda one: one.name)
def test_the_scopes_of_a_feature_are_those_that_its_topics_need_and_no_more(feature: Feature) -> None:
    needed: set[str] = set()
    for name in feature.topics:
        topic = getattr(subscriptions, name)
        assert inspect.isclass(topic)
        for group in TOPICS[topic.type, topic.version].scopes:
            granted = set(group) & set(feature.scopes)
            assert granted, f"{topic.type} needs one of {group}"
            needed |= granted
    assert feature.name == "write" or needed == set(feature.scopes)


def test_what_is_missing_and_what_is_too_much_is_named_by_feature() -> None:
    features = wanted(["write", "follows"])
    assert [one.name for one in features] == ["chat", "write", "follows"]
    assert scopes_of(features) == ("moderator:read:followers", "user:read:chat", "user:write:chat")
    found = compared(features, ["user:read:chat", "user:write:chat", "bits:read"])
    assert (found.missing, found.excess, found.lost) == (("moderator:read:followers",), ("bits:read",), ("follows",))
