"""Two models by turns in one slot, and two models side by side: nobody's words are lost or the other's."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Adapter, PersonaView
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.llm.openai import SPEC
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.port import LLM, LLMRequest, TextDelta
from spark_vtuber.llm.swap import Slots
from spark_vtuber.pipeline.crew import Brains, Crew
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.dialects.fake import FakeServer, answer_of, network
from spark_vtuber.testing.dialects.llamacpp import FakeLlamaServer
from spark_vtuber.testing.dialects.loading import LOAD_S, FakeLmStudio, FakeOllama, FakeRouter
from spark_vtuber.testing.dialects.memory import Card
from spark_vtuber.testing.dialects.served import FakeVllm
from spark_vtuber.testing.dialects.speech import Quirk, Tempo
from spark_vtuber.testing.llm_client import client_env
from spark_vtuber.testing.models import a_request
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.voices import FakeVoice

EXCHANGES = 50


@dataclass(slots=True)
class Told:
    """What the engines report and announce."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reports: list[tuple[str, str, str]] = field(default_factory=list)

    def announce(self, type: str, /, **data: Any) -> None:
        self.events.append((type, data))

    def report(self, state: str, detail: str = "", fix: str = "") -> None:
        self.reports.append((state, detail, fix))


@asynccontextmanager
async def pair(
    first: FakeServer, second: FakeServer, told: Told | None = None, *, slot: str = "gpu0", models: tuple[str, str]
) -> AsyncIterator[dict[PersonaId, LLM]]:
    """Both characters' models, each opened as a show opens it."""
    told = told or Told()
    ports = {"slots": Slots(), "announce": told.announce, "report": told.report}
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(network(first, second))
        env = client_env(http, (SPARK, EMBER), ports)
        found = {}
        for persona, server, model in ((SPARK, first, models[0]), (EMBER, second, models[1])):
            options = OpenAIOptions(base_url=server.base_url, model=model, slot=slot)
            found[persona.id] = await stack.enter_async_context(SPEC.open(options, env))
        yield found


async def said(model: LLM, persona: PersonaView) -> str:
    async with aclosing(model.stream(request_of(persona))) as parts:
        return "".join([part.text async for part in parts if isinstance(part, TextDelta)])


def request_of(persona: PersonaView) -> LLMRequest:
    return replace(a_request("hello"), persona=persona)


def crew_of(rig: Rig, models: dict[PersonaId, LLM]) -> Crew:
    return replace(
        rig.crew(), brains=lambda persona: Brains(understudy=rig.understudy, breaker=rig.breaker, model=models[persona])
    )


async def duet(
    models: dict[PersonaId, LLM], personas: tuple[PersonaView, PersonaView] = (SPARK, EMBER)
) -> list[TurnRecord]:
    """Fifty exchanges: each character thinks while the other speaks."""
    rig = Rig()
    rig.voices = (FakeVoice(chunk_ms=5000, chars_per_s=60),)
    crew = crew_of(rig, models)
    records: list[TurnRecord] = []

    async def turn(number: int, begun: anyio.Event) -> None:
        mine = rig.turn(rig.cue(f"line {number}"), personas[number % 2])
        begun.set()
        fresh = replace(crew, stage=FakeStage(rig.clock))  # a fake stage looks through every chunk it ever got
        records.append(await run_turn(mine, fresh))

    async with anyio.create_task_group() as tasks:
        for number in range(EXCHANGES):
            begun = anyio.Event()
            tasks.start_soon(turn, number, begun)
            await begun.wait()
            while len(records) < number:
                await anyio.sleep(0.1)
    return records


def check(records: list[TurnRecord], names: tuple[str, str]) -> None:
    """Everything that was thought was heard, by the right one, and nobody stood in for anybody."""
    assert len(records) == EXCHANGES
    for record in records:
        number = int(record.cue.text.removeprefix("line "))
        assert record.heard == answer_of(names[number % 2], f"line {number}"), number
        assert (record.error, record.is_degraded) == ("", False)


