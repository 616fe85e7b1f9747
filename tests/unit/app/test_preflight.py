"""The checklist before a show, with engines, an OBS, a machine and a running show of the tests' own."""

import json
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.preflight import Rigging, preflight
from spark_vtuber.app.runway import REHEARSAL_FILE, Runway
from spark_vtuber.config.load import load
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.machine import Gpu, MachineUse, Temperature
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.obs_fake import FakeObs, fake_obs
from spark_vtuber.testing.sensors import GIGABYTE, FakeSensors
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice

T = TypeVar("T")

DAY_S = 86_400.0
NOW_S = 100 * DAY_S
MODEL = '[llm]\nuse = "openai"\nmodel = "m"\n[chat.twitch]\nchannel = "somebody"\n'
OBS = "[obs]\non = true\n"
PASSED = {"at": NOW_S - DAY_S, "ready": True, "misses": [], "p95_ms": 900.0}


@dataclass(frozen=True, slots=True)
class Plugged:
    percent: float = 50.0
    power_plugged: bool | None = True


async def at_once(act: Callable[[], T]) -> T:
    return act()


@dataclass
class Stand:
    """What the checklist finds here: all is well until a test changes it."""

    folder: Path
    model: Any = field(default_factory=ScriptedModel)
    voice: Any = field(default_factory=FakeVoice)
    guard: Any = field(default_factory=lambda: FakeGuard(("fucking",)))
    broken: dict[str, EngineError] = field(default_factory=dict)
    sensors: FakeSensors = field(default_factory=FakeSensors)
    runway: Runway = field(default_factory=Runway)
    rehearsed: Any = field(default_factory=lambda: dict(PASSED))
    show: dict[str, Any] = field(default_factory=dict)

    @asynccontextmanager
    async def equip(self, *_: Any) -> AsyncIterator[Callable[..., Any]]:
        async def open_engine(port: str, _choice: Any) -> Any:
            if port in self.broken:
                raise self.broken[port]
            return {"llm": self.model, "tts": self.voice, "guard": self.guard}[port]

        yield open_engine

    def http(self) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path not in self.show:
                raise httpx.ConnectError("nobody listens", request=request)
            return httpx.Response(200, json=self.show[request.url.path])

        return httpx.AsyncClient(transport=httpx.MockTransport(answer))

    async def found(self, text: str = MODEL, obs: FakeObs | None = None) -> dict[str, Finding]:
        """Every finding by name; names that come twice keep the last one."""
        file = self.folder / "spark.toml"
        file.write_text(f'[data]\ndir = "{self.folder.as_posix()}"\n{text}', encoding="utf-8")
        if self.rehearsed is not None:
            (self.folder / REHEARSAL_FILE).write_text(json.dumps(self.rehearsed), encoding="utf-8")
        rigging = Rigging(equip=self.equip, http=self.http, runway=self.runway)
        if obs is not None:
            rigging = replace(rigging, obs=lambda _: obs.open_remote)
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=at_once)
        listed = [one async for one in preflight(load(engines.spec, file, {}, {}), around, rigging)]
        assert {one.area for one in listed} == {"preflight"}
        return {one.finding.name: one.finding for one in listed}


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.sensors.use = MachineUse(
        total_bytes=16 * GIGABYTE, used_bytes=8 * GIGABYTE, cpu_percent=1.0, temperatures=(Temperature("cpu", 50.0),)
    )
    stand.runway = Runway(
        sensors=lambda: stand.sensors,
        free_disk=lambda _: 64 * GIGABYTE,
        battery=Plugged,
        outputs=lambda: ["CABLE Input (VB-Audio)", "Speakers"],
        now=lambda: NOW_S,
    )
    return stand


async def test_a_stand_where_everything_is_well(stand: Stand) -> None:
    findings = await stand.found()
    assert {name for name, one in findings.items() if one.severity == "ok"} == {
        "disk", "power", "memory", "heat", "rehearsal", "chat", "model of main", "voice of main", "guard",
    }  # fmt: skip
    assert {name for name, one in findings.items() if one.severity == "note"} == {"sound", "OBS", "show"}
    assert len(findings) == 12
    assert findings["model of main"].detail == "the first word after 200 ms"


