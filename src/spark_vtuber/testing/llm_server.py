"""A model server with a script: OpenAI's chat completions interface, an exact schedule, and mishaps on demand.

In a test: `async with serve(Script(...)) as server`. For measurements, as a process of its own:

    python -m spark_vtuber.testing.llm_server 18220 --ttft-ms 200 --tokens-per-s 40 --text comma

* `POST /v1/chat/completions`, `GET /v1/models`;
* `POST /config`: keys of `Script`, from the next request on;
* `GET /timings`: one object a request, oldest first (`?clear=1` forgets them afterwards).

Every token has an absolute due time, the arrival of the request + `ttft_ms` + its number / `tokens_per_s`, so a late
token delays no other. All instants are `time.monotonic()` in seconds, on Linux the same clock in every process.
The request's JSON is not parsed, so a long prompt costs no time here.
"""

import argparse
import contextlib
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Final

import anyio
from anyio.abc import SocketAttribute, SocketStream, TaskGroup

from spark_vtuber.testing.llm_script import TEXTS, Mishap, Plan, Script, json_answer, plan, whole

MAX_REQUEST_BYTES: Final = 64 << 20

BATCH_BYTES: Final = 32 << 10
"""Tokens that are due together are sent together, up to this size."""

_GONE: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)
_WANTS_STREAM: Final = re.compile(rb'"stream":\s*true')
_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Visit:
    """One request for an answer and what became of it. Instants are None where they never came."""

    request_s: float
    messages: int
    bytes: int
    first_token_s: float | None = None
    clause_s: float | None = None
    last_token_s: float | None = None
    tokens: int = 0
    is_aborted: bool = False
    aborted_s: float | None = None


@dataclass(slots=True)
class ScriptedServer:
    """A running server. `models` and `routes` (path to JSON value) may be changed at any time, as may the script."""

    script: Script
    port: int = 0
    models: tuple[str, ...] = ("script",)
    routes: dict[str, object] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    last_head: bytes = b""
    last_body: bytes = b""
    _plans: dict[Script, Plan] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """What `[llm] base_url` says."""
        return f"http://127.0.0.1:{self.port}/v1"

    def prepare(self, script: Script) -> Plan:
        """The bytes of `script`, kept so that no request pays for them."""
        if script not in self._plans:
            self._plans[script] = plan(script)
        return self._plans[script]

    async def converse(self, stream: SocketStream) -> None:
        """Answer one request and close the connection."""
        async with stream:
            try:
                await self._answer(stream, *await _read_request(stream))
            except _GONE:
                return

    async def _answer(self, stream: SocketStream, head: bytes, body: bytes) -> None:
        arrived_s = time.monotonic()
        method, _, rest = head.partition(b" ")
        path, _, query = rest.partition(b" ")[0].decode("latin-1").partition("?")
        match method, path:
            case b"POST", "/v1/chat/completions":
                self.last_head, self.last_body = head, body
                visit = Visit(arrived_s, body.count(b'"role":'), len(body))
                self.visits.append(visit)
                await self._chat(stream, visit, is_streamed=_WANTS_STREAM.search(body) is not None)
            case b"POST", "/config":
                await stream.send(self._configure(body))
            case b"GET", "/timings":
                await stream.send(json_answer([asdict(visit) for visit in self.visits]))
                if "clear=1" in query:
                    self.visits.clear()
            case b"GET", "/v1/models":
                names = [{"id": name, "object": "model", "owned_by": "script"} for name in self.models]
                await stream.send(json_answer({"object": "list", "data": names}))
            case b"GET", path if path in self.routes:
                await stream.send(json_answer(self.routes[path]))
            case _:
                await stream.send(json_answer({"error": "no such door"}, "404 Not Found"))

    def _configure(self, body: bytes) -> bytes:
        try:
            script = self.script.changed(dict(json.loads(body)))
            self.prepare(script)
        except (ValueError, TypeError) as error:
            return json_answer({"error": str(error)}, "400 Bad Request")
        self.script = script
        return json_answer(asdict(script))

    def _next_script(self) -> Script:
        """The script of this request; a mishap with a number of times is used up."""
        script = self.script
        if script.times is None:
            return script
        if script.times == 0:
            return script.changed({"mishap": Mishap.NONE})
        self.script = script.changed({"times": script.times - 1})
        return script

    async def _chat(self, stream: SocketStream, visit: Visit, *, is_streamed: bool) -> None:
        script = self._next_script()
        answer = self.prepare(script)
        if not is_streamed:
            await stream.send(json_answer(whole(script.pieces())))
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch, stream, visit, tasks)
            try:
                await _play(stream, visit, script, answer)
            except _GONE:
                _note_abort(visit)
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def serve(script: Script | None = None, port: int = 0) -> AsyncIterator[ScriptedServer]:
    """A server on loopback, on a free port unless one is named; its connections end with the context."""
    server = ScriptedServer(script or Script())
    server.prepare(server.script)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port) as listener:
        server.port = listener.extra(SocketAttribute.local_port)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, server.converse)
            yield server
            tasks.cancel_scope.cancel()


