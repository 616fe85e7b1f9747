import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.core.engine import EngineEnv, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.openai import SPEC
from spark_vtuber.llm.openai_model import TAIL_S, OpenAIModel
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.port import LLMPart, LLMRequest, TextDelta, Usage
from spark_vtuber.testing.llm_client import model_at
from spark_vtuber.testing.models import a_request
from spark_vtuber.testing.virtual import VirtualClock

Step = bytes | float | Exception
KEY = "sk-very-private"


class Body(httpx.AsyncByteStream):
    """A body with a script: bytes to give, seconds to wait, an exception to raise."""

    def __init__(self, *steps: Step) -> None:
        self.steps = steps
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            if isinstance(step, bytes):
                yield step
            elif isinstance(step, Exception):
                raise step
            else:
                await anyio.sleep(step)

    async def aclose(self) -> None:
        self.is_closed = True


def delta(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


ANSWER = (delta("Hi"), delta(" you", "stop"), b"data: [DONE]\n\n")
MODELS = httpx.Response(200, json={"data": [{"id": "nomic-embed"}, {"id": "first"}, {"id": "second"}]})


class Peer:
    """A server: gives its responses in order, the last one for ever, and remembers the requests."""

    def __init__(self, *answers: httpx.Response | Exception | Body | float) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, float):
            await anyio.sleep(answer)
            return httpx.Response(200, stream=Body(*ANSWER))
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, stream=answer) if isinstance(answer, Body) else answer

    def env(self, secrets: dict[str, str] | None = None) -> EngineEnv:
        known = secrets or {}

        def secret(name: str) -> str:
            if name not in known:
                raise EngineError("no_secret", f"there is no secret {name}")
            return known[name]

        return EngineEnv(
            clock=VirtualClock(), random=random.Random(1), data_dir=Path(), secret=secret,
            log=logging.getLogger("test"), worker=lambda *_: pytest.fail("no worker is needed"), http=self.http,
        )  # fmt: skip

    def model(self, **options: Any) -> OpenAIModel:
        return model_at(self.http, secrets=(KEY,), **{"model": "m", **options})

    @property
    def body(self) -> dict[str, Any]:
        sent = json.loads(self.requests[-1].content)
        assert isinstance(sent, dict)
        return sent


async def answer(model: OpenAIModel, request: LLMRequest | None = None) -> list[LLMPart]:
    async with aclosing(model.stream(request or a_request())) as parts:
        return [part async for part in parts]


async def failure(model: OpenAIModel) -> tuple[str, EngineError]:
    """The text that came, and the error that ended it."""
    text = ""
    try:
        async with aclosing(model.stream(a_request())) as parts:
            async for part in parts:
                text += part.text if isinstance(part, TextDelta) else ""
    except EngineError as error:
        return text, error
    pytest.fail(f"the answer came to its end: {text}")


async def test_an_answer_is_given_piece_by_piece() -> None:
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}\n\n'
    peer = Peer(Body(ANSWER[0], ANSWER[1], usage, ANSWER[2]))

    assert await answer(peer.model()) == [TextDelta("Hi"), TextDelta(" you"), Usage(5, None, 2)]


async def test_a_request_says_what_was_configured() -> None:
    peer = Peer(Body(*ANSWER))
    model = peer.model(temperature=0.5, max_tokens=50, extra_body={"top_k": 3, "lora": [{"id": 0}]})

    await answer(model, a_request("hello", history=2))

    messages = peer.body.pop("messages")
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[-1]["content"] == "hello"
    assert peer.body == {
        "model": "m", "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 50,
        "temperature": 0.5, "top_k": 3, "lora": [{"id": 0}], "messages": peer.body["messages"],
    }  # fmt: skip
    assert peer.requests[0].headers["Connection"] == "close"
    assert peer.requests[0].headers["Content-Type"] == "application/json"


async def test_a_turn_may_ask_for_its_own_temperature_and_stops() -> None:
    peer = Peer(Body(*ANSWER))
    asked = a_request()
    request = LLMRequest(asked.persona, asked.cue, asked.messages, temperature=0.9, stop=("\n",))

    await answer(peer.model(temperature=0.5), request)

    assert (peer.body["temperature"], peer.body["stop"], peer.body["max_tokens"]) == (0.9, ["\n"], 300)


async def test_an_answer_of_a_shape_is_asked_for_with_its_schema() -> None:
    peer = Peer(Body(*ANSWER))

    await answer(peer.model(), replace(a_request(), schema={"type": "object"}))

    shape = {"name": "answer", "strict": True, "schema": {"type": "object"}}
    assert peer.body["response_format"] == {"type": "json_schema", "json_schema": shape}


