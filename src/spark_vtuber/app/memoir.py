"""Keeps what characters remember in its bounds, when nobody waits for an answer, and lets a model retell the past."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL, Minds
from spark_vtuber.app.house import House
from spark_vtuber.config.keys import Config
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import State
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.paths import at_home
from spark_vtuber.core.turns import Mark, TurnRecord
from spark_vtuber.core.verdicts import Direction, Position
from spark_vtuber.llm.budget import LEAST_TOKENS, PromptBudget, budget_for
from spark_vtuber.llm.history import History
from spark_vtuber.llm.port import LLM, Capabilities
from spark_vtuber.llm.prompt import Moment, Prompter
from spark_vtuber.llm.summary_model import tell
from spark_vtuber.llm.tokens import open_tokenizer
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.pipeline.director import Director

NAME: Final = "memoir"
TELLING_S: Final = 30.0
"""A model that takes longer for a summary is not waited for."""

LOOK_S: Final = 1.0
"""How often a busy show is looked at for an instant in which nobody waits."""

TOOLS_TOKENS: Final = 600
"""What the tools that a model is offered take of its context, and the answer of one."""

_STIRRING: Final = frozenset({"chat.received", "chat.erased", "turn.started"})
_TOKENIZER: Final = "tokenizer.json"


class Memoir:
    """Prunes the pasts of a prompter and has the model of each character retell what leaves.

    Pruning waits for an instant in which no turn is between chosen and its first sound; a model is asked only while
    the show is idle, and its telling is dropped at once when that ends. Where a past comes near its bound, rules do it.
    """

    def __init__(self, house: House, minds: Minds, guard: Guard, prompter: Prompter) -> None:
        self._house = house
        self._minds = minds
        self._guard = guard
        self._prompter = prompter
        self._stirred = anyio.Event()
        self._failed: dict[PersonaId, int] = {}
        self._turns = 0
        self._telling: anyio.CancelScope | None = None
        house.events.tap(self._hear)
        prompter.prepare(house.personas)
        for prefix in ("context", "replies.context_chars", "replies.max_tokens"):
            house.live.on_change(prefix, self.fit)

    def remember(self, record: TurnRecord) -> None:
        """Add a turn that is over; whatever it leads to is done later."""
        self._prompter.remember(record)
        self._turns += 1
        self._stirred.set()

    def fit(self) -> None:
        """Give every character the budget that its model and the configuration allow."""
        for persona in self._house.personas:
            self._prompter.resize(self._budget(persona.id), persona.id)
        self._prompter.prepare(self._house.personas)

    async def run(self, director: Director) -> None:
        """Look after the pasts for ever."""
        await self._count_exactly()
        while True:
            self.fit()
            await self._stirred.wait()
            self._stirred = anyio.Event()
            while any(past.is_long for past in self._prompter.pasts.values()):
                if not _is_anybody_waited_for(director):
                    await self._prune(director)
                await anyio.sleep(LOOK_S)

    async def _prune(self, director: Director) -> None:
        """One step: at once where there is no time left or nobody to ask, else by a model in quiet.

        A model that could not do it is asked again after another turn.
        """
        if self._prompter.tidy(is_urgent=True):
            return
        for persona, past in self._prompter.pasts.items():
            if not past.is_long:
                continue
            model = self._model(persona)
            if model is None:
                if self._house.config.context.summariser != "model":
                    self._prompter.tidy()
                    return
                continue
            if self._failed.get(persona) == self._turns:
                continue
            if director.is_idle and await self._is_quiet(director):
                await self._retell(persona, past, model, director)
            return

    async def _retell(self, persona: PersonaId, past: History, model: LLM, director: Director) -> None:
        story: Sequence[str] | None = None
        code, is_over = "late", False
        with anyio.CancelScope() as self._telling:
            with anyio.move_on_after(TELLING_S):
                try:
                    story = await tell(model, past, partial(self._mended, persona))
                except EngineError as error:
                    code = error.code
            is_over = True
        self._telling = None
        if not is_over or not director.is_idle:
            return
        if story:
            self._failed.pop(persona, None)
            self._prompter.retell(persona, story)
        else:
            self._failed[persona] = self._turns
            self._house.events("summary.failed", persona=persona, code=code)
            if self._house.config.context.summariser != "model":
                self._prompter.tidy()
        self._look()

    async def _mended(self, persona: PersonaId, sentence: str) -> str:
        """A sentence of a model as the guard lets it pass; empty where it does not."""
        context = GuardContext(persona, position=Position.MEMORY)
        verdict = await self._guard.check(sentence, Direction.OUT, context)
        return "" if verdict.is_blocked else verdict.text

    async def _is_quiet(self, director: Director) -> bool:
        """Whether it stays quiet for as long as the streamer wants."""
        self._stirred = heard = anyio.Event()
        with anyio.move_on_after(self._house.config.context.idle_s):
            await heard.wait()
        return director.is_idle and not heard.is_set()

    def _model(self, persona: PersonaId) -> LLM | None:
        """Who can be asked; not a model that would have to push another out of the memory first."""
        if self._house.config.context.summariser == "rules":
            return None
        brains = self._minds.brains(persona)
        if brains.model is None or not brains.breaker.is_closed or brains.model.capabilities.is_shared:
            return None
        return brains.model

    def _budget(self, persona: PersonaId) -> PromptBudget:
        return budget_of(self._house.config, self._minds.brains(persona).model)

    async def _count_exactly(self) -> None:
        """Count with the model's own tokenizer where it is at hand."""
        path = self._tokenizer()
        if path is None:
            self._look()
            return
        try:
            self._prompter.measure(await self._house.around.aside(partial(open_tokenizer, path)))
        except EngineError as error:
            self._house.board.set(NAME, "llm", "degraded", f"{error.message}; tokens are estimated", error.fix)
        else:
            self._look()

    def _tokenizer(self) -> Path | None:
        named = self._house.config.context.tokenizer
        if named:
            return at_home(named)
        model = self._minds.brains(self._house.personas[0].id).model
        folder = Path(model.capabilities.model) if model is not None and model.capabilities.model else None
        is_there = folder is not None and folder.is_absolute() and (folder / _TOKENIZER).is_file()
        return folder / _TOKENIZER if folder is not None and is_there else None

    def _hear(self, kind: str, text: str) -> None:
        """A model that retells the past gives way as soon as anybody writes; what is taken back is forgotten."""
        if kind == "chat.erased":
            self._prompter.forget(frozenset(json.loads(text)[3]["ids"]))
        if kind in _STIRRING and self._telling is not None:
            self._telling.cancel()

    def _look(self) -> None:
        """Say on the board who keeps the summaries."""
        board, keys = self._house.board, self._house.config.context
        if self._failed:
            who = ", ".join(sorted(self._failed))
            state: State = "degraded" if keys.summariser == "model" else "ok"
            board.set(NAME, "llm", state, f"the model gave no summary for {who}: only notes are kept")
        elif keys.summariser == "model" and self._model(self._house.personas[0].id) is None:
            board.set(NAME, "llm", "degraded", "no model for summaries: only notes are kept", HOW_TO_GET_A_MODEL)
        else:
            board.set(NAME, "llm", "ok", "keeps what is long past as notes")


def budget_of(config: Config, model: LLM | None) -> PromptBudget:
    """The budget of prompts for a model, as the configuration and the model's own context have it."""
    keys = config.context
    what = model.capabilities if model is not None else Capabilities("")
    has_tools = config.tools.on and (what.takes_tools or what.takes_schema) and not what.is_scripted
    beside = config.replies.max_tokens + (TOOLS_TOKENS if has_tools else 0)
    wanted = keys.tokens
    if config.replies.context_chars:
        wanted = min(wanted or config.replies.context_chars, max(LEAST_TOKENS, config.replies.context_chars // 4))
    return budget_for(wanted, what.context_tokens, beside, keys.changing_tokens, keys.summarise_after)


def moment(house: House, _persona: PersonaId, _cue: Cue) -> Moment:
    """What is so at the instant of a turn."""
    if not house.config.context.tell_time:
        return Moment()
    at = datetime.fromtimestamp(house.around.clock.unix_ms() / 1000).astimezone()
    return Moment(time=f"{at:%A}, {at:%H:%M}")


def _is_anybody_waited_for(director: Director) -> bool:
    """Whether a turn is between chosen and its first sound."""
    return any(Mark.FIRST_AUDIO not in turn.measures.marks for turn in director.turns.values())
