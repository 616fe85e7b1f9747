import itertools
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain import load
from spark_vtuber.llm.brain.load import Brain, load_brain
from spark_vtuber.llm.brain.memory import Viewer
from spark_vtuber.llm.brain.talk import Talk
from spark_vtuber.llm.port import LLM, LLMRequest, TextDelta, Usage
from spark_vtuber.llm.understudy import SPEC, Understudy, UnderstudyOptions
from spark_vtuber.moderation.language import language_of
from spark_vtuber.testing.contracts.llm import PROMISES
from spark_vtuber.testing.models import a_request
from spark_vtuber.testing.virtual import VirtualClock

EVERYDAY = Path(__file__).parents[2] / "data" / "everyday_chat"
SPARK = PersonaView(PersonaId("main"), "Spark", aliases=("sparky",))
EMBER = PersonaView(PersonaId("twin"), "Ember", look="ember")


@pytest.fixture(scope="module")
def brain() -> Brain:
    return load_brain()


def a_cue(text: str, kind: CueKind = CueKind.CHAT, author: str = "Mika") -> Cue:
    return Cue(CueId("c"), kind, text, author=author)


async def said(model: LLM, cue: Cue, *, persona: PersonaView = SPARK, max_tokens: int = 300) -> list[str]:
    request = LLMRequest(persona, cue, (), max_tokens=max_tokens)
    async with aclosing(model.stream(request)) as parts:
        return [part.text async for part in parts if isinstance(part, TextDelta)]


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_understudy_keeps_the_contract_of_models(
    promise: Callable[[LLM, LLMRequest], Awaitable[None]], brain: Brain
) -> None:
    await promise(Understudy(brain, random.Random(1)), a_request())


async def test_an_answer_comes_word_by_word_and_counts_its_words(brain: Brain) -> None:
    parts = [part async for part in Understudy(brain, random.Random(1)).stream(a_request("tell me a joke"))]

    words = [part.text for part in parts if isinstance(part, TextDelta)]
    assert all(len(word.split()) == 1 for word in words)
    assert parts[-1] == Usage(tokens_out=len(words))


async def test_an_answer_has_no_more_words_than_it_may_have(brain: Brain) -> None:
    assert len(await said(Understudy(brain, random.Random(1)), a_cue("tell me a joke"), max_tokens=3)) == 3


async def test_the_same_seed_gives_the_same_show(brain: Brain) -> None:
    lines = ["hi", "tell me a joke", "another one", "pizza or ramen?", "roll a dice", "xyzzy plugh", "bye"]

    shows = []
    for _ in range(2):
        random.seed()
        model = Understudy(brain, random.Random(7))
        shows.append([await said(model, a_cue(line)) for line in lines])

    assert shows[0] == shows[1]


async def test_the_operators_words_are_said_as_they_stand(brain: Brain) -> None:
    words = await said(Understudy(brain, random.Random(1)), a_cue("We are back at nine.", CueKind.SAY))

    assert "".join(words) == "We are back at nine."


@pytest.mark.parametrize("kind", [CueKind.IDLE, CueKind.BRIDGE])
@pytest.mark.parametrize("persona", [SPARK, EMBER])
async def test_silence_and_a_lost_model_have_lines_that_do_not_repeat(
    kind: CueKind, persona: PersonaView, brain: Brain
) -> None:
    model = Understudy(brain, random.Random(1))

    answers = ["".join(await said(model, a_cue("", kind), persona=persona)) for _ in range(30)]

    assert all(answers)
    assert all(one != next_one for one, next_one in itertools.pairwise(answers))


async def test_a_twin_that_was_not_understood_gets_a_retort(brain: Brain) -> None:
    retorts = {line.text for line in brain.lines_for("ember")["duet"]}

    words = await said(Understudy(brain, random.Random(3)), a_cue("Frobnicate the xyzzy.", CueKind.DUET), persona=EMBER)

    assert "".join(words) in retorts


def test_a_character_without_lines_of_its_own_has_those_of_its_look(brain: Brain) -> None:
    assert brain.lines_for("ember", "Nobody") is brain.lines_for("EMBER")
    assert brain.lines_for("unknown", "Nobody") is brain.lines_for("spark")


