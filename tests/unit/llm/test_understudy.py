import random
from collections.abc import Awaitable, Callable

import pytest

from spark_vtuber.llm.brain.load import Brain, load_brain
from spark_vtuber.llm.port import LLM, LLMRequest
from spark_vtuber.llm.understudy import Understudy
from spark_vtuber.testing.contracts.llm import PROMISES
from spark_vtuber.testing.models import a_request


@pytest.fixture(scope="module")
def brain() -> Brain:
    return load_brain()


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_understudy_keeps_the_contract_of_models(
    promise: Callable[[LLM, LLMRequest], Awaitable[None]], brain: Brain
) -> None:
    await promise(Understudy(brain, random.Random(1)), a_request())
