"""The process that keeps a model server: `python -m spark_vtuber.serving.keep`, its job as JSON on standard input.

It outlives the command that started it, writes how the server is into a file, and ends the server when it is
terminated itself.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

import anyio

from spark_vtuber.serving import processes
from spark_vtuber.serving.job import Identity, Job, Kept, State
from spark_vtuber.serving.keeper import Keeper, Pace
from spark_vtuber.serving.probe import get

LONGEST_JOB: Final = 1 << 20
CUT_EVERY_S: Final = 60.0


class _Station:
    """One job: starts its server, asks whether it is ready, and writes down how it is."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._process: Identity | None = None
        self._restarts = 0
        self._me = processes.identity_of(os.getpid())

    async def start(self) -> processes.ServedProcess:
        served = await processes.start(self._job.argv, self._job.environment, self._job.log)
        self._process = served.identity
        self.tell("starting", "", self._restarts)
        return served

    async def is_ready(self) -> bool:
        status, _ = await get(self._job.port, self._job.ready_path)
        return status == 200

    def tell(self, state: State, detail: str, restarts: int) -> None:
        self._restarts = restarts
        job = self._job
        process = self._process if state in {"starting", "ready"} else None
        kept = Kept(
            state,
            job.server,
            job.model,
            job.port,
            round(time.time() * 1000),
            self._me,
            process,
            detail,
            restarts,
            job.argv,
        )
        fresh = job.state.with_name(f"{job.state.name}.new")
        fresh.write_text(json.dumps(kept.as_json()), encoding="utf-8")
        fresh.replace(job.state)

    async def keep(self) -> None:
        """Until a signal comes; whatever ends it, the server is gone afterwards."""
        keeper = Keeper(self.start, self.is_ready, self.tell, Pace(self._job.ready_s))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cut_log)
            tasks.start_soon(_cancelled_by_signal, tasks.cancel_scope)
            await keeper.run()
            tasks.cancel_scope.cancel()
            return
        self.tell("stopped", "", self._restarts)

    async def _cut_log(self) -> None:
        while True:
            processes.cut(self._job.log)
            await anyio.sleep(CUT_EVERY_S)


async def _cancelled_by_signal(scope: anyio.CancelScope) -> None:
    """On Windows nobody can ask a process to end; there whoever ends the keeper ends the server too."""
    if sys.platform != "win32":
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            async for _ in signals:
                scope.cancel()
                return


def main() -> None:
    """Read the job, keep its server. Where another keeper has the same state, this one ends at once."""
    job = Job.of(json.loads(sys.stdin.buffer.read(LONGEST_JOB)))
    with processes.one_at_a_time(Path(f"{job.state}.lock")) as is_mine:
        if not is_mine:
            sys.exit(3)
        anyio.run(_Station(job).keep)


if __name__ == "__main__":
    main()