async def test_whatever_is_wrong_has_a_fix(stand: Stand) -> None:
    stand.runway = replace(
        stand.runway,
        free_disk=lambda _: GIGABYTE,
        battery=lambda: Plugged(12.0, power_plugged=False),
        outputs=list,
    )
    stand.sensors.use = replace(stand.sensors.use, used_bytes=15 * GIGABYTE, temperatures=(Temperature("cpu", 95.0),))
    stand.rehearsed = {"at": NOW_S, "ready": False, "misses": ["it is slow"], "p95_ms": None}
    for port in ("llm", "tts", "guard"):
        stand.broken[port] = EngineError("gone", "gone")
    text = MODEL.replace("[chat.twitch]", '[chat.replay]\nfile = "old.jsonl"\n[chat.twitch]')
    text += '[stage]\ndevice = "CABLE"\n[journal]\non = false\n[fallback]\ntts = "espeak"\n' + OBS
    async with fake_obs() as obs:
        findings = await stand.found(text, obs)
    wrong = {name for name, one in findings.items() if one.severity in ("warning", "error")}
    assert wrong >= {
        "disk", "power", "memory", "heat", "sound", "journal", "stand-ins", "rehearsal", "chat", "model of main",
        "voice of main", "guard", "OBS live scene", "OBS safety scene", "OBS stage", "OBS captions",
    }  # fmt: skip
    assert [name for name in wrong if not findings[name].fix] == []


@pytest.mark.parametrize(("used", "severity"), [(13.0, "ok"), (13.6, "warning"), (14.2, "error")])
async def test_memory_is_held_against_the_limit_of_the_show(stand: Stand, used: float, severity: str) -> None:
    stand.sensors.use = replace(stand.sensors.use, used_bytes=int(used * GIGABYTE))
    assert (await stand.found())["memory"].severity == severity


async def test_a_hot_card_is_a_warning_and_a_machine_without_sensors_a_note(stand: Stand) -> None:
    stand.sensors.use = replace(stand.sensors.use, gpus=(Gpu("card", temperature_c=91.0),))
    assert (await stand.found())["heat"].severity == "warning"
    stand.sensors.use = replace(stand.sensors.use, gpus=(), temperatures=())
    assert (await stand.found())["heat"].severity == "note"


@pytest.mark.parametrize("battery", [None, Plugged(power_plugged=None)])
async def test_a_machine_without_a_battery_is_no_warning(stand: Stand, battery: Plugged | None) -> None:
    stand.runway = replace(stand.runway, battery=lambda: battery)
    assert (await stand.found())["power"].severity == "ok"


@pytest.mark.parametrize(
    ("device", "severity", "words"),
    [
        ("cable input", "ok", "CABLE Input (VB-Audio)"),
        ("default", "ok", "the default one"),
        ("BlackHole", "error", 'no sound device "BlackHole"'),
    ],
)
async def test_a_sound_device_is_looked_for_by_name(stand: Stand, device: str, severity: str, words: str) -> None:
    finding = (await stand.found(f'{MODEL}[stage]\ndevice = "{device}"\n'))["sound"]
    assert finding.severity == severity
    assert words in finding.detail
    assert severity == "ok" or '"Speakers"' in finding.fix


async def test_without_the_extra_the_sound_device_says_how_to_get_it(stand: Stand) -> None:
    def missing() -> list[str]:
        raise EngineError("not_installed", "no library", fix="pip install 'spark-vtuber[sound]'")

    stand.runway = replace(stand.runway, outputs=missing)
    finding = (await stand.found(f'{MODEL}[stage]\ndevice = "default"\n'))["sound"]
    assert (finding.severity, finding.fix) == ("error", "pip install 'spark-vtuber[sound]'")


@pytest.mark.parametrize(
    ("last", "severity", "words"),
    [
        (None, "warning", "never rehearsed"),
        ({"at": "yesterday"}, "warning", "cannot be read"),
        ([], "warning", "cannot be read"),
        (PASSED | {"at": NOW_S - 9 * DAY_S}, "warning", "9 days ago"),
        (PASSED | {"ready": False, "misses": ["it is slow"]}, "error", "it is slow"),
        (PASSED | {"without_stage": 3}, "warning", "no stage played 3"),
        (PASSED, "ok", "900 ms p95"),
    ],
)
async def test_the_last_rehearsal_is_told(stand: Stand, last: Any, severity: str, words: str) -> None:
    stand.rehearsed = last
    finding = (await stand.found())["rehearsal"]
    assert finding.severity == severity
    assert words in finding.detail


async def test_a_slow_model_is_a_warning_and_one_that_hangs_an_error(stand: Stand) -> None:
    stand.model = ScriptedModel(first_token_s=1.5)
    assert (await stand.found())["model of main"].severity == "warning"
    stand.model = ScriptedModel(hang_at=0)
    finding = (await stand.found())["model of main"]
    assert (finding.severity, finding.detail) == ("error", "no word in 8 s")
    assert stand.model.open_streams == 0


async def test_a_model_that_answers_nothing_or_fails_is_an_error(stand: Stand) -> None:
    class Mute(ScriptedModel):
        async def stream(self, request: Any) -> Any:
            for part in ():
                yield part

    stand.model = Mute()
    assert (await stand.found())["model of main"].detail == "it answers nothing"
    stand.model = ScriptedModel(fail_at=0, error=EngineError("down", "the server is down", fix="start it"))
    assert (await stand.found())["model of main"] == Finding("model of main", "error", "the server is down", "start it")


