"""What every facet of the guard keeps to: the real one and the fake.

Each promise is a coroutine. A broken one raises `AssertionError` that says which.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.guarding import BAD_PHRASE, NO_LISTS, Guarding, Selection
from spark_vtuber.core.verdicts import Decision, Direction

BAD: Final = "a bad apple"
"""A text that is blocked for the phrase "bad" of the block list."""


async def pages_of_the_ledger_do_not_overlap(guard: Guarding) -> None:
    """A page begins below the id it is asked for, and the last page says so. There are at least three entries."""
    first, has_more = await guard.book.entries(2, None, Selection())
    _hold(len(first) == 2 and has_more, "the first page is not full, or nothing comes after it")
    _hold(first[0].id > first[1].id, "the newest is not first")
    rest, has_more = await guard.book.entries(100, first[-1].id, Selection())
    _hold(not has_more and bool(rest), "the last page is not the last")
    _hold(all(entry.id < first[-1].id for entry in rest), "a page holds an entry of the one before")


async def entries_are_selected(guard: Guarding) -> None:
    """Only what is wanted is found, and every rule is explained."""
    entries, _ = await guard.book.entries(100, None, Selection())
    wanted = Selection(direction=entries[0].direction, category=entries[0].category)
    found, _ = await guard.book.entries(100, None, wanted)
    _hold(list(found) == [entry for entry in entries if wanted.holds(entry)], "the selection is not what was wanted")
    _hold(all(entry.meaning for entry in entries), "a rule is not explained")
    none, _ = await guard.book.entries(100, None, Selection(category="none"))
    _hold(list(none) == [], "something is found in a category that is not there")


async def counts_are_those_of_the_entries(guard: Guarding) -> None:
    """The hours hold as many as there are entries."""
    entries, _ = await guard.book.entries(500, None, Selection())
    counts = await guard.book.counts(24)
    _hold(sum(one.count for one in counts) == len(entries), "the counts are not those of the entries")
    _hold(list(counts) == sorted(counts, key=lambda one: one.hour_ms), "the hours are not in order")


async def a_check_is_kept_nowhere(guard: Guarding) -> None:
    """Looking at a text writes nothing down and strikes nobody."""
    before, struck = await guard.book.entries(100, None, Selection()), guard.strikes.strikes()
    opinion = await guard.words.check(BAD, Direction.IN)
    _hold(opinion.decision is Decision.BLOCK and opinion.text == "", "a phrase of the block list is not blocked")
    _hold(bool(opinion.meaning) and bool(opinion.remedies), "a block is not explained, or nothing is said to help")
    _hold(await guard.book.entries(100, None, Selection()) == before, "a check is written down")
    _hold(guard.strikes.strikes() == struck, "a check strikes somebody")


async def a_list_counts_at_once(guard: Guarding) -> None:
    """What is taken off or put on a list counts for the next look; nothing is done twice."""
    _hold(await guard.words.edit("block", "bad", is_in=False), "a phrase cannot be taken off a list")
    _hold(not await guard.words.edit("block", "bad", is_in=False), "a phrase is taken off twice")
    _hold((await guard.words.check(BAD, Direction.IN)).decision is Decision.ALLOW, "a phrase off the list blocks")
    _hold(await guard.words.edit("block", "bad", is_in=True), "a phrase cannot be put on a list")
    _hold(not await guard.words.edit("block", "bad", is_in=True), "a phrase is put on a list twice")
    _hold((await guard.words.check(BAD, Direction.OUT)).decision is Decision.BLOCK, "a phrase on the list passes")
    _hold(guard.words.stance().block == ("bad",), "the list is not told")


async def no_bad_phrase_is_taken(guard: Guarding) -> None:
    """A phrase that is blank or endless is refused."""
    for phrase in ("", " ", "x" * 1_000):
        try:
            await guard.words.edit("allow", phrase, is_in=True)
        except SparkError as error:
            _hold(error.code == BAD_PHRASE, "the code of a bad phrase is another")
        else:
            raise AssertionError("a bad phrase is taken")


async def a_viewer_is_pardoned_once(guard: Guarding) -> None:
    """Who is pardoned has no strikes; there is at least one viewer with strikes, the first of them not answered."""
    first = guard.strikes.strikes()[0]
    _hold(first.until_ms > 0, "who is not answered is not first")
    pardoned = await guard.strikes.pardon(first.key)
    _hold(pardoned is not None and pardoned.key == first.key, "another is pardoned")
    _hold(await guard.strikes.pardon(first.key) is None, "somebody is pardoned twice")
    _hold(all(struck.key != first.key for struck in guard.strikes.strikes()), "a pardoned viewer has strikes")


GUARDING: Final[tuple[Callable[[Guarding], Awaitable[None]], ...]] = (
    pages_of_the_ledger_do_not_overlap,
    entries_are_selected,
    counts_are_those_of_the_entries,
    a_check_is_kept_nowhere,
    a_list_counts_at_once,
    no_bad_phrase_is_taken,
    a_viewer_is_pardoned_once,
)
"""For a guard whose block list is "bad" alone, with three entries or more, and a viewer who is not answered."""


async def a_guard_without_lists_says_so(guard: Guarding) -> None:
    """Where there are no lists, none is told, and editing one is refused."""
    _hold(guard.words.stance().allow is None, "a list is told that is not there")
    try:
        await guard.words.edit("allow", "fine", is_in=True)
    except SparkError as error:
        _hold(error.code == NO_LISTS, "the code is not no_lists")
    else:
        raise AssertionError("a list is edited that is not there")


def _hold(is_kept: bool, what: str) -> None:
    if not is_kept:
        raise AssertionError(what)