def vllms(card: Card) -> tuple[FakeVllm, FakeVllm]:
    first = FakeVllm(host="one.test", model="one:8b", card=card)
    second = FakeVllm(host="two.test", model="two:8b", card=Card())
    second.card, second.is_asleep = card, True
    return first, second


def same(server: FakeServer) -> tuple[FakeServer, FakeServer]:
    return server, server


MODELS = ("one:8b", "two:8b")
IN_ONE_SLOT: dict[str, Callable[[Card], tuple[FakeServer, FakeServer]]] = {
    "ollama": lambda card: same(FakeOllama(MODELS, card=card)),
    "vllm": vllms,
    "router": lambda card: same(FakeRouter(MODELS, card=card)),
}


@pytest.mark.parametrize("name", IN_ONE_SLOT)
async def test_a_duet_of_two_models_in_one_slot_loses_and_mixes_nothing(name: str) -> None:
    card = Card(room=1)
    async with pair(*IN_ONE_SLOT[name](card), models=MODELS) as models:
        records = await duet(models)

    check(records, MODELS)
    assert not [entry for entry in card.log if entry.startswith("no room")]
    assert card.log.count("load two:8b") == EXCHANGES // 2


@pytest.mark.parametrize(
    ("first", "second", "quirks"),
    [
        (FakeOllama(MODELS, "one.test"), FakeLmStudio(MODELS, "two.test"), Quirk.NONE),
        (
            FakeVllm(host="one.test", model="one:8b"),
            FakeVllm(host="two.test", model="two:8b"),
            Quirk.THOUGHT_FIELD | Quirk.COMMENTS | Quirk.NO_DONE,
        ),
    ],
)
async def test_a_duet_of_two_models_side_by_side_loses_and_mixes_nothing(
    first: FakeServer, second: FakeServer, quirks: Quirk
) -> None:
    first.quirks = second.quirks = quirks
    async with pair(first, second, slot="", models=MODELS) as models:
        check(await duet(models), MODELS)


@pytest.mark.parametrize("server", [FakeVllm(("a", "b")), FakeLlamaServer(("a", "b"), slots=1)])
async def test_a_duet_of_two_adapters_on_one_base_loses_and_mixes_nothing(server: FakeServer) -> None:
    personas = (replace(SPARK, adapter=Adapter("a")), replace(EMBER, adapter=Adapter("b")))
    async with network(server) as http:
        options = OpenAIOptions(base_url=server.base_url)
        async with SPEC.open(options, client_env(http, personas)) as model:
            records = await duet({SPARK.id: model, EMBER.id: model}, personas)

    check(records, ("a", "b"))


async def test_the_other_finishes_first_and_the_change_is_told() -> None:
    told, server = Told(), FakeOllama(MODELS, card=Card(room=1), tempo=Tempo(first_s=0.5, token_s=0.2))
    ends: dict[str, float] = {}

    async def ask(models: dict[PersonaId, LLM], persona: PersonaView) -> None:
        assert await said(models[persona.id], persona)
        ends[persona.id] = anyio.current_time()

    async with pair(*same(server), told, models=MODELS) as models:
        assert await said(models[SPARK.id], SPARK)
        told.events.clear()
        begun_s = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, models, SPARK)
            await anyio.sleep(0.1)
            tasks.start_soon(ask, models, EMBER)

    assert ends[SPARK.id] - begun_s < 5
    assert ends[EMBER.id] - ends[SPARK.id] > LOAD_S
    assert told.events == [
        ("brain.changing", {"persona": EMBER.id, "model": "two:8b"}),
        ("brain.changed", {"persona": EMBER.id, "model": "two:8b", "ms": pytest.approx(LOAD_S * 1000, abs=200)}),
    ]
    assert [detail for _, detail, _ in told.reports][-2:] == [
        "changing brains: two:8b comes into the slot",
        "two:8b is in the slot",
    ]


