"""The composition root: a configuration becomes objects, the objects a running show."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus

from spark_vtuber.app.accounts import AccountDesk
from spark_vtuber.app.avatar import AvatarRoom
from spark_vtuber.app.bridge import Bridge
from spark_vtuber.app.chats import ChatSources
from spark_vtuber.app.engine_room import EngineRoom
from spark_vtuber.app.environment import Surroundings, http_client
from spark_vtuber.app.equipment import Equipment
from spark_vtuber.app.guarding import open_guarding
from spark_vtuber.app.healing import Ward
from spark_vtuber.app.house import House
from spark_vtuber.app.ingest import IngestRoom
from spark_vtuber.app.intake import Neighbours, open_commands
from spark_vtuber.app.journal import open_journal
from spark_vtuber.app.lookout import Lookout
from spark_vtuber.app.looks import Looks
from spark_vtuber.app.machinery import Machinery, join
from spark_vtuber.app.mutes import Mutes
from spark_vtuber.app.obs import ObsRoom, safety
from spark_vtuber.app.ratings import RatingBook
from spark_vtuber.app.serving_show import keep_server
from spark_vtuber.app.show import Parts, Show
from spark_vtuber.app.sound import keep_sounding
from spark_vtuber.app.standins import StandIns
from spark_vtuber.app.swapping import show_changes
from spark_vtuber.app.tokens import FindSecret, token
from spark_vtuber.app.tuning import keep_tuned, open_log, open_settings
from spark_vtuber.config.load import Settings
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.looks import MODELS
from spark_vtuber.core.paths import at_home
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.health.sensors import MachineSensors
from spark_vtuber.llm.discovery import FoundServer
from spark_vtuber.personality import card
from spark_vtuber.pipeline.dry import pretend
from spark_vtuber.stage.ensemble import Ensemble, OpenFollower
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.port import Stage
from spark_vtuber.stage.recorder import recording_along
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.server import bind, serve
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

VERSION = version("spark-vtuber")


@dataclass(frozen=True, slots=True)
class Opened:
    """A show that is ready: its page answers and the first turn can start.

    `farewell` ends the talking as configured; cancel the show afterwards. `safety` tells where OBS has the scene for
    emergencies, as `app.obs.safety`.
    """

    show: Show
    doors: Doors
    url: str
    port: int
    found: tuple[FoundServer, ...]
    farewell: Callable[[], Awaitable[None]]
    safety: Callable[[], Mapping[str, Any]]
    data_dir: Path


async def run_show(
    settings: Settings,
    around: Surroundings,
    *,
    muted_reason: str = "",
    is_dry: bool = False,
    task_status: TaskStatus[Opened] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Open everything, report the opened show, and run it until cancelled.

    With a `muted_reason` nobody is heard until the streamer unmutes, who sees why. One that `is_dry` chooses lines and
    says nothing.

    Raises:
        SparkError: the configuration names something that is not there, the port is taken, or the data directory cannot
            be made.
    """
    personas = tuple(card.load(PersonaId(name), one.card, one.look) for name, one in settings.config.persona.items())
    async with AsyncExitStack() as stack:
        house = House(settings, around, await stack.enter_async_context(http_client()), stack, personas)
        await house.learn(settings)
        web = _web_settings(settings, house.vault.secret)
        listener = bind(web, settings.config.server.port)
        stack.callback(listener.close)
        port: int = listener.getsockname()[1]
        log = stack.enter_context(open_log(house))
        assembly = _Assembly(house, skip_port=port)
        await stack.enter_async_context(assembly.room.open())
        await assembly.equipment.open()
        async with house.open(), anyio.create_task_group() as tasks:
            keep_server(house)
            show = assembly.wire(is_dry=is_dry)
            if muted_reason:
                await show.start_muted(muted_reason)
            doors = Doors(
                show,
                audit=assembly.journal.audit,
                settings=assembly.settings,
                log=log,
                obs=assembly.obs,
                avatars=assembly.avatars,
                healing=assembly.ward.healer,
                steering=assembly.bridge.helm,
                lines=assembly.bridge.book,
                emotes=assembly.bridge.emotes,
                personas=assembly.bridge.company,
                growth=assembly.bridge.growth,
                duets=assembly.bridge.duets,
                ratings=RatingBook(show.turns, house.events, is_kept=lambda: house.config.journal.on),
                records=assembly.journal.records,
                trail=assembly.journal.records,
                machine=assembly.lookout.tower,
                alerts=assembly.lookout.alerts,
                accounts=assembly.accounts,
                ingest=assembly.ingest,
                guarding=assembly.guarding.facet,
            )
            site = build(doors, web, clock=around.clock, count_drop=show.door_dropped)
            await tasks.start(serve, site, listener)
            house.board.set("web", "web", "ok", f"pages and API on port {port}")
            task_status.started(
                Opened(
                    show,
                    doors,
                    f"http://{_host(web.host)}:{port}/",
                    port,
                    assembly.equipment.found,
                    assembly.ward.farewell,
                    lambda: safety(house.config.obs, house.vault.secret, is_off=assembly.stand_ins.uses("obs")),
                    house.config.data.dir,
                )
            )
            await anyio.sleep_forever()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the data directory {folder} cannot be made: {error.strerror}"
        raise SparkError(what, code="no_data_dir", fix="set [data] dir, or --data-dir, to a folder of yours") from error


