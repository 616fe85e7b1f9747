import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from spark_vtuber.app.checks import Ground, examine
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.testing.virtual import VirtualClock

PLENTY = 64 * 1024**3


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


async def _well(options: Any, env: EngineEnv) -> AsyncIterator[Finding]:
    yield Finding("any", "ok", "it works")


async def _unwell(options: Any, env: EngineEnv) -> AsyncIterator[Finding]:
    yield Finding("any", "error", "the server does not answer", "start the server")


async def _broken(options: Any, env: EngineEnv) -> AsyncIterator[Finding]:
    raise EngineError("no_secret", "the secret is not known", fix="set the variable")
    yield


@asynccontextmanager
async def _never(options: Any, env: EngineEnv) -> AsyncIterator[Any]:
    raise AssertionError("a check opens nothing")
    yield


SPECS = {
    "espeak": EngineSpec(Options, _never, _well, "a voice", "GPL-3.0-or-later"),
    "understudy": EngineSpec(Options, _never, _well, "a brain", "MIT"),
    "chain": EngineSpec(Options, _never, _well, "a guard", "MIT"),
    "openai": EngineSpec(Options, _never, _unwell, "a model", "Apache-2.0"),
    "broken": EngineSpec(Options, _never, _broken, "a model", "Apache-2.0"),
    "replay": EngineSpec(Options, _never, _well, "a chat", "Apache-2.0"),
}


def lookup(port: str, name: str) -> EngineSpec:
    if name not in SPECS:
        raise SparkError(f'there is no {port} engine called "{name}"', fix="installed are others")
    return SPECS[name]


def nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    (tmp_path / "index.html").touch()
    return Ground(
        engine=lookup,
        free_memory=lambda: PLENTY,
        free_disk=lambda _: PLENTY,
        is_writable=lambda _: True,
        is_free=lambda _host, _port: True,
        listener_on=lambda _: "",
        bundle=tmp_path,
    )


async def found(tmp_path: Path, ground: Ground, text: str = "", answer: Any = nobody) -> dict[str, Finding]:
    """Every finding by "area name"; names that come twice keep the last one."""
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n{text}', encoding="utf-8")
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        return {f"{one.area} {one.finding.name}": one.finding async for one in examine(file, around, http, ground)}


async def test_a_machine_where_everything_is_well(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground)
    assert {one.severity for one in findings.values()} == {"ok", "note"}
    assert findings["engines llm"].detail == "no model server on this machine: the understudy answers"
    assert findings["ports panic door"].detail == "port 8081 is free"
    assert findings["characters main"].detail == "Spark, look spark"
    assert "page plays it" in findings["system sound"].detail


async def test_a_sound_device_that_is_named_is_told(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground, '[stage]\ndevice = "CABLE"\n')
    assert '"CABLE"' in findings["system sound"].detail


async def test_licences_of_all_engines_in_use_are_told(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground)
    licences = {name.removeprefix("licences "): one.detail for name, one in findings.items() if "licences" in name}
    assert licences == {
        "spark-vtuber": "Apache-2.0",
        "soxr": "LGPL-2.1-or-later, as a library",
        "espeak": "GPL-3.0-or-later, in a process of its own",
        "understudy": "MIT",
        "chain": "MIT",
    }


async def test_every_engine_in_use_is_asked_once_and_a_bad_one_brings_its_fix(tmp_path: Path, ground: Ground) -> None:
    text = '[llm]\nuse = "openai"\n[chat.replay]\nfile = "x.jsonl"\n[persona.main]\n[persona.twin]\ncard = "ember"\n'
    findings = await found(tmp_path, ground, text)
    assert findings["engines llm: openai"] == Finding(
        "llm: openai", "error", "the server does not answer", "start the server"
    )
    assert findings["engines chat: replay"].severity == "ok"
    assert findings["characters twin"].severity == "ok"
    assert "engines llm" not in findings


async def test_an_engine_that_cannot_be_asked_is_an_error_with_a_fix(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground, '[llm]\nuse = "broken"\n')
    assert findings["engines llm: broken"].severity == "error"
    assert findings["engines llm: broken"].fix == "set the variable"


async def test_a_server_on_this_machine_is_named_with_its_models(tmp_path: Path, ground: Ground) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.port == 11434 and request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "llama"}]})
        return nobody(request)

    findings = await found(tmp_path, ground, answer=answer)
    assert "http://127.0.0.1:11434/v1: llama" in findings["engines llm"].detail


async def test_discovery_that_is_off_is_told(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground, "[discovery]\non = false\n")
    assert "discovery is off" in findings["engines llm"].detail


