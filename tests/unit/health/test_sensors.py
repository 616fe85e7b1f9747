from types import SimpleNamespace
from typing import Any

from spark_vtuber.health.sensors import Cards


class NVMLError(Exception):
    pass


def unsupported(*_arguments: Any) -> None:
    raise NVMLError("Not Supported")


def nvml(**functions: Any) -> Any:
    """A driver with one card; what is not given, it does not support."""
    known: dict[str, Any] = {
        "NVMLError": NVMLError,
        "NVML_TEMPERATURE_GPU": 0,
        "nvmlClocksEventReasonHwThermalSlowdown": 0x40,
        "nvmlClocksEventReasonSwThermalSlowdown": 0x20,
        "nvmlClocksEventReasonHwSlowdown": 0x08,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: f"card {index}",
        "nvmlDeviceGetName": lambda _card: b"NVIDIA GB10",
        "nvmlDeviceGetMemoryInfo": unsupported,
        "nvmlDeviceGetUtilizationRates": unsupported,
        "nvmlDeviceGetTemperature": unsupported,
        "nvmlDeviceGetCurrentClocksEventReasons": unsupported,
    }
    return SimpleNamespace(**(known | functions))


def test_a_card_of_unified_memory_tells_no_memory() -> None:
    (card,) = Cards(nvml).look()
    assert (card.name, card.memory_used_bytes, card.temperature_c, card.throttle) == ("NVIDIA GB10", None, None, "")


def test_a_card_tells_what_it_can() -> None:
    driver = nvml(
        nvmlDeviceGetMemoryInfo=lambda _card: SimpleNamespace(used=5, total=24),
        nvmlDeviceGetUtilizationRates=lambda _card: SimpleNamespace(gpu=37),
        nvmlDeviceGetTemperature=lambda _card, _sensor: 71,
        nvmlDeviceGetCurrentClocksEventReasons=lambda _card: 0x20 | 0x01,
    )
    (card,) = Cards(lambda: driver).look()
    assert (card.memory_used_bytes, card.memory_total_bytes, card.utilisation_percent) == (5, 24, 37.0)
    assert (card.temperature_c, card.throttle) == (71, "it is too hot")


def test_without_a_driver_there_are_no_cards() -> None:
    assert list(Cards(lambda: nvml(nvmlInit=unsupported)).look()) == []
    assert list(Cards(lambda: nvml(nvmlDeviceGetCount=unsupported)).look()) == []
    assert list(Cards(lambda: nvml(nvmlDeviceGetHandleByIndex=unsupported)).look()) == []


def test_an_older_driver_without_a_function_is_no_error() -> None:
    driver = nvml()
    del driver.nvmlDeviceGetCurrentClocksEventReasons
    (card,) = Cards(lambda: driver).look()
    assert card.throttle == ""
