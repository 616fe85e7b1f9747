"""What a recorded line costs from bytes to an event, beside decoding it and cutting it at its blanks."""

import json
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spark_vtuber.chat.irc_protocol import MessageReader
from spark_vtuber.chat.twitch_irc_protocol import Conversation
from spark_vtuber.chat.twitch_irc_room import Room
from spark_vtuber.core.ids import Serial

RECORDED = Path(__file__).parents[2] / "data" / "twitch_irc" / "lines.json"
LINES = [line for lines in json.loads(RECORDED.read_text("utf-8")).values() for line in lines]
COUNT = 100
CHUNK_BYTES = 16 * 1024
BUDGET_US = 100.0


def stream() -> bytes:
    """Every recorded line `COUNT` times, each time with ids of its own, as in a chat."""
    once = "".join(f"{line}\r\n" for line in LINES)
    return "".join(re.sub(r"(?<=[@;])(source-)?id=", rf"\g<0>{number}-", once) for number in range(COUNT)).encode()


def best_of_three_us(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.thread_time()
        run()
        times.append(time.thread_time() - start)
    return min(times) / (COUNT * len(LINES)) * 1e6


@pytest.mark.figures
def test_a_line_costs_less_than_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    data = stream()
    chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]

    def plain() -> None:
        for line in data.split(b"\n"):
            line.decode("utf-8", "replace").split(" ")

    def messages() -> None:
        reader = MessageReader()
        assert sum(1 for chunk in chunks for _ in reader.feed(chunk)) == COUNT * len(LINES)

    def events() -> None:
        conversation = Conversation("the_channel", Room("the_channel", Serial("n").next), random.Random(1))
        assert sum(1 for chunk in chunks for _ in conversation.feed(chunk)) > COUNT * len(LINES) / 2

    floor_us, message_us, event_us = map(best_of_three_us, (plain, messages, events))
    with capsys.disabled():
        sys.stdout.write(
            f"\nTwitch lines of {len(data) / COUNT / len(LINES):.0f} bytes, us a line; floor {floor_us:.2f}\n"
        )
        for name, cost_us in (("message", message_us), ("event", event_us)):
            ratio = cost_us / floor_us
            sys.stdout.write(f"{name:<8} {cost_us:5.1f}  {ratio:5.1f} x floor  {1e6 / cost_us:8,.0f} lines/s\n")
    assert event_us <= BUDGET_US
