"""The director by hand: what is next, cancel, say this, answer this; idle talk; what was heard, word by word."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, EmoteSpan
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.lines import Lines
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.pipeline.telling import TELL_S
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel


class Stagehand:
    """A director and a reception over a rig; `declined` lines are not answered, `talkers` talk by themselves."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.records: list[TurnRecord] = []
        self.declined = ""
        self.talkers: tuple[PersonaId, ...] = ()
        self.is_listening = True
        self.ignored = ""
        self.lines = Lines(rig.clock)
        self.tally = Tally(rig.notes, lambda _: None, self.lines)
        habits = Habits(self._decline, lambda: self.talkers, lambda: 30.0, lambda _: self.is_listening)
        crew = replace(rig.crew(), is_watched=lambda: self.is_watched)
        self.is_watched = False
        personas = (SPARK.id, EMBER.id)
        self.director = Director(crew, Inbox(("Spark",)), self.tally, personas, self._cast, self.records.append, habits)
        gates = Gates(rig.clock, is_ignored=lambda _, author: author == self.ignored)
        self.reception = Reception(rig.clock, gates, rig.guard, self.director, self.tally)

    def _cast(self, cue: Cue) -> Casting:
        return Casting(EMBER if "ember" in cue.text or cue.persona == EMBER.id else SPARK, ("by name",))

    def _decline(self, cue: Cue) -> Reason | None:
        return Reason.RESERVED if self.declined and self.declined in cue.text else None

    def write(self, number: int, text: str = "hello there", **more: object) -> ChatEvent:
        event = ChatEvent(str(number), "test", ChatKind.MESSAGE, Author(f"id{number}", f"viewer{number}"), text)
        event = replace(event, **more)  # type: ignore[arg-type]  # fields of the event
        self.reception.receive(event)
        return event

    def asked(self) -> list[str]:
        return [record.cue.text for record in self.records]

    def state(self, number: int) -> tuple[str, str]:
        found = self.lines.find(str(number))
        assert found is not None
        return found.line.state.value, found.line.reason


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Stagehand]:
    hand = Stagehand(rig)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        yield hand
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def waiting(rig: Rig) -> AsyncIterator[Stagehand]:
    """Spark answers a line, three more wait: number 3 is the best."""
    async with running(rig) as hand:
        hand.write(1, "the first line")
        await anyio.sleep(0.1)
        hand.write(2, "an ordinary line")
        hand.write(3, "spark, what do you think?")
        hand.write(4, "hm")
        await anyio.sleep(0.1)
        yield hand


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def test_the_next_cues_are_told_with_their_reasons_and_stay(rig: Rig) -> None:
    async with waiting(rig) as hand:
        queue = hand.director.queue(2)
        assert (queue.waiting, queue.is_held, queue.held) == (3, False, ())
        assert [one.id for one in queue.next] == ["3", "2"]
        assert queue.next[0].scores["question"] > 0
        assert queue.next[0].reasons[:2] == ("by name", "addressed")
        assert (queue.next[0].persona, queue.next[0].waiting_s) == (SPARK.id, pytest.approx(0.1, abs=0.01))
        assert hand.director.queue(3).waiting == 3
        await anyio.sleep(60)
        assert hand.asked() == ["the first line", "spark, what do you think?", "an ordinary line", "hm"]


async def test_the_next_cue_is_cancelled(rig: Rig) -> None:
    async with waiting(rig) as hand:
        assert hand.director.drop(None) == "3"
        assert hand.state(3) == ("dropped", "operator")
        await anyio.sleep(60)
        assert hand.asked() == ["the first line", "an ordinary line", "hm"]
        assert hand.director.drop(None) is None


async def test_a_cue_is_cancelled_by_its_id(rig: Rig) -> None:
    async with waiting(rig) as hand:
        assert hand.director.drop("2") == "2"
        assert hand.director.drop("2") is None
        assert hand.director.drop("1") is None
        assert [one.id for one in hand.director.queue(5).next] == ["3", "4"]


async def test_the_operators_words_go_next_and_as_they_stand(rig: Rig) -> None:
    async with waiting(rig) as hand:
        saying = hand.director.say("We are back in five minutes.", SPARK.id)
        assert hand.director.queue(1).next[0].id == saying
        await anyio.sleep(60)
    assert hand.records[1].cue.kind is CueKind.SAY
    assert hand.records[1].heard == "We are back in five minutes."