async def test_a_server_that_knows_no_schemas_is_asked_without_from_then_on() -> None:
    refusal = httpx.Response(400, json={"error": {"message": "response_format is not supported"}})
    peer = Peer(refusal, Body(*ANSWER))
    model, request = peer.model(), replace(a_request(), schema={"type": "object"})

    assert await answer(model, request) == [TextDelta("Hi"), TextDelta(" you")]
    peer.answers = (Body(*ANSWER),)
    await answer(model, request)

    assert ["response_format" in json.loads(sent.content) for sent in peer.requests] == [True, False, False]


async def test_a_refusal_that_has_another_cause_is_raised() -> None:
    peer = Peer(httpx.Response(400, json={"error": {"message": "too long"}}))
    model = peer.model()

    with pytest.raises(EngineError) as caught:
        await answer(model, replace(a_request(), schema={"type": "object"}))

    assert caught.value.code == "refused"
    assert len(peer.requests) == 2


async def test_max_completion_tokens_takes_the_place_of_max_tokens() -> None:
    peer = Peer(Body(*ANSWER))

    await answer(peer.model(extra_body={"max_completion_tokens": 40}))

    assert peer.body["max_completion_tokens"] == 40
    assert "max_tokens" not in peer.body


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ConnectTimeout("no")])
async def test_a_server_that_is_not_there_is_unreachable_and_asked_once(error: Exception) -> None:
    peer = Peer(error)

    _, seen = await failure(peer.model())

    assert (seen.code, seen.retryable, len(peer.requests)) == ("unreachable", True, 1)
    assert "llm.base_url" in seen.fix


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (httpx.RemoteProtocolError("gone"), "dropped"),
        (httpx.ReadError("reset"), "dropped"),
        (Body(delta("")), "dropped"),
        (Body(httpx.ReadError("reset")), "dropped"),
        (httpx.Response(500), "server_error"),
        (httpx.Response(503, json={"error": {"message": "loading"}}), "server_error"),
        (httpx.Response(429, headers={"Retry-After": "0.5"}), "overloaded"),
        (Body(b'{"error": {"message": "slots", "code": 503}}'), "server_error"),
    ],
)
async def test_what_may_pass_is_tried_once_more_before_the_first_text(first: Any, code: str) -> None:
    peer = Peer(first, Body(*ANSWER))
    assert await answer(peer.model()) == [TextDelta("Hi"), TextDelta(" you")]
    assert len(peer.requests) == 2

    hopeless = Peer(first, first)
    _, error = await failure(hopeless.model())
    assert (error.code, error.retryable, len(hopeless.requests)) == (code, True, 2)


@pytest.mark.parametrize("wait", ["", "30", "Wed, 21 Oct 2026 07:28:00 GMT", "nan"])
async def test_a_server_that_wants_to_be_left_alone_is_not_asked_again(wait: str) -> None:
    peer = Peer(httpx.Response(429, headers={"Retry-After": wait} if wait else {}))

    _, error = await failure(peer.model())

    assert (error.code, error.retryable, len(peer.requests)) == ("overloaded", True, 1)


async def test_there_is_no_second_attempt_after_the_deadline() -> None:
    peer = Peer(httpx.Response(429, headers={"Retry-After": "1"}))

    _, error = await failure(peer.model(first_token_timeout_s=0.5))

    assert (error.code, len(peer.requests)) == ("overloaded", 1)


async def test_nothing_is_tried_again_once_text_was_given() -> None:
    peer = Peer(Body(delta("Hi"), httpx.ReadError("reset")))

    text, error = await failure(peer.model())

    assert (text, error.code, len(peer.requests)) == ("Hi", "dropped", 1)


async def test_an_answer_that_breaks_off_cleanly_is_dropped_too() -> None:
    text, error = await failure(Peer(Body(delta("Hi"), delta(" you"))).model())

    assert (text, error.code) == ("Hi you", "dropped")


@pytest.mark.parametrize(
    ("status", "fix"), [(400, ""), (401, "llm.api_key"), (403, "llm.api_key"), (404, "llm.model"), (302, "")]
)
async def test_a_refusal_is_not_tried_again(status: int, fix: str) -> None:
    peer = Peer(httpx.Response(status, json={"error": {"message": "no such thing"}}))

    _, error = await failure(peer.model())

    assert (error.code, error.retryable, len(peer.requests)) == ("refused", False, 1)
    assert "no such thing" in error.message
    assert fix in error.fix


