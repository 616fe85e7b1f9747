"""The heard clock: how far the listener is. Pure; every call says what time it is, and times never go back."""

from collections import OrderedDict, deque
from typing import Final

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.office import Office
from spark_vtuber.stage.port import Position
from spark_vtuber.stage.track import Track

_REMEMBERED: Final = 256
"""Utterances and cancelled turns whose instants can still be asked for."""


class HeardClock:
    """Utterances in number order, each moved by the wall clock or by the reports of the audio owner.

    The owner at the start of an utterance drives it: its position is the last report and the time since, at most
    150 ms beyond it. Where the owner vanishes, or gets no further for 1 s while it has sound, the wall clock carries
    on its utterances from the last position. On the wall clock an utterance begins when its first sample is there
    and the one before is over, and runs in real time. No position is beyond the samples that arrived.
    With `is_instant` everything counts as heard when it is handed over.
    """

    def __init__(self, *, is_instant: bool = False) -> None:
        self._is_instant = is_instant
        self._office = Office()
        self._queue: deque[Track] = deque()
        self._past: OrderedDict[int, Track] = OrderedDict()
        self._cancelled: OrderedDict[TurnId, None] = OrderedDict()
        self._cuts: dict[TurnId, Position] = {}
        self._last = 0
        self._free_at = float("-inf")
        self._position = Position(0, 0)

    # ------------------------------------------------------------------------------------------------- what is played

    @property
    def last(self) -> int:
        """The number of the utterance that was started last; 0 before the first."""
        return self._last

    def start(self, number: int, turn: TurnId, sample_rate: int, now: float) -> bool:
        """An utterance begins to arrive; False where its turn was cancelled, then it is skipped.

        It ends the one before, where that is still open. Raises `ValueError` for a number that is not above all before.
        """
        if number <= self._last:
            raise ValueError(f"utterance {number} was started after utterance {self._last}: numbers must rise")
        self.advance(now)
        if self._queue and self._queue[-1].total is None:
            self._close(self._queue[-1], now)
        self._last = number
        self._office.elect(now)
        driver = None if self._is_instant else self._office.owner
        track = Track(number, turn, sample_rate, driver, self._is_instant)
        if turn in self._cancelled:
            track.flushed_at = now
            self._remember(track)
            return False
        self._queue.append(track)
        return True

    def arrive(self, number: int, first_sample: int, samples: int, now: float) -> bool:
        """Sound of an utterance arrives; False where the utterance is over, and the sound must be dropped.

        Raises `ValueError` for sound that was not announced or leaves a hole.
        """
        track = self._open(number)
        if track is None:
            return False
        if first_sample != track.arrived:
            raise ValueError(f"utterance {number} has {track.arrived} samples; sound from {first_sample} leaves a hole")
        self.advance(now)
        track.add(samples, now)
        self.advance(now)
        return True

    def end(self, number: int, samples: int, now: float) -> bool:
        """An utterance is complete; False where it is over already.

        Raises `ValueError` for an utterance that was not announced or has another length.
        """
        track = self._open(number)
        if track is None:
            return False
        if samples != track.arrived:
            raise ValueError(f"utterance {number} ends after {samples} samples, but {track.arrived} arrived")
        self.advance(now)
        self._close(track, now)
        return True

    # -------------------------------------------------------------------------------------------------- who plays it

    @property
    def owner(self) -> int | None:
        """The client that makes the sound of the next utterance."""
        return self._office.owner

    @property
    def owner_name(self) -> str | None:
        """What that client calls itself."""
        return self._office.owner_name

    def join(self, client: int, *, is_device: bool = False) -> None:
        """A client is there."""
        self._office.join(client, is_device=is_device)

    def hello(self, client: int, name: str, now: float, *, has_audio: bool) -> None:
        """A client says who it is, and whether it could be heard."""
        self.advance(now)
        self._office.hello(client, name, now, has_audio=has_audio)
        if not has_audio:
            self._carry(client, now)

    def leave(self, client: int, now: float) -> None:
        """A client is gone."""
        self.advance(now)
        self._office.leave(client, now)
        self._carry(client, now)

    def report(self, client: int, position: Position, now: float) -> None:
        """A client hears `position`. Counts where it drives that utterance, else as a sign of life."""
        self.advance(now)
        self._office.spoke(client, now)
        track = next((track for track in self._queue if track.number == position.utterance), None)
        if track is None or track.driver != client or track.arrived == 0 or self._queue[0].is_frozen:
            return
        self._skip_to(track, position.sample, now)
        self._begin_by_report(track, position.sample, now)
        track.report(position.sample, now)
        self.advance(now)

    # ------------------------------------------------------------------------------------------------ what was heard

    def position(self, now: float) -> Position:
        """What is heard. Never goes back."""
        self.advance(now)
        return self._position

    def instant(self, position: Position, now: float) -> float | None:
        """When `position` was heard, or its utterance flushed; None while it is to come.

        For utterances that were skipped or are long over it is the instant of the current position.
        """
        self.advance(now)
        track = self._past.get(position.utterance)
        if track is not None:
            return _instant_of_past(track, position.sample)
        head = self._queue[0] if self._queue else None
        if head is not None and head.number == position.utterance:
            return head.instant(_within(head, position.sample))
        if position <= self._position:
            return head.heard_at if head is not None and head.began_at is not None else self._free_at
        return None

    def due(self, position: Position, now: float) -> float | None:
        """The earliest instant at which asking again can give more, if nothing arrives and nobody speaks."""
        self.advance(now)
        head = self._queue[0] if self._queue else None
        if head is None or head.is_frozen or head.arrived == 0 or position.utterance < head.number:
            return None
        target = position.sample if position.utterance == head.number else head.arrived
        target = _within(head, target)
        if target <= head.heard and head.began_at is not None:
            return None
        at = head.due(target)
        if at is not None or head.driver is None:
            return at
        return head.silent_at(self._free_at)

    def advance(self, now: float) -> None:
        """Bring the position and the office up to `now`."""
        while self._queue and self._step(self._queue[0], now):
            pass

    # ------------------------------------------------------------------------------------------------- falling silent

    def flush(self, turn: TurnId, now: float) -> Position | None:
        """Drop what was not heard of `turn`. Gives the last position, or None where its driver must be asked first.

        Then time stands still until `flushed` comes, or `settle` is called, or the driver leaves.
        """
        self.advance(now)
        self._cancelled[turn] = None
        while len(self._cancelled) > _REMEMBERED:
            self._cancelled.popitem(last=False)
        head = self._queue[0] if self._queue else None
        if head is not None and head.turn == turn and head.driver is not None and head.arrived > 0:
            head.is_frozen = True
            return None
        return self._cut(turn, now)

    def flushed(self, client: int, turn: TurnId, position: Position, now: float) -> None:
        """A client fell silent for `turn` at `position`. Counts where it drives what is cut."""
        self._office.spoke(client, now)
        head = self._queue[0] if self._queue else None
        if head is None or not head.is_frozen or head.turn != turn or head.driver != client:
            return
        head.is_frozen = False
        track = next((track for track in self._queue if track.number == position.utterance), head)
        if track.number == position.utterance and track.turn == turn and track.driver == client:
            self._skip_to(track, position.sample, now)
            self._begin_by_report(track, position.sample, now)
            track.report(position.sample, now)
            heard = Position(track.number, max(track.base, min(position.sample, track.arrived)))
        else:
            heard = Position(head.number, head.base) if head.began_at is not None else self._position
        self._cut(turn, now)
        self._cuts[turn] = heard

    def settle(self, turn: TurnId, now: float) -> Position:
        """The end of a flush: what `flushed` said, else the last report and the time since."""
        if turn in self._cuts:
            return self._cuts.pop(turn)
        if self._queue and self._queue[0].turn == turn:
            self._queue[0].is_frozen = False
            self.advance(now)
        return self._cut(turn, now)

    def is_cut(self, utterance: int | None) -> bool:
        """Whether the utterance belongs to a cancelled turn."""
        track = None if utterance is None else self._find(utterance)
        return track is not None and track.turn in self._cancelled

    def is_flushing(self, turn: TurnId) -> bool:
        """Whether a driver was asked and has not answered."""
        return bool(self._queue) and self._queue[0].turn == turn and self._queue[0].is_frozen

    # ----------------------------------------------------------------------------------------------------- inner works

    def _open(self, number: int) -> Track | None:
        """The utterance, if sound may still be added to it; None if it was skipped or cut."""
        track = self._find(number)
        if track is None or (track.total is not None and track.turn not in self._cancelled):
            raise ValueError(f"utterance {number} is not open")
        return None if track.turn in self._cancelled else track

    def _find(self, number: int) -> Track | None:
        return next((track for track in self._queue if track.number == number), None) or self._past.get(number)

    def _close(self, track: Track, now: float) -> None:
        track.total, track.ended_at = track.arrived, now
        self.advance(now)

    def _step(self, head: Track, now: float) -> bool:
        """Advance the first utterance; True where it is over and the next is first."""
        if head.is_frozen:
            return False
        if head.arrived == 0:
            if head.total is None:
                return False
            head.begin(max(self._free_at, head.ended_at))
        elif head.driver is None:
            if head.began_at is None:
                head.begin(max(self._free_at, head.first_at))
            head.advance(now)
        else:
            head.advance(now)
            silent_at = head.silent_at(self._free_at)
            if silent_at is not None and silent_at <= now and not head.is_heard:
                self._office.depose(head.driver, now)
                self._carry(head.driver, silent_at)
                return self._step(head, now)
        if head.began_at is not None:
            self._position = max(self._position, Position(head.number, head.heard))
        if head.is_heard:
            self._finish(head)
        return head.is_heard

    def _finish(self, head: Track) -> None:
        self._queue.popleft()
        self._free_at = max(self._free_at, head.heard_at)
        self._position = max(self._position, Position(head.number, head.heard))
        self._remember(head)

    def _begin_by_report(self, track: Track, sample: int, now: float) -> None:
        """The first report tells when the utterance began, which is not before it could."""
        if track.began_at is None:
            counted_back = now - min(sample, track.arrived) / track.sample_rate
            track.begin(max(counted_back, track.first_at, self._free_at))
            track.waiting_since = now

    def _skip_to(self, track: Track, sample: int, now: float) -> None:
        """Its driver plays `track`: everything before it is over."""
        while (head := self._queue[0]) is not track:
            at = max(now - sample / track.sample_rate, head.heard_at, head.first_at, self._free_at)
            if head.began_at is None:
                head.begin(at)
            head.heard, head.heard_at, head.total = head.arrived, at, head.arrived
            self._finish(head)

    def _carry(self, client: int, at: float) -> None:
        """The wall clock takes over what `client` drove; a flush that waits for it is settled."""
        for track in self._queue:
            if track.driver == client:
                track.carry(at)
        head = self._queue[0] if self._queue else None
        if head is None or head.driver is not None:
            return
        if head.is_frozen:
            head.is_frozen = False
            self._cuts[head.turn] = self._cut(head.turn, at)
        elif head.began_at is None and head.arrived > 0:
            head.begin(at)

    def _cut(self, turn: TurnId, now: float) -> Position:
        """Remove what was not heard of `turn`; gives the position."""
        for track in [track for track in self._queue if track.turn == turn]:
            if track.began_at is not None:
                self._position = max(self._position, Position(track.number, track.heard))
                self._free_at = max(self._free_at, now)
            track.flushed_at = now
            self._queue.remove(track)
            self._remember(track)
        position = self._position
        self.advance(now)
        return position

    def _remember(self, track: Track) -> None:
        self._past[track.number] = track
        while len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)


def _within(track: Track, sample: int) -> int:
    return sample if track.total is None else min(sample, track.total)


def _instant_of_past(track: Track, sample: int) -> float:
    at = track.instant(sample)
    if at is not None:
        return at
    return track.heard_at if track.flushed_at is None else track.flushed_at
