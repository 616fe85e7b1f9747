"""Duets as doors, commands, rewards and silence ask for them."""

from collections import deque
from collections.abc import Callable
from random import Random

from spark_vtuber.app.casting import Tempers
from spark_vtuber.config.duet_keys import DuetSettings
from spark_vtuber.core.duets import (
    LEAST_EXCHANGES,
    LONGEST_TOPIC,
    MOST_EXCHANGES,
    DuetEnd,
    DuetOrigin,
    DuetPhase,
    DuetPlan,
    DuetState,
)
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.personality.topics import Subject, subjects
from spark_vtuber.pipeline.director import Director
from spark_vtuber.text.clean import clean

REMEMBERED = 12
"""Topics that are not chosen again so soon."""


class DuetIdeas:
    """Finds topics for the characters as they are now, none of the last ones again while there are others."""

    def __init__(self, tempers: Tempers, settings: Callable[[], DuetSettings], rng: Random) -> None:
        self._tempers = tempers
        self._settings = settings
        self._rng = rng
        self._last: deque[str] = deque(maxlen=REMEMBERED)

    @property
    def exchanges(self) -> int:
        """How long a duet is that nobody asked another length for."""
        return self._settings().exchanges

    def pair(self, opener: PersonaId | None) -> tuple[PersonaView, PersonaView]:
        """The two who talk, the opener first. Raises `SparkError`: `one_persona`, `unknown_persona`."""
        views = [view for view, _ in self._tempers()]
        if len(views) < 2:
            raise SparkError(
                "a duet needs two characters",
                code="one_persona",
                fix="add a second [persona.NAME] to the configuration",
            )
        first = next((view for view in views if opener in (None, view.id)), None)
        if first is None:
            known = ", ".join(view.id for view in views)
            raise SparkError(f'there is no persona "{opener}"', code="unknown_persona", fix=f"known are: {known}")
        return first, next(view for view in views if view is not first)

    def subject(self, one: PersonaView, other: PersonaView) -> Subject:
        """A topic that was not talked about lately, if there is one."""
        found = [Subject(topic) for topic in self._settings().topics] or list(subjects(one, other))
        fresh = [subject for subject in found if subject.topic not in self._last] or found
        chosen = self._rng.choice(fresh)
        self._last.append(chosen.topic)
        return chosen

    def of_silence(self, talker: PersonaId, is_heard: Callable[[PersonaId], bool]) -> DuetPlan | None:
        """A duet instead of the idle talk of a character, as often as configured and while both are heard."""
        if len(self._tempers()) < 2 or self._rng.random() >= self._settings().from_silence:
            return None
        opener, second = self.pair(talker)
        if not (is_heard(opener.id) and is_heard(second.id)):
            return None
        subject = self.subject(opener, second)
        return DuetPlan(subject.topic, opener.id, second.id, subject.tension, self.exchanges, origin=DuetOrigin.SILENCE)


class DuetDesk:
    """Implements `core.duets.Duets` over the director; topics of others pass the guard as lines of the chat do."""

    def __init__(
        self, director: Director, ideas: DuetIdeas, guard: Guard, is_muted: Callable[[PersonaId], bool]
    ) -> None:
        self._director = director
        self._ideas = ideas
        self._guard = guard
        self._is_muted = is_muted

    def state(self) -> DuetState:
        """The duet that runs, or how the last one ended."""
        return self._director.duet

    async def start(
        self, topic: str = "", tension: str = "", exchanges: int | None = None, opener: PersonaId | None = None
    ) -> DuetState:
        """Begin a duet that the streamer asks for."""
        return await self._start(topic, tension, exchanges, opener, DuetOrigin.PANEL, None)

    async def ask(self, topic: str, origin: DuetOrigin, event: ChatEvent) -> DuetState:
        """Begin a duet that a viewer asks for; it ends with the line that asked. Raises as `start`."""
        return await self._start(topic, "", None, None, origin, event)

    def stop(self) -> bool:
        """End the duet, whoever speaks with the sentence."""
        return self._director.end_duet(DuetEnd.STOPPED)

    async def _start(
        self,
        topic: str,
        tension: str,
        exchanges: int | None,
        opener: PersonaId | None,
        origin: DuetOrigin,
        event: ChatEvent | None,
    ) -> DuetState:
        count = self._ideas.exchanges if exchanges is None else exchanges
        if not LEAST_EXCHANGES <= count <= MOST_EXCHANGES:
            what = f"a duet has {LEAST_EXCHANGES} to {MOST_EXCHANGES} exchanges, not {count}"
            raise SparkError(what, code="bad_exchanges", fix="leave it out for the configured number")
        first, second = self._ideas.pair(opener)
        self._bar(first.id, second.id)
        subject = Subject(await self._guarded(topic, event), await self._guarded(tension, event))
        if not subject.topic:
            found = self._ideas.subject(first, second)
            subject = Subject(found.topic, subject.tension or found.tension)
        self._bar(first.id, second.id)
        return self._director.start_duet(
            DuetPlan(subject.topic, first.id, second.id, subject.tension, count, origin, event)
        )

    def _bar(self, *speakers: PersonaId) -> None:
        """Raise why no duet may begin now."""
        director = self._director
        if director.is_stopped or director.is_closing:
            raise SparkError("everything is stopped since the panic", code="panic", fix="resume first")
        if director.is_holding:
            raise SparkError("answers wait for approval", code="held", fix="end hold mode first")
        if any(map(self._is_muted, speakers)):
            raise SparkError("one of the two is muted", code="muted", fix="unmute both first")
        if director.duet.phase is not DuetPhase.NONE:
            raise SparkError("a duet runs already", code="duet_running", fix="stop it first, or wait for its end")

    async def _guarded(self, text: str, event: ChatEvent | None) -> str:
        """The words as they may be used. Raises `SparkError("blocked")`, also where the guard fails."""
        words = clean(text, LONGEST_TOPIC).text
        if not words:
            return ""
        who = event.author if event is not None else None
        context = GuardContext(
            author=who.name if who else "", author_id=who.id if who else "", source=event.source if event else ""
        )
        blocked = SparkError("the guard did not let the topic through", code="blocked", fix="choose other words")
        try:
            verdict = await self._guard.check(words, Direction.IN, context)
        except EngineError as error:
            raise blocked from error
        if verdict.is_blocked:
            raise blocked
        return verdict.text