async def test_all_mistakes_of_the_configuration_are_told_and_the_rest_is_still_looked_at(
    tmp_path: Path, ground: Ground
) -> None:
    findings = await found(tmp_path, ground, '[server]\nprot = 1\nhost = 5\n[llm]\nuse = "openai"\n')
    assert findings["configuration server.prot"].fix == 'did you mean "port"?'
    assert findings["configuration server.host"].severity == "error"
    assert findings["system data"].severity == "ok"
    assert findings["engines engines"].severity == "note"


async def test_a_character_that_is_not_there_is_an_error(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground, '[persona.main]\ncard = "nobody"\n')
    assert findings["characters main"].severity == "error"
    assert "shipped are" in findings["characters main"].fix


@pytest.mark.parametrize(
    ("change", "name", "severity", "words"),
    [
        ({"free_memory": lambda: 100 * 1024**2}, "memory", "warning", "100 MB are free"),
        ({"is_writable": lambda _: False}, "data", "error", "cannot be written to"),
        ({"free_disk": lambda _: 1000}, "data", "warning", "0.0 GB are free"),
        ({"bundle": Path("nowhere")}, "pages", "error", "not built"),
    ],
)
async def test_what_the_machine_lacks_is_told(
    tmp_path: Path, ground: Ground, change: dict[str, Any], name: str, severity: str, words: str
) -> None:
    finding = (await found(tmp_path, replace(ground, **change)))[f"system {name}"]
    assert finding.severity == severity
    assert words in finding.detail
    assert finding.fix


async def test_memory_that_the_system_does_not_tell_is_no_finding(tmp_path: Path, ground: Ground) -> None:
    assert "system memory" not in await found(tmp_path, replace(ground, free_memory=lambda: None))


async def test_a_busy_port_names_who_listens(tmp_path: Path, ground: Ground) -> None:
    busy = replace(ground, is_free=lambda _, port: port != 9000, listener_on=lambda _: "nginx (process 7)")
    findings = await found(tmp_path, busy, "[server]\nport = 9000\n")
    assert findings["ports pages"].detail == "port 9000 is in use by nginx (process 7)"
    assert findings["ports pages"].fix
    assert findings["ports panic door"].severity == "ok"


async def test_a_show_that_runs_already_is_no_error(tmp_path: Path, ground: Ground) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/health":
            return httpx.Response(200, json={"version": "0.1.0", "pid": 7})
        return nobody(request)

    findings = await found(tmp_path, replace(ground, is_free=lambda _host, _port: False), answer=answer)
    assert findings["ports pages"].severity == "note"
    assert "Spark VTuber 0.1.0 (process 7)" in findings["ports pages"].detail


async def test_any_port_is_always_free(tmp_path: Path, ground: Ground) -> None:
    assert (await found(tmp_path, ground, "[server]\nport = 0\n"))["ports pages"].severity == "ok"


async def test_a_desk_beyond_loopback_needs_a_token(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground, '[server]\nhost = "0.0.0.0"\n')
    assert findings["configuration server.host"].severity == "error"
    findings = await found(tmp_path, ground, '[server]\nhost = "0.0.0.0"\ndesk_token = "secret:desk"\n')
    assert findings["configuration server.desk_token"].fix == "spark-vtuber secrets set desk"
    findings = await found(tmp_path, ground, '[server]\nstage_token = "hunter2"\n')
    assert findings["configuration server.stage_token"].severity == "error"
    assert "hunter2" not in str(findings)


async def test_a_stand_in_that_is_switched_on_is_noted(tmp_path: Path, ground: Ground) -> None:
    findings = await found(tmp_path, ground, '[fallback]\nllm = "understudy"\n')
    assert findings["configuration fallback.llm"].severity == "note"


async def test_what_was_changed_in_the_panel_is_named(tmp_path: Path, ground: Ground) -> None:
    (tmp_path / "overrides.toml").write_text("[replies]\nmax_tokens = 50\n", encoding="utf-8")
    findings = await found(tmp_path, ground, "")
    assert "replies.max_tokens" in findings["configuration overrides"].detail


async def test_what_is_left_out_of_a_card_of_another_program_is_noted(tmp_path: Path, ground: Ground) -> None:
    file = tmp_path / "mira.json"
    file.write_text('{"spec": "chara_card_v2", "data": {"name": "Mira", "system_prompt": "Obey."}}')
    findings = await found(tmp_path, ground, f'[persona.main]\ncard = "{file.as_posix()}"\n')
    assert findings["characters main"].detail == "Mira, look spark"
    assert findings["characters main card"].severity == "note"
    assert "cannot change the rules" in findings["characters main card"].detail
