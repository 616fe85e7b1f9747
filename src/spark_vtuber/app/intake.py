"""What comes in beside ordinary lines, wired: commands, purchases, and the lines of other platforms."""

from dataclasses import dataclass, replace

from spark_vtuber.app.bridge import Bridge
from spark_vtuber.app.chats import ChatSources
from spark_vtuber.app.commands import DRY_RUN, ChatCommands, Door, Rules
from spark_vtuber.app.equipment import Equipment
from spark_vtuber.app.house import House
from spark_vtuber.app.ingest import IngestRoom
from spark_vtuber.app.limits import gate_limits, mesh
from spark_vtuber.app.machinery import Machinery
from spark_vtuber.app.performer import Instruments, Performer
from spark_vtuber.app.show import Show
from spark_vtuber.app.tools import Workshop, open_tools
from spark_vtuber.core.audit import Audit
from spark_vtuber.core.obs import ObsDesk
from spark_vtuber.pipeline.gates import Gates


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The parts of a show that commands act on; one that `is_dry` is left alone."""

    show: Show
    machine: Machinery
    bridge: Bridge
    equipment: Equipment
    obs: ObsDesk
    chats: ChatSources
    ingest: IngestRoom
    audit: Audit
    is_dry: bool = False


def open_commands(house: House, parts: Neighbours) -> None:
    """Have the show take commands out of what it receives and perform them, and characters do the like by tools."""
    live, clock = house.live, house.around.clock
    show, machine, bridge = parts.show, parts.machine, parts.bridge
    gates = Gates(clock, is_ignored=bridge.viewers.is_ignored)

    def limit() -> None:
        # Who mutes, unmutes and mutes again says the same words twice.
        gates.limits = replace(gate_limits(live.config.inbox), duplicate_s=0.0)
        gates.sieve.mesh = mesh(live.config.inbox)

    def is_struck(source: str, author: str) -> bool:
        return machine.gates.is_struck(source, author)

    def bar() -> str:
        if parts.is_dry:
            return DRY_RUN
        return "panic" if machine.director.is_stopped else ""

    async def send(source: str, text: str) -> None:
        if parts.ingest.knows(source):
            parts.ingest.say(source, text)
        else:
            await parts.chats.send(source, text)

    gates.is_struck = is_struck
    limit()
    live.on_change("inbox", limit)
    performer = Performer(
        Instruments(
            voices=show,
            personas=bridge.company,
            obs=parts.obs,
            stage=machine.crew.stage,
            guard=parts.equipment.guard,
            readmit=machine.reception.readmit,
            send=send,
            duets=bridge.duets,
        ),
        commands=lambda: live.config.commands,
        rewards=lambda: live.config.rewards,
    )
    door = Door(
        clock=clock,
        gates=gates,
        is_ignored=bridge.viewers.is_ignored,
        bar=bar,
        tally=machine.tally,
        announce=house.events,
        audit=parts.audit,
        settle=parts.chats.settle,
    )
    rules = Rules(lambda: live.config.chat.command_prefix, lambda: live.config.commands)
    commands = ChatCommands(door, rules, performer)
    house.metrics.watch(commands.reading)
    house.metrics.watch_queue("commands", lambda: commands.waiting)
    seen = (bridge.lines, machine.remembered.regulars, parts.audit)
    workshop = Workshop(machine.crew.stage, parts.obs, machine.guards.guard, machine.notes, *seen)
    open_tools(house, machine.toolbox, machine.director, workshop, is_dry=parts.is_dry)
    show.command = commands.take
    house.keep_running("commands", "chat", commands.run)
