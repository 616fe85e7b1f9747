from spark_vtuber.chat.replay import read
from spark_vtuber.cli.demo import recorded_chat
from spark_vtuber.core.events import ChatKind
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.moderation.basic import BasicGuard, BasicOptions
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.profanity import Profanity


def test_the_recorded_chat_is_about_two_minutes_of_everything_a_show_answers() -> None:
    with recorded_chat() as file:
        lines = list(read(file))
    assert 25 <= len(lines) <= 35
    assert 90 <= lines[-1].at <= 120
    assert {ChatKind.BITS, ChatKind.SUBSCRIPTION, ChatKind.RAID, ChatKind.MESSAGE} <= {line.kind for line in lines}
    assert any("?" in line.text for line in lines)
    assert any("joke" in line.text for line in lines)


async def test_the_guard_stops_exactly_the_rude_line_of_the_recorded_chat() -> None:
    guard = BasicGuard(Profanity(BasicOptions().languages, BasicOptions().allow, ()))
    with recorded_chat() as file:
        lines = [line for line in read(file) if line.text]
    blocked = [line.author for line in lines if (await guard.check(line.text, Direction.IN, GuardContext())).is_blocked]
    assert blocked == ["grumble_gnome"]
