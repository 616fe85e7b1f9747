"""The one place where a voice's sample rate becomes the show's."""

from typing import Any

from spark_vtuber.core.audio import BYTES_PER_SAMPLE


def load() -> None:
    """Import what resampling needs, about 0.2 s; call it in a thread before the first sound."""
    import numpy  # noqa: F401, ICN001 - heavy: only where a voice is opened
    import soxr  # noqa: F401 - heavy


class Resampler:
    """Streams s16le mono PCM from one rate to another.

    Sample `n` of the input is heard at sample `n * to_hz / from_hz` of the output, so that cue times stay true.
    What comes out may lag up to about 45 ms behind what went in; `finish` gives the rest, and then the output is
    `round(samples * to_hz / from_hz)` samples long.
    """

    __slots__ = ("_is_used", "_same", "_stream")

    def __init__(self, from_hz: int, to_hz: int) -> None:
        import soxr

        self._same = from_hz == to_hz
        self._is_used = False
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="HQ")

    def feed(self, pcm: bytes) -> bytes:
        """What is ready after `pcm`; may be empty."""
        if self._same or not pcm:
            return pcm
        self._is_used = True
        return self._push(pcm, last=False)

    def finish(self) -> bytes:
        """The rest; the resampler must not be used any more."""
        return self._push(b"", last=True) if self._is_used else b""

    def _push(self, pcm: bytes, *, last: bool) -> bytes:
        import numpy as np

        samples = np.frombuffer(pcm, dtype="<i2", count=len(pcm) // BYTES_PER_SAMPLE).astype(np.int16, copy=False)
        ready: Any = self._stream.resample_chunk(samples, last=last)
        return bytes(ready.astype("<i2", copy=False).tobytes())