async def test_the_operators_words_pass_the_guard(rig: Rig) -> None:
    rig.guard = FakeGuard(("blimey",))
    async with running(rig) as hand:
        hand.director.say("Well blimey.", SPARK.id)
        await anyio.sleep(20)
    assert "blimey" not in hand.records[0].said
    assert hand.records[0].blocked


async def test_what_the_operator_asked_for_does_not_grow_stale(rig: Rig) -> None:
    inbox = Inbox(("Spark",))
    for priority in (Urgency.CHAT, Urgency.ANSWER_NOW, Urgency.SAY_NOW):
        inbox.offer(rig.cue(priority=priority), 0.0)
    assert [dropped.cue.priority for dropped in inbox.drop_stale(rig.clock.now() + 900)] == [Urgency.CHAT]


async def test_a_waiting_line_is_answered_before_all_others(rig: Rig) -> None:
    async with waiting(rig) as hand:
        assert hand.director.hurry("4")
        assert not hand.director.hurry("1")
        await anyio.sleep(60)
    assert hand.asked()[:2] == ["the first line", "hm"]


async def test_a_dropped_line_is_taken_again_past_the_gates_and_through_the_guard(rig: Rig) -> None:
    async with waiting(rig) as hand:
        hand.director.drop("4")
        entry = hand.lines.find("4")
        assert entry is not None
        assert entry.event is not None
        assert hand.reception.readmit(entry.event)
        await anyio.sleep(0.1)
        assert hand.state(4) == ("waiting", "")
        await anyio.sleep(60)
        assert hand.state(4) == ("answered", "")
    assert hand.asked()[1] == "hm"
    assert hand.records[1].cue.priority == Urgency.ANSWER_NOW


async def test_a_full_reception_takes_nothing_again(rig: Rig) -> None:
    reception = Reception(rig.clock, Gates(rig.clock), rig.guard, Stagehand(rig).director, Tally(rig.notes, str), 1)
    event = ChatEvent("1", "test", ChatKind.MESSAGE, Author("a", "a"), "hi")
    assert reception.readmit(event)
    assert not reception.readmit(replace(event, id="2"))


async def test_lines_go_through_their_states(rig: Rig) -> None:
    async with waiting(rig) as hand:
        assert hand.state(1) == ("chosen", "")
        assert hand.state(2) == ("waiting", "")
        await anyio.sleep(60)
        assert hand.state(1) == ("answered", "")


