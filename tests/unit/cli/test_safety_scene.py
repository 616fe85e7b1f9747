"""The watch's client of OBS against a server made of bytes: polite, broken and hostile ones."""

import base64
import hashlib
import json
import struct
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.cli.safety_scene import LARGEST_HEAD, LARGEST_MESSAGE, authentication, converse, switch_scene
from spark_vtuber.core.errors import SparkError

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CONTINUATION, CLOSE, PING, PONG = 1, 0, 8, 9, 10
SALT, CHALLENGE = "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=", "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY="


def frame(kind: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """A frame as a server sends it: not masked."""
    head = bytes([(0x80 if is_last else 0) | kind])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + bytes([126]) + struct.pack("!H", len(payload)) + payload
    return head + bytes([127]) + struct.pack("!Q", len(payload)) + payload


def message(op: int, **data: Any) -> bytes:
    return frame(TEXT, json.dumps({"op": op, "d": data}).encode())


class FakeObs:
    """Both ends of a socket: takes what the client sends, gives the answers in pieces of `piece` bytes.

    `hello`, `identified` and `answer` may be replaced by any bytes; `status` is what OBS thinks of the request.
    """

    def __init__(self, password: str = "", *, piece: int = 65536) -> None:
        self.password = password
        self.piece = piece
        self.hello: bytes | None = None
        self.identified: bytes | None = None
        self.answer: bytes | None = None
        self.status: Any = {"result": True, "code": 100}
        self.scenes: list[str] = []
        self.frames: list[tuple[int, bytes]] = []
        self._out = b""
        self._is_upgraded = False
        self._in = b""

    def settimeout(self, value: float, /) -> None:
        assert value > 0

    def recv(self, size: int, /) -> bytes:
        size = min(size, self.piece)
        data, self._out = self._out[:size], self._out[size:]
        return data

    def sendall(self, data: bytes, /) -> None:
        self._in += data
        if not self._is_upgraded:
            self._upgrade()
        while taken := self._next_frame():
            self.frames.append(taken)
            if taken[0] == TEXT:
                self._take(json.loads(taken[1]))

    def _upgrade(self) -> None:
        head, _, self._in = self._in.partition(b"\r\n\r\n")
        self._is_upgraded = True
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        accept = base64.b64encode(hashlib.sha1(fields[b"Sec-WebSocket-Key"] + GUID, usedforsecurity=False).digest())
        self._out += b"HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: " + accept + b"\r\n\r\n"
        demand = {"authentication": {"challenge": CHALLENGE, "salt": SALT}} if self.password else {}
        self._out += self.hello if self.hello is not None else message(0, rpcVersion=1, **demand)

    def _next_frame(self) -> tuple[int, bytes] | None:
        if len(self._in) < 6:
            return None
        first, second = self._in[:2]
        assert second & 0x80, "a client's frames are masked"
        size, at = second & 0x7F, 2
        if size == 126:
            size, at = struct.unpack("!H", self._in[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack("!Q", self._in[2:10])[0], 10
        mask, payload = self._in[at : at + 4], self._in[at + 4 : at + 4 + size]
        self._in = self._in[at + 4 + size :]
        return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))

    def _take(self, request: dict[str, Any]) -> None:
        data = request["d"]
        if request["op"] == 1:
            is_right = not self.password or data["authentication"] == authentication(self.password, SALT, CHALLENGE)
            refusal = frame(CLOSE, struct.pack("!H", 4009) + b"Authentication failed.")
            self._out += refusal if not is_right else self.identified or message(2, negotiatedRpcVersion=1)
        elif request["op"] == 6:
            self.scenes.append(data["requestData"]["sceneName"])
            self._out += self.answer or message(7, requestId=data["requestId"], requestStatus=self.status)


def talk(obs: FakeObs, password: str = "", scene: str = "Safety", limit_s: float = 5.0) -> None:
    converse(obs, "127.0.0.1:4455", password, scene, time.monotonic() + limit_s)


def refused(obs: FakeObs, password: str = "", **more: Any) -> SparkError:
    with pytest.raises(SparkError) as caught:
        talk(obs, password, **more)
    return caught.value


def test_the_scene_is_switched() -> None:
    obs = FakeObs()
    talk(obs, scene="Sicherheit — 安全")
    assert obs.scenes == ["Sicherheit — 安全"]
    assert obs.frames[-1] == (CLOSE, struct.pack("!H", 1000))


def test_the_answer_to_a_challenge_is_that_of_the_protocol_s_own_example() -> None:
    answer = authentication("supersecretpassword", SALT, CHALLENGE)
    assert answer == "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4="


def test_a_password_is_proved_and_never_sent() -> None:
    obs = FakeObs("hunter2")
    talk(obs, "hunter2")
    assert obs.scenes == ["Safety"]
    assert not any(b"hunter2" in payload for _, payload in obs.frames)


def test_a_wrong_password_has_a_name_and_is_not_told() -> None:
    error = refused(FakeObs("hunter2"), "guess")
    assert error.code == "obs_wrong_password"
    assert "guess" not in f"{error} {error.fix} {error.__cause__}"


def test_a_scene_that_is_not_there_has_a_name() -> None:
    obs = FakeObs()
    obs.status = {"result": False, "code": 600, "comment": "No source was found"}
    error = refused(obs, scene="Safty")
    assert (error.code, error.message) == ("obs_no_scene", 'OBS has no scene "Safty"')


@given(piece=st.integers(1, 7))
def test_any_split_of_the_stream_gives_the_same(piece: int) -> None:
    obs = FakeObs("hunter2", piece=piece)
    talk(obs, "hunter2")
    assert obs.scenes == ["Safety"]


def test_events_pings_and_fragments_in_between_do_not_disturb() -> None:
    obs = FakeObs()
    event, hello = message(5, eventType="SceneListChanged"), b'{"op": 0, "d": {}}'
    whole = frame(TEXT, hello[:5], is_last=False) + frame(PING, b"hi") + frame(CONTINUATION, hello[5:])
    obs.hello = event + frame(PONG, b"") + whole
    obs.identified = message(2) + event
    obs.answer = message(7, requestId="other", requestStatus={}) + event
    obs.answer += message(7, requestId="1", requestStatus={"result": True, "code": 100})
    talk(obs)
    assert (PONG, b"hi") in obs.frames
    assert obs.scenes == ["Safety"]


def test_a_long_name_of_a_scene_fits() -> None:
    for length in (10, 1_000, 100_000):
        obs = FakeObs()
        talk(obs, scene="s" * length)
        assert obs.scenes == ["s" * length]


SPOILT: dict[str, tuple[str, Any]] = {
    "no-json": ("hello", frame(TEXT, b"hello")),
    "no-object": ("hello", frame(TEXT, b"[]")),
    "deep": ("hello", frame(TEXT, b"[" * 100_000)),
    "no-text": ("hello", frame(TEXT, b"\xff\xfe")),
    "masked": ("hello", b"\x81\x85abcd12345"),
    "reserved-bits": ("hello", b"\xf1\x00"),
    "unknown-kind": ("hello", b"\x83\x00"),
    "endless-frame": ("hello", b"\x81\x7f" + struct.pack("!Q", 1 << 62)),
    "endless-message": ("hello", frame(TEXT, b"x" * LARGEST_MESSAGE, is_last=False) * 2),
    "closed": ("hello", frame(CLOSE, b"")),
    "gone": ("hello", b""),
    "no-status": ("status", "fine"),
    "not-ready": ("status", {"result": False, "code": 207}),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_not_the_protocol_ends_with_an_error_of_ours(how: str) -> None:
    obs = FakeObs()
    setattr(obs, *SPOILT[how])
    assert refused(obs).code == "obs_protocol"


class Answering:
    """A server that gives the same bytes for ever."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def settimeout(self, value: float, /) -> None:
        pass

    def recv(self, size: int, /) -> bytes:
        return self._data[:size]

    def sendall(self, data: bytes, /) -> None:
        pass


@given(st.binary(min_size=1, max_size=200))
def test_garbage_raises_only_errors_of_ours(data: bytes) -> None:
    with pytest.raises(SparkError, match="as it should"):
        converse(Answering(data), "x", "", "Safety", time.monotonic() + 5)


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"x" * (LARGEST_HEAD + 1)]
)
def test_another_server_is_recognised(head: bytes) -> None:
    with pytest.raises(SparkError, match="as it should"):
        converse(Answering(head), "x", "", "Safety", time.monotonic() + 5)


def test_time_that_is_over_ends_it() -> None:
    with pytest.raises(TimeoutError):
        talk(FakeObs(), limit_s=-1.0)


def test_a_name_that_no_host_can_have_is_an_error_of_ours() -> None:
    with pytest.raises(SparkError) as caught:
        switch_scene(f"{'a' * 70}.example", 4455, "hunter2", "Safety")
    assert caught.value.code == "obs_unreachable"
