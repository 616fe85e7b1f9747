"""What `doctor` looks at: the machine, the configuration and every engine that is in use. Starts nothing that stays."""

import platform
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import httpx

from spark_vtuber import engines
from spark_vtuber.app import avatar_probe, looks, serving_checks
from spark_vtuber.app.brains import HOW_TO_GET_A_MODEL, UNDERSTUDY, ports_to_look_at
from spark_vtuber.app.chats import SOURCES, engine_of, options_of
from spark_vtuber.app.environment import Surroundings, engine_env
from spark_vtuber.app.tokens import FindSecret, token
from spark_vtuber.app.vault import findings, open_vault
from spark_vtuber.config.keys import AUTO, Config
from spark_vtuber.config.load import ENGINE_PORTS, EngineChoice, EngineLookup, Settings, load
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import ConfigError, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.health import machine
from spark_vtuber.llm.discovery import discover
from spark_vtuber.personality import card
from spark_vtuber.vault.vault import Vault
from spark_vtuber.web.settings import BUNDLE, is_loopback

GIB: Final = 1024**3
MIB: Final = 1024**2
LEAST_DISK_BYTES: Final = 1 * GIB
LEAST_MEMORY_BYTES: Final = 512 * MIB
"""The show stays below 150 MB; the page in a browser takes the rest."""

STAND_INS: Final = (("tts", "espeak"), ("llm", UNDERSTUDY))
"""Engines that every show opens, so that something can always be said."""

LICENCES: Final = (("spark-vtuber", "Apache-2.0"), ("soxr", "LGPL-2.1-or-later, as a library"))
"""What runs whatever engines are chosen; libraries under permissive licences are left out."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks look at: the machine, the engines that are installed, the pages. Tests give one of their own."""

    engine: EngineLookup = engines.spec
    free_memory: Callable[[], int | None] = machine.free_memory_bytes
    free_disk: Callable[[Path], int] = machine.free_disk_bytes
    is_writable: Callable[[Path], bool] = machine.is_writable
    is_free: Callable[[str, int], bool] = machine.is_free
    listener_on: Callable[[int], str] = machine.listener_on
    bundle: Path = field(default=BUNDLE)
    avatars: Callable[[Config], AsyncIterator[Finding]] = avatar_probe.findings
    vault: Callable[[Config], Vault] = open_vault
    secrets: Callable[[Config], Iterator[Finding]] = findings
    server: Callable[[Settings], Iterator[Finding]] = serving_checks.findings


@dataclass(frozen=True, slots=True)
class Checked:
    """A finding and the area it belongs to."""

    area: str
    finding: Finding


async def examine(
    path: Path | None, around: Surroundings, http: httpx.AsyncClient, ground: Ground | None = None
) -> AsyncGenerator[Checked, None]:
    """Every finding, one after the other. A wrong configuration is found too; the rest is then looked at as default."""
    ground = ground or Ground()
    settings: Settings | None = None
    mistakes: tuple[Finding, ...] = ()
    try:
        settings = load(ground.engine, path)
    except ConfigError as error:
        mistakes = tuple(Finding(one.key, "error", one.reason, one.fix) for one in error.mistakes)
    config = settings.config if settings else Config()
    vault = ground.vault(config)
    for area, found in (
        ("system", _system(ground, config)),
        ("configuration", mistakes or _configuration(settings, vault.secret)),
        ("secrets", ground.secrets(config)),
    ):
        for finding in found:
            yield Checked(area, finding)
    for checked in _characters(config):
        yield checked
    async for finding in _ports(config, http, ground):
        yield Checked("ports", finding)
    if settings is None:
        yield Checked("engines", Finding("engines", "note", "not looked at until the configuration is right"))
        return
    async for finding in ground.avatars(config):
        yield Checked("avatars", finding)
    async for finding in _model_servers(settings, http, ground):
        yield Checked("engines", finding)
    env = engine_env(settings.config, around, http, _views(settings.config), vault.secret)
    async for checked in _engines(settings, env, ground.engine):
        yield checked


def _system(ground: Ground, config: Config) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    memory = ground.free_memory()
    if memory is not None and memory < LEAST_MEMORY_BYTES:
        yield Finding("memory", "warning", f"{memory // MIB} MB are free", "close other programs")
    elif memory is not None:
        yield Finding("memory", "ok", f"{memory / GIB:.1f} GB are free")
    folder = config.data.dir
    if not ground.is_writable(folder):
        yield Finding("data", "error", f"{folder} cannot be written to", "set [data] dir, or --data-dir")
    else:
        room = ground.free_disk(folder)
        is_tight = room < LEAST_DISK_BYTES
        fix = "make room, or set [data] dir to another disk" if is_tight else ""
        yield Finding("data", "warning" if is_tight else "ok", f"{folder}, {room / GIB:.1f} GB are free", fix)
    if (ground.bundle / "index.html").is_file():
        yield Finding("pages", "ok", "the front end is built")
    else:
        yield Finding("pages", "error", "the front end is not built", "make run, or pip install -e .")
    if config.stage.device:
        yield Finding(
            "sound", "ok", f'played on the device "{config.stage.device}"; --preflight looks whether it is there'
        )
    else:
        yield Finding("sound", "ok", "the page plays it; no sound device of this machine is needed")


