"""The machine's own sensors: memory, processor, temperatures (psutil) and NVIDIA cards (NVML)."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import anyio.to_thread
import psutil

from spark_vtuber.core.machine import Gpu, MachineUse, ProcessRole, ProcessUse, Temperature, Watched

if TYPE_CHECKING:
    from types import ModuleType

THROTTLE_COUNTS: Final = "thermal_throttle/package_throttle_count"
"""How often a processor package slowed itself down (Linux, x86: Documentation/ABI/testing/sysfs-devices-system-cpu)."""

PORTS_EVERY: Final = 15
"""Whose port it is, is looked up every so many looks: a walk through all sockets of the machine."""


class MachineSensors:
    """Implements `core.machine.Sensors`. A look runs in a thread and takes some milliseconds."""

    def __init__(self, cpus: Path = Path("/sys/devices/system/cpu")) -> None:
        self._cpus = cpus
        self._processes: dict[int, psutil.Process] = {}
        self._listeners: dict[int, int] = {}
        self._looks = 0
        self._throttled = self._throttle_count()
        self._cards = Cards()
        self._limiter = anyio.CapacityLimiter(1)

    async def look(self, watched: Sequence[Watched], ports: Sequence[int]) -> MachineUse:
        """See `Sensors.look`. Cancelling returns at once; the thread ends by itself."""
        look = partial(self._look, tuple(watched), tuple(ports))
        return await anyio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=self._limiter)

    def _look(self, watched: Sequence[Watched], ports: Sequence[int]) -> MachineUse:
        memory = psutil.virtual_memory()
        known = {one.pid: one for one in (*self._engines(ports), *watched)}
        self._processes = {pid: process for pid, process in self._processes.items() if pid in known}
        throttled, self._throttled = self._throttled, self._throttle_count()
        self._looks += 1
        return MachineUse(
            total_bytes=memory.total,
            used_bytes=memory.total - memory.available,
            cpu_percent=psutil.cpu_percent(),
            processes=tuple(use for one in known.values() if (use := self._use(one)) is not None),
            gpus=tuple(self._cards.look()),
            temperatures=tuple(_temperatures()),
            throttle="the processor runs slower to cool down" if self._throttled > throttled else "",
        )

    def _use(self, one: Watched) -> ProcessUse | None:
        try:
            process = self._processes.setdefault(one.pid, psutil.Process(one.pid))
            with process.oneshot():
                return ProcessUse(
                    one.pid, one.name, one.role, process.memory_info().rss, process.cpu_percent(interval=None)
                )
        except psutil.Error:
            self._processes.pop(one.pid, None)
            return None

    def _engines(self, ports: Sequence[int]) -> Iterator[Watched]:
        """Who listens on the ports, with all they started: a model server keeps its models in children."""
        if not ports:
            return
        if self._looks % PORTS_EVERY == 0 or not self._listeners:
            self._listeners = _listeners(ports)
        for port, pid in self._listeners.items():
            with suppress(psutil.Error):
                server = psutil.Process(pid)
                for process in (server, *server.children(recursive=True)):
                    yield Watched(process.pid, f"{process.name()} (port {port})", ProcessRole.ENGINE)

    def _throttle_count(self) -> int:
        total = 0
        for count in self._cpus.glob(f"cpu[0-9]*/{THROTTLE_COUNTS}"):
            with suppress(OSError, ValueError):
                total += int(count.read_text(encoding="ascii"))
        return total


def _listeners(ports: Sequence[int]) -> dict[int, int]:
    """Process by port; what the system does not tell us (macOS without rights) is left out."""
    with suppress(psutil.Error):
        return {
            connection.laddr.port: connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.pid
            and connection.laddr
            and connection.laddr.port in ports
        }
    return {}


def _temperatures() -> Iterator[Temperature]:
    if sys.platform != "linux":
        return
    for chip, sensors in psutil.sensors_temperatures().items():
        for number, sensor in enumerate(sensors):
            name = f"{chip} {sensor.label or number}".strip()
            yield Temperature(name, sensor.current, sensor.high or None)


class Cards:
    """NVIDIA's cards through NVML; none where there is no driver.

    Source of names and reasons: the NVML API reference, nvmlDeviceQueries and nvmlClocksEventReasons.
    """

    def __init__(self, load: "Callable[[], ModuleType] | None" = None) -> None:
        self._nvml = _started(load or _nvml)

    def look(self) -> Iterator[Gpu]:
        """Every card; on unified memory the driver tells no memory, and the system's figures stand."""
        if self._nvml is None:
            return
        count = self._ask("nvmlDeviceGetCount") or 0
        for index in range(count):
            card = self._ask("nvmlDeviceGetHandleByIndex", index)
            if card is not None:
                yield self._card(card)

    def _card(self, card: Any) -> Gpu:
        memory = self._ask("nvmlDeviceGetMemoryInfo", card)
        rates = self._ask("nvmlDeviceGetUtilizationRates", card)
        reasons = self._ask("nvmlDeviceGetCurrentClocksEventReasons", card) or 0
        name = self._ask("nvmlDeviceGetName", card) or "GPU"
        return Gpu(
            name=name.decode() if isinstance(name, bytes) else str(name),
            memory_used_bytes=None if memory is None else int(memory.used),
            memory_total_bytes=None if memory is None else int(memory.total),
            utilisation_percent=None if rates is None else float(rates.gpu),
            temperature_c=self._ask("nvmlDeviceGetTemperature", card, getattr(self._nvml, "NVML_TEMPERATURE_GPU", 0)),
            throttle=self._throttle(int(reasons)),
        )

    def _throttle(self, reasons: int) -> str:
        for constant, meaning in (
            ("nvmlClocksEventReasonHwThermalSlowdown", "it is too hot"),
            ("nvmlClocksEventReasonSwThermalSlowdown", "it is too hot"),
            ("nvmlClocksEventReasonHwPowerBrakeSlowdown", "the power supply asks for it"),
            ("nvmlClocksEventReasonHwSlowdown", "the card protects itself"),
        ):
            if reasons & int(getattr(self._nvml, constant, 0)):
                return meaning
        return ""

    def _ask(self, function: str, *arguments: Any) -> Any:
        """The answer of NVML, None where it has none."""
        nvml = self._nvml
        if nvml is None or not hasattr(nvml, function):
            return None
        try:
            return getattr(nvml, function)(*arguments)
        except nvml.NVMLError:
            return None


def _nvml() -> "ModuleType":
    import pynvml

    return cast("ModuleType", pynvml)


def _started(load: "Callable[[], ModuleType]") -> Any:
    nvml = load()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    return nvml
