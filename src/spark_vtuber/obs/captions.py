"""The caption of the moment: what is heard now, as text for OBS. Does no I/O."""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.port import Caption, Part, Position, SpeechStart, TurnOver
from spark_vtuber.text.clean import clean

LONGEST: Final = 200
"""Characters; nearly every clause is shorter, and more would cover the picture."""

_PIECES: Final = re.compile(
    r"[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]\s*|[^\s\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]+\s*"
)
"""A word, or one character of a script that is written without spaces, with the space behind it."""

_WAITING: Final = 64
"""Utterances ahead of the listener that are kept; the stages take a few seconds of them."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    utterance: int
    turn: TurnId
    text: str


class Captions:
    """A `stage.ensemble.Follower` that keeps the text of what is heard.

    `position` tells what that is. A caption stands from the start of its utterance until the next one starts or its
    turn ends. The text is one line without anything that cannot be seen, whatever viewers and models wrote.
    """

    def __init__(self, position: Callable[[], Position]) -> None:
        self._position = position
        self._waiting: deque[_Waiting] = deque(maxlen=_WAITING)
        self._turns: dict[int, TurnId] = {}
        self._shown = ""
        self._turn: TurnId | None = None
        self._news = anyio.Event()

    def take(self, part: Part, position: Position) -> None:
        """Follow what goes to the stages."""
        del position
        match part:
            case SpeechStart(utterance):
                self._turns = {utterance.number: utterance.turn}
            case Caption(text=text, utterance=None):
                self._show(text, None)
            case Caption(text=text, utterance=int(number)):
                self._waiting.append(_Waiting(number, self._turns.get(number, TurnId("")), text))
            case TurnOver(turn):
                self._drop(turn)
            case _:
                return
        self._stir()

    def cut(self, turn: TurnId, position: Position) -> None:
        """The turn was cancelled: nothing of it is shown any more."""
        del position
        self._drop(turn)
        self._stir()

    def clear(self) -> None:
        """Show nothing, and forget what waits."""
        self._waiting.clear()
        self._show("", None)
        self._stir()

    def now(self) -> str:
        """What is to be seen now; empty for nothing."""
        heard = self._position()
        while self._waiting and self._waiting[0].utterance <= heard.utterance:
            due = self._waiting.popleft()
            self._show(due.text, due.turn)
        return self._shown

    @property
    def is_waiting(self) -> bool:
        """Whether the text may change by itself, as sound is heard."""
        return bool(self._waiting)

    async def changed(self) -> None:
        """Wait until something was taken."""
        await self._news.wait()

    def _show(self, text: str, turn: TurnId | None) -> None:
        self._shown = clean(text, LONGEST).text
        self._turn = turn

    def _drop(self, turn: TurnId) -> None:
        """A turn is over. What was shown without an utterance is of the turn that spoke, so it goes as well."""
        self._waiting = deque((one for one in self._waiting if one.turn != turn), _WAITING)
        if self._turn in (turn, None):
            self._show("", None)

    def _stir(self) -> None:
        self._news.set()
        self._news = anyio.Event()


def wrap(text: str, columns: int) -> str:
    """`text` in lines of at most `columns`; a wide (East Asian) character takes two, and may end a line."""
    lines, line, width = [], "", 0
    for piece in _pieces(text, columns):
        size = sum(map(_columns, piece.rstrip()))
        if line and width + size > columns:
            lines.append(line.rstrip())
            line, width = "", 0
        line += piece
        width += size + len(piece) - len(piece.rstrip())
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str, columns: int) -> Iterator[str]:
    """What must stay on one line; a word longer than a line is parted."""
    for piece in _PIECES.findall(text):
        for start in range(0, len(piece.rstrip()), columns):
            yield piece[start : start + columns]


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