async def test_a_change_that_nobody_waits_for_any_more_is_brought_to_its_end() -> None:
    card = Card(room=1)
    async with pair(*same(FakeOllama(MODELS, card=card)), models=MODELS) as models:
        assert await said(models[SPARK.id], SPARK)
        with anyio.move_on_after(LOAD_S / 2):
            await said(models[EMBER.id], EMBER)
        await anyio.sleep(LOAD_S)
        assert card.loaded == ["two:8b"]
        begun_s = anyio.current_time()
        assert await said(models[EMBER.id], EMBER) == answer_of("two:8b", "hello")
        assert anyio.current_time() - begun_s < LOAD_S / 2


async def test_the_same_model_is_not_changed_for_another_character() -> None:
    card = Card(room=1)
    async with pair(*same(FakeOllama(MODELS, card=card)), models=("one:8b", "one:8b")) as models:
        for persona in (SPARK, EMBER, SPARK):
            assert await said(models[persona.id], persona)

    assert card.log == ["load one:8b"]


async def test_a_model_that_does_not_come_is_an_error_and_the_next_answer_tries_again() -> None:
    told = Told()
    first, second = vllms(Card(room=1))
    async with pair(first, second, told, models=MODELS) as models:
        first.is_down = True
        with pytest.raises(EngineError) as caught:
            await said(models[EMBER.id], EMBER)
        assert caught.value.code == "server_error"
        assert told.events[-1][0] == "brain.failed"
        first.is_down = False
        assert await said(models[EMBER.id], EMBER) == answer_of("two:8b", "hello")


async def test_a_server_that_cannot_swap_says_what_to_do() -> None:
    async with pair(*same(FakeLlamaServer()), models=("", "")) as models:
        with pytest.raises(EngineError) as caught:
            await said(models[SPARK.id], SPARK)

    assert (caught.value.code, "router" in caught.value.fix) == ("no_swap", True)


async def test_a_load_without_end_is_given_up() -> None:
    server = FakeOllama(MODELS, load_s=10_000)
    options = OpenAIOptions(base_url=server.base_url, model="one:8b", slot="gpu0", load_timeout_s=60)
    async with network(server) as http, SPEC.open(options, client_env(http)) as model:
        with pytest.raises(EngineError) as caught:
            await said(model, SPARK)

    assert (caught.value.code, caught.value.retryable) == ("timeout", True)


async def test_many_askers_of_both_models_all_get_their_own() -> None:
    answers: list[tuple[str, str]] = []

    async def ask(model: LLM, persona: PersonaView) -> None:
        answers.append((persona.id, await said(model, persona)))

    server = FakeOllama(MODELS, card=Card(room=1), load_s=0.2)
    async with pair(*same(server), models=MODELS) as models, anyio.create_task_group() as tasks:
        for persona in (SPARK, EMBER) * 20:
            tasks.start_soon(ask, models[persona.id], persona)

    names = {SPARK.id: "one:8b", EMBER.id: "two:8b"}
    assert len(answers) == 40
    assert all(text == answer_of(names[PersonaId(persona)], "hello") for persona, text in answers)


async def test_a_model_that_is_told_to_come_and_never_does_is_given_up() -> None:
    class Lazy(FakeRouter):
        async def load(self, name: str) -> bool:
            return bool(name)

    server = Lazy(MODELS)
    options = OpenAIOptions(base_url=server.base_url, model="one:8b", slot="gpu0", load_timeout_s=20)
    async with network(server) as http, SPEC.open(options, client_env(http)) as model:
        with pytest.raises(EngineError, match="did not come into memory in 20 s") as caught:
            await said(model, SPARK)

    assert caught.value.fix == "raise llm.load_timeout_s"


async def test_a_server_that_is_not_there_takes_no_place() -> None:
    first, second = vllms(Card(room=1))
    async with pair(first, second, models=MODELS) as models:
        assert await said(models[SPARK.id], SPARK)
        await first.sleep({})
        first.is_down = True
        assert await said(models[EMBER.id], EMBER) == answer_of("two:8b", "hello")
        with pytest.raises(EngineError) as caught:
            await said(models[SPARK.id], SPARK)

    assert caught.value.code == "unreachable"
