"""Local sound devices through PortAudio (extra `sound`)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spark_vtuber.core.errors import EngineError
from spark_vtuber.stage.ring import Samples

if TYPE_CHECKING:
    from types import ModuleType

DEFAULT: Final = "default"
LATENCY_S: Final = 0.06
"""What the device holds: enough for a thread of Python that is held up, and under the 80 ms of the budget."""

PREFERRED: Final = ("WASAPI", "Core Audio", "ALSA")
"""Windows lists every device once for each of its sound systems; this one has a short delay and full names."""


class PortAudioSpeaker:
    """Implements `stage.device.Speaker`."""

    def __init__(self, name: str, rate: int) -> None:
        self.name = name
        self.rate = rate
        self.stream: Any = None
        self._render: Callable[[int, float], Samples] | None = None

    def now_s(self) -> float:
        """The stream's clock: what `outputBufferDacTime` counts on."""
        return float(self.stream.time)

    def play(self, render: Callable[[int, float], Samples]) -> None:
        """See `Speaker.play`."""
        self._render = render

    def check(self) -> None:
        """See `Speaker.check`."""
        if not self.stream.active:
            raise EngineError("device_lost", f'the sound device "{self.name}" is gone', retryable=True)

    def fill(self, out: "np.ndarray[Any, Any]", frames: int, times: Any, _status: Any) -> None:
        """One block; PortAudio calls it in its own thread."""
        if self._render is None:
            out.fill(0)
        else:
            out[:] = self._render(frames, times.outputBufferDacTime)[:, np.newaxis]


@contextmanager
def open_speaker(wanted: str, rate: int) -> Iterator[PortAudioSpeaker]:
    """The output whose name is or contains `wanted`, at `rate` where it can, else at its own rate.

    Raises:
        EngineError: `not_installed`, or `no_device` with the names of those that are there.
    """
    sounddevice = _sounddevice()
    _rescan(sounddevice)
    device = _chosen(sounddevice, wanted)
    try:
        speaker = PortAudioSpeaker(device["name"], _rate(sounddevice, device, rate))
        speaker.stream = sounddevice.OutputStream(
            speaker.rate, 0, device["index"], _channels(device), "int16", LATENCY_S, callback=speaker.fill
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        raise EngineError(
            "no_device", f'the sound device "{device["name"]}" cannot be opened: {error}', retryable=True
        ) from error
    try:
        with speaker.stream:
            yield speaker
    except sounddevice.PortAudioError as error:
        raise EngineError(
            "device_lost", f'the sound device "{speaker.name}" failed: {error}', retryable=True
        ) from error


def _rate(sounddevice: "ModuleType", device: Any, wanted: int) -> int:
    """The wanted rate where the device takes it, else its own."""
    try:
        sounddevice.check_output_settings(device["index"], _channels(device), "int16", samplerate=wanted)
    except (sounddevice.PortAudioError, ValueError):
        return int(device["default_samplerate"])
    return wanted


def _channels(device: Any) -> int:
    """Both sides of a stereo device."""
    return min(2, int(device["max_output_channels"]))


def outputs() -> list[str]:
    """The names of all outputs. Raises `EngineError("not_installed")`."""
    return [device["name"] for device in _outputs(_sounddevice())]


def _chosen(sounddevice: "ModuleType", wanted: str) -> Any:
    devices = _outputs(sounddevice)
    if wanted.casefold() == DEFAULT:
        try:
            return sounddevice.query_devices(kind="output")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise _missing(wanted, []) from error
    name = wanted.casefold()
    matching = [device for device in devices if name in device["name"].casefold()]
    if not matching:
        raise _missing(wanted, [device["name"] for device in devices])
    return min(matching, key=lambda device: (device["name"].casefold() != name, _rank(sounddevice, device)))


def _outputs(sounddevice: "ModuleType") -> list[Any]:
    return [device for device in sounddevice.query_devices() if device["max_output_channels"] > 0]


def _rank(sounddevice: "ModuleType", device: Any) -> int:
    host = sounddevice.query_hostapis(device["hostapi"])["name"]
    return next((rank for rank, name in enumerate(PREFERRED) if name in host), len(PREFERRED))


def _missing(wanted: str, names: list[str]) -> EngineError:
    known = ", ".join(f'"{name}"' for name in dict.fromkeys(names))
    fix = (
        f"set [stage] device to one of: {known}"
        if known
        else "this machine lists no output at all; see its sound settings"
    )
    return EngineError("no_device", f'there is no sound device "{wanted}"', fix=fix, retryable=True)


def _rescan(sounddevice: "ModuleType") -> None:
    """Look for devices again: PortAudio lists those that were there when it was initialised."""
    sounddevice._terminate()  # noqa: SLF001 - the only way, and the one its documentation names
    sounddevice._initialize()  # noqa: SLF001


def _sounddevice() -> "ModuleType":
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise EngineError(
            "not_installed",
            "sound devices need PortAudio",
            fix='pip install "spark-vtuber[sound]"; on Linux also: apt-get install libportaudio2',
        ) from error
    return sounddevice  # type: ignore[no-any-return]  # published without type information
