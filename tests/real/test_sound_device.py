"""A show on a sound device: a real PulseAudio whose cable is recorded and compared with what the show recorded."""

from pathlib import Path

import anyio
import numpy as np
import numpy.typing as npt
import pytest
import soxr

from spark_vtuber.config.environment import child_environment
from spark_vtuber.core.errors import EngineError
from spark_vtuber.stage.portaudio import open_speaker, outputs
from spark_vtuber.testing.live import live_show
from spark_vtuber.testing.sound_server import RATE, sound_server

pytestmark = [pytest.mark.real, pytest.mark.needs("portaudio")]

WAV_HEADER = 44
Sound = npt.NDArray[np.float64]


def samples(path: Path, skip: int = 0) -> Sound:
    return np.frombuffer(path.read_bytes()[skip:], np.int16).astype(np.float64)


def best_match(long: Sound, short: Sound) -> tuple[int, float]:
    """Where `short` lies in `long`, and how much of it is there: 1 is all."""
    size = 1 << (len(long) + len(short)).bit_length()
    product = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)[: len(long)]
    at = int(np.argmax(product))
    there = long[at : at + len(short)]
    return at, float(product[at] / (np.linalg.norm(there) * np.linalg.norm(short)))


async def test_what_is_heard_on_the_device_is_what_was_recorded(tmp_path: Path) -> None:
    cable, wav = tmp_path / "cable.raw", tmp_path / "show.wav"
    config = f'[stage]\ndevice = "pulse"\nrecording = "{wav}"\n'
    async with sound_server(child_environment(), tmp_path) as server, server.recording(cable):
        async with live_show(config, environ=server.environment) as show:
            while (await show.component("device"))["state"] != "ok":
                await anyio.sleep(0.05)
            await show.write("ana", "hello spark, how are you?")
            (turn,) = await show.wait_for_turns(1)
            assert turn["outcome"] == "completed"
            assert turn["heard"] == turn["said"]
            assert turn["marks"]["first_played"] < turn["marks"]["first_audio"] + 500
        await anyio.sleep(0.3)
    heard, kept = samples(cable), soxr.resample(samples(wav, WAV_HEADER), 24_000, RATE)
    pieces = [kept[at : at + RATE // 2] for at in range(0, len(kept) - RATE // 2, RATE // 2)]
    shares = [best_match(heard, piece)[1] for piece in pieces if np.abs(piece).max() > 500]
    assert len(shares) >= 2
    assert float(np.median(shares)) > 0.98


def test_a_device_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(EngineError, match='no sound device "moon"') as missing, open_speaker("moon", 24_000):
        pass
    assert missing.value.retryable
    assert all(f'"{name}"' in missing.value.fix for name in outputs())
