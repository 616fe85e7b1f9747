"""The composition root: a configuration becomes objects, the objects a running show."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio.abc import TaskGroup, TaskStatus

from spark_vtuber import config as configuration
from spark_vtuber import engines
from spark_vtuber.app.brains import Minds, choice_for
from spark_vtuber.app.environment import Surroundings, engine_env, http_client
from spark_vtuber.app.mutes import Mutes
from spark_vtuber.app.rack import Rack
from spark_vtuber.app.show import Parts, Show
from spark_vtuber.app.standins import StandIns
from spark_vtuber.app.tokens import token
from spark_vtuber.chat.port import ChatSource
from spark_vtuber.config import Settings
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId, session_id
from spark_vtuber.core.personas import EXPRESSIONS
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.health.board import Board
from spark_vtuber.health.supervisor import keep_running
from spark_vtuber.llm.discovery import FoundServer, discover
from spark_vtuber.llm.prompt import PromptBudget, Prompter
from spark_vtuber.moderation.port import Guard
from spark_vtuber.personality import arbiter, card
from spark_vtuber.personality.deflect import deflector
from spark_vtuber.pipeline.crew import Crew, Limits
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.gates import GateLimits, Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.stage.ensemble import Ensemble
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.port import Stage
from spark_vtuber.stage.recorder import recording_along
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.telemetry.metrics import ShowMetrics
from spark_vtuber.tts.port import TTS
from spark_vtuber.web.server import bind, serve
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

VERSION = version("spark-vtuber")


@dataclass(frozen=True, slots=True)
class Opened:
    """A show that is ready: its page answers and the first turn can start."""

    show: Show
    url: str
    port: int
    found: tuple[FoundServer, ...]


async def run_show(
    settings: Settings,
    around: Surroundings,
    *,
    is_muted: bool = False,
    task_status: TaskStatus[Opened] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Open everything, report the opened show, and run it until cancelled.

    Raises:
        SparkError: the configuration names something that is not there, or the port is taken.
    """
    web = _web_settings(settings)
    listener = bind(web, settings.config.server.port)
    port: int = listener.getsockname()[1]
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        assembly = _Assembly(settings, around, await stack.enter_async_context(http_client()), stack)
        await assembly.open_engines(skip_port=port)
        async with anyio.create_task_group() as tasks:
            show = assembly.wire(tasks)
            if is_muted:
                await show.mute(None)
            site = build(show, web, clock=around.clock, count_drop=show.door_dropped)
            await tasks.start(serve, site, listener)
            assembly.board.set("web", "web", "ok", f"pages and API on port {port}")
            task_status.started(Opened(show, f"http://{_host(web.host)}:{port}/", port, assembly.found))
            await anyio.sleep_forever()


