"""The stage protocol, version 1, seen from the server: messages to frames, frames to messages. Does no I/O.

Text frames hold one JSON object with a `type`. A binary frame is sound: uint32 LE utterance, uint32 LE index of the
first sample, s16le mono PCM. Types and fields that are not known here are ignored, so that both sides can grow; what is
known must have the right type. Times are milliseconds on the timeline of an utterance.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.ids import PersonaId, SessionId, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart, TurnOver

PROTOCOL: Final = 1

MAX_TEXT_BYTES: Final = 64 * 1024
"""The longest text frame that is read, as for every door of the show."""

MAX_UINT32: Final = 2**32 - 1

_MAX_NAME_CHARS: Final = 64
_SOUND_HEAD: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Hello:
    """Who a client is, and whether it could be heard now."""

    client: str
    audio: bool
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Playback:
    """The position a client hears."""

    position: Position


@dataclass(frozen=True, slots=True)
class Flushed:
    """A client fell silent for `turn`; `position` is the last it heard of anything."""

    turn: TurnId
    position: Position


@dataclass(frozen=True, slots=True)
class Look:
    """What a client shows of a persona whose look is a model: `model`, or `puppet` for a `reason`."""

    persona: PersonaId
    shown: str
    reason: str = ""


ClientMessage = Hello | Playback | Flushed | Look


def parse(text: str) -> ClientMessage | None:
    """The message in a text frame of a client; None for a type that is not known here.

    Raises `ProtocolError` for a frame that is too long, is no JSON object with a `type`, or has a field of the wrong
    type or size.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise ProtocolError(f"a text frame has more than {MAX_TEXT_BYTES} characters")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a text frame is not JSON") from error
    if not isinstance(raw, dict):
        raise ProtocolError("a text frame is not a JSON object")
    match _name(raw, "type"):
        case "hello":
            audio = raw.get("audio")
            if not isinstance(audio, bool):
                raise ProtocolError("hello: audio must be true or false")
            return Hello(_name(raw, "client"), audio, _count(raw, "protocol") if "protocol" in raw else PROTOCOL)
        case "playback":
            return Playback(_position(raw))
        case "flushed":
            return Flushed(TurnId(_name(raw, "turn")), _position(raw))
        case "look":
            reason = _name(raw, "reason") if "reason" in raw else ""
            return Look(PersonaId(_name(raw, "persona")), _name(raw, "shown"), reason)
        case _:
            return None


def welcome(
    session: SessionId,
    personas: Iterable[PersonaView],
    expressions: Sequence[str],
    muted: Iterable[PersonaId],
    audio_owner: str | None,
) -> str:
    """The first frame: the cast, who is muted, and the name of the client that makes the sound, if any does."""
    return _text(
        "welcome",
        protocol=PROTOCOL,
        session=session,
        personas=[{"id": persona.id, "name": persona.name, "look": persona.look} for persona in personas],
        expressions=list(expressions),
        muted=sorted(muted),
        audio_owner=audio_owner,
    )


def muted(personas: Iterable[PersonaId]) -> str:
    """Who is muted from now on; an extension that old clients ignore."""
    return _text("muted", personas=sorted(personas))


def puppets(*, is_on: bool) -> str:
    """Whether puppets stand in for all models; an extension that old clients ignore."""
    return _text("puppets", on=is_on)


def speech_start(part: SpeechStart) -> str:
    """An utterance begins; the text is as shown."""
    utterance = part.utterance
    return _text(
        "speech.start",
        utterance=utterance.number,
        turn=utterance.turn,
        persona=utterance.persona,
        text=utterance.clause.shown,
        sample_rate=part.sample_rate,
    )


def speech_cues(utterance: int, visemes: Iterable[VisemeCue], words: Iterable[tuple[float, float, str]] = ()) -> str:
    """Mouth shapes and words of sound that follows."""
    return _text(
        "speech.cues",
        utterance=utterance,
        visemes=[[round(cue.ms, 2), cue.name, round(cue.weight, 3)] for cue in visemes],
        words=[[round(ms, 2), round(ms_end, 2), text] for ms, ms_end, text in words],
    )


def sound(part: SpeechSound) -> bytes:
    """The binary frame of a piece of sound."""
    return _SOUND_HEAD.pack(part.utterance, part.first_sample) + part.pcm


def speech_end(part: SpeechEnd) -> str:
    """The utterance is complete."""
    return _text("speech.end", utterance=part.utterance, samples=part.samples)


def speech_cancel(turn: TurnId) -> str:
    """Fall silent: nothing of the turn may be heard any more."""
    return _text("speech.cancel", turn=turn)


def expression(part: Emote) -> str:
    """A face changes, when its utterance reaches `ms`, or now."""
    when = {} if part.utterance is None else {"utterance": part.utterance, "ms": round(part.ms, 2)}
    return _text("expression", persona=part.persona, name=part.name, weight=round(part.weight, 3), **when)


def caption(part: Caption) -> str:
    """A caption, when its utterance plays, or now."""
    when = {} if part.utterance is None else {"utterance": part.utterance}
    return _text("caption", persona=part.persona, text=part.text, **when)


def audio_owner(*, is_you: bool) -> str:
    """Whether the client plays aloud from the next utterance on."""
    return _text("audio.owner", you=is_you)


def turn_end(part: TurnOver) -> str:
    """A turn is over."""
    return _text("turn.end", turn=part.turn, outcome=part.outcome.value, heard=part.heard)


def ping(position: Position) -> str:
    """The connection lives; `position` is what the server takes to be heard."""
    return _text("ping", position={"utterance": position.utterance, "sample": position.sample})


def _text(type_: str, **fields: Any) -> str:
    # ASCII escapes keep lone surrogates, which models do produce, encodable as UTF-8.
    return json.dumps({"type": type_, **fields}, separators=(",", ":"))


def _name(raw: dict[str, Any], field: str) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_NAME_CHARS:
        raise ProtocolError(f"{field} must be a text of 1 to {_MAX_NAME_CHARS} characters")
    return value


def _count(raw: dict[str, Any], field: str) -> int:
    value = raw.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_UINT32:
        raise ProtocolError(f"{field} must be a whole number from 0 to {MAX_UINT32}")
    return value


def _position(raw: dict[str, Any]) -> Position:
    return Position(_count(raw, "utterance"), _count(raw, "sample"))
