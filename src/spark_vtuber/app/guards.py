"""The guard that everything passes: the engine in place, the rules of positions, and a second opinion on doubts."""

import json
from collections.abc import Callable
from typing import Any, Final

from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL
from spark_vtuber.app.equipment import Equipment
from spark_vtuber.app.house import House
from spark_vtuber.config.judge_keys import SecondOpinionSettings
from spark_vtuber.core.cues import Cue, Urgency
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.steering import cue_key
from spark_vtuber.core.turns import Reason
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.moderation.judge import ModelJudge
from spark_vtuber.moderation.judged import JudgedGuard, Opinion, SecondOpinion, refused
from spark_vtuber.moderation.lexicon import NAMES
from spark_vtuber.moderation.port import GuardContext, Judge, Question
from spark_vtuber.moderation.positions import PlacedGuard
from spark_vtuber.moderation.ruling import DOUBTFUL
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.screen import AskingScreen

NAME: Final = "second_opinion"
ALONE: Final = "the guard's rules decide alone"
REFUSED: Final = "what is doubtful is refused"
_KINDS: Final = frozenset({"llm", "fallback"})
_ERASED_FIELDS: Final = ("text", "author")


class _NoAnswer:
    """A `Judge` that is known not to answer."""

    async def may_pass(self, question: Question) -> bool:
        """Never."""
        del question
        raise EngineError("breaker_open", "the model does not answer", retryable=True)


class Guards:
    """`guard` is what reception and turns ask, `screen` what the director asks of waiting lines.

    Who judges is the language model of the main character. The understudy cannot judge; then the rules decide alone.
    """

    def __init__(self, house: House, equipment: Equipment) -> None:
        self._house = house
        self._equipment = equipment
        self._last = (Opinion.ALLOWED, "")
        self.second = SecondOpinion(self._judge, lambda: self._keys.cache, self._heard)
        judged = JudgedGuard(equipment.guard, self.second, lambda: self._keys.deadline_out_s, self._told)
        self.guard = PlacedGuard(judged, self._told)
        self.screen = AskingScreen(self._is_doubtful, self._ask, self._settled)

    def languages(self) -> frozenset[str]:
        """In which an answer can be watched over: those of the stream that the guard has words for."""
        return frozenset(getattr(self._options, "languages", ())) & frozenset(NAMES)

    def start(self, reception: Reception, director: Director, on_change: list[Callable[[], None]]) -> None:
        """Judge from now on; `on_change` is called whenever an engine was opened or closed."""
        self._reception, self._director = reception, director
        house = self._house
        on_change.append(self._look)
        house.live.on_change(NAME, self._look)
        for prefix in ("guard", "llm", "persona"):
            house.live.on_change(prefix, self.second.forget)
        house.events.tap(self._hear)
        house.supervise(house.board.reporter(NAME, "guard"), self.screen.run)
        self._look()

    @property
    def _keys(self) -> SecondOpinionSettings:
        return self._house.config.second_opinion

    @property
    def _options(self) -> Any:
        return self._house.settings.engines[self._house.personas[0].id]["guard"].options

    def _judge(self) -> Judge | None:
        if self._keys.on == "off":
            return None
        brains = self._equipment.minds.brains(self._house.personas[0].id)
        if brains.model is None:
            return None
        if not brains.breaker.is_closed:
            return _NoAnswer()
        return ModelJudge(brains.model, lambda: str(getattr(self._options, "level", "")))

    def _is_doubtful(self, cue: Cue) -> bool:
        """Whether somebody must be asked; not where the operator decided."""
        return cue.doubt >= DOUBTFUL and cue.priority < Urgency.ANSWER_NOW and self.second.is_there

    async def _ask(self, cue: Cue) -> bool:
        """Whether a line may be answered; a viewer is held to account for what was refused, not for what was late."""
        question = Question(cue.text, Direction.IN, author=cue.author)
        opinion = await self.second.ask(question, self._keys.deadline_in_s)
        if opinion is not Opinion.ALLOWED and cue.event is not None:
            event = cue.event
            author_id = event.author.id if opinion is Opinion.REFUSED else ""
            context = GuardContext(cue.author, position=Position.CHAT, source=event.source, author_id=author_id)
            verdict = Verdict(Decision.ALLOW, cue.text, language=cue.language, score=cue.doubt)
            self._told(cue.text, Direction.IN, context, refused(verdict, opinion))
        return opinion is Opinion.ALLOWED

    def _settled(self, cue: Cue, may_pass: bool) -> None:
        """A refused line leaves, and nothing of its words stays."""
        if not may_pass:
            events = [event for event in (cue.event, *cue.also) if event is not None]
            meant = {(event.source, event.id) for event in events}
            self._reception.retract(Reason.DOUBTFUL, lambda event: (event.source, event.id) in meant)
            if not events:
                self._director.drop(cue_key(cue), Reason.DOUBTFUL)
        self._director.stir()

    def _told(self, text: str, direction: Direction, context: GuardContext, verdict: Verdict) -> None:
        self._equipment.guard.told(text, direction, context, verdict)

    def _hear(self, kind: str, text: str) -> None:
        """What was taken back is not told to whoever comes later; a model that comes or goes is told at once."""
        if kind == "chat.erased":
            self._house.events.blot("chat.received", set(json.loads(text)[3]["ids"]), _ERASED_FIELDS)
        elif kind == "health" and json.loads(text)[3]["component"]["kind"] in _KINDS:
            self._look()

    def _heard(self, opinion: Opinion, code: str) -> None:
        self._last = (opinion, code)
        self._house.metrics.judge(opinion.value)
        self._look()

    def _look(self) -> None:
        """Say on the board who judges."""
        board = self._house.board
        if self._keys.on == "off":
            board.set(NAME, "guard", "off", f"switched off: {ALONE}")
            return
        brains = self._equipment.minds.brains(self._house.personas[0].id)
        opinion, code = self._last
        if brains.model is None:
            board.set(NAME, "guard", "off", f"no language model: {ALONE}", HOW_TO_GET_A_MODEL)
        elif not brains.breaker.is_closed:
            board.set(NAME, "guard", "degraded", f"the model does not answer: {REFUSED}", "see the model's own state")
        elif opinion in (Opinion.LATE, Opinion.FAILED):
            fix = "take a faster model, or raise the deadlines of [second_opinion], or switch it off"
            board.set(
                NAME, "guard", "degraded", f"no opinion from the model ({code}): what is doubtful is refused", fix
            )
        else:
            what = brains.model.capabilities
            name = f"{what.engine} {what.model}".strip()
            board.set(NAME, "guard", "ok", f"{name} is asked about what is doubtful")
