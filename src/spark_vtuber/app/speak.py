"""Speaks a text into a file, with the whole pipeline and no show."""

from contextlib import AsyncExitStack
from pathlib import Path

from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.app.limits import limits_of
from spark_vtuber.app.rack import Rack
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.load import Settings
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import EXPRESSIONS
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.health.board import Board
from spark_vtuber.personality import card
from spark_vtuber.personality.deflect import deflector
from spark_vtuber.pipeline.crew import Brains, Crew
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.stage.recorder import recording
from spark_vtuber.telemetry.events import EventLog


async def speak(settings: Settings, around: Surroundings, text: str, persona: str, path: Path) -> TurnRecord:
    """Speak `text` as `persona` into the WAV file `path`; its timeline is written beside it as JSON.

    Raises:
        SparkError: no such persona, no voice, or the file cannot be written.
    """
    config = settings.config
    if persona not in config.persona:
        known = ", ".join(config.persona)
        raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix=f"configured are: {known}")
    view = card.load(PersonaId(persona), config.persona[persona].card)
    events = EventLog(around.clock)
    board = Board(around.clock, events)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(http_client())
        rack = Rack(stack, engine_env(config, around, http, (view,), open_vault(config).secret), board)
        chosen = settings.engines[persona]
        voice, guard = await rack.open("tts", chosen["tts"]), await rack.open("guard", chosen["guard"])
        if voice is None or guard is None:
            broken = next(component for component in board.components if component.state == "failed")
            raise SparkError(broken.detail, code="no_voice", fix=broken.fix)
        stage = await stack.enter_async_context(
            recording(path, around.clock, config.stage.sample_rate, is_instant=True)
        )
        crew = Crew(
            clock=around.clock,
            floor=Floor(around.clock),
            stage=stage,
            guard=guard,
            announce=events,
            sample_rate=config.stage.sample_rate,
            build_prompt=lambda _persona, _cue: (),
            brains=_nobody,
            voices=lambda _: (voice,),
            is_muted=lambda _: False,
            deflect=deflector(around.rng),
            expressions=EXPRESSIONS,
            ask_limits=lambda: limits_of(config),
        )
        now_s = around.clock.now()
        cue = Cue(CueId("say"), CueKind.SAY, text, received_s=now_s, admitted_s=now_s)
        return await run_turn(Turn(TurnId("t1"), view, cue, around.clock), crew)


def _nobody(persona: PersonaId) -> Brains:
    raise RuntimeError(f"{persona} speaks a given text and needs no model")
