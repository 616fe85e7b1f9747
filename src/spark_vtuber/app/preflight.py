"""The checklist before going live, as far as a program can look: the list of docs/how-to/go-live."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import psutil

from spark_vtuber.app.brains import choice_for
from spark_vtuber.app.checks import Checked
from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.app.obs import address_of, opener, wanted
from spark_vtuber.app.rack import Rack
from spark_vtuber.config import Config, Settings
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.health.board import Board
from spark_vtuber.health.machine import free_disk_bytes
from spark_vtuber.llm.discovery import discover
from spark_vtuber.llm.port import LLM, LLMRequest, Message
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.obs.port import Remote
from spark_vtuber.personality import card
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.tts.port import TTS

AREA: Final = "preflight"
REHEARSAL_FILE: Final = "rehearsal.json"
REHEARSED_DAYS: Final = 7.0
EIGHT_HOURS_BYTES: Final = 3_000_000_000
"""A recording of eight hours (24 kHz, 16 bit) takes 1.4 GB; the journal and logs take the rest."""

MODEL_S: Final = 8.0
FIRST_WORD_MS: Final = 1_000.0
FIRST_SOUND_MS: Final = 400.0
SENTENCE: Final = "Good evening, everybody."
BAD_LINE: Final = "you fucking idiot"
"""What no guard may let through; it is never shown."""


@dataclass(frozen=True, slots=True)
class Runway:
    """What the machine says; tests give one of their own."""

    free_disk: Callable[[Path], int] = free_disk_bytes
    battery: Callable[[], Any] = lambda: psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    now: Callable[[], float] = time.time


async def preflight(
    settings: Settings, around: Surroundings, runway: Runway | None = None
) -> AsyncGenerator[Checked, None]:
    """Try everything a show uses, for real: a word of the model, a sentence of the voice, the scenes of OBS.

    Nothing is said, shown or switched. Takes some seconds.
    """
    runway = runway or Runway()
    config = settings.config
    for finding in (*_machine(config, runway), *_rehearsed(config, runway)):
        yield Checked(AREA, finding)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(http_client())
        personas = tuple(card.load(PersonaId(name), one.card) for name, one in config.persona.items())
        env = engine_env(config, around, http, personas)
        rack = Rack(stack, env, Board(around.clock, EventLog(around.clock)))
        discovery = config.discovery
        found = await discover(http, ports=discovery.ports, skip=(config.server.port,)) if discovery.on else ()
        for persona in personas:
            chosen = settings.engines[persona.id]
            llm = choice_for(settings, persona.id, found)
            if llm is None:
                yield _checked(f"model of {persona.id}", "warning", "the understudy answers: there is no model")
            else:
                yield Checked(AREA, await _model(await rack.open("llm", llm), persona))
            yield Checked(AREA, await _voice(await rack.open("tts", chosen["tts"]), persona, config))
        yield Checked(AREA, await _guard(await rack.open("guard", settings.engines[personas[0].id]["guard"])))
    async for finding in _obs(config):
        yield Checked(AREA, finding)


def _machine(config: Config, runway: Runway) -> Iterator[Finding]:
    room = runway.free_disk(config.data.dir)
    if room < EIGHT_HOURS_BYTES:
        yield Finding("disk", "warning", f"{room / 1e9:.1f} GB are free, eight hours may take 3", "make room")
    else:
        yield Finding("disk", "ok", f"{room / 1e9:.0f} GB are free, enough for eight hours")
    battery = runway.battery()
    if battery is not None and not battery.power_plugged:
        yield Finding("power", "warning", f"on battery, {battery.percent:.0f} % left", "plug the machine in")
    else:
        yield Finding("power", "ok", "plugged in")


def _rehearsed(config: Config, runway: Runway) -> Iterator[Finding]:
    rehearse = "spark-vtuber rehearse --minutes 10"
    try:
        last = json.loads((config.data.dir / REHEARSAL_FILE).read_text(encoding="utf-8"))
        days, is_ready = (runway.now() - float(last["at"])) / 86_400, bool(last["ready"])
        why = "; ".join(str(miss) for miss in last["misses"])
    except (OSError, ValueError, KeyError, TypeError):
        yield Finding("rehearsal", "warning", "never rehearsed", rehearse)
        return
    if not is_ready:
        yield Finding("rehearsal", "error", f"the last one did not pass: {why}", rehearse)
    elif days > REHEARSED_DAYS:
        yield Finding("rehearsal", "warning", f"the last one is {days:.0f} days ago", rehearse)
    else:
        yield Finding("rehearsal", "ok", f"passed, {last['p95_ms']:.0f} ms p95 from chat to sound")


async def _model(model: LLM | None, persona: PersonaView) -> Finding:
    name = f"model of {persona.id}"
    if model is None:
        return Finding(name, "error", "it cannot be opened; the understudy would answer", "see the engines above")
    cue = Cue(CueId("preflight"), CueKind.SAY, "Say hello in three words.")
    request = LLMRequest(persona, cue, (Message("user", cue.text),), max_tokens=8)
    began_s = time.perf_counter()
    try:
        with anyio.fail_after(MODEL_S):
            async with aclosing(model.stream(request)) as parts:
                await anext(parts, None)
    except TimeoutError:
        return Finding(name, "error", f"no word in {MODEL_S:.0f} s", "check the model server; load a smaller model")
    except EngineError as error:
        return Finding(name, "error", error.message, error.fix)
    return _timed(name, "the first word", (time.perf_counter() - began_s) * 1000, FIRST_WORD_MS, "a smaller model")


async def _voice(voice: TTS | None, persona: PersonaView, config: Config) -> Finding:
    name = f"voice of {persona.id}"
    if voice is None:
        return Finding(name, "error", "it cannot be opened; espeak-ng would speak", "see the engines above")
    utterance = Utterance(1, TurnId("preflight"), persona.id, Clause(SENTENCE, SENTENCE, SENTENCE))
    began_s = time.perf_counter()
    try:
        with anyio.fail_after(config.replies.voice_chunk_s):
            async with aclosing(voice.stream(utterance, persona.voice)) as chunks:
                chunk = await anext(chunks, None)
    except TimeoutError:
        return Finding(name, "error", f"no sound in {config.replies.voice_chunk_s:g} s", "see its log")
    except EngineError as error:
        return Finding(name, "error", error.message, error.fix)
    if chunk is None:
        return Finding(name, "error", "it says nothing", "choose another voice")
    return _timed(name, "the first sound", (time.perf_counter() - began_s) * 1000, FIRST_SOUND_MS, "a faster voice")


async def _guard(guard: Guard | None) -> Finding:
    if guard is None:
        return Finding("guard", "error", "it cannot be opened, and nothing may be said without one", "see above")
    verdict = await guard.check(BAD_LINE, Direction.OUT, GuardContext())
    if verdict.is_blocked or BAD_LINE not in verdict.text:
        return Finding("guard", "ok", "a bad line does not get through")
    return Finding("guard", "error", "a bad line got through", "set [guard] use to another guard")


async def _obs(config: Config) -> AsyncIterator[Finding]:
    if not config.obs.on:
        yield Finding(
            "OBS", "note", "not in use: a panic silences the show but changes no scene", "set [obs] on = true"
        )
        return
    findings: list[Finding] = []
    try:
        async with (
            opener(config.obs)(address_of(config.obs), _ignored) as remote,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(remote.run)
            try:
                findings = [finding async for finding in _scenes(remote, config)]
            except EngineError as error:
                findings = [Finding("OBS", "error", error.message, error.fix)]
            tasks.cancel_scope.cancel()
    except SparkError as error:
        findings = [Finding("OBS", "error", error.message, error.fix)]
    for finding in findings:
        yield finding


async def _scenes(remote: Remote, config: Config) -> AsyncIterator[Finding]:
    listed = await remote.call("GetSceneList")
    scenes = {scene["sceneName"] for scene in listed["scenes"]}
    inputs = {one["inputName"] for one in (await remote.call("GetInputList"))["inputs"]}
    plan = wanted(config)
    for what, name, known in (
        ("live scene", plan.live_scene, scenes),
        ("safety scene", plan.safety_scene, scenes),
        ("stage", plan.stage_source, inputs),
        ("captions", plan.captions, inputs),
    ):
        if name and name not in known:
            is_vital = what == "safety scene"
            detail, fix = f'there is no "{name}"', "spark-vtuber obs setup"
            yield Finding(f"OBS {what}", "error" if is_vital else "warning", detail, fix)
        elif name:
            yield Finding(f"OBS {what}", "ok", f'"{name}"')


def _timed(name: str, what: str, took_ms: float, limit_ms: float, fix: str) -> Finding:
    if took_ms > limit_ms:
        return Finding(name, "warning", f"{what} took {took_ms:.0f} ms", fix)
    return Finding(name, "ok", f"{what} after {took_ms:.0f} ms")


def _checked(name: str, severity: Any, detail: str) -> Checked:
    return Checked(AREA, Finding(name, severity, detail))


def _ignored(_event: str, _data: Any) -> None:
    """Events of OBS mean nothing here."""
