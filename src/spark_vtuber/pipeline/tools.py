"""The tools that a character may use while it answers: offered to its model, called within bounds.

A tool that `answers` is asked within the turn, and reads only: its result goes back to the model, which then speaks of
it. Any other is an errand: it is done outside of the turn, so that no word waits for it and an interrupt leaves nothing
half done; and not before the turn is heard, so that an answer that nobody hears, or nobody approved, does nothing.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import anyio

from spark_vtuber.core.arguments import ArgumentsError, arguments_of
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.core.verdicts import Direction, Position
from spark_vtuber.llm.port import Capabilities
from spark_vtuber.moderation.port import Guard, GuardContext

MOST_CALLS: Final = 4
"""In one turn; what a model calls beyond is not done."""

MOST_ERRANDS: Final = 16
"""That wait; more are dropped and counted."""

OLDEST_S: Final = 10.0
"""An errand that waited longer is not what the character means any more; nor is one whose tool was taken away."""

DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a tool is called: the character, the turn, and what it answers."""

    persona: PersonaView
    turn: TurnId
    cue: Cue


class Act(Protocol):
    """Does what a tool is for; gives what there is to tell, which may be nothing.

    Raises `SparkError` where it cannot. Cancelled when it takes too long.
    """

    async def __call__(self, arguments: Mapping[str, Any], caller: Caller, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tool with what it does. One that `answers` only reads; its result is spoken of."""

    tool: Tool
    act: Act
    answers: bool = False


@dataclass(frozen=True, slots=True)
class ToolRules:
    """What the streamer set: whether there are tools, the names of those that are allowed, the time one may take."""

    is_on: bool = False
    allowed: Sequence[str] = ()
    limit_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A call as it was taken: `told` is its result where that is known, else the instrument is to be asked."""

    call: ToolCall
    told: str = ""
    is_wrong: bool = False
    instrument: Instrument | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wants_words(self) -> bool:
        """Whether the model has to hear of the result to go on: an answer, or that it wrote the call wrongly."""
        return self.is_wrong or self.instrument is not None


@dataclass(frozen=True, slots=True)
class _Errand:
    instrument: Instrument
    arguments: Mapping[str, Any]
    caller: Caller
    since_s: float


def _plainly(name: str, text: str) -> str:
    return f"{name}: {text}"


class Toolbox:
    """The tools of a show. Every call is announced as `tool.called`, without its arguments.

    `rules()` are asked for every turn. `report(name, text)` makes of a result the text that a model is given, in which
    nobody's words can pass for anything else.
    """

    def __init__(
        self,
        clock: Clock,
        guard: Guard,
        announce: Announce,
        rules: Callable[[], ToolRules] = ToolRules,
        report: Callable[[str, str], str] = _plainly,
    ) -> None:
        self._clock = clock
        self._guard = guard
        self._announce = announce
        self.rules = rules
        self._report = report
        self._instruments: dict[str, Callable[[], Instrument | None]] = {}
        self._errands: deque[_Errand] = deque()
        self._heard: set[TurnId] = set()
        self._unheard: dict[TurnId, list[_Errand]] = {}
        self._news = anyio.Event()

    def add(self, name: str, instrument: Callable[[], Instrument | None]) -> None:
        """Have one more tool; `instrument()` gives it as it is now, or None while it cannot be used."""
        self._instruments[name] = instrument

    def offered(self, capabilities: Capabilities) -> tuple[Tool, ...]:
        """What a model may call, always in the same order; nothing for one that could not write a call."""
        if capabilities.is_scripted or not (capabilities.takes_tools or capabilities.takes_schema):
            return ()
        return tuple(instrument.tool for instrument in self._usable())

    def take(self, call: ToolCall, caller: Caller) -> Taken:
        """Look at a call, and send an errand on its way, once its turn is heard; never waits."""
        instrument = next((one for one in self._usable() if one.tool.name == call.name), None)
        if instrument is None:
            self._tell(caller, call.name[:60], "unknown")
            return Taken(call, "there is no such tool", is_wrong=True)
        try:
            arguments = arguments_of(instrument.tool, call.arguments)
        except ArgumentsError as error:
            self._tell(caller, call.name, error.code)
            shape = json.dumps(instrument.tool.parameters, separators=(",", ":"))
            return Taken(call, f"not done: {error.message}. Its arguments are {shape}", is_wrong=True)
        if instrument.answers:
            return Taken(call, instrument=instrument, arguments=arguments)
        if len(self._errands) + sum(map(len, self._unheard.values())) >= MOST_ERRANDS:
            self._tell(caller, call.name, "dropped")
            return Taken(call, "not done: too much to do")
        errand = _Errand(instrument, arguments, caller, self._clock.now())
        if caller.turn in self._heard:
            self._send(errand)
        else:
            self._unheard.setdefault(caller.turn, []).append(errand)
        return Taken(call, DONE)

    def begin(self, turn: TurnId) -> None:
        """A turn is heard from now on: its errands may be done."""
        self._heard.add(turn)
        for errand in self._unheard.pop(turn, ()):
            self._send(replace(errand, since_s=self._clock.now()))

    def end(self, turn: TurnId) -> None:
        """A turn is over; errands of one that was never heard are dropped."""
        self._heard.discard(turn)
        for errand in self._unheard.pop(turn, ()):
            self._tell(errand.caller, errand.instrument.tool.name, "dropped")

    async def answer(self, taken: Taken, caller: Caller) -> str:
        """The result of a call as the model is given it; takes as long as the rules allow at most."""
        if taken.instrument is None:
            return taken.told
        text = await self._done(taken.instrument, taken.arguments, caller)
        return self._report(taken.call.name, text)

    async def run(self) -> None:
        """Do errands, one after the other, for ever."""
        while True:
            while self._errands:
                errand = self._errands.popleft()
                name = errand.instrument.tool.name
                is_old = self._clock.now() - errand.since_s > OLDEST_S
                if is_old or not self._is_usable(name):
                    self._tell(errand.caller, name, "dropped")
                else:
                    await self._done(errand.instrument, errand.arguments, errand.caller)
            self._news = anyio.Event()
            await self._news.wait()

    async def _done(self, instrument: Instrument, arguments: Mapping[str, Any], caller: Caller) -> str:
        """Do it within its time, under the guard; what there is to tell, also where that is why it was not done."""
        name, began_s = instrument.tool.name, self._clock.now()
        outcome, text = "late", "not done in time"
        with anyio.move_on_after(self.rules().limit_s):
            try:
                if not await self._may(list(_texts(arguments)), Direction.OUT, caller):
                    outcome, text = "refused", "not done: not allowed"
                elif not self._is_usable(name):
                    outcome, text = "dropped", "not done: no tools now"
                else:
                    outcome, text = "ok", await instrument.act(arguments, caller) or DONE
                    if instrument.answers and not await self._may([text], Direction.IN, caller):
                        outcome, text = "refused", "nothing that may be told"
            except SparkError as error:
                outcome, text = error.code, f"not done: {error.message}"
        self._tell(caller, name, outcome, (self._clock.now() - began_s) * 1000)
        return text

    async def _may(self, texts: Sequence[str], direction: Direction, caller: Caller) -> bool:
        """Whether the guard lets all of it pass as it stands; one that fails lets nothing pass."""
        persona = caller.persona
        context = GuardContext(language=persona.language, position=Position.TOOL, turn=caller.turn)
        try:
            for text in texts:
                if (await self._guard.check(text, direction, context)).is_blocked:
                    return False
        except EngineError:
            return False
        return True

    def _send(self, errand: _Errand) -> None:
        self._errands.append(errand)
        self._news.set()

    def _is_usable(self, name: str) -> bool:
        return any(one.tool.name == name for one in self._usable())

    def _usable(self) -> Iterator[Instrument]:
        rules = self.rules()
        if not rules.is_on:
            return
        for name, make in self._instruments.items():
            if name in rules.allowed and (instrument := make()) is not None:
                yield instrument

    def _tell(self, caller: Caller, name: str, outcome: str, ms: float = 0.0) -> None:
        self._announce("tool.called", turn=caller.turn, persona=caller.persona.id, tool=name, outcome=outcome, ms=ms)


def _texts(value: Any) -> Iterator[str]:
    """Every text in arguments."""
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
        case _:
            return
