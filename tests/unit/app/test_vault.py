"""Secrets of a configuration: which keys name them, and how the example of an environment lists every variable."""

import logging
import random
import shlex
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import reference

from spark_vtuber import engines
from spark_vtuber.app import catalogue
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.vault import uses
from spark_vtuber.config.environment import PASSPHRASE
from spark_vtuber.config.load import load
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.vault.file import SecretFile
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import Given

T = TypeVar("T")
EXAMPLE = (reference.ROOT / ".env.example").read_text(encoding="utf-8")
VARIABLES = dict(
    line.removeprefix("#").split("=", 1) for line in EXAMPLE.splitlines() if line.startswith("#SPARK_") and "=" in line
)


def test_every_reference_is_found_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text("""
[obs]
password = "secret:OBS"
[server]
desk_token = "secret:obs"
stage_token = "secret:not a name"
[llm]
use = "openai"
api_key = "secret:openai"
extra_headers = { X-Key = "secret:my_key" }
[persona.main.llm]
use = "openai"
api_key = "secret:openai"
""")
    config = load(engines.spec, file, {"data": {"dir": str(tmp_path)}}, {}).config
    assert uses(config) == {
        "my-key": ("llm.extra_headers.X-Key",),
        "obs": ("server.desk_token", "obs.password"),
        "openai": ("llm.api_key", "persona.main.llm.api_key"),
    }


def test_the_example_of_an_environment_has_every_key_and_every_secret(tmp_path: Path) -> None:
    settings = load(engines.spec, None, {"data": {"dir": str(tmp_path)}}, {})
    keys = catalogue.keys(settings, engines.spec, engines.names)
    wanted = {f"SPARK_{'__'.join(one.path)}".upper().replace("PERSONA__MAIN", "PERSONA__NAME") for one in keys}
    elsewhere = (
        "SPARK_PERSONA__NAME__LLM__",
        "SPARK_PERSONA__NAME__TTS__",
        "SPARK_PRESETS",
        "SPARK_COMMANDS",
        "SPARK_REWARDS",
    )
    assert {one for one in wanted if not one.startswith(elsewhere)} <= {*VARIABLES}
    named = {name for one in keys for name in reference.NAMED.findall(one.meaning)}
    assert named >= {"desk", "stage", "obs", "webhook"}
    assert {f"SPARK_SECRET_{name.upper()}".replace("-", "_") for name in named} <= {*VARIABLES}
    assert {"SPARK_CONFIG", PASSPHRASE, "SPARK_SECRET_OPENAI"} <= {*VARIABLES}


def test_the_values_in_the_example_are_the_defaults(tmp_path: Path) -> None:
    set_ = {name: "".join(shlex.split(value)) for name, value in VARIABLES.items() if value and "__NAME__" not in name}
    engines_own = ("SPARK_LLM__", "SPARK_TTS__", "SPARK_GUARD__")
    shared = {name: value for name, value in set_.items() if not name.startswith(engines_own)}
    flags = {"data": {"dir": str(tmp_path)}}
    assert len(shared) > 60
    assert load(engines.spec, None, flags, shared).config == load(engines.spec, None, flags, {}).config


async def at_once(act: Callable[[], T]) -> T:
    return act()


async def test_a_house_learns_the_secrets_it_needs_and_keeps_them_out_of_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    SecretFile(tmp_path, Keys(Given({}), "correct horse")).write("obs", "hush hush")
    flags = {"data": {"dir": str(tmp_path)}, "obs": {"password": "secret:obs"}, "secrets": {"system": False}}
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=at_once)
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
        house = House(load(engines.spec, None, flags, {}), around, http, stack, ())
        assert house.secrets.mask("hush hush") == "hush hush"
        await house.learn(house.settings)
        assert house.secrets.mask("it is hush hush, by correct horse") == "it is (secret), by (secret)"
        (tmp_path / "secrets" / "secrets.json").unlink()
        assert house.environment().secret("obs") == "hush hush"
