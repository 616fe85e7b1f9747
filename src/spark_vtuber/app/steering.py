"""The streamer's hand on the show: what is said next, the list of lines, who is answered."""

from collections.abc import Callable, Sequence

from spark_vtuber.app.viewers import IgnoredViewers
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.steering import ChatLine, LineState, Queue, Viewer
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.lines import Lines
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.text.clean import clean


class Helm:
    """Implements `core.steering.Steering` over the director. `main` says who speaks where nobody is named."""

    def __init__(
        self,
        director: Director,
        reception: Reception,
        lines: Lines,
        personas: Sequence[PersonaId],
        main: Callable[[], PersonaId] | None = None,
    ) -> None:
        self._director = director
        self._reception = reception
        self._lines = lines
        self._personas = tuple(personas)
        self._main = main or (lambda: self._personas[0])

    def queue(self, limit: int) -> Queue:
        """The next cues and the answers that wait for approval."""
        return self._director.queue(limit)

    def hold(self, *, is_on: bool) -> None:
        """Begin or end hold mode."""
        self._director.hold(is_on=is_on)

    def approve(self, turn: TurnId) -> bool:
        """Let a waiting answer be spoken."""
        return self._director.approve(turn)

    def reject(self, turn: TurnId) -> bool:
        """Drop a waiting answer."""
        return self._director.reject(turn)

    def drop(self, line: str | None) -> str | None:
        """Cancel a waiting cue, or the next one."""
        return self._director.drop(line)

    def say(self, text: str, persona: PersonaId | None) -> CueId:
        """Have a text spoken next.

        Raises:
            SparkError: `unknown_persona`, `nothing_to_say`, or `panic` while everything is stopped.
        """
        speaker = self._main() if persona is None else persona
        if speaker not in self._personas:
            known = ", ".join(self._personas)
            raise SparkError(f'there is no persona "{speaker}"', code="unknown_persona", fix=f"known are: {known}")
        words = clean(text).text
        if not words:
            raise SparkError("there is nothing in it to say", code="nothing_to_say", fix="write some words")
        if self._director.is_stopped:
            raise SparkError("everything is stopped since the panic", code="panic", fix="resume first")
        return self._director.say(words, speaker)

    def answer(self, line: str) -> bool:
        """Answer a line before all others: one that waits, or one that was dropped after the guard let it in."""
        if self._director.is_stopped:
            return False
        if self._director.hurry(line):
            return True
        entry = self._lines.find(line)
        if entry is None or entry.event is None or entry.line.state is not LineState.DROPPED:
            return False
        return self._reception.readmit(entry.event)


class ChatBook:
    """Implements `core.steering.ChatLines`."""

    def __init__(self, lines: Lines, viewers: IgnoredViewers, reception: Reception) -> None:
        self._lines = lines
        self._viewers = viewers
        self._reception = reception

    def lines(self, limit: int, before: int | None, query: str) -> tuple[Sequence[ChatLine], bool]:
        """The last lines, newest first."""
        return self._lines.page(limit, before, query)

    async def ignore(self, line: str) -> Viewer:
        """Answer the author of a line no more: what waits of theirs leaves, what is being said to them is cut.

        Raises:
            SparkError: `unknown_line`.
        """
        entry = self._lines.find(line)
        if entry is None:
            raise SparkError(f'there is no line "{line[:40]}" any more', code="unknown_line", fix="see /api/lines")
        source, author = entry.line.source, entry.author_id
        viewer = await self._viewers.add(source, author, entry.line.author)

        def is_theirs(event: ChatEvent) -> bool:
            return event.source == source and event.author.id == author

        self._reception.retract(Reason.IGNORED, is_theirs)
        return viewer

    async def unignore(self, key: str) -> bool:
        """Answer a viewer again."""
        return await self._viewers.remove(key) is not None

    def ignored(self) -> Sequence[Viewer]:
        """Everybody who is not answered."""
        return self._viewers.all()
