import logging
import threading
from collections.abc import Callable, Iterator

import anyio
import pytest

from spark_vtuber.core.clock import Clock, SystemClock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.logs import current_turn
from spark_vtuber.telemetry.logs import BURST, LogLines, Secrets, SecretsFilter, listening
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.virtual import VirtualClock


class Desk:
    """A log with everything around it; what comes from other threads waits in `later`."""

    def __init__(self, notes: Announce, *secrets: str, clock: Clock | None = None) -> None:
        self.secrets = Secrets(secrets)
        self.later: list[Callable[[], None]] = []
        self.lines = LogLines(clock or VirtualClock(), notes, self.secrets, self.later.append)
        self.log = logging.getLogger("spark_vtuber.test_logs")

    def messages(self) -> list[str]:
        return [line.message for line in self.lines.newest(10_000)]


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def desk(notes: Notes) -> Desk:
    return Desk(notes, "hunter2")


@pytest.fixture
def heard(desk: Desk) -> Iterator[Desk]:
    with listening(desk.lines, desk.secrets, logging.getLogger("spark_vtuber")):
        yield desk


def crash(error: Exception) -> None:
    raise error


async def test_a_line_is_kept_and_announced_with_its_fields(heard: Desk, notes: Notes) -> None:
    heard.log.info("opened %s", "espeak", extra={"pid": 7, "turn": "t3", "odd": float("inf"), "ports": (1, 2)})
    (line,) = heard.lines.newest(5)
    assert (line.level, line.logger, line.message) == ("info", "spark_vtuber.test_logs", "opened espeak")
    assert (line.turn, line.fields) == ("t3", {"pid": 7, "odd": "inf", "ports": [1, 2]})
    assert notes.of("log") == [
        {"level": "info", "logger": line.logger, "message": line.message, "fields": dict(line.fields)}
    ]
    assert notes.events[0][1] == "t3"


async def test_what_the_steps_of_a_turn_log_belongs_to_it(heard: Desk) -> None:
    outside = current_turn.set(TurnId("t9"))
    heard.log.warning("in the turn")
    current_turn.reset(outside)
    heard.log.warning("after it")
    assert [line.turn for line in heard.lines.newest(2)] == [None, "t9"]


async def test_the_newest_come_first(heard: Desk) -> None:
    for word in "abc":
        heard.log.warning(word)
    assert heard.messages() == ["c", "b", "a"]
    assert len(heard.lines.newest(2)) == 2


async def test_an_exception_shows_its_kind_and_place_and_not_what_viewers_wrote(heard: Desk) -> None:
    try:
        crash(ExceptionGroup("both", [ValueError("what a viewer wrote"), KeyError("x")]))
    except ExceptionGroup:
        heard.log.exception("a component crashed")
    (line,) = heard.lines.newest(1)
    assert line.fields["error"] == "ValueError, KeyError"
    try:
        crash(ValueError("what a viewer wrote"))
    except ValueError:
        heard.log.exception("again")
    assert heard.lines.newest(1)[0].fields["error"].startswith("ValueError at test_logs.py:")
    assert "viewer" not in repr(heard.lines.newest(5))


async def test_secrets_are_blotted_out_of_messages_fields_and_other_handlers(
    heard: Desk, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    heard.secrets.register("later-secret", "no")
    heard.log.warning("key %s", "hunter2", extra={"headers": {"auth": "Bearer hunter2"}, "both": ["later-secret"]})
    assert "hunter2" not in repr(notes.events)
    assert "later-secret" not in repr(notes.events)
    assert heard.messages() == ["key (secret)"]
    assert "hunter2" not in caplog.text


def test_the_filter_blots_secrets_out_of_tracebacks() -> None:
    try:
        crash(ValueError("hunter2"))
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "no secret here", "exc_info": (ValueError, error, error.__traceback__)})
    assert SecretsFilter(Secrets(["hunter2"])).filter(record)
    assert "hunter2" not in logging.Formatter().format(record)


async def test_a_flood_is_cut_short_and_counted(heard: Desk) -> None:
    for _ in range(BURST + 50):
        heard.log.warning("again")
    assert len(heard.lines.newest(10_000)) == BURST
    assert heard.lines.dropped == 50
    await anyio.sleep(1)
    heard.log.warning("calm")
    assert heard.messages()[:2] == ["calm", "50 lines were left out: they came too fast"]


def test_a_line_of_another_thread_is_announced_on_the_loops_own(notes: Notes) -> None:
    desk = Desk(notes, clock=SystemClock())
    with listening(desk.lines, desk.secrets, logging.getLogger("spark_vtuber")):
        thread = threading.Thread(target=desk.log.warning, args=("from afar",))
        thread.start()
        thread.join()
    assert notes.events == []
    desk.later.pop()()
    assert notes.of("log")[0]["message"] == "from afar"


async def test_after_the_show_nothing_listens(desk: Desk) -> None:
    with listening(desk.lines, desk.secrets, logging.getLogger("spark_vtuber")):
        desk.log.warning("in")
    desk.log.warning("out")
    assert desk.messages() == ["in"]


async def test_half_a_character_does_not_break_the_log(heard: Desk) -> None:
    heard.log.warning("half \ud83d", extra={"text": "\ud83d"})
    assert heard.messages() == ["half ?"]