async def _read_request(stream: SocketStream) -> tuple[bytes, bytes]:
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += await stream.receive()
    length = int(found[1]) if (found := _LENGTH.search(data, 0, end)) else 0
    size = end + 4 + min(length, MAX_REQUEST_BYTES)
    while len(data) < size:
        data += await stream.receive()
    return bytes(data[:end]), bytes(data[end + 4 : size])


async def _watch(stream: SocketStream, visit: Visit, tasks: TaskGroup) -> None:
    """End the answer at once when the client goes away."""
    try:
        while True:
            await stream.receive()
    except _GONE:
        _note_abort(visit)
        tasks.cancel_scope.cancel()


async def _play(stream: SocketStream, visit: Visit, script: Script, answer: Plan) -> None:
    if script.mishap is Mishap.HANG_HEADERS:
        await anyio.sleep_forever()
    if script.mishap is Mishap.DROP_HEADERS:
        return
    waiting = answer.head
    first_s = visit.request_s + script.ttft_ms / 1000
    gap_s = 1 / script.tokens_per_s if script.tokens_per_s else 0.0
    while answer.frames and (visit.tokens < len(answer.frames) or script.mishap is Mishap.ENDLESS):
        due_s = first_s + visit.tokens * gap_s
        if due_s > time.monotonic() or len(waiting) > BATCH_BYTES:
            if waiting:
                await stream.send(waiting)
                waiting = b""
            await anyio.sleep_until(due_s)
        if visit.tokens == script.at and script.mishap in {Mishap.HANG_MIDWAY, Mishap.DROP_MIDWAY}:
            await stream.send(waiting)
            if script.mishap is Mishap.HANG_MIDWAY:
                await anyio.sleep_forever()
            return
        waiting += answer.frames[visit.tokens % len(answer.frames)]
        _note(visit, answer)
    await stream.send(waiting + answer.tail)


def _note_abort(visit: Visit) -> None:
    visit.is_aborted = True
    visit.aborted_s = time.monotonic()


def _note(visit: Visit, answer: Plan) -> None:
    visit.last_token_s = time.monotonic()
    if visit.tokens == 0:
        visit.first_token_s = visit.last_token_s
    if visit.tokens == answer.clause_at:
        visit.clause_s = visit.last_token_s
    visit.tokens += 1


async def _run(script: Script, port: int) -> None:
    async with serve(script, port) as server:
        sys.stdout.write(json.dumps({"base_url": server.base_url, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        await anyio.sleep_forever()


def main() -> None:
    """Serve until interrupted. The first line of output is a JSON object with `base_url` and `pid`."""
    defaults = Script()
    parser = argparse.ArgumentParser(prog="python -m spark_vtuber.testing.llm_server", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("port", type=int, help="0 takes a free one")
    parser.add_argument("--ttft-ms", type=float, default=defaults.ttft_ms)
    parser.add_argument("--tokens-per-s", type=float, default=defaults.tokens_per_s, help="0 sends all at once")
    parser.add_argument("--text", default=defaults.text, help=f"{', '.join(TEXTS)}, or the answer itself")
    parser.add_argument("--tokens", type=int, default=None, help="cut or repeat the text to so many tokens")
    parser.add_argument("--mishap", type=Mishap, default=defaults.mishap, choices=list(Mishap))
    parser.add_argument("--at", type=int, default=defaults.at, help="the token before which a mishap happens")
    given = vars(parser.parse_args())
    port = given.pop("port")
    with contextlib.suppress(KeyboardInterrupt):
        anyio.run(_run, Script(**given), port)


if __name__ == "__main__":
    main()
