"""The machine that answers lines, joined: reception, inbox, director and what every turn works with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from spark_vtuber.app.bridge import Bridge
from spark_vtuber.app.equipment import Equipment
from spark_vtuber.app.guards import Guards
from spark_vtuber.app.house import House
from spark_vtuber.app.keepsake import FileKeepsake
from spark_vtuber.app.limits import gate_limits, limits_of, mesh, rules
from spark_vtuber.app.memoir import Memoir, moment
from spark_vtuber.app.mutes import Mutes
from spark_vtuber.app.notes import NoteBook
from spark_vtuber.app.remembered import Remembered
from spark_vtuber.app.tools import report
from spark_vtuber.core.cues import Length
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import EXPRESSIONS
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.health.strain import Measure
from spark_vtuber.journal.rows import digest
from spark_vtuber.llm.enveloped import Enveloped
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.personality.deflect import deflector
from spark_vtuber.pipeline.choosing.lengths import Pressure, Tempo, length
from spark_vtuber.pipeline.choosing.sieve import Sieve
from spark_vtuber.pipeline.crew import Brains, Crew, Limits
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.pipeline.tools import Toolbox
from spark_vtuber.stage.port import Stage

LEAST_TOKENS: Final = 48
"""An answer may always be this long."""


@dataclass(frozen=True, slots=True)
class Machinery:
    """The parts of the machine, in the order in which a line meets them."""

    gates: Gates
    tally: Tally
    reception: Reception
    inbox: Inbox
    director: Director
    crew: Crew
    prompter: Prompter
    memoir: Memoir
    remembered: Remembered
    guards: Guards
    toolbox: Toolbox
    notes: NoteBook


def join(
    house: House,
    equipment: Equipment,
    bridge: Bridge,
    mutes: Mutes,
    stage: Stage,
    *,
    keep: Callable[[TurnRecord], None],
    is_watched: Callable[[], bool],
) -> Machinery:
    """The machine of a show; nothing of it runs yet. `keep` gets the record of every turn."""
    config, around = house.config, house.around
    clock = around.clock
    guards = Guards(house, equipment)
    notes = NoteBook(
        FileKeepsake(config.data.dir / "notes.json", around.log, around.aside), clock, lambda: house.config.tools.notes
    )
    toolbox = Toolbox(clock, guards.guard, house.events, report=report)
    prompter = Prompter(
        {persona.id: persona.name for persona in house.personas},
        languages=guards.languages,
        recital_words=lambda: house.config.guard_policy.prompt_words,
        moment=partial(notes.recall, partial(moment, house)),
    )
    memoir = Memoir(house, equipment.minds, guards.guard, prompter)
    crew = Crew(
        clock=clock,
        floor=Floor(clock),
        stage=stage,
        guard=guards.guard,
        announce=house.events,
        sample_rate=config.stage.sample_rate,
        build_prompt=prompter,
        brains=partial(_with_tools, equipment),
        voices=equipment.voices,
        is_muted=mutes.is_muted,
        deflect=deflector(around.rng),
        expressions=EXPRESSIONS,
        ask_limits=partial(_limits, house),
        is_watched=is_watched,
        recites=prompter.recites,
        toolbox=toolbox,
    )
    names = tuple(name for persona in house.personas for name in (persona.name, *persona.aliases))
    remembered = Remembered(house)
    inbox = Inbox(names, config.inbox.capacity, config.inbox.stale_s, rules(config.inbox), remembered.visits)
    tally = Tally(house.events, house.metrics.drop, bridge.lines, partial(digest, house.session), clock)
    tally.on_admission = house.metrics.admit
    tempo = Tempo()

    def remember(record: TurnRecord) -> None:
        memoir.remember(record)
        tempo.note(record)
        bridge.note(record)
        keep(record)

    personas = tuple(persona.id for persona in house.personas)
    habits = replace(bridge.habits, screen=guards.screen, length=partial(_length, house, tempo))
    director = Director(crew, inbox, tally, personas, bridge.cast, remember, habits)
    bridge.open_duets(director, guards.guard)
    gates = Gates(clock, gate_limits(config.inbox), bridge.viewers.is_ignored, Sieve(names, mesh(config.inbox)))
    reception = Reception(clock, gates, guards.guard, director, tally)
    house.metrics.watch_queue("guard", lambda: reception.waiting)
    house.metrics.watch_queue("inbox", lambda: len(inbox))
    return Machinery(
        gates, tally, reception, inbox, director, crew, prompter, memoir, remembered, guards, toolbox, notes
    )


def _with_tools(equipment: Equipment, persona: PersonaId) -> Brains:
    """What a turn thinks with; a model whose server takes no tools gets them another way."""
    brains = equipment.minds.brains(persona)
    return replace(brains, model=Enveloped(brains.model)) if brains.model is not None else brains


def _limits(house: House) -> Limits:
    limits = limits_of(house.config)
    is_short = house.strain.demands(Measure.SHORT_ANSWERS)
    return replace(limits, max_tokens=max(LEAST_TOKENS, limits.max_tokens // 2)) if is_short else limits


def _length(house: House, tempo: Tempo, pressure: Pressure) -> Length:
    is_strained = house.strain.demands(Measure.SHORT_ANSWERS)
    return length(replace(pressure, is_strained=is_strained, tokens_per_s=tempo.tokens_per_s))
