"""espeak-ng in a process of its own: `python -m spark_vtuber.tts.workers.espeak VOICE`.

espeak-ng is GPL and its state is global to a process. `VOICE` is loaded before `ready`.

`{"op": "describe", "id"}` is answered by one frame `{"type": "voices", "sample_rate", "languages", "variants"}`; both
lists hold `[name, codes, identifier]`.

`{"op": "speak", "id", "text", "starts", "voice", "rate", "pitch", "range", "volume"}` is answered by frames
`{"type": "sound", "phonemes": [[ms, ipa]…], "words": [[first, until, ms, ms_end]…], "end_ms"}` whose body is s16le
mono PCM. `starts` are the character offsets at which the words of the text begin; `first` and `until` (exclusive)
index them. A frame is as long as the words that it completes, so that no word and no phoneme comes after its sound.
`voice` is `IDENTIFIER` or `IDENTIFIER+VARIANT`, `rate` words a minute (80..450), `pitch` and `range` 0..99, `volume`
per cent. Silence before the first phoneme and after the last one is left out; a text without a sound has no frames.
"""

import ctypes as c
import os
import queue
import signal
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import espeakng_loader

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.frames import encode, read_frame

# The values below are those of espeak-ng 1.52's public header speak_lib.h.
_SYNCHRONOUS: Final = 2
_PHONEME_EVENTS: Final = 0x0001
_PHONEME_IPA: Final = 0x0002
_DONT_EXIT: Final = 0x8000
_CHARS_UTF8: Final = 1
_END_OF_LIST: Final = 0
_WORD: Final = 1
_PHONEME: Final = 7
_PARAMETERS: Final = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}
_BUFFER_MS: Final = 60

_PAUSES: Final = frozenset({"", "_", "_:", "_!", "_|", "_::"})


class _EventId(c.Union):
    _fields_ = (("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8))


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),  # of characters, the first is 1
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _EventId),
    )


class _Voice(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("languages", c.c_void_p),  # priority byte, code, NUL; again and again until the priority is 0
        ("identifier", c.c_char_p),
        ("gender", c.c_ubyte),
        ("age", c.c_ubyte),
        ("variant", c.c_ubyte),
        ("unused", c.c_ubyte),
        ("score", c.c_int),
        ("spare", c.c_void_p),
    )


_CALLBACK = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


