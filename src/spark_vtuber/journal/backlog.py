"""What waits to be written: the only part of the journal that the event loop touches while a turn runs."""

from collections import deque
from typing import Final

from spark_vtuber.journal.notes import ActNote, EventNote, Note, TurnNote

BATCH: Final = 500
"""Notes of one commit."""


class Backlog:
    """Bounded queues, one for each kind of note, so that a flood of chat cannot push out a turn or an act.

    Full, the oldest of a kind leaves and is counted. Belongs to the event loop's thread.
    """

    def __init__(self, *, turns: int = 1_000, events: int = 20_000, acts: int = 10_000) -> None:
        self._acts: deque[Note] = deque(maxlen=acts)
        self._turns: deque[Note] = deque(maxlen=turns)
        self._events: deque[Note] = deque(maxlen=events)
        self.dropped = 0

    def __len__(self) -> int:
        """Notes that wait."""
        return len(self._acts) + len(self._turns) + len(self._events)

    def add(self, note: Note) -> None:
        """Take a note; a few tenths of a microsecond."""
        queue = self._queue(note)
        if len(queue) == queue.maxlen:
            self.dropped += 1
        queue.append(note)

    def take(self, limit: int = BATCH) -> list[Note]:
        """Up to `limit` notes: acts first, then events, then turns, each kind in its order.

        Events come before turns because a turn refers to the line it answers.
        """
        taken: list[Note] = []
        for queue in (self._acts, self._events, self._turns):
            while queue and len(taken) < limit:
                taken.append(queue.popleft())
        return taken

    def _queue(self, note: Note) -> deque[Note]:
        match note:
            case EventNote():
                return self._events
            case TurnNote():
                return self._turns
            case ActNote():
                return self._acts
