"""The local sound device, as the configuration names it."""

from functools import partial
from typing import Final

from spark_vtuber.app.house import House
from spark_vtuber.stage.device import play_on
from spark_vtuber.stage.hall import StageHall

NAME: Final = "device"


def keep_sounding(house: House, hall: StageHall) -> None:
    """Play on the device of `[stage] device` while one is named; a change of the key takes another."""
    report = house.board.reporter(NAME, "stage")

    async def play() -> None:
        stage = house.config.stage
        if not stage.device:
            report("off", "pages make the sound")
            return
        from spark_vtuber.stage.portaudio import open_speaker

        open_named = partial(open_speaker, stage.device, stage.sample_rate)
        await play_on(open_named, partial(hall.connect, is_device=True), report)

    house.supervise(report, partial(house.live.follow, "stage.device", play))
