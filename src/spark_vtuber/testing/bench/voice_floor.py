"""How long the voice alone takes to its first sound: the same engine and worker, with no show around it."""

import logging
import random
import time
from contextlib import aclosing
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings, engine_env
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.load import load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Utterance
from spark_vtuber.personality import card
from spark_vtuber.pipeline.draft import Piece
from spark_vtuber.pipeline.phrase import clause_of
from spark_vtuber.testing.bench.profiles import Profile
from spark_vtuber.tts.port import TTS

ROUNDS: Final = 40
WARM_UP: Final = 3


async def voice_alone_ms(profile: Profile, folder: Path) -> float:
    """Milliseconds from the request to the first chunk of the profile's first clause: the median of forty.

    A stated latency is given back as it is.
    """
    if profile.voice_first_ms is not None:
        return profile.voice_first_ms
    settings = load(engines.spec, None, {"data": {"dir": str(folder)}}, {})
    persona = card.load(PersonaId("main"), settings.config.persona["main"].card)
    clause = clause_of(Piece(profile.first_clause(), ()), persona.language)
    utterance = Utterance(1, TurnId("t0"), persona.id, clause)
    around = Surroundings(SystemClock(), random.Random(), logging.getLogger(__name__))
    spec = engines.spec("tts", profile.voice)
    async with httpx.AsyncClient() as http:
        env = engine_env(settings.config, around, http, (persona,), open_vault(settings.config).secret)
        async with spec.open(spec.options(), env) as opened:
            voice: TTS = opened
            times: list[float] = []
            for _ in range(WARM_UP + ROUNDS):
                started_s = time.monotonic()
                async with aclosing(voice.stream(utterance, persona.voice)) as chunks:
                    await anext(chunks)
                    times.append((time.monotonic() - started_s) * 1000)
                    async for _chunk in chunks:
                        pass
    return median(times[WARM_UP:])
