"""Which scene an event asks for."""

from typing import Any

import pytest

from spark_vtuber.core.desk import Event
from spark_vtuber.obs.rules import Reactions, Rule, Wish

RAID = Rule("chat.received", "Party", {"kind": "raid"}, for_s=10.0)
FAILED = Rule("turn.ended", "Sorry", {"record.outcome": "failed"})


class Room:
    """Reactions, and the scene that is on air at an instant."""

    def __init__(self, rules: list[Rule], safety_scene: str = "Safety") -> None:
        self.reactions = Reactions()
        self.reactions.revise(rules, safety_scene, returns=True)
        self.now_s = 100.0

    def at(self, type: str, on_air: str, **data: Any) -> Wish | None:
        self.reactions.saw(on_air, self.now_s)
        return self.reactions.take(Event(1, 0, type, None, data), self.now_s)


@pytest.fixture
def room() -> Room:
    return Room([RAID, FAILED])


def test_a_rule_fits_its_event_and_no_other(room: Room) -> None:
    assert room.at("chat.received", "Live", kind="raid") == Wish("Party", 10.0)
    assert room.at("chat.received", "Live", kind="message") is None
    assert room.at("chat.received", "Live") is None
    assert room.at("chat.chosen", "Live", kind="raid") is None


def test_a_name_leads_into_inner_objects(room: Room) -> None:
    assert room.at("turn.ended", "Live", record={"outcome": "failed"}) == Wish("Sorry")
    assert room.at("turn.ended", "Live", record="failed") is None


def test_a_panic_asks_for_safety_and_resume_for_what_was_on_air(room: Room) -> None:
    assert room.at("panic", "Live") == Wish("Safety")
    assert room.reactions.is_panic
    assert room.at("chat.received", "Safety", kind="raid") is None
    assert room.at("panic", "Safety") == Wish("Safety")
    assert room.at("resume", "Safety") == Wish("Live")
    assert not room.reactions.is_panic


def test_a_scene_that_a_person_chose_during_a_panic_stays(room: Room) -> None:
    room.at("panic", "Live")
    assert room.at("resume", "Break") is None


def test_a_safety_scene_that_the_watch_was_first_to_show_is_left_as_well(room: Room) -> None:
    room.at("chat.received", "Live")
    room.at("panic", "Safety")
    assert room.at("resume", "Safety") == Wish("Live")


def test_a_safety_scene_that_was_chosen_long_before_stays(room: Room) -> None:
    room.at("chat.received", "Live")
    room.at("chat.received", "Safety")
    room.now_s += 60
    room.at("panic", "Safety")
    assert room.at("resume", "Safety") is None


def test_resume_without_a_panic_or_without_the_wish_to_return_changes_nothing(room: Room) -> None:
    assert room.at("resume", "Live") is None
    room.reactions.revise([], "Safety", returns=False)
    room.at("panic", "Live")
    assert room.at("resume", "Safety") is None


def test_without_a_safety_scene_a_panic_only_stops_the_rules() -> None:
    room = Room([RAID], "")
    assert room.at("panic", "Live") is None
    assert room.at("chat.received", "Live", kind="raid") is None
    assert room.at("resume", "Live") is None


def test_a_panic_survives_new_rules(room: Room) -> None:
    room.at("panic", "Live")
    room.reactions.revise([RAID], "Safety", returns=True)
    assert room.reactions.is_panic
    assert room.at("resume", "Safety") == Wish("Live")
