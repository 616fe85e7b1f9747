"""The fakes of steering and the real facets keep the same promises."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from spark_vtuber.app.personas import Company
from spark_vtuber.app.steering import ChatBook, Helm
from spark_vtuber.app.viewers import IgnoredViewers
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import Personas
from spark_vtuber.core.steering import ChatLine, ChatLines, Held, LineState
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.lines import Lines
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.contracts.steering import LINES, STEERING, TEMPERS, Scene
from spark_vtuber.testing.crews import EMBER, SPARK, Notes, Rig
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.steering import FakeLines, FakePersonas, FakeSteering


def event(name: str, text: str = "what is that?") -> ChatEvent:
    return ChatEvent(name, "twitch", ChatKind.MESSAGE, Author(f"id{name}", f"viewer{name}"), text)


def cue(name: str) -> Cue:
    return Cue(CueId(name), CueKind.CHAT, "hello", "ana", event(name))


@pytest.mark.parametrize("promise", STEERING)
async def test_the_fake_keeps_the_contract_of_steering(promise: Callable[[Scene], Awaitable[None]]) -> None:
    fake = FakeSteering()
    fake.is_on = True
    fake.waiting += [cue("2"), cue("3")]
    fake.held.append(Held(TurnId("t1"), PersonaId("main"), cue("1"), "Hi.", is_complete=True))
    await promise(Scene(fake, "2", "3", TurnId("t1")))


class Machine:
    """A director and a reception over a rig."""

    def __init__(self) -> None:
        rig = self.rig = Rig()
        self.lines = Lines(rig.clock)
        tally = Tally(rig.notes, lambda _: None, self.lines)
        director = self.director = Director(
            rig.crew(), Inbox(("Spark",)), tally, (SPARK.id,), lambda _: Casting(SPARK, ("alone",)), lambda _: None
        )
        self.reception = Reception(rig.clock, Gates(rig.clock), rig.guard, director, tally)


@pytest.mark.parametrize("promise", STEERING)
async def test_the_helm_keeps_the_contract_of_steering(promise: Callable[[Scene], Awaitable[None]]) -> None:
    machine = Machine()
    helm = Helm(machine.director, machine.reception, machine.lines, (SPARK.id,))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(machine.director.run)
        tasks.start_soon(machine.reception.run)
        helm.hold(is_on=True)
        for name, text in (("1", "hello"), ("2", "is this the first question?"), ("3", "hm")):
            machine.reception.receive(event(name, text))
            await anyio.sleep(5)
        await promise(Scene(helm, "2", "3", TurnId("t1")))
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("promise", LINES)
async def test_the_fake_keeps_the_contract_of_lines(promise: Callable[[ChatLines], Awaitable[None]]) -> None:
    fake = FakeLines()
    fake.all += [
        ChatLine(seq, f"{seq}", 5, "twitch", ChatKind.MESSAGE, LineState.WAITING, f"v{seq}", "hi") for seq in (1, 2)
    ]
    await promise(fake)


@pytest.mark.parametrize("promise", LINES)
async def test_the_chat_book_keeps_the_contract_of_lines(promise: Callable[[ChatLines], Awaitable[None]]) -> None:
    machine = Machine()
    machine.lines.waiting(event("1"))
    machine.lines.waiting(event("2"))
    viewers = IgnoredViewers(MemoryKeepsake(), machine.rig.clock, machine.rig.notes)
    await promise(ChatBook(machine.lines, viewers, machine.reception))


@pytest.mark.parametrize("promise", TEMPERS)
async def test_the_fake_keeps_the_contract_of_tempers(promise: Callable[[Personas], Awaitable[None]]) -> None:
    await promise(FakePersonas(SPARK, EMBER))


@pytest.mark.parametrize("promise", TEMPERS)
async def test_the_company_keeps_the_contract_of_tempers(promise: Callable[[Personas], Awaitable[None]]) -> None:
    await promise(Company((SPARK, EMBER), MemoryKeepsake(), Notes()))
