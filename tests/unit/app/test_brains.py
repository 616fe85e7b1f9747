from typing import Any

import httpx
import pytest

from spark_vtuber.app.brains import Minds, choice_for, servers_here
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.keys import AUTO, Config, Fallback
from spark_vtuber.config.load import EngineChoice, Settings
from spark_vtuber.config.section import Section
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.health.board import Board
from spark_vtuber.llm.discovery import FoundServer
from spark_vtuber.testing.crews import SPARK, Notes
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualClock

OLLAMA = FoundServer("Ollama", "http://127.0.0.1:11434/v1", ("llama",))


class Bench:
    """Minds with everything around them."""

    def __init__(self, forced: Fallback | None = None) -> None:
        clock = VirtualClock()
        self.board = Board(clock, Notes())
        self.stand_ins = StandIns(forced or Fallback(), self.board)
        self.understudy = ScriptedModel("No brain here.")
        self.minds = Minds(self.understudy, clock, self.board, self.stand_ins, failures=lambda: 2)

    def state(self, name: str = "llm:main") -> str:
        return next(one.state for one in self.board.components if one.name == name)


def settings(llm: EngineChoice) -> Settings:
    return Settings(Config(), None, {"main": {"llm": llm}})


def test_what_is_configured_is_used_whatever_was_found() -> None:
    chosen = EngineChoice("openai", Section())
    assert choice_for(settings(chosen), "main", (OLLAMA,)) is chosen


def test_without_configuration_the_first_server_that_was_found_is_used() -> None:
    choice = choice_for(settings(EngineChoice(AUTO, Section())), "main", (OLLAMA,))
    assert choice is not None
    assert choice.options.model_dump()["base_url"] == OLLAMA.base_url


def test_the_understudy_is_used_when_nothing_was_found_or_it_is_asked_for() -> None:
    assert choice_for(settings(EngineChoice(AUTO, Section())), "main", ()) is None
    assert choice_for(settings(EngineChoice("understudy", Section())), "main", (OLLAMA,)) is None


async def test_a_persona_without_a_model_is_shown_as_degraded_with_what_would_help() -> None:
    bench = Bench()
    bench.minds.add(SPARK.id, None)
    component = bench.board.components[0]
    assert (component.name, component.state) == ("llm:main", "degraded")
    assert "Ollama" in component.fix
    assert bench.minds.brains(SPARK.id).model is None


async def test_an_open_breaker_shows_and_a_success_clears_it() -> None:
    bench = Bench()
    bench.minds.add(SPARK.id, ScriptedModel())
    breaker = bench.minds.brains(SPARK.id).breaker
    assert bench.state() == "ok"
    breaker.failed("timeout")
    breaker.failed("timeout")
    assert bench.state() == "degraded"
    breaker.succeeded()
    assert bench.state() == "ok"


async def test_the_stand_in_counts_from_the_next_turn_on_and_can_be_left() -> None:
    bench = Bench(Fallback(llm="understudy"))
    model = ScriptedModel()
    bench.minds.add(SPARK.id, model)
    assert bench.minds.brains(SPARK.id).model is None
    assert bench.state("fallback:llm") == "degraded"
    bench.stand_ins.switch("llm", "")
    assert bench.minds.brains(SPARK.id).model is model
    assert bench.state("fallback:llm") == "off"


async def test_switching_back_what_was_never_switched_changes_nothing() -> None:
    bench = Bench()
    bench.stand_ins.switch("tts", "")
    assert bench.board.components == ()


@pytest.mark.parametrize(
    ("module", "stand_in", "code"), [("cat", "dog", "unknown_module"), ("llm", "dog", "unknown_stand_in")]
)
async def test_an_unknown_switch_is_refused_with_what_there_is(module: str, stand_in: str, code: str) -> None:
    with pytest.raises(SparkError) as caught:
        Bench().stand_ins.switch(module, stand_in)
    assert caught.value.code == code
    assert caught.value.fix


async def test_a_probe_asks_the_model_for_one_word() -> None:
    bench = Bench()
    model = ScriptedModel()
    bench.minds.add(SPARK.id, model)
    await bench.minds.probe(SPARK)
    assert [request.max_tokens for request in model.requests] == [1]


async def test_a_probe_of_a_failing_model_fails_and_one_without_a_model_does_not() -> None:
    bench = Bench()
    bench.minds.add(SPARK.id, None)
    await bench.minds.probe(SPARK)
    bench.minds.add(SPARK.id, ScriptedModel(fail_at=0))
    with pytest.raises(EngineError):
        await bench.minds.probe(SPARK)


@pytest.mark.parametrize(
    ("table", "looked_at"),
    [
        ({}, {11434, 8000, 1234}),
        ({"engine": {"use": "llamacpp", "port": 9321}}, {9321, 11434, 8000, 1234}),
        ({"discovery": {"on": False}}, set[int]()),
    ],
)
async def test_servers_are_looked_for_where_the_configuration_starts_one_and_nowhere_when_told_not_to(
    table: dict[str, Any], looked_at: set[int]
) -> None:
    asked: set[int] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.add(request.url.port or 80)
        return httpx.Response(404)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        assert await servers_here(Config.model_validate(table), http) == ()
    assert asked == looked_at
