"""The ledger remembers that something was said, and not what."""

import dataclasses

from spark_vtuber.core.guarding import Selection
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.moderation.ledger import Ledger, trace
from spark_vtuber.moderation.meanings import CATEGORIES, LEVELS, meaning
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.ruling import Category
from spark_vtuber.testing.virtual import VirtualClock

BLOCK = Verdict(Decision.BLOCK, "", "word", "profanity", ((0, 4),), category="profanity", score=0.91234)
CONTEXT = GuardContext("ana", position=Position.CHAT, source="twitch", author_id="17")


async def test_an_entry_tells_everything_but_the_text() -> None:
    ledger = Ledger(b"key", VirtualClock())
    entry = ledger.note("Heck no", Direction.IN, CONTEXT, BLOCK, "v17")
    assert (entry.category, entry.rule, entry.score, entry.length, entry.spans) == (
        "profanity",
        "word",
        0.912,
        7,
        ((0, 4),),
    )
    assert (entry.source, entry.viewer, entry.position, entry.decision) == (
        "twitch",
        "v17",
        Position.CHAT,
        Decision.BLOCK,
    )
    told = repr(dataclasses.astuple(entry)).casefold()
    assert "heck" not in told
    assert "ana" not in told


async def test_the_same_text_is_recognised_and_another_installation_sees_nothing_in_it() -> None:
    assert trace(b"a", "Heck  NO") == trace(b"a", "heck no\u200b")
    assert trace(b"a", "heck no") != trace(b"a", "heck yes")
    assert trace(b"a", "heck no") != trace(b"b", "heck no")


async def test_ids_rise_with_time_and_with_every_entry() -> None:
    clock = VirtualClock()
    ledger = Ledger(b"key", clock)
    ids = [ledger.note("heck", Direction.IN, CONTEXT, BLOCK).id for _ in range(3)]
    later = Ledger(b"key", clock).note("heck", Direction.IN, CONTEXT, BLOCK).id
    assert ids == sorted(set(ids))
    assert later < 2**53, "a browser must be able to count so far"


async def test_the_oldest_entries_leave_a_full_ledger() -> None:
    ledger = Ledger(b"key", VirtualClock(), capacity=3)
    ids = [ledger.note(f"heck {number}", Direction.IN, CONTEXT, BLOCK).id for number in range(10)]
    assert [entry.id for entry in ledger.page(10, None, Selection())] == ids[:-4:-1]
    assert ledger.oldest == ids[-3]


async def test_only_what_is_wanted_is_found() -> None:
    ledger = Ledger(b"key", VirtualClock())
    ledger.note("heck", Direction.IN, CONTEXT, BLOCK, "v17")
    ledger.note("heck", Direction.OUT, GuardContext(position=Position.CLAUSE, turn="t1"), BLOCK)
    (out,) = ledger.page(10, None, Selection(direction=Direction.OUT))
    assert (out.turn, out.position, out.viewer) == ("t1", Position.CLAUSE, "")
    assert len(ledger.page(10, None, Selection(viewer="v17"))) == 1
    assert ledger.page(10, out.id, Selection(position=Position.CLAUSE)) == []


def test_every_category_and_level_is_explained() -> None:
    assert set(CATEGORIES) == set(Category)
    assert set(LEVELS) == {"strict", "pg-13", "off"}
    texts = [meaning(Decision.BLOCK, category, "some_rule") for category in Category]
    assert len(set(texts)) == len(texts)


def test_a_rule_that_nobody_explained_gets_the_words_of_its_category() -> None:
    assert meaning(Decision.BLOCK, "threat", "deed") == CATEGORIES[Category.THREAT].text
    assert meaning(Decision.BLOCK, "", "never_heard_of_it")
    assert "spoken" in meaning(Decision.BLOCK, "threat", "deed_spoken")
    assert meaning(Decision.BLOCK, "profanity", "masked") != meaning(Decision.REWRITE, "link", "masked")
