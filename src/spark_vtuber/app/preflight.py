"""The checklist before going live, as far as a program can look: the list of docs/how-to/go-live.

Nothing is said, shown or switched.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL, choice_for, servers_here
from spark_vtuber.app.checks import Checked
from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.app.obs import address_of, opener, wanted
from spark_vtuber.app.rack import Rack
from spark_vtuber.app.runway import Runway, ground
from spark_vtuber.app.tokens import token
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.keys import Config, Obs
from spark_vtuber.config.load import EngineChoice, Settings
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.engine import Finding, Severity
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.health.board import Board
from spark_vtuber.llm.port import LLM, LLMRequest, Message
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.obs.port import OpenRemote, Remote
from spark_vtuber.personality import card
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.tts.port import TTS

AREA: Final = "preflight"
MODEL_S: Final = 8.0
GUARD_S: Final = 5.0
SHOW_S: Final = 2.0
FIRST_WORD_MS: Final = 1_000.0
FIRST_SOUND_MS: Final = 400.0
SENTENCE: Final = "Good evening, everybody."
BAD_LINE: Final = "you fucking idiot"
"""What no guard may let through; it is never shown."""

OpenEngine = Callable[[str, EngineChoice], Awaitable[Any]]
"""Opens an engine of a port, each choice once. Raises `EngineError`."""

Equip = Callable[
    [Settings, Surroundings, httpx.AsyncClient, Sequence[PersonaView]], AbstractAsyncContextManager[OpenEngine]
]
"""Gives what opens engines; they are closed with the context."""


@asynccontextmanager
async def racked(
    settings: Settings, around: Surroundings, http: httpx.AsyncClient, personas: Sequence[PersonaView]
) -> AsyncIterator[OpenEngine]:
    """The engines that are installed, opened as a show opens them."""
    board = Board(around.clock, EventLog(around.clock))
    async with AsyncExitStack() as stack:
        env = engine_env(settings.config, around, http, personas, open_vault(settings.config).secret)
        rack = Rack(stack, env, board)

        async def open_engine(port: str, choice: EngineChoice) -> Any:
            engine = await rack.open(port, choice)
            if engine is None:
                why = next(one for one in reversed(board.components) if (one.kind, one.state) == (port, "failed"))
                raise EngineError("not_opened", f"it cannot be opened: {why.detail}", fix=why.fix)
            return engine

        yield open_engine


@dataclass(frozen=True, slots=True)
class Rigging:
    """What the checklist tries; tests give one of their own."""

    equip: Equip = racked
    obs: Callable[[Obs], OpenRemote] = opener
    http: Callable[[], httpx.AsyncClient] = http_client
    runway: Runway = field(default_factory=Runway)


async def preflight(
    settings: Settings, around: Surroundings, rigging: Rigging | None = None
) -> AsyncGenerator[Checked, None]:
    """Try everything a show uses, for real: a word of the model, a sentence of the voice, the scenes of OBS.

    Takes some seconds.
    """
    rigging = rigging or Rigging()
    config = settings.config
    async for finding in ground(config, rigging.runway, around.aside):
        yield Checked(AREA, finding)
    for finding in _chat(config):
        yield Checked(AREA, finding)
    async with rigging.http() as http:
        async for finding in _engines(settings, around, rigging.equip, http):
            yield Checked(AREA, finding)
        async for finding in _obs(config, rigging.obs):
            yield Checked(AREA, finding)
        async for finding in _running(config, http):
            yield Checked(AREA, finding)


def _chat(config: Config) -> Iterator[Finding]:
    """Where the lines of tonight come from; whether that can be reached is looked at with the engines."""
    chat = config.chat
    if chat.replay.file:
        detail = f"{chat.replay.file} would be played as if it were tonight's chat"
        yield Finding("chat", "warning", detail, "remove [chat.replay] file")
    elif chat.twitch.channel:
        yield Finding("chat", "ok", f"reads #{chat.twitch.channel} on Twitch")
    elif chat.youtube.channel or chat.youtube.video:
        yield Finding("chat", "ok", f"reads {chat.youtube.video or chat.youtube.channel} on YouTube")
    else:
        fix = 'set [chat.twitch] channel = "your_channel"'
        yield Finding("chat", "warning", "lines come from the page only, no channel is read", fix)


async def _engines(
    settings: Settings, around: Surroundings, equip: Equip, http: httpx.AsyncClient
) -> AsyncIterator[Finding]:
    config = settings.config
    personas = tuple(card.load(PersonaId(name), one.card) for name, one in config.persona.items())
    found = await servers_here(config, http)
    async with equip(settings, around, http, personas) as open_engine:
        for persona in personas:
            chosen = settings.engines[persona.id]
            name = f"model of {persona.id}"
            if (llm := choice_for(settings, persona.id, found)) is None:
                detail = "the understudy answers: scripted lines, no language model"
                yield Finding(name, "warning", detail, HOW_TO_GET_A_MODEL)
            else:
                yield await _tried(name, _model, open_engine("llm", llm), persona)
            limit_s = config.replies.voice_chunk_s
            yield await _tried(f"voice of {persona.id}", _voice, open_engine("tts", chosen["tts"]), persona, limit_s)
        yield await _tried("guard", _guard, open_engine("guard", settings.engines[personas[0].id]["guard"]))


async def _tried(name: str, attempt: Callable[..., Awaitable[Finding]], opening: Awaitable[Any], *more: Any) -> Finding:
    """What an attempt with an engine comes to; one that fails is an error with its fix."""
    try:
        return await attempt(name, await opening, *more)
    except EngineError as error:
        return Finding(name, "error", error.message, error.fix or "spark-vtuber doctor")


async def _model(name: str, model: LLM, persona: PersonaView) -> Finding:
    cue = Cue(CueId("preflight"), CueKind.SAY, "Say hello in three words.")
    request = LLMRequest(persona, cue, (Message("user", cue.text),), max_tokens=8)
    began_s, first = anyio.current_time(), None
    with anyio.move_on_after(MODEL_S) as limit:
        async with aclosing(model.stream(request)) as parts:
            first = await anext(parts, None)
    if limit.cancelled_caught:
        return Finding(name, "error", f"no word in {MODEL_S:.0f} s", "check the model server; load a smaller model")
    if first is None:
        return Finding(name, "error", "it answers nothing", "check the model server, or choose another model")
    return _timed(name, "the first word", (anyio.current_time() - began_s) * 1000, FIRST_WORD_MS, "a smaller model")


async def _voice(name: str, voice: TTS, persona: PersonaView, limit_s: float) -> Finding:
    utterance = Utterance(1, TurnId("preflight"), persona.id, Clause(SENTENCE, SENTENCE, SENTENCE))
    began_s, first = anyio.current_time(), None
    with anyio.move_on_after(limit_s) as limit:
        async with aclosing(voice.stream(utterance, persona.voice)) as chunks:
            first = await anext(chunks, None)
    if limit.cancelled_caught:
        return Finding(name, "error", f"no sound in {limit_s:g} s", "restart it, or choose another voice")
    if first is None:
        return Finding(name, "error", "it says nothing", "choose another voice")
    return _timed(name, "the first sound", (anyio.current_time() - began_s) * 1000, FIRST_SOUND_MS, "a faster voice")


async def _guard(name: str, guard: Guard) -> Finding:
    fix = "set [guard] use to another guard"
    with anyio.move_on_after(GUARD_S):
        verdict = await guard.check(BAD_LINE, Direction.OUT, GuardContext())
        if verdict.is_blocked or BAD_LINE not in verdict.text:
            return Finding(name, "ok", "a bad line does not get through")
        return Finding(name, "error", "a bad line got through", fix)
    return Finding(name, "error", f"no verdict in {GUARD_S:.0f} s: nothing would be said", fix)


async def _obs(config: Config, connect: Callable[[Obs], OpenRemote]) -> AsyncIterator[Finding]:
    if not config.obs.on:
        yield Finding(
            "OBS", "note", "not in use: a panic silences the show but changes no scene", "set [obs] on = true"
        )
        return
    findings: list[Finding] = []
    try:
        async with (
            connect(config.obs)(address_of(config.obs, open_vault(config).secret), _ignored) as remote,
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
        elif what == "safety scene":
            fix = 'set [obs] safety_scene = "Spark Safety"'
            yield Finding(f"OBS {what}", "warning", "none: a panic changes no scene", fix)
    on_air = str(listed.get("currentProgramSceneName") or "")
    if on_air and on_air == plan.safety_scene:
        yield Finding("OBS on air", "warning", f'the safety scene "{on_air}"', "change to the scene you begin with")
    else:
        yield Finding("OBS on air", "ok", f'"{on_air}"')


async def _running(config: Config, http: httpx.AsyncClient) -> AsyncIterator[Finding]:
    """What a show that already runs says of itself; nothing where none does."""
    url = f"http://127.0.0.1:{config.server.port}"
    try:
        key = token(config.server.desk_token, open_vault(config).secret)
        headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        health = (await http.get(f"{url}/api/health", headers=headers, timeout=SHOW_S)).json()
        status = (await http.get(f"{url}/api/status", headers=headers, timeout=SHOW_S)).json()
        findings = [*_unwell(health), *_steered(status)]
    except (SparkError, httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        yield Finding("show", "note", "none runs yet; look again once it does", "spark-vtuber run")
        return
    if not findings:
        yield Finding("show", "ok", "it runs, and every part of it is well")
    for finding in findings:
        yield finding


def _unwell(health: Mapping[str, Any]) -> Iterator[Finding]:
    for one in health["components"]:
        if one["state"] in ("failed", "degraded"):
            severity: Severity = "error" if one["state"] == "failed" else "warning"
            yield Finding(f"show: {one['name']}", severity, str(one["detail"]), str(one["fix"]))


def _steered(status: Mapping[str, Any]) -> Iterator[Finding]:
    """What somebody set and may have forgotten."""
    if status["panic"]:
        yield Finding("show", "warning", "a panic lasts: nothing is answered", "Resume on the panel")
    if status["hold"]:
        yield Finding("show", "warning", "hold mode is on: every answer waits for approval", "Hold on the panel")
    for persona in status["personas"]:
        if persona["muted"]:
            yield Finding(f"show: {persona['id']}", "warning", "is muted", "Mute on the panel")
        if persona.get("paid_only"):
            detail, fix = "answers only lines with which something was given", "another preset in the tab Persona"
            yield Finding(f"show: {persona['id']}", "note", detail, fix)


def _timed(name: str, what: str, took_ms: float, limit_ms: float, fix: str) -> Finding:
    if took_ms > limit_ms:
        return Finding(name, "warning", f"{what} took {took_ms:.0f} ms", fix)
    return Finding(name, "ok", f"{what} after {took_ms:.0f} ms")


def _ignored(_event: str, _data: Any) -> None:
    """Events of OBS mean nothing here."""
