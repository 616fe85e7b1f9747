"""A real OBS on a screen of its own, and a sound server of its own. For tests that meet the world, on Linux.

Nothing of the user's is touched: settings, scenes, sockets and recordings lie in a temporary folder.
"""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL
from typing import Final

import anyio
from anyio.abc import Process
from pydantic import SecretStr

from spark_vtuber.config.environment import child_environment
from spark_vtuber.core.errors import EngineError
from spark_vtuber.obs.port import Address, Remote, Tell
from spark_vtuber.obs.simple import open_remote
from spark_vtuber.testing.live import end_process, free_port
from spark_vtuber.testing.sound_server import sound_server

START_LIMIT_S: Final = 20.0
LOOK_AGAIN_S: Final = 0.05
PASSWORD: Final = "correct horse"  # noqa: S105 - of an OBS that lives for a test
SIZE: Final = (640, 360)

_GLOBAL: Final = """[General]
FirstRun=true
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
AlertsEnabled=false
AuthRequired=true
ServerPort={port}
ServerPassword={password}
[Basic]
Profile=CI
ProfileDir=CI
SceneCollection=CI
SceneCollectionFile=CI
"""

_PROFILE: Final = """[General]
Name=CI
[Output]
Mode=Simple
[SimpleOutput]
FilePath={folder}
RecFormat=mkv
StreamEncoder=x264
Preset=ultrafast
VBitrate=500
ABitrate=160
[Video]
BaseCX={width}
BaseCY={height}
OutputCX={width}
OutputCY={height}
FPSType=0
FPSCommon=30
[Audio]
SampleRate=48000
ChannelSetup=Stereo
"""


@dataclass(slots=True)
class ObsProgram:
    """An OBS that can be started, killed and started again with the same settings.

    `folder` holds its recordings, `environment` leads programs to its screen and its sound server.
    """

    folder: Path
    port: int
    environment: Mapping[str, str]
    password: str = PASSWORD
    process: Process | None = field(default=None)

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address("127.0.0.1", self.port, SecretStr(self.password))

    async def start(self) -> None:
        """Start it; returns when it lets a client in. Raises `TimeoutError` with the end of its log."""
        command = ["obs", "--multi", "--disable-missing-files-check", "--profile", "CI", "--collection", "CI"]
        log = self.folder / "obs.log"
        with log.open("ab") as terminal:
            self.process = await anyio.open_process(
                command, stdin=DEVNULL, stdout=terminal, stderr=terminal, env=self.environment
            )
        with anyio.move_on_after(START_LIMIT_S):
            while self.process.returncode is None:
                with suppress(EngineError):
                    async with self.connected():
                        return
                await anyio.sleep(LOOK_AGAIN_S)
        raise TimeoutError(f"OBS was not ready: {log.read_text(errors='replace')[-2000:]}")

    async def kill(self) -> None:
        """End it without a warning."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    @asynccontextmanager
    async def connected(self, tell: Tell = lambda _event, _data: None) -> AsyncIterator[Remote]:
        """A second client, to look at what the first one did."""
        async with open_remote(self.address, tell) as remote, anyio.create_task_group() as tasks:
            tasks.start_soon(remote.run)
            # OBS lets clients in before its scenes are loaded.
            while True:
                with suppress(EngineError):
                    await remote.call("GetSceneList")
                    break
                await anyio.sleep(LOOK_AGAIN_S)
            yield remote
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def obs_program(*, has_sound: bool = False) -> AsyncIterator[ObsProgram]:
    """A running OBS; with `has_sound` also a PulseAudio whose only device is a cable that leads nowhere."""
    with tempfile.TemporaryDirectory(prefix="spark-obs-") as name:
        folder = Path(name)
        port = free_port()
        _write_settings(folder, port)
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        environment = child_environment(
            {"HOME": name, "XDG_CONFIG_HOME": f"{name}/.config", "XDG_RUNTIME_DIR": str(runtime)}
            | {"LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb", "NO_AT_BRIDGE": "1"}
        )
        environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
        async with _screen(environment) as display:
            environment |= {"DISPLAY": display}
            if has_sound:
                environment |= {"PULSE_SERVER": f"unix:{runtime}/sound"}
            async with sound_server(environment, runtime) if has_sound else nullcontext():
                program = ObsProgram(folder, port, environment)
                try:
                    await program.start()
                    yield program
                finally:
                    with anyio.CancelScope(shield=True):
                        await program.kill()


def _write_settings(folder: Path, port: int) -> None:
    settings = folder / ".config" / "obs-studio"
    profile = settings / "basic" / "profiles" / "CI"
    profile.mkdir(parents=True)
    (settings / "global.ini").write_text(_GLOBAL.format(port=port, password=PASSWORD))
    width, height = SIZE
    (profile / "basic.ini").write_text(_PROFILE.format(folder=folder, width=width, height=height))


@asynccontextmanager
async def _screen(environment: Mapping[str, str]) -> AsyncIterator[str]:
    """A virtual screen; it says its own number on a pipe."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    async with await anyio.open_process(command, stdin=DEVNULL, stderr=DEVNULL, env=environment) as screen:
        try:
            if screen.stdout is None:
                raise RuntimeError("Xvfb has no output")
            with anyio.fail_after(START_LIMIT_S):
                number = b""
                while not number.endswith(b"\n"):
                    number += await screen.stdout.receive()
            yield f":{number.decode().strip()}"
        finally:
            with anyio.CancelScope(shield=True):
                await end_process(screen)
