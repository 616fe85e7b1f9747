"""Starts and ends the model server of the configuration, through a keeper that outlives the command."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from spark_vtuber.app.serving import Order
from spark_vtuber.config.environment import child_environment
from spark_vtuber.core.errors import SparkError
from spark_vtuber.health.machine import is_free, listener_on
from spark_vtuber.serving.budget import served_bytes
from spark_vtuber.serving.commands.command import HOST, Command, Launch
from spark_vtuber.serving.commands.table import INSTALL, command_for
from spark_vtuber.serving.gauges import Gauges, gauges_in
from spark_vtuber.serving.job import Job, Kept, kept_in
from spark_vtuber.serving.machines import Machine
from spark_vtuber.serving.plan import check, make_plan
from spark_vtuber.serving.probe import get
from spark_vtuber.serving.processes import ask_to_end, cut, end, is_alive

FOLDER: Final = "engine"
"""In the data directory."""

LOOK_S: Final = 0.1
KEEPER_S: Final = 15.0
"""How long a keeper may take to end its server."""

SHARES: Final = (0.05, 0.95)
"""The smallest and the largest share of a memory that a server is started with."""

LARGEST_STATE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a kept server leaves its files."""

    folder: Path

    @property
    def state(self) -> Path:
        """How it is."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.folder / "engine.log"

    @property
    def keeper_log(self) -> Path:
        """What its keeper wrote, which is nothing unless it broke."""
        return self.folder / "keeper.log"

    def kept(self) -> Kept | None:
        """How the server is as its keeper wrote it last; None where there never was one."""
        try:
            with self.state.open("rb") as file:
                return kept_in(json.loads(file.read(LARGEST_STATE)))
        except (OSError, ValueError, RecursionError):
            return None

    def is_kept(self) -> bool:
        """Whether a keeper looks after a server now."""
        kept = self.kept()
        return kept is not None and is_alive(kept.keeper)


def place_in(data_dir: Path) -> Place:
    """The place of a data directory."""
    return Place(data_dir.absolute() / FOLDER)


def launch_of(order: Order, machine: Machine) -> Launch:
    """What the server is started with: every bound from the plan, which is refused where it cannot run.

    Raises:
        SparkError: `too_large`, with the numbers.
    """
    check(make_plan(order.demand, machine))
    demand, wanted = order.demand, order.settings
    ranks = [adapter.rank for adapter in demand.adapters]
    reckoned = ceil(100 * served_bytes(demand, machine) / machine.memory_bytes) / 100
    least, most = SHARES
    return Launch(
        model=order.model,
        name=demand.model.name,
        port=wanted.port,
        context=demand.context,
        sequences=demand.sequences,
        batch_tokens=demand.batch_tokens,
        kv=demand.kv,
        kv_bytes=demand.kv_bytes,
        share=wanted.memory_share or min(most, max(least, reckoned)),
        memory_bytes=machine.memory_bytes,
        models=1 + len(demand.others),
        adapters={name: adapter.path.absolute() for name, adapter in order.adapters.items()},
        max_rank=max(ranks, default=wanted.max_rank),
        draft=_draft(order),
        is_drafting_ngrams=demand.is_drafting_ngrams,
        program=wanted.program,
        arguments=wanted.arguments,
    )


def written(order: Order, machine: Machine, place: Place) -> Command:
    """The command line of an order. Raises `SparkError` where it cannot run or is not offered."""
    return command_for(order.server, launch_of(order, machine), place.folder)


def begin(order: Order, command: Command, place: Place) -> None:
    """Start a keeper with the command; what is left of an earlier one is ended first.

    Raises:
        SparkError: `is_up`: a server is kept already; `not_installed`; `port_taken`; `no_data_dir`.
    """
    kept = place.kept()
    if kept is not None and is_alive(kept.keeper):
        up = f"a model server is up already, on port {kept.port}"
        raise SparkError(up, code="is_up", fix="spark-vtuber engine down, or engine status")
    stop(place)
    program = shutil.which(command.argv[0])
    if program is None:
        raise SparkError(
            f"{order.server.label} is not here: there is no program {command.argv[0]}",
            code="not_installed",
            fix=INSTALL[order.server],
        )
    port = order.settings.port
    if not is_free(HOST, port):
        who = listener_on(port)
        taken = f"port {port} is taken" + (f" by {who}" if who else "")
        raise SparkError(taken, code="port_taken", fix="end that program, or set [engine] port")
    job = Job(
        server=order.server.value,
        model=order.demand.model.name,
        argv=(str(Path(program).absolute()), *command.argv[1:]),
        port=port,
        ready_path=command.ready_path,
        ready_s=order.settings.ready_s,
        state=place.state,
        log=place.log,
        environment=child_environment(command.environment),
    )
    _spawn(job, place, command.files)


async def until_ready(place: Place, limit_s: float, progress: Callable[[Kept | None], None]) -> Kept:
    """Wait until the kept server is ready; `progress` hears how it is at each look.

    Raises:
        SparkError: `engine_failed`: it gave up, or its keeper is gone; `engine_late`: it is not ready in time.
    """
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        kept = place.kept()
        progress(kept)
        if kept is not None and is_alive(kept.keeper):
            if kept.state == "ready":
                return kept
        elif kept is not None and kept.state == "failed":
            raise SparkError(f"the server gave up: {kept.detail}", code="engine_failed", fix=f"see {place.log}")
        elif time.monotonic() - began > KEEPER_S:
            raise SparkError("its keeper does not run", code="engine_failed", fix=f"see {place.keeper_log}")
        await anyio.sleep(LOOK_S)
    raise SparkError(f"the server was not ready after {limit_s:g} s", code="engine_late", fix=f"see {place.log}")


def stop(place: Place) -> bool:
    """End the keeper, its server, and what is left of either; False where nothing ran.

    Blocks until all is gone. Ends no other process that has one of their numbers now.
    """
    kept = place.kept()
    if kept is None:
        return False
    # On POSIX a keeper that is terminated ends its server first; elsewhere, or where it was killed, both are ended.
    ended_keeper = end(kept.keeper, KEEPER_S)
    latest = place.kept() or kept
    ended_server = end(latest.process) or end(kept.process)
    return ended_keeper or ended_server


def let_go(place: Place) -> None:
    """Have the keeper end its server, without waiting for it."""
    kept = place.kept()
    if kept is not None:
        ask_to_end(kept.keeper)
        if sys.platform == "win32":
            ask_to_end(kept.process)


def address(port: int) -> str:
    """The address of a server's OpenAI interface."""
    return f"http://{HOST}:{port}/v1"


