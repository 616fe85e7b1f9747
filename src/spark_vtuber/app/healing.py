"""Healing wired: probes of the parts, trials of voices that failed, soft resets, dead letters, restarts by name."""

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from spark_vtuber.app.brains import Minds
from spark_vtuber.app.engine_room import EngineRoom
from spark_vtuber.app.house import House
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.healing import DeadLetter
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.health.board import Board
from spark_vtuber.health.dead_letters import DeadLetters
from spark_vtuber.health.refresh import Refresh, RefreshPlan
from spark_vtuber.health.rounds import Probe
from spark_vtuber.health.steady import SteadyModel
from spark_vtuber.health.supervisor import Supervisor
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.stage.port import Stage

STUCK_S: Final = 45.0
"""A turn that holds the floor for so long without anything being heard or shown of it is stuck."""

ASKED: Final = "the desk asked for it"


class Healer:
    """Implements `core.healing.Healing`."""

    def __init__(self, board: Board, supervisor: Supervisor, letters: DeadLetters, refresh: Refresh) -> None:
        self._board = board
        self._supervisor = supervisor
        self._letters = letters
        self.refresh = refresh

    def restart(self, name: str) -> bool:
        """Restart a component."""
        if not self._supervisor.can_restart(name):
            if self._board.component(name) is None:
                raise SparkError(f'there is no component "{name}"', code="unknown_component", fix="see GET /api/health")
            raise SparkError(
                f"{name} cannot be restarted by itself", code="not_restartable", fix="restart the show instead"
            )
        return self._supervisor.restart(name, ASKED)

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Newest first."""
        return self._letters.letters

    def retry(self, id: str) -> bool:
        """Let its cue wait for an answer again."""
        return self._letters.retry(id)

    def drop(self, id: str) -> bool:
        """Forget it."""
        return self._letters.drop(id)


class Pulse:
    """Whether the director turns, and whether whoever has the floor comes along."""

    def __init__(self, clock: Clock, director: Director, floor: Floor, stage: Stage) -> None:
        self._clock = clock
        self._director = director
        self._floor = floor
        self._stage = stage
        self._seen: object = None
        self._since_s = clock.now()

    async def look(self) -> None:
        """Raises `EngineError("stuck")` where a turn holds the floor and nothing happens; hangs with the director."""
        await self._director.answer()
        holder = self._floor.holder
        turn = next((one for one in self._director.turns.values() if holder and holder.speaker is one), None)
        seen = (turn.id, self._stage.position(), turn.heard.said(), len(turn.measures.marks)) if turn else None
        if seen is None or seen != self._seen:
            self._seen, self._since_s = seen, self._clock.now()
        elif self._clock.now() - self._since_s >= STUCK_S:
            self._seen = None
            raise EngineError("stuck", f"turn {seen[0]} holds the floor and says nothing", retryable=True)


class Ward:
    """Everything that watches over the parts of one show. Made with the parts, started with the house."""

    def __init__(self, house: House, room: EngineRoom, director: Director) -> None:
        self._house = house
        self._room = room
        self._director = director
        config, clock = house.config.health, house.around.clock
        self._letters = DeadLetters(clock, house.events, director.offer, config.dead_letters)
        self.refresh = Refresh(clock, self._plan, room.workers, room.resident, director.pause)
        self.healer = Healer(house.board, house.supervisor, self._letters, self.refresh)

    def keep(self, record: TurnRecord) -> None:
        """Look at a turn that is over."""
        self._letters.note(record, is_closing=self._director.is_closing)

    async def farewell(self) -> None:
        """End the talking as configured: the sentence is finished or cut, and nothing else begins."""
        health = self._house.config.health
        self._house.events("closing", how=health.on_stop)
        await self._director.close(finish_s=health.stop_limit_s if health.on_stop == "finish" else 0.0)

    def start(self, minds: Minds, reception: Reception, floor: Floor, stage: Stage) -> None:
        """Watch from now on."""
        house = self._house
        pulse = Pulse(house.around.clock, self._director, floor, stage)
        self._watch("director", pulse.look)
        self._watch("reception", reception.answer)
        self._watch_minds(minds)
        house.events.tap(self._hear)
        house.supervise(house.board.reporter("rounds", "health"), house.rounds.run)
        house.supervise(house.board.reporter("refresh", "health"), self.refresh.run)

    def _watch(self, name: str, look: Callable[[], Awaitable[None]]) -> None:
        """Try a part that has no engine behind it, whether or not it is in use: it costs nothing."""
        self._house.rounds.add(Probe(name, look, lambda: 0.0, partial(self._house.supervisor.restart, name)))

    def _watch_minds(self, minds: Minds) -> None:
        self._room.on_change.append(minds.look)
        for persona in self._house.personas:
            look = partial(self._probe_model, minds, persona)
            failed = partial(self._model_failed, minds, persona)
            self._house.rounds.add(Probe(f"llm:{persona.id}", look, partial(_used_s, minds, persona.id), failed))

    async def _probe_model(self, minds: Minds, persona: PersonaView) -> None:
        """Ask for one word; not while it is not open, or is tried by its breaker anyway."""
        mind = minds.all[persona.id]
        if mind.is_open() and mind.breaker.is_closed:
            await minds.probe(persona)

    def _model_failed(self, minds: Minds, persona: PersonaView, why: str) -> None:
        mind = minds.all[persona.id]
        mind.breaker.trip("no_answer")
        if isinstance(mind.model, SteadyModel):
            self._house.supervisor.restart(mind.model.engine.name, why)

    def _plan(self) -> RefreshPlan:
        health = self._house.config.health
        return RefreshPlan(health.renew_after_h * 3_600, health.renew_growth_mb_per_h, health.renew_in_breaks_h * 3_600)

    def _hear(self, kind: str, text: str) -> None:
        """Take breaks of the stream as the moment for resets."""
        if kind == "ad.break":
            self.refresh.take_break("an ad runs")
        elif kind == "obs":
            safety = self._house.config.obs.safety_scene
            if safety and json.loads(text)[3].get("scene") == safety:
                self.refresh.take_break("the safety scene is on air")


def _used_s(minds: Minds, persona: PersonaId) -> float:
    """When a character's model last gave a word."""
    model = minds.all[persona].model
    return model.used_s if isinstance(model, SteadyModel) else 0.0