class _Assembly:
    """Builds the show in three steps: values and records, engines, the machine."""

    def __init__(
        self, settings: Settings, around: Surroundings, http: httpx.AsyncClient, stack: AsyncExitStack
    ) -> None:
        config = self._config = settings.config
        self._settings = settings
        self._around = around
        self._http = http
        self._session = session_id(around.rng)
        self._personas = tuple(card.load(PersonaId(name), one.card) for name, one in config.persona.items())
        self._events = EventLog(around.clock)
        self._metrics = ShowMetrics(around.clock)
        self.board = Board(around.clock, self._events)
        self._stand_ins = StandIns(config.fallback, self.board)
        config.data.dir.mkdir(parents=True, exist_ok=True)
        self._rack = Rack(stack, self._environment(), self.board)
        self._voices: dict[PersonaId, tuple[TTS, ...]] = {}
        self.found: tuple[FoundServer, ...] = ()

    async def open_engines(self, skip_port: int) -> None:
        """Open what the configuration names; an engine that cannot be opened is left to its stand-in."""
        discovery = self._config.discovery
        if discovery.on and any(ports["llm"].name == configuration.AUTO for ports in self._settings.engines.values()):
            self.found = await discover(self._http, ports=discovery.ports, skip=(skip_port,))
        espeak: TTS | None = await self._rack.open_plain("tts", "espeak")
        self._espeak = () if espeak is None else (espeak,)
        understudy = await self._rack.open_plain("llm", "understudy")
        if understudy is None:
            raise EngineError("no_understudy", "the understudy cannot be opened", fix="reinstall spark-vtuber")
        failures = self._config.replies.breaker_failures
        self._minds = Minds(understudy, self._around.clock, self.board, self._stand_ins, failures)
        for persona in self._personas:
            chosen = self._settings.engines[persona.id]
            voice: TTS | None = await self._rack.open("tts", chosen["tts"])
            own = () if voice is None or voice is espeak else (voice,)
            self._voices[persona.id] = (*own, *self._espeak)
            llm = choice_for(self._settings, persona.id, self.found)
            self._minds.add(persona.id, None if llm is None else await self._rack.open("llm", llm))
        main = self._personas[0].id
        guard: Guard | None = await self._rack.open("guard", self._settings.engines[main]["guard"])
        if guard is None:
            raise EngineError("no_guard", "the guard cannot be opened, and nothing may be said without one")
        self._guard = guard

    def wire(self, tasks: TaskGroup) -> Show:
        """Join the parts and start everything that runs by itself."""
        config, around = self._config, self._around
        clock = around.clock
        personas = tuple(persona.id for persona in self._personas)
        hall = StageHall(clock, self._session, self._personas)
        mutes = Mutes(personas, self._events, hall)
        prompter = Prompter({persona.id: persona.name for persona in self._personas}, self._budget())
        crew = Crew(
            clock=clock,
            floor=Floor(clock),
            stage=self._stage(tasks, hall),
            guard=self._guard,
            announce=self._events,
            sample_rate=config.stage.sample_rate,
            build_prompt=prompter,
            brains=self._minds.brains,
            voices=self._voices_of,
            is_muted=mutes.is_muted,
            deflect=deflector(around.rng),
            expressions=EXPRESSIONS,
            limits=self._limits(),
        )
        names = tuple(name for persona in self._personas for name in (persona.name, *persona.aliases))
        inbox = Inbox(names, config.inbox.capacity, config.inbox.stale_s)
        tally = Tally(self._events, self._metrics.drop)

        def keep(record: TurnRecord) -> None:
            prompter.remember(record)
            show.keep(record)

        director = Director(crew, inbox, tally, personas, self._cast, keep)
        gates = Gates(clock, GateLimits(config.inbox.viewer_per_s, config.inbox.viewer_burst, config.inbox.duplicate_s))
        reception = Reception(clock, gates, self._guard, director, tally, self._events)
        show = Show(
            Parts(
                session=self._session,
                version=VERSION,
                clock=clock,
                personas=self._personas,
                events=self._events,
                board=self.board,
                hall=hall,
                director=director,
                reception=reception,
                tally=tally,
                mutes=mutes,
                stand_ins=self._stand_ins,
                metrics=self._metrics,
            )
        )
        self._keep_running(tasks, "director", "pipeline", director.run)
        self._keep_running(tasks, "reception", "pipeline", reception.run)
        for persona in self._personas:
            mind = self._minds.all[persona.id]
            probe = partial(self._minds.probe, persona)
            keep_probing = partial(mind.breaker.keep_probing, probe, config.replies.breaker_probe_s)
            self._supervise(tasks, self.board.reporter(f"probe:{persona.id}", "llm"), keep_probing)
        for name, options in (("twitch", config.chat.twitch), ("replay", config.chat.replay)):
            is_on = config.chat.twitch.channel if name == "twitch" else config.chat.replay.file
            if is_on:
                self._keep_running(
                    tasks, f"chat:{name}", "chat", partial(self._read_chat, name, options.model_dump(), show)
                )
        return show

    def _stage(self, tasks: TaskGroup, hall: StageHall) -> Stage:
        """The stage turns perform on: the hall, and a recorder beside it where one is configured."""
        if not self._config.stage.recording:
            return hall
        path = Path(self._config.stage.recording).expanduser()
        report = self.board.reporter("recorder", "stage")

        def told(_name: str, error: EngineError | None) -> None:
            if error is None:
                report("ok", f"writes {path}")
            else:
                report("failed", error.message, error.fix)

        recorder = partial(recording_along, path, self._config.stage.sample_rate, hall.position)
        ensemble = Ensemble(hall, {"recorder": recorder}, told)
        self._supervise(tasks, self.board.reporter("stages", "stage"), ensemble.run)
        return ensemble

    def _keep_running(self, tasks: TaskGroup, name: str, kind: str, start: Callable[[], Awaitable[None]]) -> None:
        report = self.board.reporter(name, kind)
        report("ok")
        self._supervise(tasks, report, start)

    def _supervise(self, tasks: TaskGroup, report: Callable[..., None], start: Callable[[], Awaitable[None]]) -> None:
        tasks.start_soon(keep_running, start, report, self._around.clock, self._around.rng, self._around.log)

    async def _read_chat(self, name: str, options: dict[str, Any], show: Show) -> None:
        """Read one chat source to its end."""
        spec = engines.spec("chat", name)
        report = self.board.reporter(f"chat:{name}", "chat")
        async with spec.open(spec.options.model_validate(options), self._environment(report)) as opened:
            source: ChatSource = opened
            async with aclosing(source.events()) as events:
                async for event in events:
                    show.receive(event)
        report("off", "the source has ended")

    def _environment(self, report: Callable[..., None] | None = None) -> EngineEnv:
        return engine_env(self._config, self._around, self._http, self._personas, report)

    def _voices_of(self, persona: PersonaId) -> tuple[TTS, ...]:
        return self._espeak if self._stand_ins.uses("tts") else self._voices[persona]

    def _cast(self, cue: Cue) -> Casting:
        decision = arbiter.choose(cue, self._personas)
        return Casting(decision.persona, decision.reasons)

    def _budget(self) -> PromptBudget:
        """About four characters make a token; what the character and the cue leave is for the past."""
        least = PromptBudget()
        tokens = self._config.replies.context_chars // 4 - least.system_tokens - least.cue_tokens
        return PromptBudget(history_tokens=max(tokens, least.history_tokens))

    def _limits(self) -> Limits:
        replies, stage = self._config.replies, self._config.stage
        return Limits(
            first_audio_s=replies.first_audio_s,
            between_tokens_s=replies.between_tokens_s,
            voice_chunk_s=replies.voice_chunk_s,
            max_tokens=replies.max_tokens,
            lead_s=stage.lead_s,
        )


def _web_settings(settings: Settings) -> WebSettings:
    server = settings.config.server
    return WebSettings(
        host=server.host,
        desk_token=token(server.desk_token),
        stage_token=token(server.stage_token),
        chat_rate_per_s=server.chat_per_s,
        chat_burst=server.chat_burst,
    )


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