class _Assembly:
    """Builds the show in two steps: engines, then the machine."""

    def __init__(self, house: House, skip_port: int) -> None:
        self._house = house
        self.stand_ins = StandIns(house.config.fallback, house.board)
        _make(house.config.data.dir)
        self.room = EngineRoom(house)
        self.equipment = Equipment(house, self.room, self.stand_ins, skip_port)

    def wire(self, *, is_dry: bool = False) -> Show:
        """Join the parts and start everything that runs by itself."""
        house = self._house
        self.journal = open_journal(house, VERSION)
        house.metrics.built(VERSION)
        equipment, clock = self.equipment, house.around.clock
        personas = tuple(persona.id for persona in house.personas)
        hall = StageHall(clock, house.session, house.personas, announce=house.events, hear_look=Looks(house).hear)
        self.stand_ins.tell("stage", hall.use_puppets)
        self.obs = ObsRoom(house, self.stand_ins, hall.position)
        self.avatars = AvatarRoom(house, self.stand_ins, hall.position)
        self.avatars.start()
        keep_sounding(house, hall)
        mutes = Mutes(personas, house.events, hall)
        bridge = self.bridge = Bridge(house, lambda: hall.audience, mutes.is_muted)

        def keep(record: TurnRecord) -> None:
            show.keep(record)
            self.journal.keep(record)
            self.ward.keep(record)

        machine = join(
            house,
            equipment,
            bridge,
            mutes,
            self._stage(hall),
            keep=keep,
            is_watched=lambda: show.is_watched,
        )
        director, reception, crew = machine.director, machine.reception, machine.crew
        if is_dry:
            director.perform = pretend
        bridge.connect(director, reception)
        self.ward = Ward(house, self.room, director)
        show = Show(
            Parts(
                session=house.session,
                version=VERSION,
                clock=clock,
                personas=house.personas,
                events=house.events,
                board=house.board,
                hall=hall,
                stage=crew.stage,
                director=director,
                reception=reception,
                tally=machine.tally,
                mutes=mutes,
                stand_ins=self.stand_ins,
                metrics=house.metrics,
                company=bridge.company,
            )
        )
        self._set_going(machine)
        chats = ChatSources(house, show.receive)
        self.ingest = IngestRoom(house, show.receive, lambda: not self.stand_ins.uses("chat"))
        room = (self.obs, chats, self.ingest, self.journal.audit, is_dry)
        open_commands(house, Neighbours(show, machine, bridge, equipment, *room))
        self.accounts = AccountDesk(house, chats.send)
        chats.tell_account = self.accounts.hear
        house.keep_running("accounts", "chat", self.accounts.run)
        chats.look()
        keep_tuned(house, self.stand_ins, machine, chats)
        self.settings = open_settings(house, equipment, director)
        self.guarding = open_guarding(house, equipment.guard, self.settings, self.journal.records)
        machine.gates.is_struck = self.guarding.strikes.is_struck
        self.lookout = Lookout(house, MachineSensors(), show, self.room, equipment)
        self.lookout.start(machine.prompter, bridge, self.obs)
        return show

    def _set_going(self, machine: Machinery) -> None:
        """Start what answers lines, and what watches over it."""
        house, minds = self._house, self.equipment.minds
        house.keep_running("director", "pipeline", machine.director.run)
        house.supervise(house.board.reporter("obs", "obs"), self.obs.run)
        house.keep_running("reception", "pipeline", machine.reception.run)
        house.keep_running("regulars", "journal", partial(machine.remembered.keep, machine.tally.owed))
        machine.remembered.give_back(machine.reception.receive)
        house.supervise(house.board.reporter("memoir", "llm"), partial(machine.memoir.run, machine.director))
        self.ward.start(minds, machine.reception, machine.crew.floor, machine.crew.stage)
        machine.guards.start(machine.reception, machine.director, self.room.on_change)
        for persona in house.personas:
            mind = minds.all[persona.id]
            probe = partial(minds.probe, persona)
            keep_probing = partial(mind.breaker.keep_probing, probe, lambda: house.config.replies.breaker_probe_s)
            house.supervise(house.board.reporter(f"probe:{persona.id}", "llm"), keep_probing)

    def _stage(self, hall: StageHall) -> Stage:
        """The stage turns perform on: the hall, and what follows it."""
        house = self._house
        followers: dict[str, OpenFollower] = {"captions": lambda: nullcontext(self.obs.captions)}
        recording = house.config.stage.recording
        path = at_home(recording)
        if recording:
            sample_rate = house.config.stage.sample_rate
            followers["recorder"] = partial(recording_along, path, sample_rate, hall.position)

        broken: set[str] = set()

        def told(name: str, error: EngineError | None) -> None:
            if error is not None:
                broken.add(name)
                house.board.set(name, "stage", "failed", error.message, error.fix)
            elif name == "recorder":
                house.board.set(name, "stage", "ok", f"writes {path}")
            elif name in broken:
                broken.remove(name)
                house.board.set(name, "stage", "ok", "works again")

        followers |= self.avatars.followers
        ensemble = Ensemble(hall, followers, told)
        house.supervise(house.board.reporter("stages", "stage"), ensemble.run)
        show_changes(house, ensemble)
        return ensemble


def _web_settings(settings: Settings, secret: FindSecret) -> WebSettings:
    server = settings.config.server
    return WebSettings(
        host=server.host,
        desk_token=token(server.desk_token, secret),
        stage_token=token(server.stage_token, secret),
        chat_rate_per_s=server.chat_per_s,
        chat_burst=server.chat_burst,
        models=settings.config.data.dir / MODELS,
    )


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
