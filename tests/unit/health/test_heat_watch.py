from spark_vtuber.core.machine import Gpu, MachineUse, Temperature
from spark_vtuber.health.heat_watch import HeatLimits, HeatWatch

COOL = MachineUse(16, 8, 5.0)
WARM = MachineUse(16, 8, 5.0, temperatures=(Temperature("coretemp 0", 84.9), Temperature("nvme", 60.0)))
HOT = MachineUse(16, 8, 5.0, temperatures=(Temperature("coretemp 0", 91.0),))
THROTTLED = MachineUse(16, 8, 5.0, gpus=(Gpu("GB10", temperature_c=70.0, throttle="it is too hot"),))


def test_a_warm_machine_is_left_alone() -> None:
    assert HeatWatch(HeatLimits()).look(WARM, 0) == ""


def test_above_the_soft_limit_it_says_which_part_is_hot() -> None:
    assert HeatWatch(HeatLimits()).look(HOT, 0) == "coretemp 0 has 91 °C, 85 °C is the limit"


def test_a_hot_card_counts_without_throttling() -> None:
    use = MachineUse(16, 8, 5.0, gpus=(Gpu("RTX", temperature_c=88.0),))
    assert HeatWatch(HeatLimits()).look(use, 0).startswith("RTX has 88 °C")


def test_throttling_counts_at_any_temperature() -> None:
    assert HeatWatch(HeatLimits()).look(THROTTLED, 0) == "GB10 runs slower: it is too hot"
    processor = MachineUse(16, 8, 5.0, throttle="the processor runs slower to cool down")
    assert HeatWatch(HeatLimits()).look(processor, 0) == "the processor runs slower to cool down"


def test_it_goes_back_a_minute_after_the_last_hot_look() -> None:
    watch = HeatWatch(HeatLimits())
    watch.look(HOT, 0)
    watch.look(THROTTLED, 30)
    assert watch.look(COOL, 89) == "GB10 runs slower: it is too hot"
    assert watch.look(COOL, 90) == ""
    assert watch.reason == ""
