"""What every implementation of `Growth` promises, as functions that check it.

In a test: `@pytest.mark.parametrize("promise", GROWTH)`, then `await promise(growth)` with characters of which the
first has a trait that moved, and has met somebody. A broken promise raises `AssertionError` that says which one.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.growth import Growth
from spark_vtuber.core.ids import PersonaId


async def tells_states_in_their_bands(growth: Growth) -> None:
    """Every trait of a card has a value in its band, and nothing else has one."""
    for persona, state in growth.dispositions():
        _hold(set(state.traits) == {trait.name for trait in persona.traits}, "the traits are not those of the card")
        for trait in persona.traits:
            _hold(trait.low <= state.traits[trait.name].value <= trait.high, "a trait is out of its band")


async def tells_the_last_moves_with_their_causes(growth: Growth) -> None:
    """Moves are newest first, cut to the limit, and each has a cause."""
    moves = growth.moves(10)
    _hold(bool(moves), "no move is told")
    _hold(all(move.cause for move in moves), "a move has no cause")
    _hold(
        [move.at_ms for move in moves] == sorted((move.at_ms for move in moves), reverse=True), "not the newest first"
    )
    _hold(len(growth.moves(1)) == 1, "the limit does not count")
    _hold(len(growth.moves(0)) == 0, "a limit of 0 gives a move")


async def freezes_and_thaws(growth: Growth) -> None:
    """One or all are frozen, as often as it is told."""
    first = growth.dispositions()[0][0].id
    for persona, is_on in ((first, True), (None, True), (None, False), (None, False)):
        await growth.freeze(persona, is_on=is_on)
        states = [state.is_frozen for _, state in growth.dispositions()]
        _hold(states[0] is is_on, "the first is not as it was told")
        _hold(persona is not None or set(states) == {is_on}, "not all are as it was told")


async def resets_one_trait_and_keeps_the_rest(growth: Growth) -> None:
    """A trait goes back to its card; bonds stay."""
    persona, before = growth.dispositions()[0]
    trait = persona.traits[0]
    _hold(before.traits[trait.name].value != trait.value, "the trait did not move before")
    await growth.reset(persona.id, trait.name)
    after = growth.dispositions()[0][1]
    _hold(after.traits[trait.name].value == trait.value, "the trait is not reset")
    _hold(after.bonds == before.bonds, "a bond is gone")


async def resets_everything_but_the_frost(growth: Growth) -> None:
    """A character is as its card says, and as frozen as before."""
    persona, _ = growth.dispositions()[0]
    await growth.freeze(persona.id, is_on=True)
    await growth.reset(None, None)
    for one, state in growth.dispositions():
        _hold(all(state.traits[trait.name].value == trait.value for trait in one.traits), "a trait is not reset")
        _hold(not state.bonds and not state.topics, "something is remembered")
        _hold(state.is_frozen is (one.id == persona.id), "a reset freezes or thaws")


async def refuses_who_or_what_is_not_there(growth: Growth) -> None:
    """Unknown characters and traits are errors that change nothing."""
    before = growth.dispositions()
    calls = (
        (growth.freeze(PersonaId("nobody"), is_on=True), "unknown_persona"),
        (growth.reset(PersonaId("nobody"), None), "unknown_persona"),
        (growth.reset(None, "no such trait"), "unknown_trait"),
    )
    for call, code in calls:
        try:
            await call
        except SparkError as error:
            _hold(error.code == code, f"the code is not {code}")
        else:
            raise AssertionError(f"{code} is not refused")
    _hold(growth.dispositions() == before, "a refusal changes something")


GROWTH: Final[tuple[Callable[[Growth], Awaitable[None]], ...]] = (
    tells_states_in_their_bands,
    tells_the_last_moves_with_their_causes,
    freezes_and_thaws,
    resets_one_trait_and_keeps_the_rest,
    resets_everything_but_the_frost,
    refuses_who_or_what_is_not_there,
)


def _hold(is_kept: bool, what: str) -> None:
    if not is_kept:
        raise AssertionError(what)
