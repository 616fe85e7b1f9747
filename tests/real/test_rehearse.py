"""A short rehearsal of the real program, with a stage that hears it and without, and the checklist that reads it."""

import json
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.testing.live import LiveShow, free_port, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

CHAT = [{"at": 0.3 + 1.35 * number, "author": f"v{number}", "text": f"how is number {number}?"} for number in range(5)]
SECONDS = 6
QUICK = Script(text="Hey you.", ttft_ms=50, tokens_per_s=0)
SLOW = Script(text="Hey.", ttft_ms=1_300, tokens_per_s=0)


async def rehearse(folder: Path, script: Script, *flags: str, is_heard: bool) -> tuple[int | None, dict[str, Any]]:
    """The exit code and the report of a rehearsal."""
    chat, port = folder / "chat.jsonl", free_port()
    chat.write_text("".join(json.dumps(line) + "\n" for line in CHAT))
    async with serve(script) as model:
        config = folder / "spark.toml"
        config.write_text(f'{model_config(model.base_url)}\n[data]\ndir = "{folder}"\n')
        command = [sys.executable, "-m", "spark_vtuber", "rehearse", "--minutes", str(SECONDS / 60), "--json", *flags]
        command += ["--chat", str(chat), "--config", str(config), "--port", str(port), "--no-browser"]
        output = bytearray()
        async with (
            await anyio.open_process(command, stderr=None) as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
            anyio.create_task_group() as tasks,
        ):

            async def read() -> None:
                assert process.stdout is not None
                async for part in process.stdout:
                    output.extend(part)

            tasks.start_soon(read)
            await answers(http)
            async with LiveShow(process, http, port).listening() if is_heard else nullcontext():
                await process.wait()
        return process.returncode, json.loads(output.strip().splitlines()[-1])


async def answers(http: httpx.AsyncClient) -> None:
    with anyio.fail_after(30):
        while True:
            with suppress(httpx.TransportError):
                if (await http.get("/api/health")).is_success:
                    return
            await anyio.sleep(0.05)


async def checklist(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "spark_vtuber", "doctor", "--preflight", "--json"]
    told = await anyio.run_process([*command, "--config", str(folder / "spark.toml")], check=False)
    findings = json.loads(told.stdout)["findings"]
    return {one["name"]: one["severity"] for one in findings if one["area"] == "preflight"}


async def test_a_quick_show_that_a_stage_plays_is_ready_and_the_checklist_knows(tmp_path: Path) -> None:
    code, report = await rehearse(tmp_path, QUICK, is_heard=True)
    assert (code, report["ready"], report["misses"]) == (0, True, [])
    assert report["answers"] == report["lines"] == len(CHAT)
    assert report["without_stage"] == 0
    assert (await checklist(tmp_path))["rehearsal"] == "ok"


async def test_a_slow_show_that_nobody_hears_is_not(tmp_path: Path) -> None:
    code, report = await rehearse(tmp_path, SLOW, is_heard=False)
    assert (code, report["ready"]) == (1, False)
    assert any("no stage" in miss for miss in report["misses"])
    seen = await checklist(tmp_path)
    assert (seen["rehearsal"], seen["voice of main"], seen["guard"], seen["OBS"]) == ("error", "ok", "ok", "note")
    assert seen["model of main"] == "error"
