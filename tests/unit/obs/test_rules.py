"""Which scene an event asks for."""

from typing import Any

import pytest

from spark_vtuber.core.desk import Event
from spark_vtuber.obs.rules import Reactions, Rule, Wish

RAID = Rule("chat.received", "Party", {"kind": "raid"}, for_s=10.0)
FAILED = Rule("turn.ended", "Sorry", {"record.outcome": "failed"})


def event(type: str, **data: Any) -> Event:
    return Event(1, 0, type, None, data)


@pytest.fixture
def reactions() -> Reactions:
    reactions = Reactions()
    reactions.revise([RAID, FAILED], "Safety", returns=True)
    return reactions


def test_a_rule_fits_its_event_and_no_other(reactions: Reactions) -> None:
    assert reactions.take(event("chat.received", kind="raid"), "Live") == Wish("Party", 10.0)
    assert reactions.take(event("chat.received", kind="message"), "Live") is None
    assert reactions.take(event("chat.received"), "Live") is None
    assert reactions.take(event("chat.chosen", kind="raid"), "Live") is None


def test_a_name_leads_into_inner_objects(reactions: Reactions) -> None:
    assert reactions.take(event("turn.ended", record={"outcome": "failed"}), "Live") == Wish("Sorry")
    assert reactions.take(event("turn.ended", record="failed"), "Live") is None


def test_a_panic_asks_for_safety_and_resume_for_what_was_on_air(reactions: Reactions) -> None:
    assert reactions.take(event("panic"), "Live") == Wish("Safety")
    assert reactions.is_panic
    assert reactions.take(event("chat.received", kind="raid"), "Safety") is None
    assert reactions.take(event("panic"), "Safety") == Wish("Safety")
    assert reactions.take(event("resume"), "Safety") == Wish("Live")
    assert not reactions.is_panic


def test_a_scene_that_a_person_chose_during_a_panic_stays(reactions: Reactions) -> None:
    reactions.take(event("panic"), "Live")
    assert reactions.take(event("resume"), "Break") is None


def test_resume_without_a_panic_or_without_the_wish_to_return_changes_nothing(reactions: Reactions) -> None:
    assert reactions.take(event("resume"), "Live") is None
    reactions.revise([], "Safety", returns=False)
    reactions.take(event("panic"), "Live")
    assert reactions.take(event("resume"), "Safety") is None


def test_without_a_safety_scene_a_panic_only_stops_the_rules() -> None:
    reactions = Reactions()
    reactions.revise([RAID], "", returns=True)
    assert reactions.take(event("panic"), "Live") is None
    assert reactions.take(event("chat.received", kind="raid"), "Live") is None
    assert reactions.take(event("resume"), "Live") is None


def test_a_panic_survives_new_rules(reactions: Reactions) -> None:
    reactions.take(event("panic"), "Live")
    reactions.revise([RAID], "Safety", returns=True)
    assert reactions.is_panic
    assert reactions.take(event("resume"), "Safety") == Wish("Live")
