"""JSON held to a schema by a real server, from weights that know no JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest

from spark_vtuber.llm.port import TextDelta
from spark_vtuber.testing.bench.engine_answer import greedy
from spark_vtuber.testing.llama_server import LlamaServer
from spark_vtuber.testing.tiny_show import PERSONAS, a_show, our_client

pytestmark = pytest.mark.engines

CALLS = 24
MOVES = ("up", "down", "left", "right")
SCHEMA = {
    "type": "object",
    "properties": {
        "move": {"enum": list(MOVES)},
        "steps": {"type": "integer", "minimum": 0, "maximum": 9},
        "why": {"type": "string", "maxLength": 20},
        "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
    },
    "required": ["move", "steps", "why", "items"],
    "additionalProperties": False,
}


def is_valid(value: Any) -> bool:
    """By hand what `SCHEMA` says."""
    return (
        isinstance(value, dict)
        and set(value) == {"move", "steps", "why", "items"}
        and value["move"] in MOVES
        and type(value["steps"]) is int
        and 0 <= value["steps"] <= 9
        and isinstance(value["why"], str)
        and len(value["why"]) <= 20
        and isinstance(value["items"], list)
        and len(value["items"]) <= 3
        and all(isinstance(item, bool) for item in value["items"])
    )


async def test_every_answer_to_a_schema_is_valid_for_both_characters(server: LlamaServer) -> None:
    answers = []
    async with our_client(server) as model:
        for number, asked in enumerate(a_show(CALLS, seed=3)):
            request = greedy(PERSONAS[number % 2], asked.prompt, max_tokens=200)
            parts = [part async for part in model.stream(replace(request, schema=SCHEMA, temperature=1.0))]
            answers.append("".join(part.text for part in parts if isinstance(part, TextDelta)))
    assert [text for text in answers if not is_valid(json.loads(text))] == []
    assert len({json.loads(text)["move"] for text in answers}) > 1


async def test_without_a_schema_the_same_weights_say_no_json(server: LlamaServer) -> None:
    async with our_client(server) as model:
        request = greedy(PERSONAS[0], a_show(1, seed=3)[0].prompt, max_tokens=200)
        parts = [part async for part in model.stream(request)]
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads("".join(part.text for part in parts if isinstance(part, TextDelta)))