async def gauges(kept: Kept) -> Gauges:
    """What a server that is ready tells of itself; nothing where it does not."""
    status, body = await get(kept.port, "/metrics")
    return gauges_in(body.decode(errors="replace")) if status == 200 else Gauges()


def _draft(order: Order) -> str:
    draft = order.demand.draft
    if draft is None:
        return ""
    return str(draft.path.absolute()) if draft.path is not None else draft.name


def _flags() -> int:
    """A Ctrl-C in the terminal must not reach the keeper; POSIX has a session of its own for that."""
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


def _spawn(job: Job, place: Place, files: Mapping[Path, str]) -> None:
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.state.unlink(missing_ok=True)
        cut(place.log, 1 << 20)
        for file, text in files.items():
            file.write_text(text, encoding="utf-8")
        with place.keeper_log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "spark_vtuber.serving.keep"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=child_environment(),
                cwd=place.folder,
                start_new_session=sys.platform != "win32",
                creationflags=_flags(),
            )
        if process.stdin is not None:
            process.stdin.write(json.dumps(job.as_json()).encode())
            process.stdin.close()
        process.returncode = 0  # nobody here waits for it: it outlives this process, and tells how it is by its file
    except OSError as error:
        raise SparkError(
            f"{place.folder} cannot be written to: {error.strerror}", code="no_data_dir", fix="set [data] dir"
        ) from error