async def test_an_ignored_author_is_turned_away_at_the_gate(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.ignored = "id2"
        hand.write(2, "let me in", kind=ChatKind.BITS, amount=100.0)
        hand.write(3, "hello")
        await anyio.sleep(20)
    assert hand.asked() == ["hello"]
    assert hand.state(2) == ("dropped", "ignored")
    assert rig.notes.of("chat.dropped") == [{"id": "2", "source": "test", "reason": "ignored"}]


async def test_whoever_is_ignored_in_mid_answer_is_cut_and_what_waits_of_them_leaves(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1, "a first line", author=Author("id1", "Ana"))
        await anyio.sleep(0.5)
        hand.write(2, "a second line", author=Author("id1", "Ana"))
        await anyio.sleep(0.1)
        hand.reception.retract(Reason.IGNORED, lambda event: event.author.id == "id1")
        await anyio.sleep(20)
    assert [(record.outcome, record.reason) for record in hand.records] == [(Outcome.INTERRUPTED, "ignored")]
    assert hand.state(2) == ("dropped", "ignored")


async def test_what_is_declined_is_dropped_with_the_reason_unless_the_operator_wants_it(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.declined = "boring"
        hand.write(1, "boring line")
        hand.write(2, "good line")
        await anyio.sleep(20)
        assert hand.state(1) == ("dropped", "reserved")
        entry = hand.lines.find("1")
        assert entry is not None
        assert entry.event is not None
        hand.reception.readmit(entry.event)
        await anyio.sleep(20)
    assert hand.asked() == ["good line", "boring line"]


async def test_lines_that_wait_are_sifted_when_a_character_is_set_otherwise(rig: Rig) -> None:
    async with waiting(rig) as hand:
        hand.director.hurry("4")
        hand.declined = "h"
        hand.director.sift()
        assert [one.id for one in hand.director.queue(5).next] == ["4", "2"]
        assert hand.state(3) == ("dropped", "reserved")


async def test_emotes_are_told_where_they_stand_in_the_cleaned_line(rig: Rig) -> None:
    rig.guard = FakeGuard(rewrites={"  ": " "})
    async with running(rig) as hand:
        hand.write(1, "so  Kappa", emote_spans=(EmoteSpan("Kappa", "25", 4, 9),))
        await anyio.sleep(0.1)
    assert rig.notes.of("chat.received")[0]["emotes"] == [
        {"name": "Kappa", "id": "25", "start": 3, "end": 8, "url": "/api/emotes/test/25"}
    ]


async def test_after_a_while_of_quiet_a_character_talks_by_itself(rig: Rig) -> None:
    rig.model = ScriptedModel("I wonder what whales dream of.")
    async with running(rig) as hand:
        hand.talkers = (SPARK.id,)
        hand.director.stir()
        await anyio.sleep(29)
        assert hand.director.is_idle
        await anyio.sleep(10)
    assert [(record.cue.kind, record.heard) for record in hand.records] == [
        (CueKind.IDLE, "I wonder what whales dream of.")
    ]


async def test_characters_take_turns_in_talking_by_themselves(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.talkers = (SPARK.id, EMBER.id)
        hand.director.stir()
        await anyio.sleep(160)
    assert [record.persona for record in hand.records][:4] == [SPARK.id, EMBER.id, SPARK.id, EMBER.id]


async def test_a_line_puts_idle_talk_off(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.talkers = (SPARK.id,)
        hand.director.stir()
        await anyio.sleep(25)
        hand.write(1, "hello")
        await anyio.sleep(30)
    assert [record.cue.kind for record in hand.records] == [CueKind.CHAT]


async def test_nobody_talks_by_themselves_without_a_listener(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.talkers, hand.is_listening = (SPARK.id,), False
        hand.director.stir()
        await anyio.sleep(600)
        assert hand.records == []
        hand.is_listening = True
        await anyio.sleep(60)
    assert [record.cue.kind for record in hand.records][:1] == [CueKind.IDLE]


async def test_nobody_talks_by_themselves_under_a_hold_or_after_a_panic(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.talkers = (SPARK.id,)
        hand.director.hold(is_on=True)
        await anyio.sleep(600)
        assert hand.director.is_idle
        hand.director.hold(is_on=False)
        await hand.director.panic()
        await anyio.sleep(600)
        assert hand.records == []
        hand.director.resume()
        await anyio.sleep(40)
    assert [record.cue.kind for record in hand.records] == [CueKind.IDLE]


async def test_without_talkers_a_quiet_show_waits_without_a_timer(rig: Rig) -> None:
    async with running(rig) as hand:
        await anyio.sleep(3_600)
    assert hand.records == []


async def test_what_is_heard_is_told_word_by_word_while_somebody_watches(rig: Rig) -> None:
    rig.model = ScriptedModel("Well hello there, dear chat. I was practicing all week long.")
    async with running(rig) as hand:
        hand.is_watched = True
        hand.write(1)
        await anyio.sleep(30)
    told = [(turn, data["text"]) for name, turn, data in rig.notes.events if name == "heard"]
    texts = [text for _, text in told]
    assert len(texts) >= 5
    assert {turn for turn, _ in told} == {TurnId("t1")}
    assert all(later.startswith(earlier) and later != earlier for earlier, later in itertools.pairwise(texts))
    assert hand.records[0].heard.startswith(texts[-1])
    assert len(texts) <= 30 / TELL_S


async def test_nothing_is_told_of_what_is_heard_while_nobody_watches(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1)
        await anyio.sleep(30)
    assert rig.notes.of("heard") == []
    assert hand.records[0].heard


async def test_telling_what_is_heard_does_not_change_what_counts_after_a_panic(rig: Rig) -> None:
    rig.model = ScriptedModel("Well hello there, dear chat. I was practicing all week long.")
    rig.stage = type(rig.stage)(rig.clock, flush_s=0.15)
    async with running(rig) as hand:
        hand.is_watched = True
        hand.write(1)
        await anyio.sleep(2)
        before = hand.director.turns[SPARK.id].heard.heard().text
        await hand.director.panic()
    assert len(hand.records[0].heard) - len(before) < 12


async def test_a_turn_that_is_cut_by_the_crash_of_another_says_so(rig: Rig) -> None:
    hand = Stagehand(rig)

    async def break_in_mid_answer() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hand.director.run)
            tasks.start_soon(hand.reception.run)
            hand.write(1, "hi spark")
            hand.write(2, "hi ember")
            await anyio.sleep(0.22)
            rig.stage.failure = ZeroDivisionError()

    with pytest.raises(ExceptionGroup):
        await break_in_mid_answer()
    assert sorted((record.reason, record.error) for record in hand.records) == [("", "bug"), ("crash", "")]
