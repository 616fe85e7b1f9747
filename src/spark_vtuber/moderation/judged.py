"""Second opinions in time: a deadline, a memory of what was asked before, and the safe answer where there is none."""

from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2b
from typing import Final

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.moderation.port import Guard, GuardContext, Judge, Question, Told, untold
from spark_vtuber.moderation.ruling import DOUBTFUL
from spark_vtuber.text.fold import fold

RULE: Final = "second_opinion"


class Opinion(StrEnum):
    """What became of a question; everything but ALLOWED refuses the text."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    LATE = "late"
    FAILED = "failed"


Heard = Callable[[Opinion, str], None]
"""Hears what became of a question, and the code of the error where there was one."""


def _unheard(_opinion: Opinion, _code: str) -> None:
    """Nobody listens."""


class SecondOpinion:
    """Asks the judge that `find` gives; where that is None there is none, and the rules decide alone.

    The last `capacity()` answers are remembered by a hash of the folded question. Answers that came late or not at all
    are asked for again.
    """

    def __init__(
        self, find: Callable[[], Judge | None], capacity: Callable[[], int] = lambda: 1_000, heard: Heard = _unheard
    ) -> None:
        self._find = find
        self._capacity = capacity
        self._heard = heard
        self._known: OrderedDict[bytes, bool] = OrderedDict()

    @property
    def is_there(self) -> bool:
        """Whether anybody can be asked."""
        return self._find() is not None

    def forget(self) -> None:
        """Ask everything anew: who judges, or how strictly, has changed."""
        self._known.clear()

    async def ask(self, question: Question, deadline_s: float) -> Opinion:
        """The opinion, after `deadline_s` at most. Never raises; cancelling it ends the question."""
        key = _digest(question)
        if key in self._known:
            self._known.move_to_end(key)
            return Opinion.ALLOWED if self._known[key] else Opinion.REFUSED
        judge = self._find()
        if judge is None:
            return Opinion.ALLOWED
        opinion, code = Opinion.LATE, "late"
        with anyio.move_on_after(deadline_s):
            try:
                may_pass = await judge.may_pass(question)
            except EngineError as error:
                opinion, code = Opinion.FAILED, error.code
            else:
                opinion, code = (Opinion.ALLOWED if may_pass else Opinion.REFUSED), ""
                self._remember(key, may_pass)
        self._heard(opinion, code)
        return opinion

    def _remember(self, key: bytes, may_pass: bool) -> None:
        self._known[key] = may_pass
        while len(self._known) > self._capacity():
            self._known.popitem(last=False)


class JudgedGuard:
    """A `Guard` that asks for a second opinion on what a character is about to say, where the first is doubtful.

    A clause of which there is no doubt costs nothing. A line of chat is not asked about here: it may wait, and only
    those are asked about that would be chosen.
    """

    def __init__(
        self, guard: Guard, second: SecondOpinion, deadline_s: Callable[[], float], told: Told = untold
    ) -> None:
        """`told` hears of what is blocked here."""
        self._guard = guard
        self._second = second
        self._deadline_s = deadline_s
        self._told = told

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """As the port says; a doubtful text is blocked unless the judge lets it pass in time."""
        verdict = await self._guard.check(text, direction, context)
        is_clear = verdict.is_blocked or verdict.score < DOUBTFUL
        if is_clear or direction is Direction.IN or not self._second.is_there:
            return verdict
        question = Question(verdict.text, direction, verdict.category, context.released)
        opinion = await self._second.ask(question, self._deadline_s())
        if opinion is Opinion.ALLOWED:
            return verdict
        verdict = refused(verdict, opinion)
        self._told(text, direction, context, verdict)
        return verdict


def refused(verdict: Verdict, opinion: Opinion) -> Verdict:
    """The block that an opinion makes of a doubtful verdict."""
    rule = RULE if opinion is Opinion.REFUSED else f"{RULE}_{opinion}"
    return Verdict(
        Decision.BLOCK,
        "",
        rule,
        verdict.category or "doubtful",
        verdict.spans,
        language=verdict.language,
        category=verdict.category,
        score=verdict.score,
    )


def _digest(question: Question) -> bytes:
    parts = (question.direction, question.category, fold(question.text), fold(question.before), fold(question.author))
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()
