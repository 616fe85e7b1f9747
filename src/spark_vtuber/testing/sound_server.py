"""A sound server with a cable that leads nowhere: what is played into it can be recorded. For tests with real sound."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Final

import anyio

from spark_vtuber.testing.live import LOOK_AGAIN_S, START_LIMIT_S, end_process

SINK: Final = "cable"
RATE: Final = 48_000


@dataclass(frozen=True, slots=True)
class SoundServer:
    """A running PulseAudio; `environment` leads programs to it."""

    environment: Mapping[str, str]

    @asynccontextmanager
    async def recording(self, path: Path) -> AsyncIterator[None]:
        """Write what comes out of the cable, s16le mono at 48 kHz, to `path`."""
        command = ["parec", "-d", f"{SINK}.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1", "--raw"]
        command += ["--latency-msec=20"]
        with path.open("wb") as out:
            async with await anyio.open_process(
                command, stdin=DEVNULL, stdout=out, stderr=DEVNULL, env=dict(self.environment)
            ) as recorder:
                try:
                    with anyio.fail_after(START_LIMIT_S):
                        while not path.stat().st_size:
                            await anyio.sleep(LOOK_AGAIN_S)
                    yield
                finally:
                    with anyio.CancelScope(shield=True):
                        await end_process(recorder)


@asynccontextmanager
async def sound_server(environment: Mapping[str, str], folder: Path) -> AsyncIterator[SoundServer]:
    """PulseAudio with one null sink; its files lie in `folder`."""
    socket = folder / "sound"
    own = {name: value for name, value in environment.items() if name != "PULSE_SERVER"}
    own |= {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm"]
    command += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"]
    command += ["-L", f"module-null-sink sink_name={SINK} rate={RATE}", "-L", "module-always-sink"]
    async with await anyio.open_process(command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env=own) as server:
        try:
            with anyio.fail_after(START_LIMIT_S):
                while not socket.exists():
                    await anyio.sleep(LOOK_AGAIN_S)
            yield SoundServer({**own, "PULSE_SERVER": f"unix:{socket}"})
        finally:
            with anyio.CancelScope(shield=True):
                await end_process(server)