def _configuration(settings: Settings | None, secret: FindSecret) -> Iterator[Finding]:
    if settings is None:
        return
    where = str(settings.file) if settings.file else "no file; every key has its default"
    yield Finding("file", "ok", where)
    changed = sorted(key for key, source in settings.sources.items() if source == "overrides")
    if changed:
        yield Finding("overrides", "note", f"changed in the panel: {', '.join(changed)}", "reset keys there")
    server = settings.config.server
    for name, reference in (("desk_token", server.desk_token), ("stage_token", server.stage_token)):
        try:
            token(reference, secret)
        except SparkError as error:
            yield Finding(f"server.{name}", "error", error.message, error.fix)
    if not is_loopback(server.host) and not server.desk_token:
        yield Finding(
            "server.host",
            "error",
            f"{server.host} can be reached from other machines, and no token protects the desk",
            'set desk_token = "secret:desk" and run: spark-vtuber secrets set desk, or listen on 127.0.0.1',
        )
    for name, stand_in in settings.config.fallback.model_dump().items():
        if stand_in:
            yield Finding(f"fallback.{name}", "note", f"switched to {stand_in}", "remove the key to use what is set up")


def _characters(config: Config) -> Iterator[Checked]:
    yield from (Checked("characters", finding) for finding in _personas(config))
    yield from (Checked("models", finding) for finding in looks.findings(config))


def _personas(config: Config) -> Iterator[Finding]:
    for name, one in config.persona.items():
        try:
            view = card.load(PersonaId(name), one.card, one.look)
        except ConfigError as error:
            yield from (Finding(name, "error", f"{one.key}: {one.reason}", one.fix) for one in error.mistakes)
        else:
            yield Finding(name, "ok", f"{view.name}, look {view.look}")
            edit = "spark-vtuber persona import makes a character file of it, to be edited"
            yield from (Finding(f"{name} card", "note", note, edit) for note in card.notes(one.card))


async def _ports(config: Config, http: httpx.AsyncClient, ground: Ground) -> AsyncIterator[Finding]:
    host, port = config.server.host, config.server.port
    if port == 0:
        yield Finding("pages", "ok", "any free port")
        return
    for name, where, number in (("pages", host, port), ("panic door", "127.0.0.1", port + 1)):
        if ground.is_free(where, number):
            yield Finding(name, "ok", f"port {number} is free")
        elif is_loopback(where) and (show := await _show_on(http, port)):
            yield Finding(name, "note", f"port {number} belongs to {show}, which is running")
        else:
            who = ground.listener_on(number) or "another program"
            fix = f"stop it, or choose another port: --port {port + 10}"
            yield Finding(name, "error", f"port {number} is in use by {who}", fix)


async def _show_on(http: httpx.AsyncClient, port: int) -> str:
    """The show that runs on a port, empty where something else does."""
    try:
        health = (await http.get(f"http://127.0.0.1:{port}/api/health", timeout=1)).json()
        return f"a show of Spark VTuber {health['version']} (process {health['pid']})"
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return ""


async def _model_servers(settings: Settings, http: httpx.AsyncClient, ground: Ground) -> AsyncIterator[Finding]:
    """The one that the configuration starts, then those that run."""
    for finding in ground.server(settings):
        yield finding
    async for finding in _found_models(settings, http):
        yield finding


async def _found_models(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[Finding]:
    discovery = settings.config.discovery
    if all(choices["llm"].name != AUTO for choices in settings.engines.values()):
        return
    if not discovery.on:
        yield Finding("llm", "note", "no model is configured, and discovery is off: the understudy answers")
        return
    found = await discover(http, ports=ports_to_look_at(settings.config), skip=(settings.config.server.port,))
    for server in found:
        yield Finding("llm", "ok", f"{server.name} at {server.base_url}: {', '.join(server.models) or 'no model'}")
    if not found:
        yield Finding("llm", "note", "no model server on this machine: the understudy answers", HOW_TO_GET_A_MODEL)


async def _engines(settings: Settings, env: EngineEnv, lookup: EngineLookup) -> AsyncIterator[Checked]:
    specs: dict[str, EngineSpec] = {}
    for port, choice in _in_use(settings, lookup):
        name = f"{port}: {choice.name}"
        try:
            specs[choice.name] = lookup(port, choice.name)
            async for finding in specs[choice.name].probe(choice.options, env):
                yield Checked("engines", replace(finding, name=name))
        except SparkError as error:
            yield Checked("engines", Finding(name, "error", error.message, error.fix))
    for name, licence in LICENCES:
        yield Checked("licences", Finding(name, "ok", licence))
    for engine, spec in specs.items():
        yield Checked("licences", _licence(engine, spec))


def _in_use(settings: Settings, lookup: EngineLookup) -> Sequence[tuple[str, EngineChoice]]:
    """Every engine that a show would open, each once."""
    chosen = [(port, choices[port]) for choices in settings.engines.values() for port in ENGINE_PORTS]
    chosen += [(port, EngineChoice(name, lookup(port, name).options())) for port, name in STAND_INS]
    for source in SOURCES:
        if engine := engine_of(settings.config.chat, source):
            name, keys = engine
            chosen.append(("chat", EngineChoice(name, options_of(lookup("chat", name), keys))))
    once = {(port, one.name, one.options.model_dump_json()): (port, one) for port, one in chosen if one.name != AUTO}
    return tuple(once.values())


def _views(config: Config) -> tuple[PersonaView, ...]:
    try:
        return tuple(card.load(PersonaId(name), one.card) for name, one in config.persona.items())
    except ConfigError:
        return ()


def _licence(name: str, spec: EngineSpec) -> Finding:
    is_apart = "GPL" in spec.licence and "LGPL" not in spec.licence
    return Finding(name, "ok", f"{spec.licence}, in a process of its own" if is_apart else spec.licence)
