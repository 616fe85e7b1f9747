"""Tools in a whole show of fakes: what a model calls is done, and what it notes comes back in its prompt."""

import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio

from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Event, Line
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.tool_calls import CallingModel
from spark_vtuber.testing.virtual import VirtualClock

NOTE = ToolCall("c1", "remember", json.dumps({"fact": "Ana has a goat called Heidi.", "about": "ana"}))
ASK = ToolCall("c2", "look_up_viewer", '{"name": "ana"}')
SMILE = ToolCall("c3", "set_expression", '{"face": "happy"}')


@asynccontextmanager
async def show_of(troupe: Troupe, model: CallingModel, folder: Path, keys: str = "") -> AsyncIterator[Opened]:
    troupe.model = model  # type: ignore[assignment]  # the troupe only hands it out
    file = folder / "spark.toml"
    file.write_text(f'[discovery]\non = false\n[llm]\nuse = "openai"\n{keys}', encoding="utf-8")
    settings = load(troupe.spec, file, {"data": {"dir": str(folder / "data")}}, {})
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("show"), troupe.workers, aside=inline)
    async with anyio.create_task_group() as tasks:
        yield await tasks.start(partial(run_show, settings, around))
        tasks.cancel_scope.cancel()


async def says(opened: Opened, author: str, text: str) -> None:
    opened.show.chat(Line(author, text))
    await anyio.sleep(12)


async def called(opened: Opened) -> list[tuple[str, str]]:
    """The tools that were called so far, and what came of it."""
    seen: list[Event] = []
    with anyio.move_on_after(0.1):
        async with opened.show.events(0) as events:
            async for one in events:
                seen.append(one)  # noqa: PERF401 - the events have no end, and what came is kept
    return [(one.data["tool"], one.data["outcome"]) for one in seen if one.type == "tool.called"]


async def test_what_a_character_notes_stands_beside_the_next_line_of_that_viewer(
    troupe: Troupe, tmp_path: Path
) -> None:
    model = CallingModel(["How sweet!", NOTE, SMILE], ["I remember."])
    async with show_of(troupe, model, tmp_path) as opened:
        await says(opened, "ana", "my goat is called Heidi")
        assert await called(opened) == [("remember", "ok"), ("set_expression", "ok")]
        await says(opened, "ben", "and mine is called Tom")
        assert "Heidi" not in model.requests[-1].messages[-1].content
        await says(opened, "ana", "do you still know me?")
        assert 'You remember about "ana": "Ana has a goat called Heidi."' in model.requests[-1].messages[-1].content
        assert all(request.tools == model.requests[0].tools for request in model.requests)
        assert [tool.name for tool in model.requests[0].tools] == ["set_expression", "remember", "look_up_viewer"]
    assert "Heidi" in (tmp_path / "data" / "notes.json").read_text(encoding="utf-8")


async def test_what_is_known_of_a_viewer_goes_back_to_the_model(troupe: Troupe, tmp_path: Path) -> None:
    model = CallingModel(["Let me think.", ASK], ["You are new here."])
    async with show_of(troupe, model, tmp_path) as opened:
        await says(opened, "ana", "who am I?")
        result = model.requests[1].messages[-1]
        assert (result.role, result.answers) == ("tool", "c2")
        assert result.content.startswith('The tool "look_up_viewer" answers: "They came to 1 stream')
        assert opened.show.turns(1)[0].said == "Let me think. You are new here."


async def test_a_server_without_tools_gets_them_in_an_envelope(troupe: Troupe, tmp_path: Path) -> None:
    written = '{"say": "How sweet!", "calls": [{"name": "set_expression", "arguments": {"face": "happy"}}]}'
    model = CallingModel([written[:30], written[30:]], takes_tools=False, takes_schema=True)
    async with show_of(troupe, model, tmp_path) as opened:
        await says(opened, "ana", "my goat is called Heidi")
        assert await called(opened) == [("set_expression", "ok")]
        assert opened.show.turns(1)[0].said == "How sweet!"
        assert model.requests[0].schema is not None


async def test_tools_can_be_switched_off_and_none_are_offered_to_a_model_that_cannot_call(
    troupe: Troupe, tmp_path: Path
) -> None:
    for model, keys in (
        (CallingModel(["Hi."]), "[tools]\non = false\n"),
        (CallingModel(["Hi."], takes_tools=False), ""),
    ):
        async with show_of(troupe, model, tmp_path, keys) as opened:
            await says(opened, "ana", "hello there")
            assert [request.tools for request in model.requests] == [()]


async def test_a_panic_leaves_no_tools(troupe: Troupe, tmp_path: Path) -> None:
    model = CallingModel(["Hi.", SMILE])
    async with show_of(troupe, model, tmp_path) as opened:
        await says(opened, "ana", "hello there")
        assert await called(opened) == [("set_expression", "ok")]
        opened.show.chat(Line("ana", "and again?"))
        await anyio.sleep(0.02)
        await opened.show.panic("test")
        await anyio.sleep(12)
        assert await called(opened) == [("set_expression", "ok")]