async def test_the_understudy_alone_is_a_warning(stand: Stand) -> None:
    finding = (await stand.found(MODEL.replace("openai", "understudy").replace('model = "m"\n', "")))["model of main"]
    assert finding.severity == "warning"
    assert "Ollama" in finding.fix


@pytest.mark.parametrize(
    ("voice", "severity", "words"),
    [
        (FakeVoice(latency_s=0.5), "warning", "500 ms"),
        (FakeVoice(latency_s=60), "error", "no sound in 3 s"),
        (FakeVoice(fail_at=0), "error", "told to fail"),
    ],
)
async def test_a_voice_that_is_slow_or_fails_is_told(stand: Stand, voice: FakeVoice, severity: str, words: str) -> None:
    stand.voice = voice
    finding = (await stand.found())["voice of main"]
    assert finding.severity == severity
    assert words in finding.detail


@pytest.mark.parametrize(
    ("guard", "severity"),
    [
        (FakeGuard(("fucking",)), "ok"),
        (FakeGuard(rewrites={"fucking": "darling"}), "ok"),
        (FakeGuard(), "error"),
        (FakeGuard(is_broken=True), "error"),
        (FakeGuard(("fucking",), latency_s=30), "error"),
    ],
)
async def test_a_guard_must_stop_a_bad_line_and_never_shows_it(stand: Stand, guard: FakeGuard, severity: str) -> None:
    stand.guard = guard
    findings = await stand.found()
    assert findings["guard"].severity == severity
    assert "fucking" not in str(findings)


async def test_without_a_channel_lines_come_from_the_page_only(stand: Stand) -> None:
    assert (await stand.found('[llm]\nuse = "openai"\n'))["chat"].severity == "warning"


async def test_every_character_is_tried(stand: Stand) -> None:
    findings = await stand.found(f'{MODEL}[persona.main]\n[persona.twin]\ncard = "ember"\n')
    assert findings["model of twin"].severity == findings["voice of twin"].severity == "ok"


async def test_an_obs_that_is_set_up_is_well_and_nothing_in_it_is_changed(stand: Stand) -> None:
    async with fake_obs() as obs:
        for scene, source in (("Spark Live", "Spark stage"), ("Spark Safety", "Spark captions")):
            obs.add("image_source", source, scene)
        findings = await stand.found(MODEL + OBS, obs)
        assert {name: one.severity for name, one in findings.items() if name.startswith("OBS")} == dict.fromkeys(
            ("OBS live scene", "OBS safety scene", "OBS stage", "OBS captions", "OBS on air"), "ok"
        )
        assert {request for request, _ in obs.log} == {"GetSceneList", "GetInputList"}


async def test_an_obs_without_a_safety_scene_or_with_it_on_air_is_told(stand: Stand) -> None:
    async with fake_obs() as obs:
        findings = await stand.found(MODEL + OBS, obs)
        assert findings["OBS safety scene"].severity == "error"
        assert findings["OBS live scene"].fix == "spark-vtuber obs setup"
        obs.scenes["Spark Safety"] = []
        obs.program = "Spark Safety"
        assert (await stand.found(MODEL + OBS, obs))["OBS on air"].severity == "warning"
        assert (await stand.found(f'{MODEL}{OBS}safety_scene = ""\n', obs))["OBS safety scene"].severity == "warning"


@pytest.mark.parametrize("change", [{"is_up": False}, {"password": "other"}, {"is_deaf": True}])
async def test_an_obs_that_does_not_answer_is_an_error(stand: Stand, change: dict[str, Any]) -> None:
    async with fake_obs(**change) as obs:
        findings = await stand.found(MODEL + OBS, obs)
    assert findings["OBS"].severity == "error"
    assert "other" not in str(findings)


async def test_a_show_that_runs_tells_what_is_not_well_and_what_was_forgotten(stand: Stand) -> None:
    component = {"name": "obs", "state": "failed", "detail": "wrong password", "fix": "copy it again"}
    stand.show["/api/health"] = {"components": [component, component | {"name": "web", "state": "ok"}]}
    persona = {"id": "main", "muted": True, "paid_only": True}
    stand.show["/api/status"] = {"panic": False, "hold": True, "personas": [persona]}
    findings = await stand.found()
    assert findings["show: obs"] == Finding("show: obs", "error", "wrong password", "copy it again")
    assert "show: web" not in findings
    assert "approval" in findings["show"].detail
    assert findings["show: main"].severity == "note"
    persona["paid_only"] = False
    assert (await stand.found())["show: main"].detail == "is muted"


async def test_a_show_that_runs_and_is_well_says_so_and_another_program_there_is_no_show(stand: Stand) -> None:
    stand.show = {"/api/health": {"components": []}, "/api/status": {"panic": False, "hold": False, "personas": []}}
    assert (await stand.found())["show"].severity == "ok"
    stand.show = {"/api/health": ["something else"], "/api/status": {}}
    assert (await stand.found())["show"].severity == "note"