async def test_an_error_in_a_200_is_a_refusal() -> None:
    text, error = await failure(Peer(Body(delta("Hi"), b'data: {"error": "out of memory"}\n\n')).model())

    assert (text, error.code) == ("Hi", "refused")
    assert "out of memory" in error.message


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"data: {broken\n\n", b'{"hello": 1}', b"\x00\xff\n\n"])
async def test_what_is_no_answer_is_a_bad_answer(body: bytes) -> None:
    _, error = await failure(Peer(Body(body)).model())

    assert (error.code, error.retryable) == ("bad_answer", False)


async def test_text_before_garbage_is_given() -> None:
    text, error = await failure(Peer(Body(delta("Hi") + b"data: {broken\n\n")).model())

    assert (text, error.code) == ("Hi", "bad_answer")


async def test_a_body_that_cannot_be_unpacked_is_a_bad_answer() -> None:
    peer = Peer(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Body(b"no gzip")))

    assert (await failure(peer.model()))[1].code == "bad_answer"


async def test_a_finished_answer_without_text_is_empty() -> None:
    thought = b'data: {"choices": [{"delta": {"reasoning_content": "hm"}, "finish_reason": "length"}]}\n\n'

    assert (await failure(Peer(Body(thought, ANSWER[2])).model()))[1].code == "empty"


@pytest.mark.parametrize("steps", [(100.0,), (delta(""), 100.0), (b": here\n\n", 5.0, b": here\n\n", 100.0)])
async def test_the_first_text_has_a_deadline_that_comments_do_not_move(steps: tuple[Step, ...]) -> None:
    begun_s = anyio.current_time()

    _, error = await failure(Peer(Body(*steps)).model(first_token_timeout_s=6))

    assert (error.code, error.retryable) == ("timeout", True)
    assert anyio.current_time() - begun_s == pytest.approx(6)


async def test_a_server_that_takes_the_request_and_says_nothing_times_out() -> None:
    _, error = await failure(Peer(100.0).model())

    assert error.code == "timeout"


async def test_every_piece_has_a_deadline_after_the_one_before() -> None:
    begun_s = anyio.current_time()
    steps = (delta("Hi"), 4.0, delta(" you"), 4.0, b": here\n\n", 4.0, delta("late", "stop"))

    text, error = await failure(Peer(Body(*steps)).model())

    assert (text, error.code) == ("Hi you", "timeout")
    assert anyio.current_time() - begun_s == pytest.approx(9)


async def test_a_finished_answer_does_not_wait_for_the_end_of_the_connection() -> None:
    begun_s = anyio.current_time()

    assert len(await answer(Peer(Body(delta("Hi"), delta(" you", "stop"), 100.0)).model())) == 2
    assert anyio.current_time() - begun_s == pytest.approx(TAIL_S)


async def test_an_answer_without_end_is_ended() -> None:
    words = tuple(delta(f"word {number} ") for number in range(100))

    request = a_request(max_tokens=5)
    text = "".join(
        part.text for part in await answer(Peer(Body(*words)).model(), request) if isinstance(part, TextDelta)
    )

    assert 80 <= len(text) < 100


async def test_leaving_an_answer_closes_the_connection_at_once() -> None:
    body = Body(delta("Hi"), 100.0)
    begun_s = anyio.current_time()

    async with aclosing(Peer(body).model().stream(a_request())) as parts:
        await anext(parts)

    assert body.is_closed
    assert anyio.current_time() == begun_s


async def test_cancelling_while_waiting_closes_the_connection_at_once() -> None:
    body = Body(100.0)

    with anyio.move_on_after(1):
        await answer(Peer(body).model())

    assert body.is_closed


async def test_without_a_name_the_first_model_that_talks_is_taken_once() -> None:
    peer = Peer(MODELS, Body(*ANSWER), Body(*ANSWER))

    async with SPEC.open(OpenAIOptions(dialect="openai"), peer.env()) as model:
        assert model.capabilities.model == "first"
        await answer(model)
        await answer(model)

    assert [request.url.path for request in peer.requests] == ["/v1/models", *["/v1/chat/completions"] * 2]
    assert peer.body["model"] == "first"


async def test_a_server_that_comes_up_later_is_asked_for_its_models_again() -> None:
    peer = Peer(httpx.ConnectError("no"), httpx.ConnectError("no"), MODELS, Body(*ANSWER))

    async with SPEC.open(OpenAIOptions(), peer.env()) as model:
        assert model.capabilities.model == ""
        assert (await failure(model))[1].code == "unreachable"
        assert len(await answer(model)) == 2


