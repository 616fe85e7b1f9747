"""The protocol module alone: both directions, exact frames, hostile input."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.ids import PersonaId, SessionId, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import Clause, Outcome, Utterance
from spark_vtuber.stage import client, protocol
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart, TurnOver
from spark_vtuber.stage.protocol import Flushed, Hello, Playback, parse

MAIN = PersonaId("main")
UINT32 = st.integers(0, protocol.MAX_UINT32)


def test_welcome_names_the_cast_and_who_is_muted() -> None:
    frame = protocol.welcome(
        SessionId("s1"), [PersonaView(MAIN, "Spark", look="ember")], ["neutral", "happy"], [MAIN], "obs"
    )
    assert json.loads(frame) == {
        "type": "welcome",
        "protocol": 1,
        "session": "s1",
        "personas": [{"id": "main", "name": "Spark", "look": "ember"}],
        "expressions": ["neutral", "happy"],
        "muted": ["main"],
        "audio_owner": "obs",
    }


def test_frames_are_compact() -> None:
    assert protocol.audio_owner(is_you=True) == '{"type":"audio.owner","you":true}'


def test_a_start_carries_the_text_as_shown() -> None:
    utterance = Utterance(7, TurnId("t1"), MAIN, Clause("raw", "shown", "spoken"))
    assert json.loads(protocol.speech_start(SpeechStart(utterance, 24_000))) == {
        "type": "speech.start",
        "utterance": 7,
        "turn": "t1",
        "persona": "main",
        "text": "shown",
        "sample_rate": 24_000,
    }


def test_cues_are_rows_of_numbers() -> None:
    frame = protocol.speech_cues(7, (VisemeCue(1.23456, "aa", 0.98765),), ((0.0, 210.129, "Hi"),))
    assert frame == ('{"type":"speech.cues","utterance":7,"visemes":[[1.23,"aa",0.988]],"words":[[0.0,210.13,"Hi"]]}')


def test_sound_is_a_header_and_samples() -> None:
    frame = protocol.sound(SpeechSound(7, 480, b"\x01\x00\xff\xff"))
    assert frame == struct.pack("<IIhh", 7, 480, 1, -1)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (protocol.speech_end(SpeechEnd(7, 960)), {"type": "speech.end", "utterance": 7, "samples": 960}),
        (protocol.speech_cancel(TurnId("t1")), {"type": "speech.cancel", "turn": "t1"}),
        (
            protocol.expression(Emote(MAIN, "happy", 0.5)),
            {"type": "expression", "persona": "main", "name": "happy", "weight": 0.5},
        ),
        (
            protocol.expression(Emote(MAIN, "sad", 1.0, 7, 20.0)),
            {"type": "expression", "persona": "main", "name": "sad", "weight": 1.0, "utterance": 7, "ms": 20.0},
        ),
        (protocol.caption(Caption(MAIN, "")), {"type": "caption", "persona": "main", "text": ""}),
        (
            protocol.caption(Caption(MAIN, "Hi", 7)),
            {"type": "caption", "persona": "main", "text": "Hi", "utterance": 7},
        ),
        (
            protocol.turn_end(TurnOver(TurnId("t1"), Outcome.INTERRUPTED, "Hi")),
            {"type": "turn.end", "turn": "t1", "outcome": "interrupted", "heard": "Hi"},
        ),
        (protocol.ping(Position(7, 480)), {"type": "ping", "position": {"utterance": 7, "sample": 480}}),
        (protocol.muted([MAIN]), {"type": "muted", "personas": ["main"]}),
    ],
)
def test_every_message_has_its_fields(frame: str, expected: dict[str, object]) -> None:
    assert json.loads(frame) == expected


def test_half_of_a_surrogate_pair_can_be_sent() -> None:
    assert protocol.caption(Caption(MAIN, "\ud83d")).encode()


def test_hello_may_leave_out_the_protocol() -> None:
    assert parse('{"type":"hello","client":"obs","audio":true}') == Hello("obs", audio=True, protocol=1)


def test_what_is_not_known_is_ignored() -> None:
    assert parse('{"type":"dance","beat":3}') is None
    assert parse('{"type":"hello","client":"page","audio":false,"protocol":2,"mood":[]}') == Hello("page", False, 2)


@given(UINT32, UINT32, st.text(min_size=1, max_size=64))
def test_what_a_client_says_is_understood(utterance: int, sample: int, turn: str) -> None:
    position = Position(utterance, sample)
    assert parse(client.hello(turn, has_audio=True)) == Hello(turn, audio=True)
    assert parse(client.playback(position)) == Playback(position)
    assert parse(client.flushed(TurnId(turn), position)) == Flushed(TurnId(turn), position)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"type":3}',
        '{"type":""}',
        '{"type":"hello","client":"page"}',
        '{"type":"hello","client":"page","audio":1}',
        '{"type":"hello","client":"","audio":true}',
        '{"type":"hello","audio":true}',
        '{"type":"hello","client":"page","audio":true,"protocol":"1"}',
        '{"type":"playback","utterance":1}',
        '{"type":"playback","utterance":true,"sample":0}',
        '{"type":"playback","utterance":1.0,"sample":0}',
        '{"type":"playback","utterance":-1,"sample":0}',
        '{"type":"playback","utterance":4294967296,"sample":0}',
        '{"type":"flushed","turn":7,"utterance":1,"sample":0}',
        '{"type":"flushed","turn":"' + "t" * 65 + '","utterance":1,"sample":0}',
        '{"type":"playback","utterance":' + "9" * 5000 + ',"sample":0}',
        "[" * 60_000,
        '{"type":"' + "x" * 70_000 + '"}',
    ],
)
def test_a_frame_that_breaks_the_protocol_is_refused(frame: str) -> None:
    with pytest.raises(ProtocolError):
        parse(frame)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "playback", "flushed"]) | JSON},
    optional=dict.fromkeys(("client", "audio", "protocol", "utterance", "sample", "turn"), JSON),
)


@given(FIELDS.map(json.dumps) | JSON.map(json.dumps) | st.text())
def test_garbage_raises_only_protocol_errors(frame: str) -> None:
    try:
        message = parse(frame)
    except ProtocolError:
        return
    assert message is None or isinstance(message, Hello | Playback | Flushed)


@given(UINT32, UINT32, st.binary(max_size=64).filter(lambda pcm: len(pcm) % 2 == 0))
def test_a_client_gets_the_sound_that_was_sent(utterance: int, first_sample: int, pcm: bytes) -> None:
    sound = client.read(protocol.sound(SpeechSound(utterance, first_sample, pcm)))
    assert sound == client.Sound(utterance, first_sample, pcm)
    assert isinstance(sound, client.Sound)
    assert sound.end == first_sample + len(pcm) // 2


@given(st.text())
def test_a_client_gets_the_text_that_was_sent(text: str) -> None:
    message = client.read(protocol.caption(Caption(MAIN, text)))
    assert message == client.Message("caption", {"persona": "main", "text": text})
    assert isinstance(message, client.Message)
    assert message["text"] == text


@pytest.mark.parametrize("frame", [b"\x00" * 7, b"\x00" * 9, "", "[]", "{}", '{"type":1}', "[" * 100_000])
def test_a_client_refuses_what_no_server_sends(frame: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        client.read(frame)
