"""The sound that waits for a local device: utterances in the order of their numbers, back to back. Does no I/O.

The audio thread renders blocks while the loop adds and cancels; each call holds the lock for microseconds.
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.port import Position

START_S: Final = 0.04
"""As much sound must wait before an utterance begins, or goes on after it ran dry."""

FADE_S: Final = 0.005
"""A cut fades out in this time, so that it does not click."""

_ANCHORS: Final = 64

Samples = npt.NDArray[np.int16]


@dataclass(slots=True)
class _Entry:
    utterance: int
    turn: TurnId
    rate: int
    resampler: soxr.ResampleStream | None
    chunks: deque[Samples] = field(default_factory=deque)
    waiting: int = 0
    played: int = 0
    samples: int | None = None

    @property
    def is_over(self) -> bool:
        return self.samples is not None and not self.waiting

    def take(self, frames: int) -> Samples:
        """Up to `frames` of what waits, played from now on."""
        parts: list[Samples] = []
        wanted = min(frames, self.waiting)
        self.waiting -= wanted
        self.played += wanted
        while wanted:
            chunk = self.chunks.popleft()
            if len(chunk) > wanted:
                self.chunks.appendleft(chunk[wanted:])
                chunk = chunk[:wanted]
            parts.append(chunk)
            wanted -= len(chunk)
        return np.concatenate(parts) if parts else np.empty(0, np.int16)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """From `at_s` on, `sample` of the utterance is heard and those after it at `rate`; 0 = it stands there."""

    at_s: float
    utterance: int
    sample: int
    rate: int


class SoundRing:
    """Renders sound at `rate` frames a second and knows what is heard when.

    Sound of another rate is converted as it arrives. `underruns` counts how often an utterance ran dry.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.underruns = 0
        self._lock = threading.Lock()
        self._entries: deque[_Entry] = deque()
        self._is_playing = False
        self._fade: Samples = np.empty(0, np.int16)
        self._anchors: deque[_Anchor] = deque(maxlen=_ANCHORS)

    def is_silent(self, now_s: float) -> bool:
        """Whether nothing waits and everything that was rendered has been heard."""
        with self._lock:
            return not self._entries and (not self._anchors or self._anchors[-1].at_s <= now_s)

    def begin(self, utterance: int, turn: TurnId, rate: int) -> None:
        """An utterance will follow those before it."""
        resampler = None if rate == self.rate else soxr.ResampleStream(rate, self.rate, 1, "int16", "HQ")
        with self._lock:
            self._entries.append(_Entry(utterance, turn, rate, resampler))

    def sound(self, utterance: int, pcm: bytes) -> None:
        """The next sound of an utterance; ignored where it was cancelled."""
        entry = self._find(utterance)
        if entry is not None:
            self._add(entry, np.frombuffer(pcm, np.int16))

    def end(self, utterance: int, samples: int) -> None:
        """The utterance is complete: `samples` samples at its own rate."""
        entry = self._find(utterance)
        if entry is None:
            return
        if entry.resampler is not None:
            self._add(entry, np.empty(0, np.int16), is_last=True)
        with self._lock:
            entry.samples = samples

    def cancel(self, turn: TurnId) -> Position | None:
        """Drop a turn's sound. Gives where it is cut, None where it did not sound."""
        with self._lock:
            head = self._entries[0] if self._entries else None
            position = None
            if head is not None and head.turn == turn:
                if head.played:
                    position = Position(head.utterance, self._sample(head))
                if self._is_playing:
                    faded = head.take(int(FADE_S * self.rate))
                    self._fade = np.rint(faded * np.linspace(1, 0, len(faded), endpoint=False)).astype(np.int16)
                self._is_playing = False
            self._entries = deque(entry for entry in self._entries if entry.turn != turn)
            return position

    def render(self, frames: int, at_s: float) -> Samples:
        """The next block, which is heard from `at_s` on."""
        out = np.zeros(frames, np.int16)
        with self._lock:
            at = min(frames, len(self._fade))
            out[:at], self._fade = self._fade[:at], self._fade[at:]
            is_flowing = False
            while self._entries and at < frames:
                head = self._entries[0]
                if not self._is_playing:
                    if not self._is_ready(head, is_flowing=is_flowing):
                        break
                    self._is_playing = True
                    self._anchor(head, at_s + at / self.rate, head.rate)
                block = head.take(frames - at)
                out[at : at + len(block)] = block
                at += len(block)
                if head.is_over:
                    self._anchor(head, at_s + at / self.rate, 0)
                    self._entries.popleft()
                    self._is_playing, is_flowing = False, True
                elif at < frames:
                    self._anchor(head, at_s + at / self.rate, 0)
                    self.underruns += 1
                    self._is_playing = False
                    break
        return out

    def heard(self, now_s: float) -> Position:
        """What is heard at `now_s`, on the clock of `render`."""
        with self._lock:
            heard = Position(0, 0)
            following: _Anchor | None = None
            for anchor in reversed(self._anchors):
                if anchor.at_s <= now_s:
                    sample = anchor.sample + int((now_s - anchor.at_s) * anchor.rate)
                    if following is not None and following.utterance == anchor.utterance:
                        sample = min(sample, following.sample)
                    heard = Position(anchor.utterance, sample)
                    break
                following = anchor
            return heard

    def _add(self, entry: _Entry, sound: Samples, *, is_last: bool = False) -> None:
        if entry.resampler is not None:
            sound = entry.resampler.resample_chunk(sound, last=is_last)
        if len(sound):
            with self._lock:
                entry.chunks.append(sound)
                entry.waiting += len(sound)

    def _find(self, utterance: int) -> _Entry | None:
        with self._lock:
            return next((entry for entry in self._entries if entry.utterance == utterance), None)

    def _is_ready(self, entry: _Entry, *, is_flowing: bool) -> bool:
        if entry.samples is not None:
            return True
        return entry.waiting >= (1 if is_flowing else START_S * self.rate)

    def _anchor(self, entry: _Entry, at_s: float, rate: int) -> None:
        self._anchors.append(_Anchor(at_s, entry.utterance, self._sample(entry), rate))

    def _sample(self, entry: _Entry) -> int:
        """How many samples of the utterance, at its own rate, were rendered."""
        if entry.samples is not None and entry.is_over:
            return entry.samples
        return entry.played * entry.rate // self.rate
