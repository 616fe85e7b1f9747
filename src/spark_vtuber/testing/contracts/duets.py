"""What every facet of duets keeps to: the real one and the fake.

Each promise is a coroutine over a facet with the personas `main` and `twin`, of which nobody speaks, and whose guard
refuses the word "forbidden". A broken promise raises `AssertionError` that says which.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from spark_vtuber.core.duets import DuetPhase, Duets
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId


async def what_was_asked_for_is_begun(duets: Duets) -> None:
    """Topic, tension, length and opener are as asked."""
    begun = await duets.start("tea", "one hates it", 2, PersonaId("twin"))
    plan = begun.plan
    _hold(plan is not None and (plan.topic, plan.tension) == ("tea", "one hates it"), "the topic is another")
    _hold(plan is not None and (plan.opener, plan.second) == ("twin", "main"), "somebody else begins")
    _hold((begun.phase, begun.of) == (DuetPhase.RUNNING, 4), "two exchanges are not four steps")
    _hold(duets.state().id == begun.id, "the state is that of another duet")


async def what_is_left_out_is_chosen(duets: Duets) -> None:
    """A duet needs nothing to be said about it."""
    plan = (await duets.start()).plan
    _hold(plan is not None and bool(plan.topic) and 2 <= plan.exchanges <= 8, "no topic, or no length, was chosen")


async def one_runs_at_a_time(duets: Duets) -> None:
    """A second one is refused until the first ended."""
    await duets.start("tea")
    await _refused(duets, "duet_running", topic="coffee")
    _hold(duets.stop(), "the running one cannot be stopped")
    _hold(not duets.stop(), "it is stopped twice")
    _hold(duets.state().reason == "stopped", "the state does not say how it ended")
    await duets.start("coffee")


async def what_cannot_be_is_refused(duets: Duets) -> None:
    """Nothing begins after a refusal, which says what to do."""
    await _refused(duets, "bad_exchanges", exchanges=9)
    await _refused(duets, "bad_exchanges", exchanges=1)
    await _refused(duets, "unknown_persona", opener=PersonaId("nobody"))
    await _refused(duets, "blocked", topic="a forbidden thing")
    await _refused(duets, "blocked", topic="tea", tension="a forbidden thing")
    _hold(duets.state().phase is DuetPhase.NONE, "a refused duet runs")


DUETS: Final[tuple[Callable[[Duets], Awaitable[None]], ...]] = (
    what_was_asked_for_is_begun,
    what_is_left_out_is_chosen,
    one_runs_at_a_time,
    what_cannot_be_is_refused,
)


async def _refused(
    duets: Duets,
    code: str,
    *,
    topic: str = "",
    tension: str = "",
    exchanges: int | None = None,
    opener: PersonaId | None = None,
) -> None:
    try:
        await duets.start(topic, tension, exchanges, opener)
    except SparkError as error:
        _hold(error.code == code and bool(error.fix), f"refused as {error.code}, not {code}, or without a fix")
    else:
        raise AssertionError(f"not refused as {code}")


def _hold(is_kept: bool, broken: str) -> None:
    if not is_kept:
        raise AssertionError(broken)
