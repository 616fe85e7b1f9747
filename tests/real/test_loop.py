"""The event loop is never held up: no callback of a running show uses more than 50 ms of CPU."""

import asyncio
import logging
import random
import time
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from spark_vtuber import engines
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.desk import Line
from spark_vtuber.testing.live import free_port, model_config, until
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = pytest.mark.real

LIMIT_S = 0.050


class Handle:
    """Measures the CPU time of every callback of the loop's thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.longest_s = 0.0
        self.culprit = ""
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            started_s = time.thread_time()
            run(handle)
            spent_s = time.thread_time() - started_s
            if spent_s > self.longest_s:
                self.longest_s, self.culprit = spent_s, repr(handle)

        monkeypatch.setattr(asyncio.Handle, "_run", timed)


async def test_no_callback_holds_the_loop_while_turns_are_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(Script(text="short", tokens_per_s=0)) as model, anyio.create_task_group() as tasks:
        file = tmp_path / "spark.toml"
        file.write_text(model_config(model.base_url), encoding="utf-8")
        flags: dict[str, Any] = {"server": {"port": free_port()}, "data": {"dir": str(tmp_path / "data")}}
        settings = load(engines.spec, file, flags, {})
        around = Surroundings(SystemClock(), random.Random(1), logging.getLogger("test"))
        opened: Opened = await tasks.start(partial(run_show, settings, around))
        watch = Handle(monkeypatch)
        for number in range(300):
            opened.show.chat(Line(author=f"viewer{number}", text=f"hello number {number}, how are you?"))
            await checkpoint()
        await until(lambda: len(opened.show.turns(10)) >= 2, limit_s=60)
        assert watch.longest_s < LIMIT_S, watch.culprit
        tasks.cancel_scope.cancel()
