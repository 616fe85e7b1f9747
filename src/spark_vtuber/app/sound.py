"""The local sound device, as the configuration names it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import anyio

from spark_vtuber.app.house import House
from spark_vtuber.core.errors import EngineError
from spark_vtuber.stage.device import Speaker, play_on
from spark_vtuber.stage.hall import StageHall

NAME: Final = "device"


def keep_sounding(house: House, hall: StageHall) -> None:
    """Play on the device of `[stage] device` while one is named; a change of the key takes another."""
    report = house.board.reporter(NAME, "stage")
    report("starting")

    async def play() -> None:
        device = house.config.stage.device
        if not device:
            report("off", "pages make the sound")
            return
        report("starting", f"opens {device}")
        try:
            await play_on(partial(_opened, house), partial(hall.connect, is_device=True), report)
        except EngineError as error:
            if error.retryable:
                raise
            # Only another choice helps, and `follow` waits for it.
            report("failed", error.message, error.fix)

    house.supervise(report, partial(house.live.follow, "stage.device", play))


@asynccontextmanager
async def _opened(house: House) -> AsyncIterator[Speaker]:
    """The speaker of the moment. PortAudio looks for devices, opens and closes them for up to seconds."""
    from spark_vtuber.stage.portaudio import open_speaker

    stage, aside = house.config.stage, house.around.aside
    context = open_speaker(stage.device, stage.sample_rate)
    speaker = await aside(context.__enter__)
    try:
        yield speaker
    finally:
        with anyio.CancelScope(shield=True):
            await aside(partial(context.__exit__, None, None, None))
