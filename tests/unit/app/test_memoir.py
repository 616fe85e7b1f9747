"""What characters remember in a whole show of fakes: retold in quiet, pruned while nobody waits, bounded always."""

import json
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from spark_vtuber import engines
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.memoir import budget_of
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Component, Line
from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.turns import Mark, Reason
from spark_vtuber.llm.budget import LEAST_TOKENS
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, Message
from spark_vtuber.llm.prompt import prompt_tokens
from spark_vtuber.llm.summary_model import TASK
from spark_vtuber.moderation.chain import SPEC as CHAIN
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.tool_calls import CallingModel
from spark_vtuber.testing.virtual import VirtualClock

OpenShow = Callable[..., AbstractAsyncContextManager[Opened]]

STORY = json.dumps(
    {"story": ["Ana asked about goats.", "Somebody should kill yourself quietly.", "Chat won at cards."]}
)


class TellingModel:
    """A model for the show and, after `latency_s`, for summaries; both are kept apart."""

    def __init__(self) -> None:
        self.talk = ScriptedModel("That is a long answer about goats, mountains and cheese, and about all the rest.")
        self.telling = ScriptedModel(STORY, first_token_s=2)
        self.context_tokens: int | None = None
        self.is_shared = False
        self.takes_tools = False

    @property
    def capabilities(self) -> Capabilities:
        """With the context that a test wants."""
        return Capabilities(
            "scripted",
            "telling",
            context_tokens=self.context_tokens,
            is_shared=self.is_shared,
            takes_tools=self.takes_tools,
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """What the one that is meant says."""
        model = self.telling if request.messages[0].content == TASK else self.talk
        async for part in model.stream(request):
            yield part

    @property
    def last_prompt(self) -> tuple[Message, ...]:
        """Of the last answer to a viewer."""
        return self.talk.requests[-1].messages


@pytest.fixture
def model() -> TellingModel:
    return TellingModel()


@pytest.fixture
def open_show(troupe: Troupe, model: TellingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenShow:
    def spec(port: str, name: str) -> EngineSpec:
        return CHAIN if (port, name) == ("guard", "chain") else troupe.spec(port, name)

    troupe.model = model  # type: ignore[assignment]  # the troupe only hands it out
    monkeypatch.setattr(engines, "spec", spec)

    @asynccontextmanager
    async def opened(keys: str = "", llm: str = "openai") -> AsyncIterator[Opened]:
        file = tmp_path / "spark.toml"
        head = f'[discovery]\non = false\n[llm]\nuse = "{llm}"\n[context]\nsummarise_after = 500\n'
        file.write_text(head + keys, encoding="utf-8")
        settings = load(spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("show"), troupe.workers, aside=inline)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return opened


async def chat(show: Opened, lines: int, every_s: float = 9.0, first: int = 0) -> None:
    for number in range(first, first + lines):
        show.show.chat(Line(f"viewer{number}", f"what do you think about goat number {number} on the mountain?"))
        await anyio.sleep(every_s)


def part(show: Opened) -> Component:
    return next(one for one in show.show.components if one.name == "memoir")


async def test_in_quiet_a_model_retells_what_is_long_past(open_show: OpenShow, model: TellingModel) -> None:
    async with open_show() as show:
        show.show.chat(Line("ana", "my goat Heidi won the mountain race on sunday"))
        await chat(show, 12)
        await anyio.sleep(30)
        told = len(model.telling.requests)
        await chat(show, 1, first=99)
        prompt = "\n".join(message.content for message in model.last_prompt)
    assert told == 1
    assert 'You remember about "the show so far": "Ana asked about goats."' in prompt
    assert 'Viewer "ana" writes: "my goat Heidi won the mountain race on sunday"' in prompt
    assert "kill yourself" not in prompt
    assert "goat number 0" not in prompt
    assert part(show).state == "ok"


async def test_whoever_speaks_ends_the_telling_at_once(open_show: OpenShow, model: TellingModel) -> None:
    model.telling.first_token_s = 20
    async with open_show() as show:
        await chat(show, 12)
        with anyio.fail_after(60):
            while not model.telling.open_streams:
                await anyio.sleep(0.1)
        show.show.chat(Line("ben", "hello again spark, how are you?"))
        await anyio.sleep(0.1)
        assert model.telling.open_streams == 0
        await anyio.sleep(10)
        assert show.show.turns(1)[0].cue.text == "hello again spark, how are you?"
        model.telling.first_token_s = 1
        await anyio.sleep(30)
        assert len(model.telling.requests) == 2
        assert part(show).state == "ok"


@pytest.mark.parametrize("is_shared", [False, True], ids=["by rules", "a model that another stands in for"])
async def test_who_is_not_to_be_asked_is_not(is_shared: bool, open_show: OpenShow, model: TellingModel) -> None:
    model.is_shared = is_shared
    async with open_show("" if is_shared else 'summariser = "rules"\n') as show:
        show.show.chat(Line("ana", "my goat Heidi won the mountain race on sunday"))
        await chat(show, 13)
    prompt = "\n".join(message.content for message in model.last_prompt)
    assert model.telling.requests == []
    assert "(Notes of what happened earlier" in prompt
    assert "goat Heidi" in prompt
    assert "goat number 0" not in prompt


@pytest.mark.parametrize(("summariser", "state"), [("auto", "ok"), ("model", "degraded")])
async def test_a_model_that_tells_nonsense_is_done_without(
    summariser: str, state: str, open_show: OpenShow, model: TellingModel
) -> None:
    model.telling.answers = ("Sure! Here is a summary.",)
    async with open_show(f'summariser = "{summariser}"\n') as show:
        await chat(show, 12)
        asked = len(model.telling.requests)
        await anyio.sleep(60)
        assert len(model.telling.requests) <= asked + 1
        await chat(show, 1, first=99)
        assert part(show).state == state
        assert "only notes are kept" in part(show).detail
    assert ("goat number 0" in "".join(message.content for message in model.last_prompt)) is (summariser == "model")


async def test_without_a_model_the_understudys_show_is_kept_in_bounds_too(open_show: OpenShow) -> None:
    async with open_show(llm="understudy") as show:
        await chat(show, 3)
        assert part(show).state == "ok"


async def test_what_is_taken_back_is_not_remembered(open_show: OpenShow, model: TellingModel) -> None:
    async with open_show() as show:
        show.show.chat(Line("ana", "my goat Heidi won the mountain race on sunday"))
        await chat(show, 2)
        show.show._reception.retract(Reason.DELETED, lambda event: event.author.name == "ana")  # type: ignore[attr-defined]
        await chat(show, 1, first=9)
    prompt = "\n".join(message.content for message in model.last_prompt)
    assert "Heidi" not in prompt
    assert "goat number 1 " in prompt


async def test_nothing_is_pruned_between_chosen_and_first_sound(
    open_show: OpenShow, model: TellingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[bool] = []
    async with open_show('summariser = "rules"\n') as show:
        from spark_vtuber.llm.prompt import Prompter

        tidy = Prompter.tidy

        def watched(self: Prompter, *, is_urgent: bool = False) -> bool:
            running = show.show._director.turns.values()  # type: ignore[attr-defined]
            pruned.append(any(Mark.FIRST_AUDIO not in turn.measures.marks for turn in running))
            return tidy(self, is_urgent=is_urgent)

        monkeypatch.setattr(Prompter, "tidy", watched)
        model.talk.first_token_s = 2.5
        await chat(show, 24, every_s=3)
    assert pruned
    assert not any(pruned)
    assert "goat number 0 " not in model.last_prompt[1].content


@pytest.mark.parametrize(("takes_tools", "longest"), [(False, 3_300), (True, 2_700)])
async def test_a_prompt_fits_the_context_of_the_model(
    takes_tools: bool, longest: int, open_show: OpenShow, model: TellingModel
) -> None:
    model.context_tokens, model.takes_tools = 3_600, takes_tools
    async with open_show() as show:
        await chat(show, 18, every_s=7)
        assert longest * 0.6 < max(prompt_tokens(request.messages) for request in model.talk.requests) <= longest


@pytest.mark.parametrize(
    ("what", "is_on", "tokens"),
    [
        (Capabilities("x", context_tokens=4_000, takes_tools=True), True, 3_100),
        (Capabilities("x", context_tokens=4_000, takes_schema=True), True, 3_100),
        (Capabilities("x", context_tokens=4_000, takes_schema=True), False, 3_700),
        (Capabilities("x", context_tokens=4_000, takes_schema=True, is_scripted=True), True, 3_700),
        (Capabilities("x", context_tokens=4_000), True, 3_700),
    ],
)
def test_tools_have_room_in_the_context_whichever_way_they_are_offered(
    what: Capabilities, is_on: bool, tokens: int
) -> None:
    model = CallingModel()
    model.capabilities = what
    config = Config.model_validate({"tools": {"on": is_on}})
    assert budget_of(config, model).total_tokens == tokens


async def test_another_budget_counts_while_the_show_runs(open_show: OpenShow, model: TellingModel) -> None:
    async with open_show('summariser = "rules"\n') as show:
        await chat(show, 3)
        assert show.doors.settings is not None
        await show.doors.settings.change("context.tokens", LEAST_TOKENS)
        await chat(show, 4, first=3)
        assert prompt_tokens(model.last_prompt) <= LEAST_TOKENS


async def test_the_day_and_the_time_are_told_unless_that_is_switched_off(
    open_show: OpenShow, model: TellingModel
) -> None:
    async with open_show() as show:
        await chat(show, 1)
        assert model.last_prompt[-1].content.startswith("(It is ")
        assert show.doors.settings is not None
        await show.doors.settings.change("context.tell_time", False)
        await chat(show, 1, first=1)
        assert model.last_prompt[-1].content.startswith("Viewer")


async def test_a_tokenizer_that_cannot_be_read_is_told(open_show: OpenShow, tmp_path: Path) -> None:
    async with open_show(f'tokenizer = "{tmp_path}/none.json"\n') as show:
        await anyio.sleep(1)
        assert part(show).state == "degraded"
        assert "tokens are estimated" in part(show).detail
        await chat(show, 1)
        assert show.show.turns(1)[0].heard
