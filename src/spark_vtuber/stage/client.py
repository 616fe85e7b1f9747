"""The stage protocol seen from a client, for tests and measuring clients. Does no I/O."""

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.audio import BYTES_PER_SAMPLE
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.port import Position

_SOUND_HEAD: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of an utterance's sound."""

    utterance: int
    first_sample: int
    pcm: bytes

    @property
    def end(self) -> int:
        """The index after its last sample."""
        return self.first_sample + len(self.pcm) // BYTES_PER_SAMPLE


@dataclass(frozen=True, slots=True)
class Message:
    """A text frame: its type and its other fields as they came."""

    type: str
    fields: dict[str, Any]

    def __getitem__(self, field: str) -> Any:
        """The value of a field; `KeyError` where the server did not send it."""
        return self.fields[field]


def read(frame: str | bytes) -> Message | Sound:
    """What the server sent. Raises `ProtocolError` for a frame that no server of this protocol sends."""
    if isinstance(frame, bytes):
        pcm = frame[_SOUND_HEAD.size :]
        if len(frame) < _SOUND_HEAD.size or len(pcm) % BYTES_PER_SAMPLE:
            raise ProtocolError("a binary frame is not a header and whole samples")
        utterance, first_sample = _SOUND_HEAD.unpack_from(frame)
        return Sound(utterance, first_sample, pcm)
    try:
        fields = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a text frame is not JSON") from error
    if not isinstance(fields, dict) or not isinstance(type_ := fields.pop("type", None), str):
        raise ProtocolError("a text frame is not an object with a type")
    return Message(type_, fields)


def hello(client: str, *, has_audio: bool) -> str:
    """Introduces the client; sent again whenever `has_audio` changes."""
    return json.dumps({"type": "hello", "client": client, "audio": has_audio, "protocol": 1})


def playback(position: Position) -> str:
    """Reports the position heard."""
    return json.dumps({"type": "playback", "utterance": position.utterance, "sample": position.sample})


def flushed(turn: TurnId, position: Position) -> str:
    """Answers `speech.cancel`: silent, and this far."""
    return json.dumps({"type": "flushed", "turn": turn, "utterance": position.utterance, "sample": position.sample})
