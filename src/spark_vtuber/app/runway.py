"""The ground a show starts from: disk, power, memory, heat, the sound device, and what the last rehearsal left."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import psutil

from spark_vtuber.app.environment import Aside
from spark_vtuber.config.keys import Config
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.machine import Sensors
from spark_vtuber.health.heat_watch import HeatLimits, HeatWatch
from spark_vtuber.health.machine import free_disk_bytes
from spark_vtuber.health.memory_watch import GIGABYTE, default_limit_bytes
from spark_vtuber.health.sensors import MachineSensors

REHEARSAL_FILE: Final = "rehearsal.json"
REHEARSE: Final = "spark-vtuber rehearse --minutes 10"
REHEARSED_DAYS: Final = 7.0
EIGHT_HOURS_BYTES: Final = 3_000_000_000
"""A recording of eight hours (24 kHz, 16 bit) takes 1.4 GB; the journal and logs take the rest."""

DEFAULT: Final = "default"
"""As `[stage] device` names the system's own choice."""


class Battery(Protocol):
    """What is used of `psutil.sensors_battery()`."""

    @property
    def percent(self) -> float: ...

    @property
    def power_plugged(self) -> bool | None: ...


def _battery() -> Battery | None:
    return psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None


def _outputs() -> list[str]:
    from spark_vtuber.stage.portaudio import outputs

    return outputs()


@dataclass(frozen=True, slots=True)
class Runway:
    """What the machine says; tests give one of their own.

    `battery` is None where there is none. `outputs` names the sound devices, or raises `EngineError`.
    """

    sensors: Callable[[], Sensors] = MachineSensors
    free_disk: Callable[[Path], int] = free_disk_bytes
    battery: Callable[[], Battery | None] = _battery
    outputs: Callable[[], list[str]] = _outputs
    now: Callable[[], float] = time.time


async def ground(config: Config, runway: Runway, aside: Aside) -> AsyncIterator[Finding]:
    """Every finding on the machine, then those on what a show keeps."""
    yield _disk(config, runway)
    yield _power(runway)
    async for finding in _machine(config, runway):
        yield finding
    yield await _sound(config, runway, aside)
    if not config.journal.on:
        yield Finding("journal", "warning", "off: nothing can be looked up afterwards", "set [journal] on = true")
    for finding in _put_away(config):
        yield finding
    yield _rehearsal(config, runway)


def _disk(config: Config, runway: Runway) -> Finding:
    room = runway.free_disk(config.data.dir)
    if room < EIGHT_HOURS_BYTES:
        return Finding("disk", "warning", f"{room / 1e9:.1f} GB are free, eight hours may take 3", "make room")
    return Finding("disk", "ok", f"{room / 1e9:.0f} GB are free, enough for eight hours")


def _power(runway: Runway) -> Finding:
    now = runway.battery()
    if now is not None and now.power_plugged is False:
        return Finding("power", "warning", f"on battery, {now.percent:.0f} % left", "plug the machine in")
    return Finding("power", "ok", "plugged in" if now is not None else "no battery")


async def _machine(config: Config, runway: Runway) -> AsyncIterator[Finding]:
    """Memory and heat by the limits at which a show would begin to do without."""
    limits = config.machine
    use = await runway.sensors().look((), ())
    limit = int(limits.memory_limit_gb * GIGABYTE) or default_limit_bytes(use.total_bytes)
    share = f"{use.used_bytes / GIGABYTE:.0f} of {limit / GIGABYTE:.0f} GB are in use"
    if use.used_bytes >= limits.memory_act * limit:
        yield Finding("memory", "error", f"{share}: the show would begin by doing without", "close other programs")
    elif use.used_bytes >= limits.memory_warn * limit:
        yield Finding("memory", "warning", share, "close other programs, or use a smaller model")
    else:
        yield Finding("memory", "ok", share)
    reason = HeatWatch(HeatLimits(limits.heat_soft_c, limits.heat_back_s)).look(use, 0.0)
    if reason:
        yield Finding("heat", "warning", f"{reason}; answers would be shorter", "let the machine cool down")
    elif not use.temperatures and all(gpu.temperature_c is None for gpu in use.gpus):
        yield Finding("heat", "note", "this machine tells no temperature")
    else:
        yield Finding("heat", "ok", f"below {limits.heat_soft_c:.0f} °C")


async def _sound(config: Config, runway: Runway, aside: Aside) -> Finding:
    wanted = config.stage.device.casefold()
    if not wanted:
        return Finding("sound", "note", "a page makes it: open the stage in OBS, or a page that is heard")
    try:
        names = await aside(runway.outputs)
    except EngineError as error:
        return Finding("sound", "error", error.message, error.fix)
    matching = [name for name in names if wanted in name.casefold()]
    if not names or (not matching and wanted != DEFAULT):
        known = ", ".join(f'"{name}"' for name in dict.fromkeys(names))
        others = f" to one of: {known}" if known else ' = "" to leave the sound to a page'
        fix = f"plug it in, or set [stage] device{others}"
        return Finding("sound", "error", f'there is no sound device "{config.stage.device}"', fix)
    chosen = f'"{matching[0]}"' if matching else "the default one"
    return Finding("sound", "ok", f"the device is there: {chosen}")


def _put_away(config: Config) -> Iterator[Finding]:
    """What was switched off for a trial and forgotten."""
    for name, stand_in in config.fallback.model_dump().items():
        if stand_in:
            detail = f"{name} is switched to {stand_in}"
            yield Finding("stand-ins", "warning", detail, f"switch it back in the panel, or remove [fallback] {name}")


def _rehearsal(config: Config, runway: Runway) -> Finding:
    try:
        last = json.loads((config.data.dir / REHEARSAL_FILE).read_text(encoding="utf-8"))
        days, is_ready = (runway.now() - float(last["at"])) / 86_400, bool(last["ready"])
        why = "; ".join(str(miss) for miss in last["misses"])
        unplayed = int(last.get("without_stage", 0))
        passed = f"passed, {float(last['p95_ms']):.0f} ms p95 from chat to sound" if is_ready else ""
    except FileNotFoundError:
        return Finding("rehearsal", "warning", "never rehearsed", REHEARSE)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Finding("rehearsal", "warning", "what the last one left cannot be read", REHEARSE)
    if not is_ready:
        return Finding("rehearsal", "error", f"the last one did not pass: {why}", REHEARSE)
    if days > REHEARSED_DAYS:
        return Finding("rehearsal", "warning", f"the last one is {days:.0f} days ago", REHEARSE)
    if unplayed:
        return Finding("rehearsal", "warning", f"no stage played {unplayed} answers of the last one", REHEARSE)
    return Finding("rehearsal", "ok", passed)