@dataclass(slots=True)
class _Speech:
    """One utterance while it is made; positions are samples of espeak's own timeline."""

    starts: list[int]
    rate_hz: int
    pcm: bytearray = field(default_factory=bytearray)
    taken: int = 0
    lead: int | None = None
    quiet_at: int | None = None
    word: int | None = None
    word_at: int = 0
    first_word: int = 0
    complete_to: int = 0
    phonemes: list[tuple[int, str]] = field(default_factory=list)
    words: list[tuple[int, int, int, int]] = field(default_factory=list)

    def phoneme(self, at: int, name: str) -> None:
        if name not in _PAUSES:
            self.quiet_at = None
            self.lead = at if self.lead is None else self.lead
        elif self.quiet_at is None:
            self.quiet_at = at
        if self.lead is not None:
            self.phonemes.append((at, name))

    def word_begins(self, at: int, character: int) -> None:
        word = max(bisect_right(self.starts, character) - 1, 0)
        if self.word is None:
            self.word, self.word_at = word, at
        elif word > self.word and self.lead is not None:
            self._close_word(word, at if self.quiet_at is None else self.quiet_at)
            self.word, self.word_at, self.first_word = word, at, word
            self.complete_to = at

    def finish(self) -> None:
        """Everything is known: the rest of the sound is complete, up to its last phoneme."""
        end = self.taken + len(self.pcm) // 2
        if self.quiet_at is not None:
            end = min(end, self.quiet_at)
        if self.lead is None:
            return
        if self.word is not None:
            self._close_word(len(self.starts), end)
        self.complete_to = end

    def _close_word(self, until: int, at: int) -> None:
        self.words.append((self.first_word, until, self.word_at, max(at, self.word_at)))

    def take(self) -> tuple[dict[str, Any], bytes] | None:
        """The header and the sound of a frame, if the sound of whole words is there."""
        lead = self.lead
        begin = self.taken if lead is None else max(self.taken, lead)
        end = min(self.complete_to, self.taken + len(self.pcm) // 2)
        if lead is None or end <= begin:
            return None
        pcm = bytes(self.pcm[2 * (begin - self.taken) : 2 * (end - self.taken)])
        del self.pcm[: 2 * (end - self.taken)]
        self.taken = end
        header = {
            "phonemes": [(self._ms(at), name) for at, name in self.phonemes if at < end],
            "words": [(first, until, self._ms(at), self._ms(to)) for first, until, at, to in self.words],
            "end_ms": self._ms(end),
        }
        self.phonemes = [phoneme for phoneme in self.phonemes if phoneme[0] >= end]
        self.words = []
        return header, pcm

    def _ms(self, at: int) -> float:
        return round(max(at - (self.lead or 0), 0) * 1000 / self.rate_hz, 2)


class _Link:
    """Both directions of the pipe; a thread of its own reads, so that a cancel is seen while espeak works."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._cancelled = 0
        self._cancelled_at = 0.0
        self._is_closed = False

    def start(self) -> None:
        threading.Thread(target=self._read, name="reader", daemon=True).start()

    def _read(self) -> None:
        try:
            while (frame := read_frame(self._requests)) is not None:
                if frame.header.get("op") == "cancel":
                    self._cancelled, self._cancelled_at = int(frame.header["id"]), time.perf_counter()
                else:
                    self._queue.put(frame.header)
        except (ProtocolError, OSError, KeyError, ValueError) as error:
            sys.stderr.write(f"the show cannot be understood: {error}\n")
        self._is_closed = True
        self._queue.put(None)

    def next_request(self) -> dict[str, Any] | None:
        return self._queue.get()

    def is_cancelled(self, request: int) -> bool:
        return self._is_closed or self._cancelled == request

    def cancel_ms(self) -> float:
        return round((time.perf_counter() - self._cancelled_at) * 1000, 3)

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        self._answers.write(encode(header, body))
        self._answers.flush()


def _codes(at: int | None) -> Iterator[str]:
    """The codes of a voice, best first."""
    while at and c.string_at(at, 1) != b"\0":
        code = c.string_at(at + 1)
        yield code.decode()
        at += 2 + len(code)


class _Espeak:
    """The library; one per process."""

    def __init__(self, link: _Link) -> None:
        self._link = link
        self._lib = lib = c.CDLL(str(espeakng_loader.get_library_path()))
        lib.espeak_Initialize.argtypes = (c.c_int, c.c_int, c.c_char_p, c.c_int)
        lib.espeak_Synth.argtypes = (
            c.c_char_p,
            c.c_size_t,
            c.c_uint,
            c.c_int,
            c.c_uint,
            c.c_uint,
            c.POINTER(c.c_uint),
            c.c_void_p,
        )
        lib.espeak_SetVoiceByName.argtypes = (c.c_char_p,)
        lib.espeak_SetParameter.argtypes = (c.c_int, c.c_int, c.c_int)
        lib.espeak_ListVoices.argtypes = (c.POINTER(_Voice),)
        lib.espeak_ListVoices.restype = c.POINTER(c.POINTER(_Voice))
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        data_path = os.fsencode(espeakng_loader.get_data_path())
        self.rate_hz = int(lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data_path, options))
        if self.rate_hz <= 0:
            raise RuntimeError(f"espeak-ng cannot read its data in {data_path!r}")
        self._callback = _CALLBACK(self._take)  # the library keeps no reference of its own
        lib.espeak_SetSynthCallback(self._callback)
        self._speech = _Speech([], self.rate_hz)
        self._request = 0
        self._failure: OSError | None = None

    def voices(self, language: bytes | None = None) -> list[tuple[str, list[str], str]]:
        """Name, codes and identifier of all languages, or of the voices of one (`variant`)."""
        wanted = c.create_string_buffer(language) if language else None
        spec = c.byref(_Voice(languages=c.addressof(wanted))) if wanted else None
        found = self._lib.espeak_ListVoices(spec)
        listed: list[tuple[str, list[str], str]] = []
        while found[len(listed)]:
            voice = found[len(listed)].contents
            listed.append((voice.name.decode(), list(_codes(voice.languages)), voice.identifier.decode()))
        return listed

    def load(self, voice: str) -> bool:
        """Whether the voice is there now. The library takes any variant for granted; the caller knows which exist."""
        return int(self._lib.espeak_SetVoiceByName(voice.encode())) == 0

    def speak(self, request: dict[str, Any]) -> None:
        """Send the sound of one request; returns early when it is cancelled.

        Raises:
            OSError: nobody reads the sound any more.
        """
        self._speech = _Speech(request["starts"], self.rate_hz)
        self._request = request["id"]
        for name, number in _PARAMETERS.items():
            self._lib.espeak_SetParameter(number, int(request[name]), 0)
        text = request["text"].encode()
        self._lib.espeak_Synth(text, len(text) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
        if self._failure is None and not self._link.is_cancelled(self._request):
            self._speech.finish()
            self._send()
        if self._failure is not None:
            raise self._failure

    def _take(self, wave: Any, samples: int, events: Any) -> int:
        """Called by the library for every buffer; 1 stops it."""
        if self._failure is not None or self._link.is_cancelled(self._request):
            return 1
        speech, index = self._speech, 0
        if wave and samples > 0:
            speech.pcm += c.string_at(wave, 2 * samples)
        while (kind := events[index].type) != _END_OF_LIST:
            event = events[index]
            if kind == _PHONEME:
                speech.phoneme(event.sample, event.id.string.decode("utf-8", "ignore"))
            elif kind == _WORD:
                speech.word_begins(event.sample, event.text_position - 1)
            index += 1
        try:
            self._send()
        except OSError as error:
            self._failure = error
            return 1
        return 0

    def _send(self) -> None:
        if self._request and (frame := self._speech.take()) is not None:
            header, pcm = frame
            self._link.send({"id": self._request, "type": "sound", **header}, pcm)


def _answer(link: _Link, espeak: _Espeak, request: dict[str, Any]) -> None:
    number = request["id"]
    match request.get("op"):
        case "describe":
            link.send(
                {
                    "id": number,
                    "type": "voices",
                    "sample_rate": espeak.rate_hz,
                    "languages": espeak.voices(),
                    "variants": espeak.voices(b"variant"),
                }
            )
        case "speak" if not espeak.load(request["voice"]):
            link.send({"id": number, "type": "error", "code": "no_voice", "message": f"no voice {request['voice']!r}"})
            return
        case "speak":
            espeak.speak(request)
        case other:
            link.send({"id": number, "type": "error", "code": "no_op", "message": f"no operation {other!r}"})
            return
    if link.is_cancelled(number):
        link.send({"id": number, "type": "cancelled", "after_ms": link.cancel_ms()})
    else:
        link.send({"id": number, "type": "end"})


def main(voice: str) -> None:
    """Answer requests until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    link = _Link(sys.stdin.buffer, answers)
    espeak = _Espeak(link)
    espeak.load(voice)
    warm_up = {"id": 0, "starts": [0], "text": "ready", "rate": 175, "pitch": 50, "range": 50, "volume": 100}
    espeak.speak(warm_up)
    link.send({"type": "ready"})
    link.start()
    try:
        while (request := link.next_request()) is not None:
            _answer(link, espeak, request)
    except OSError as error:
        sys.stderr.write(f"the show reads no more: {error}\n")


if __name__ == "__main__":
    main(sys.argv[1])
