"""A line that waits, with everybody who wrote the same, and what it is worth."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from spark_vtuber.core.cues import Cue, Flood, Urgency
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.choosing.lately import Lately, Viewer, viewer_of
from spark_vtuber.pipeline.choosing.reading import Reading
from spark_vtuber.pipeline.choosing.scores import (
    NOVEL,
    SERVED,
    TOPIC,
    Scores,
    elapsed,
    is_paid,
    is_plain,
    passing,
    standing,
)

KEPT: Final = 24
"""Lines of others that are kept beside the first one; of more only the number is."""

MOST_VIEWERS: Final = 1_000

COPIES: Final = 4
"""So many viewers with exactly the same words are a flood, if the words are many."""

COPIED_WORDS: Final = 6
COPIED_QUESTION_WORDS: Final = 14
"""A short question that many ask is asked by many; a long one that many copy is copied."""

LOOK_AGAIN_S: Final = 10.0


class Waiting:
    """One entry of the inbox. Its cue says how many ask the same."""

    __slots__ = (
        "_copies",
        "_fixed",
        "_is_paid",
        "_relation",
        "_seen",
        "_standing",
        "_viewers",
        "cue",
        "latest_s",
        "reading",
        "visits",
    )

    def __init__(self, cue: Cue, reading: Reading, visits: int) -> None:
        self.cue = cue
        self.reading = reading
        self.visits = visits
        self.latest_s = cue.admitted_s
        self._copies = 1
        self._fixed = 0.0
        self._is_paid = is_paid(cue)
        self._viewers: set[Viewer | None] = {viewer_of(cue)}
        self._standing: Scores = {}
        self._relation: Scores = {}
        self._seen: tuple[int, float] = (-1, 0.0)
        self._weigh()

    @property
    def is_lasting(self) -> bool:
        """Whether it waits however long it takes: somebody paid, or the operator wants it answered."""
        return self._is_paid or self.cue.priority >= Urgency.ANSWER_NOW

    @property
    def may_join(self) -> bool:
        """Whether others who write the same may be answered with it: thanks are for one, and so are wishes."""
        return is_plain(self.cue)

    def join(self, cue: Cue, reading: Reading) -> Reason:
        """Another viewer writes the same; gives why the line waits no longer by itself."""
        viewer = viewer_of(cue)
        if viewer not in self._viewers:
            if len(self._viewers) < MOST_VIEWERS:
                self._viewers.add(viewer)
            self._copies += reading.words == self.reading.words
            asked_by = min(MOST_VIEWERS, self.cue.asked_by + 1)
            also = self.cue.also
            if cue.event is not None and len(also) < KEPT:
                also = (*also, cue.event)
            self.cue = replace(self.cue, asked_by=asked_by, also=also, flood=self._flood(asked_by))
        if reading.named and not self.reading.named:
            self.reading = replace(self.reading, named=reading.named)
        self.latest_s = max(self.latest_s, cue.admitted_s)
        self._weigh()
        match self.cue.flood:
            case Flood.COPYPASTA:
                return Reason.COPYPASTA
            case _:
                return Reason.EMOTES if self.reading.is_wall else Reason.MERGED

    def without(self, is_meant: Callable[[ChatEvent], bool]) -> bool:
        """Forget the lines that are meant; False where nothing is left."""
        cue = self.cue
        events = [event for event in (cue.event, *cue.also) if event is not None]
        kept = [event for event in events if not is_meant(event)]
        if len(kept) == len(events):
            return True
        if not kept:
            return False
        first, *also = kept
        self.cue = replace(
            cue,
            event=first,
            text=first.text,
            author=first.author.name,
            also=tuple(also),
            asked_by=cue.asked_by - len(events) + len(kept),
        )
        self._viewers -= {(event.source, event.author.id) for event in events} - {
            (event.source, event.author.id) for event in kept
        }
        self._weigh()
        return True

    def worth(self, lately: Lately, share: float, now_s: float) -> float:
        """What it is worth now; `share` (0..1) is the part of the last answers that its viewer had."""
        self._related(lately, now_s)
        return self._fixed + elapsed(self._is_paid, self.cue.admitted_s, self.latest_s, now_s) + SERVED * share

    def scores(self, lately: Lately, share: float, now_s: float) -> Scores:
        """The numbers that `worth` adds up, those that are nothing left out."""
        every = {
            **self._standing,
            **passing(self.cue, self.latest_s, now_s),
            **self._related(lately, now_s),
            "served": SERVED * share,
        }
        return {name: round(score, 2) for name, score in every.items() if abs(score) >= 0.005}

    def _related(self, lately: Lately, now_s: float) -> Scores:
        """How it stands to what was answered lately; looked up anew after every answer, and now and then."""
        version, at_s = self._seen
        if version != lately.version or now_s - at_s > LOOK_AGAIN_S:
            self._seen = (lately.version, now_s)
            self._relation = {
                "novel": NOVEL * lately.novelty(self.reading, now_s),
                "topic": TOPIC * lately.relevance(self.reading, now_s),
            }
            self._add_up()
        return self._relation

    def _flood(self, asked_by: int) -> Flood:
        if self.reading.is_wall:
            return Flood.EMOTES if asked_by >= COPIES else Flood.NONE
        least = COPIED_QUESTION_WORDS if self.reading.is_question else COPIED_WORDS
        is_copied = self._copies >= COPIES and len(self.reading.words) >= least
        return Flood.COPYPASTA if is_copied else Flood.NONE

    def _weigh(self) -> None:
        self._standing = standing(self.cue, self.reading, self.visits)
        self._add_up()

    def _add_up(self) -> None:
        """Ranking a full inbox asks for every worth: what time does not change is added up beforehand."""
        self._fixed = sum(self._standing.values()) + sum(self._relation.values())
