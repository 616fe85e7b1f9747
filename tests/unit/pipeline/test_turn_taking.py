"""A hundred and more scenarios of turn-taking, written as data, through the real director and arbiter."""

from pathlib import Path

import pytest

from spark_vtuber.testing.turn_taking import Scenario, broken_rules, play, scenarios, unmet

DATA = Path(__file__).parents[2] / "data" / "turn_taking"
ALL = list(scenarios(DATA))


@pytest.mark.parametrize(
    "scenario", [scenario for _, scenario in ALL], ids=[f"{kind}: {scenario.name}" for kind, scenario in ALL]
)
async def test_turns_are_taken_as_written(scenario: Scenario) -> None:
    theatre = await play(scenario)
    assert unmet(scenario, theatre) == []
    assert broken_rules(theatre) == []


def test_there_are_enough_scenarios_of_every_kind() -> None:
    kinds = [kind for kind, _ in ALL]
    assert len(kinds) >= 120
    assert {kind: kinds.count(kind) >= 15 for kind in set(kinds)} == dict.fromkeys(
        ("addressing", "expertise", "interruption", "duet", "crowd", "reward", "silence"), True
    )