@pytest.mark.parametrize(
    ("models", "code"),
    [
        (httpx.Response(200, json={"data": []}), "no_model"),
        (httpx.Response(200, text="<html>"), "bad_answer"),
        (Body(b"x" * (5 << 20)), "bad_answer"),
        (httpx.Response(500, content=b"x" * 100_000), "server_error"),
        (100.0, "timeout"),
    ],
)
async def test_a_server_without_a_list_of_models_says_so(models: Any, code: str) -> None:
    assert (await failure(Peer(models).model(model="")))[1].code == code


@pytest.mark.parametrize("listed", [httpx.Response(401), httpx.Response(404), httpx.Response(200, json=[1])])
async def test_a_server_that_lists_nothing_still_answers_with_the_model_that_is_configured(
    listed: httpx.Response,
) -> None:
    def answer_to(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Body(*ANSWER)) if request.method == "POST" else listed

    model = model_at(httpx.AsyncClient(transport=httpx.MockTransport(answer_to)), model="m")
    await model.look(1.0)
    assert (model.capabilities.model, model.dialect.name) == ("m", "openai")
    assert [part for part in await answer(model) if isinstance(part, TextDelta)] == [TextDelta("Hi"), TextDelta(" you")]


async def test_only_an_embedding_model_is_better_than_none() -> None:
    peer = Peer(httpx.Response(200, json={"data": [{"id": "embed"}]}))

    async with SPEC.open(OpenAIOptions(), peer.env()) as model:
        assert model.capabilities.model == "embed"


async def test_secrets_go_into_headers_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = httpx.Response(401, json={"error": {"message": f"wrong key {KEY}\n\x1b[31m" + "x" * 300}})
    peer = Peer(MODELS, Body(*ANSWER), refusal)
    options = OpenAIOptions(
        model="m", dialect="openai", api_key="secret:openai", extra_headers={"X-Team": "secret:team", "X-App": "spark"}
    )

    async with SPEC.open(options, peer.env({"openai": f"{KEY}\n", "team": "red-team"})) as model:
        await answer(model)
        _, error = await failure(model)

    headers = peer.requests[0].headers
    assert (headers["Authorization"], headers["X-Team"], headers["X-App"]) == (f"Bearer {KEY}", "red-team", "spark")
    for text in (error.message, repr(error), repr(model), repr(options), caplog.text):
        assert KEY not in text
    assert error.message.isprintable()
    assert len(error.message) < 300


async def test_a_server_that_repeats_what_it_was_sent_is_not_repeated() -> None:
    peer = Peer(MODELS, httpx.Response(401, json={"error": {"message": "X-Gate: written-down is not spark"}}))
    options = OpenAIOptions(model="m", dialect="openai", extra_headers={"X-Gate": "written-down", "X-App": "spark"})

    async with SPEC.open(options, peer.env()) as model:
        _, error = await failure(model)

    assert error.message.endswith("X-Gate: *** is not spark")


@pytest.mark.parametrize("value", ["", "two\nlines", "schlüssel"])
async def test_a_secret_that_is_no_key_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(EngineError) as error:
        async with SPEC.open(OpenAIOptions(api_key="secret:openai"), Peer(MODELS).env({"openai": value})):
            pass

    assert error.value.code == "no_secret"
    assert not value or value not in str(error.value)


async def test_a_missing_secret_stops_the_engine_from_opening() -> None:
    with pytest.raises(EngineError, match="no secret openai"):
        async with SPEC.open(OpenAIOptions(api_key="secret:openai"), Peer(MODELS).env()):
            pass


@pytest.mark.parametrize(
    ("models", "model", "severity"),
    [
        (MODELS, "second", "ok"),
        (MODELS, "", "ok"),
        (MODELS, "other", "warning"),
        (httpx.Response(200, json={"data": []}), "other", "warning"),
        (httpx.Response(200, json={"data": []}), "", "error"),
        (httpx.ConnectError("no"), "", "error"),
    ],
)
async def test_the_probe_says_whether_the_model_is_there(models: Any, model: str, severity: str) -> None:
    options = OpenAIOptions(model=model, dialect="openai")

    findings: list[Finding] = [finding async for finding in SPEC.probe(options, Peer(models).env())]

    assert [finding.severity for finding in findings] == [severity]
    assert severity == "ok" or findings[0].fix