def understood(brain: Brain, file: str) -> list[str]:
    """The intents of the lines of a file, each said by somebody new."""
    talk = Talk(brain, random.Random(1))
    texts = [json.loads(line)["text"] for line in (EVERYDAY / file).read_text(encoding="utf-8").splitlines()]
    return [talk.understand(text, Viewer(), ("Spark", "sparky")).intent for text in texts]


def test_four_of_five_everyday_lines_are_understood(brain: Brain) -> None:
    intents = understood(brain, "lines.jsonl")

    by_content = [intent for intent in intents if intent != "nothing" and not intent.startswith("shape")]
    assert len(intents) == 200
    assert len(by_content) >= 0.8 * len(intents)
    assert sum(intent.startswith("hard") for intent in intents) <= 0.05 * len(intents)


def test_most_lines_that_the_brain_was_not_made_for_are_understood(brain: Brain) -> None:
    intents = understood(brain, "check.jsonl")

    assert len(intents) == 60
    assert sum(intent != "nothing" for intent in intents) >= 0.8 * len(intents)
    assert sum(intent != "nothing" and not intent.startswith("shape") for intent in intents) >= 0.6 * len(intents)


@asynccontextmanager
async def no_worker(_module: str, _argv: object = ()) -> AsyncIterator[Any]:
    pytest.fail("the understudy needs no worker")
    yield


def an_env() -> EngineEnv:
    return EngineEnv(
        clock=VirtualClock(), random=random.Random(1), data_dir=Path(), secret=lambda name: name,
        log=logging.getLogger("test"), worker=no_worker, http=httpx.AsyncClient(),
    )  # fmt: skip


@pytest.mark.real
async def test_the_spec_opens_and_probes_the_understudy() -> None:
    env = an_env()

    findings = [finding async for finding in SPEC.probe(UnderstudyOptions(), env)]
    async with SPEC.open(UnderstudyOptions(), env) as model:
        words = await said(model, a_cue("hello"))

    assert [finding.severity for finding in findings] == ["ok"]
    assert words
    assert model.capabilities.is_scripted


@pytest.mark.real
async def test_a_missing_engine_is_said_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Brain:
        raise ModuleNotFoundError("rivescript")

    monkeypatch.setattr("spark_vtuber.llm.understudy.load_brain", fail)
    env = an_env()

    with pytest.raises(EngineError) as caught:
        async with SPEC.open(UnderstudyOptions(), env):
            pass
    findings = [finding async for finding in SPEC.probe(UnderstudyOptions(), env)]

    assert (caught.value.code, caught.value.fix) == ("not_installed", "pip install rivescript")
    assert [finding.severity for finding in findings] == ["error"]
    assert load.load_brain is load_brain


async def test_a_mood_that_was_set_shows_in_the_face(brain: Brain) -> None:
    understudy = Understudy(brain, random.Random(3))
    sad = replace(SPARK, mood="sad", manner="Right now you are sad.")
    tags = set()
    for number in range(20):
        request = replace(a_request(f"so what about {number} of these"), persona=sad)
        async with aclosing(understudy.stream(request)) as parts:
            text = "".join([part.text async for part in parts if isinstance(part, TextDelta)])
        assert text.count("[") == 1 or not text.startswith("[sad]")
        tags.add(text.partition("]")[0])
    assert "[sad" in tags


@pytest.mark.parametrize("persona", [SPARK, EMBER])
async def test_a_line_in_another_language_is_answered_in_the_streams_language(
    brain: Brain, persona: PersonaView
) -> None:
    understudy = Understudy(brain, random.Random(4))
    for text, language in (("die Katze ist heute sehr tot", "de"), ("pourquoi tu ris, bad joke?", "fr")):
        answer = "".join(await said(understudy, replace(a_cue(text), language=language), persona=persona))
        assert language_of(answer) in ("", "en")
        assert not {"katze", "pourquoi", "joke", "dead"} & set(answer.lower().split())
