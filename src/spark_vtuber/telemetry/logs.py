"""What the program writes down about itself: the last lines, structured, for the panel; and secrets kept out of it."""

import json
import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, Final

from typing_extensions import override

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.logs import LogLine, current_turn

KEPT: Final = 5_000
"""Lines that stay in memory."""

RATE_PER_S: Final = 20.0
BURST: Final = 200
"""A part that logs without end is cut short, and what was left out is counted."""

LONGEST: Final = 2_000
"""Characters of a message."""

MASK: Final = "(secret)"
SHORTEST_SECRET: Final = 4
"""Characters; a shorter one would blot out ordinary words."""

_PLAIN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "turn"}
"""What every record has; everything else was given as `extra`."""


class Secrets:
    """The values that must not be seen, from whatever source they come. May be used from any thread."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: tuple[str, ...] = ()
        self._in_json: tuple[str, ...] = ()
        self.register(*values)

    def register(self, *values: str) -> None:
        """Keep these out of everything that is written from now on."""
        known = {one for one in (*self._values, *values) if len(one) >= SHORTEST_SECRET}
        self._values = tuple(sorted(known, key=len, reverse=True))
        self._in_json = tuple(json.dumps(one)[1:-1] for one in self._values)

    def mask(self, text: str) -> str:
        """The text with every secret blotted out."""
        for value in self._values:
            text = text.replace(value, MASK)
        return text

    def may_be_in(self, json_text: str) -> bool:
        """Whether a value that was written as JSON in ASCII may hold one; a number can look like one."""
        return any(one in json_text for one in self._in_json)

    def masked(self, value: Any) -> Any:
        """A JSON-ready value with every secret in its texts blotted out."""
        match value:
            case str():
                return self.mask(value)
            case Mapping():
                return {self.mask(str(key)): self.masked(one) for key, one in value.items()}
            case list() | tuple():
                return [self.masked(one) for one in value]
            case _:
                return value


class SecretsFilter(logging.Filter):
    """Blots secrets out of records before a handler writes them."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        mask = self._secrets.mask
        message = record.getMessage()
        masked = mask(message)
        if masked != message:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_text is None:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


class LogLines:
    """The newest lines, and an event `log` for each; implements `core.logs.Log`.

    Lines come from any thread and are announced on the thread of the event loop; `call_soon` brings them there.
    More than `RATE_PER_S` are left out once a burst is used up; the next line that gets through is preceded by one
    that says how many.
    """

    def __init__(
        self, clock: Clock, announce: Announce, secrets: Secrets, call_soon: Callable[[Callable[[], None]], object]
    ) -> None:
        """Belongs to the thread that makes it."""
        self._clock = clock
        self._announce = announce
        self._secrets = secrets
        self._call_soon = call_soon
        self._home = threading.get_ident()
        self._kept: deque[LogLine] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._tokens, self._seen_s = float(BURST), clock.now()
        self._left_out = 0
        self.dropped = 0

    def newest(self, limit: int) -> Sequence[LogLine]:
        """The last lines, newest first."""
        return list(reversed(self._kept))[:limit]

    def take(self, record: logging.LogRecord) -> None:
        """Keep and announce a record, unless there are too many."""
        with self._lock:
            if not self._may_pass():
                self._left_out += 1
                self.dropped += 1
                return
            left_out, self._left_out = self._left_out, 0
        if left_out:
            text = f"{left_out} lines were left out: they came too fast"
            self._deliver(LogLine(self._clock.unix_ms(), "warning", __name__, text, {"dropped": left_out}))
        self._deliver(self._line(record))

    def _may_pass(self) -> bool:
        now_s = self._clock.now()
        self._tokens = min(BURST, self._tokens + (now_s - self._seen_s) * RATE_PER_S)
        self._seen_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _deliver(self, line: LogLine) -> None:
        if threading.get_ident() == self._home:
            self._keep(line)
            return
        try:
            self._call_soon(lambda: self._keep(line))
        except RuntimeError:
            return

    def _keep(self, line: LogLine) -> None:
        self._kept.append(line)
        self._announce(
            "log",
            turn=line.turn,
            level=line.level,
            logger=line.logger,
            message=line.message,
            fields=dict(line.fields),
        )

    def _line(self, record: logging.LogRecord) -> LogLine:
        mask = self._secrets.mask
        turn = record.__dict__.get("turn") or current_turn.get()
        fields = {name: _plain(value, mask) for name, value in record.__dict__.items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = ", ".join(dict.fromkeys(_places(record.exc_info[1])))
        return LogLine(
            at_ms=self._clock.unix_ms(),
            level=record.levelname.lower(),
            logger=record.name,
            message=_whole(mask(record.getMessage()))[:LONGEST],
            fields=fields,
            turn=TurnId(str(turn)) if turn else None,
        )


class _Handler(logging.Handler):
    def __init__(self, lines: LogLines, level: int) -> None:
        super().__init__(level)
        self._lines = lines

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.take(record)
        except Exception:  # noqa: BLE001 - logging must not break what it tells about
            self.handleError(record)


@contextmanager
def listening(lines: LogLines, secrets: Secrets, log: logging.Logger) -> Iterator[None]:
    """While the context is open, what `log` and those below it write comes to `lines`, from INFO on.

    What other libraries write comes from WARNING on. Handlers that were there blot out secrets too.
    """
    handler, hide, root = _Handler(lines, logging.INFO), SecretsFilter(secrets), logging.getLogger()
    before, level = list(root.handlers), log.level
    for one in before:
        one.addFilter(hide)
        if one.level == logging.NOTSET:
            one.setLevel(root.level)
    log.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        log.setLevel(level)
        for one in before:
            one.removeFilter(hide)


def _plain(value: object, mask: Callable[[str], str]) -> Any:
    """A field as JSON has it."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if value - value == 0 else str(value)
        case Mapping():
            return {_whole(mask(str(key))): _plain(one, mask) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one, mask) for one in value]
        case _:
            return _whole(mask(str(value)))[:LONGEST]


def _places(error: BaseException) -> Iterator[str]:
    """The kinds of exceptions, and where they were raised. Their messages may hold what viewers wrote."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _places(inner)
        return
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    yield f"{type(error).__name__}{where}"


def _whole(text: str) -> str:
    """A text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()
