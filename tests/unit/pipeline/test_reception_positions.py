"""What the reception asks the guard of a line: its name, its title, its text, each where it stands."""

from dataclasses import replace

import anyio
import pytest

from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward
from spark_vtuber.core.turns import Reason
from spark_vtuber.core.verdicts import Direction, Position, Verdict
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard

LINE = ChatEvent("1", "twitch", ChatKind.REWARD, Author("id-1", "ana"), "hello there", reward=Reward("r", "Hydrate"))


class Doubts(FakeGuard):
    """Doubts what holds "maybe"."""

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The scripted verdict."""
        verdict = await super().check(text, direction, context)
        return replace(verdict, score=0.3 if "maybe" in text else 0.0)


async def received(guard: FakeGuard, event: ChatEvent) -> tuple[Inbox, Tally]:
    rig = Rig()
    inbox, tally = Inbox(("Spark",)), Tally(rig.notes, lambda _: None)
    director = Director(rig.crew(), inbox, tally, (SPARK.id,), lambda _: Casting(SPARK, ()), lambda _: None)
    reception = Reception(rig.clock, Gates(rig.clock), guard, director, tally)
    reception.receive(event)
    with anyio.move_on_after(1):
        await reception.run()
    return inbox, tally


async def test_every_part_of_a_line_is_asked_about_where_it_stands() -> None:
    guard = FakeGuard()
    await received(guard, LINE)
    assert [(text, context.position, context.source, context.author_id) for text, _, context in guard.seen] == [
        ("ana", Position.NAME, "twitch", "id-1"),
        ("Hydrate", Position.CHAT, "twitch", ""),
        ("hello there", Position.CHAT, "twitch", "id-1"),
    ]


async def test_a_mended_name_and_title_are_what_is_shown() -> None:
    guard = FakeGuard(rewrites={"ana": "***", "Hyd": "+++"})
    inbox, _ = await received(guard, LINE)
    choice = inbox.take(0, lambda _: True)
    assert choice is not None
    assert (choice.cue.author, choice.cue.event and choice.cue.event.author.name) == ("***", "***")
    assert choice.cue.event is not None
    assert choice.cue.event.reward is not None
    assert choice.cue.event.reward.title == "+++rate"


@pytest.mark.parametrize("word", ["ana", "Hydrate", "there"])
async def test_a_bad_name_title_or_text_blocks_the_line(word: str) -> None:
    inbox, tally = await received(FakeGuard((word,)), LINE)
    assert len(inbox) == 0
    assert tally.dropped[Reason.BLOCKED] == 1


@pytest.mark.parametrize(
    "event",
    [
        replace(LINE, author=Author("id-1", "maybe")),
        replace(LINE, reward=Reward("r", "maybe")),
        replace(LINE, text="maybe"),
        replace(LINE, kind=ChatKind.SUBSCRIPTION, author=Author("id-1", "maybe"), text="", reward=None),
    ],
    ids=["name", "title", "text", "name alone"],
)
async def test_a_doubt_about_any_part_is_a_doubt_about_the_line(event: ChatEvent) -> None:
    inbox, _ = await received(Doubts(), event)
    choice = inbox.take(0, lambda _: True)
    assert choice is not None
    assert choice.cue.doubt == 0.3
