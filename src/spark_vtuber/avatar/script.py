"""What a character is about to say, as its face needs it: visemes and feelings by the position that is heard. Pure."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.avatar.mouth import CLOSED, Mouth, mouth_at
from spark_vtuber.core.audio import BYTES_PER_SAMPLE, VisemeCue
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.stage.port import Emote, Part, Position, SpeechEnd, SpeechSound, SpeechStart

_CANCELLED: Final = 256
"""Cancelled turns that are remembered, so that what comes late is left out."""

_FEELINGS: Final = 32
"""Feelings that wait at most; older ones are of no interest once there is a newer one."""


@dataclass(slots=True)
class _Line:
    number: int
    turn: TurnId
    sample_rate: int
    arrived: int = 0
    is_complete: bool = False
    visemes: list[VisemeCue] = field(default_factory=list)
    feelings: list[Emote] = field(default_factory=list)


class Script:
    """The utterances of one character that were not heard to their end. Nothing of a cancelled turn is shown.

    `lead_ms` is how far the mouth is ahead of the sound, for the time that a value needs to be seen.
    """

    def __init__(self, persona: PersonaId, lead_ms: float = 0.0) -> None:
        self._persona = persona
        self._lead_ms = lead_ms
        self._lines: deque[_Line] = deque()
        self._now: deque[Emote] = deque(maxlen=_FEELINGS)
        self._cancelled: OrderedDict[TurnId, None] = OrderedDict()

    @property
    def lead_ms(self) -> float:
        """How far the mouth is ahead; may be changed at any time."""
        return self._lead_ms

    @lead_ms.setter
    def lead_ms(self, lead_ms: float) -> None:
        self._lead_ms = lead_ms

    @property
    def is_speaking(self) -> bool:
        """Whether there is something that was not heard yet."""
        return bool(self._lines)

    def take(self, part: Part, position: Position) -> None:
        """The next part that the stages took while `position` was heard; parts of other characters are left out."""
        self._settle(position)
        match part:
            case SpeechStart(utterance, sample_rate):
                if self._lines:
                    self._lines[-1].is_complete = True
                if utterance.persona == self._persona and utterance.turn not in self._cancelled:
                    self._lines.append(_Line(utterance.number, utterance.turn, sample_rate))
            case SpeechSound():
                if (line := self._find(part.utterance)) is not None:
                    line.arrived += len(part.pcm) // BYTES_PER_SAMPLE
                    line.visemes.extend(part.visemes)
            case SpeechEnd(number):
                if (line := self._find(number)) is not None:
                    line.is_complete = True
            case Emote():
                self._feel(part)
            case _:
                pass

    def cut(self, turn: TurnId) -> None:
        """The turn was cancelled: the mouth closes."""
        self._cancelled[turn] = None
        if len(self._cancelled) > _CANCELLED:
            self._cancelled.popitem(last=False)
        self._lines = deque(line for line in self._lines if line.turn != turn)

    def mouth(self, position: Position) -> Mouth:
        """The shape of the mouth while `position` is heard."""
        self._settle(position)
        line = self._lines[0] if self._lines else None
        if line is None or line.number != position.utterance:
            return CLOSED
        return mouth_at(line.visemes, position.sample * 1000 / line.sample_rate + self._lead_ms)

    def feelings(self, position: Position) -> list[Emote]:
        """The feelings that are due at `position` and were not given before, in order."""
        self._settle(position)
        line = self._lines[0] if self._lines else None
        if line is not None and line.number == position.utterance:
            ms = position.sample * 1000 / line.sample_rate
            while line.feelings and line.feelings[0].ms <= ms:
                self._now.append(line.feelings.pop(0))
        due = list(self._now)
        self._now.clear()
        return due

    def _feel(self, emote: Emote) -> None:
        if emote.persona != self._persona:
            return
        if emote.utterance is None:
            self._now.append(emote)
        elif (line := self._find(emote.utterance)) is not None:
            line.feelings.append(emote)

    def _settle(self, position: Position) -> None:
        """Leave what was heard to its end; its last feelings are due."""
        while self._lines:
            line = self._lines[0]
            is_over = line.number < position.utterance or (
                line.number == position.utterance and line.is_complete and position.sample >= line.arrived
            )
            if not is_over:
                return
            self._now.extend(line.feelings)
            self._lines.popleft()

    def _find(self, number: int) -> _Line | None:
        return next((line for line in self._lines if line.number == number), None)
