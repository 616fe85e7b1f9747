"""The rules of positions: what is cut, what is mended, what is refused."""

import pytest

from spark_vtuber.core.verdicts import Decision, Direction, Position
from spark_vtuber.moderation.chain import Chain, ChainGuard, ChainOptions
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.positions import PLACES, PlacedGuard
from spark_vtuber.testing.guards import FakeGuard

MENDED = sorted(position for position, place in PLACES.items() if place.is_mended)
STIFF = sorted(position for position, place in PLACES.items() if not place.is_mended)


def test_every_position_has_rules() -> None:
    assert set(PLACES) == set(Position)


@pytest.mark.parametrize("position", list(Position))
async def test_a_harmless_text_passes_at_every_position(position: Position) -> None:
    guard = PlacedGuard(ChainGuard(Chain(ChainOptions())))
    verdict = await guard.check("Kappa", Direction.IN, GuardContext(position=position))
    assert (verdict.decision, verdict.text) == (Decision.ALLOW, "Kappa")


@pytest.mark.parametrize("position", list(Position))
async def test_a_threat_passes_nowhere(position: Position) -> None:
    guard = PlacedGuard(ChainGuard(Chain(ChainOptions())))
    for direction in Direction:
        verdict = await guard.check("go kill yourself", direction, GuardContext(position=position))
        assert verdict.is_blocked
        assert verdict.text == ""


@pytest.mark.parametrize("position", MENDED)
async def test_what_is_too_long_is_cut_before_it_is_looked_at(position: Position) -> None:
    inner = FakeGuard()
    longest = PLACES[position].longest
    verdict = await PlacedGuard(inner).check("a" * (longest + 1), Direction.IN, GuardContext(position=position))
    assert (verdict.decision, len(verdict.text), verdict.reason) == (Decision.REWRITE, longest, "cut")
    assert len(inner.seen[0][0]) == longest


@pytest.mark.parametrize("position", STIFF)
async def test_what_must_stay_whole_is_refused_rather_than_cut_or_mended(position: Position) -> None:
    guard = PlacedGuard(FakeGuard(rewrites={"x": "y"}))
    context = GuardContext(position=position)
    assert (await guard.check("a" * (PLACES[position].longest + 1), Direction.OUT, context)).reason == "length"
    assert (await guard.check("axa", Direction.OUT, context)).reason == "mended"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b", "<img>", "", "a\n", "Ω"])
async def test_an_id_of_an_emote_is_a_plain_word(name: str) -> None:
    verdict = await PlacedGuard(FakeGuard()).check(name, Direction.IN, GuardContext(position=Position.EMOTE))
    assert (verdict.rule, verdict.reason) == ("position", "shape")
