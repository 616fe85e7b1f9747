from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from spark_vtuber.avatar.vts_link import Link, Lost, Refused, linked
from spark_vtuber.avatar.vts_protocol import Event
from spark_vtuber.core.errors import EngineError
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.vts_server import FakeVTubeStudio, fake_studio


@asynccontextmanager
async def link_to(fake: FakeVTubeStudio) -> AsyncIterator[tuple[Link, deque[Event]]]:
    heard: deque[Event] = deque()
    async with linked(fake.connect, heard.append) as link:
        yield link, heard


@asynccontextmanager
async def let_in(fake: FakeVTubeStudio) -> AsyncIterator[tuple[Link, deque[Event]]]:
    names = {"pluginName": "Test", "pluginDeveloper": "Tester"}
    async with link_to(fake) as (link, heard):
        token = (await link.ask("AuthenticationToken", names))["authenticationToken"]
        await link.ask("Authentication", names | {"authenticationToken": token})
        yield link, heard


async def test_an_answer_comes_with_the_next_frame() -> None:
    async with fake_studio(VirtualClock()) as fake, link_to(fake) as (link, _):
        began_s = anyio.current_time()
        answer = await link.ask("APIState")

        assert answer["active"] is True
        assert anyio.current_time() - began_s <= 1 / 60


async def test_an_error_is_refused_with_its_number() -> None:
    async with fake_studio(VirtualClock()) as fake, link_to(fake) as (link, _):
        with pytest.raises(Refused) as caught:
            await link.ask("CurrentModel")

        assert caught.value.number == 8


async def test_answers_find_who_asked_when_several_wait() -> None:
    async with fake_studio(VirtualClock()) as fake, let_in(fake) as (link, _):
        answers: dict[str, object] = {}

        async def ask(name: str) -> None:
            answers[name] = (await link.ask("ParameterValue", {"name": name}))["name"]

        async with anyio.create_task_group() as tasks:
            for name in ("MouthOpen", "MouthSmile", "Brows"):
                tasks.start_soon(ask, name)

        assert answers == {name: name for name in ("MouthOpen", "MouthSmile", "Brows")}


async def test_an_event_that_overtakes_its_answer_is_heard_and_the_answer_taken() -> None:
    async with fake_studio(VirtualClock()) as fake, let_in(fake) as (link, heard):
        fake.studio.echoes_ids = True
        answer = await link.ask("EventSubscription", {"eventName": "ModelMovedEvent", "subscribe": True})

        assert answer["subscribedEvents"] == ["ModelMovedEvent"]
        assert [event.kind for event in heard] == ["ModelMovedEvent"]


async def test_no_answer_in_time_is_lost() -> None:
    async with fake_studio(VirtualClock()) as fake:
        fake.is_silent = True
        began_s = anyio.current_time()
        with pytest.raises(Lost, match="APIState"):
            await ask_state(fake)

        assert anyio.current_time() - began_s == pytest.approx(3.0)


async def test_a_dropped_connection_ends_whoever_waits_at_once() -> None:
    async with fake_studio(VirtualClock()) as fake:
        fake.is_silent = True
        began_s = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drop_later, fake)
            with pytest.raises(Lost, match="closed"):
                await ask_state(fake)

        assert anyio.current_time() - began_s == pytest.approx(0.5)


async def test_a_dropped_connection_ends_a_body_that_asks_nothing() -> None:
    async with fake_studio(VirtualClock()) as fake, anyio.create_task_group() as tasks:
        tasks.start_soon(drop_later, fake)
        with pytest.raises(Lost):
            await stay(fake)


async def test_a_job_beside_the_body_ends_the_connection_with_its_error() -> None:
    async def fail() -> None:
        raise EngineError("tea", "the tea is cold")

    async with fake_studio(VirtualClock()) as fake:
        with pytest.raises(EngineError, match="the tea is cold"):
            await stay(fake, fail)

        assert fake.guests == 0


async def test_what_is_not_vtube_studio_is_lost_with_a_fix() -> None:
    async with fake_studio(VirtualClock()) as fake:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say_later, fake, "<html>")
            with pytest.raises(Lost) as caught:
                await stay(fake)

        assert "which program" in caught.value.fix


async def test_a_cancelled_question_is_forgotten_and_its_answer_disturbs_nobody() -> None:
    async with fake_studio(VirtualClock()) as fake, link_to(fake) as (link, heard):
        fake.slow_s = 1.0
        with anyio.move_on_after(0.1):
            await link.ask("APIState")
        fake.slow_s = 0.0

        assert (await link.ask("APIState"))["active"] is True
        await anyio.sleep(2)
        assert [event.kind for event in heard] == ["APIStateResponse"]


async def test_an_order_waits_for_no_answer() -> None:
    async with fake_studio(VirtualClock()) as fake, let_in(fake) as (link, _):
        began_s = anyio.current_time()
        await link.order("ExpressionActivation", {"expressionFile": "Smile.exp3.json", "active": True})

        assert anyio.current_time() == began_s
        await anyio.sleep(0.1)
        assert "Smile.exp3.json" in fake.studio.active()


async def test_nobody_there_is_lost() -> None:
    async with fake_studio(VirtualClock()) as fake:
        fake.is_away = True
        with pytest.raises(Lost):
            await ask_state(fake)


async def ask_state(fake: FakeVTubeStudio) -> None:
    async with link_to(fake) as (link, _):
        await link.ask("APIState")


async def stay(fake: FakeVTubeStudio, beside: Callable[[], Awaitable[None]] | None = None) -> None:
    """Be connected and ask nothing."""
    async with link_to(fake) as (link, _):
        if beside is not None:
            link.beside(beside)
        await anyio.sleep_forever()


async def drop_later(fake: FakeVTubeStudio) -> None:
    await anyio.sleep(0.5)
    fake.drop()


async def say_later(fake: FakeVTubeStudio, text: str) -> None:
    await anyio.sleep(0.5)
    fake.say(text)
