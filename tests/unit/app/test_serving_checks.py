"""What `doctor` says of the model server that the configuration starts."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from spark_vtuber import engines
from spark_vtuber.app.brains import ports_to_look_at
from spark_vtuber.app.serving import asked, names_model, order_of
from spark_vtuber.app.serving_checks import findings
from spark_vtuber.app.serving_run import Place, launch_of, place_in
from spark_vtuber.app.serving_warm import WARM_S, choice_at, patient
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.engine import Finding
from spark_vtuber.serving.job import Kept, State
from spark_vtuber.serving.machines import MACHINES, Machine
from spark_vtuber.serving.processes import identity_of
from spark_vtuber.testing.model_files import llama_gguf


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    model, file = tmp_path / "tiny.gguf", tmp_path / "spark.toml"
    model.write_bytes(llama_gguf())
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n', encoding="utf-8")
    plain = load(engines.spec, file, environ={})
    return asked(plain, use="llamacpp", model=str(model), program=sys.executable, machine="dgx-spark")


def told(settings: Settings) -> Sequence[Finding]:
    return list(findings(settings))


def leave(place: Place, state: State, *, alive: bool) -> None:
    """A state as a keeper leaves it; this process stands for one that is alive."""
    me = identity_of(os.getpid()) if alive else None
    place.folder.mkdir(exist_ok=True)
    kept = Kept(state, "llamacpp", "tiny", 8000, 0, me, None, "it ended with exit code 1", 2)
    place.state.write_text(json.dumps(kept.as_json()), encoding="utf-8")


def test_a_server_that_could_be_started_is_told_with_its_plan(settings: Settings) -> None:
    plan, state = told(settings)
    assert (plan.severity, "llama.cpp with tiny" in plan.detail) == ("ok", True)
    assert (state.severity, state.fix) == ("note", "spark-vtuber engine up")
    assert told(asked(settings, with_show=True))[1].detail == "it starts with the show"


def test_what_cannot_be_started_is_an_error_with_its_fix(settings: Settings) -> None:
    (wrong,) = told(asked(settings, use="vllm"))
    assert (wrong.severity, "does not take that" in wrong.detail) == ("error", True)
    missing = told(asked(settings, program="no-such-server"))[-1]
    assert (missing.severity, "no-such-server" in missing.detail) == ("error", True)
    assert not told(asked(settings, use=""))


def test_how_it_is_now_is_told(settings: Settings) -> None:
    place = place_in(settings.config.data.dir)
    leave(place, "ready", alive=True)
    assert told(settings)[-1] == Finding("model server", "ok", "it is ready, started again 2 times")
    leave(place, "failed", alive=False)
    assert told(settings)[-1].detail == "it gave up: it ended with exit code 1"


def test_a_slow_plan_is_a_warning(settings: Settings) -> None:
    slow = Machine("slow", "slow", 128 * 10**9, 1e6, 0.0001, "made up")
    plan = next(iter(findings(settings, lambda _: slow)))
    assert (plan.severity, "speech has holes" in plan.detail) == ("warning", True)


def test_a_model_is_looked_for_first_where_the_configuration_starts_one() -> None:
    assert ports_to_look_at(Config()) == Config().discovery.ports
    own = Config.model_validate({"engine": {"use": "vllm", "port": 8000}})
    assert ports_to_look_at(own) == (8000, 11434, 8080, 1234)


def test_a_character_is_warmed_where_it_thinks_with_that_server(settings: Settings) -> None:
    url = "http://127.0.0.1:8000/v1"
    found = choice_at(settings, "main", url)
    assert found is not None
    assert (found.name, getattr(found.options, "base_url", "")) == ("openai", url)
    named = load(engines.spec, settings.file, {"llm": {"use": "openai", "base_url": url}}, {})
    assert choice_at(named, "main", url) == named.engines["main"]["llm"]
    assert choice_at(named, "main", "http://127.0.0.1:9/v1") is None
    understudy = load(engines.spec, settings.file, {"llm": {"use": "understudy"}}, {})
    assert choice_at(understudy, "main", url) is None


def test_a_cold_prompt_has_more_time_than_an_answer(settings: Settings) -> None:
    url = "http://127.0.0.1:8000/v1"
    named = load(engines.spec, settings.file, {"llm": {"use": "openai", "base_url": url}}, {}).engines["main"]["llm"]
    assert patient(named).options.model_dump() == named.options.model_dump() | {"first_token_timeout_s": WARM_S}
    plain = settings.engines["main"]["tts"]
    assert patient(plain) is plain


def test_a_server_that_runs_in_a_folder_of_its_own_is_given_whole_paths(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    launch = launch_of(order_of(asked(settings, model="tiny.gguf", draft="./tiny.gguf"), ()), MACHINES["rtx-4090"])
    assert launch.model == launch.draft == str(tmp_path / "tiny.gguf")
    assert place_in(Path("data")).state.is_absolute()


def test_a_model_of_another_machine_is_not_the_one_of_this(settings: Settings) -> None:
    there = {"llm": {"use": "openai", "base_url": "https://models.example/v1", "model": "huge"}}
    assert names_model(load(engines.spec, settings.file, there, {})) == ""
    here = {"llm": {"use": "openai", "base_url": "http://localhost:11434/v1", "model": "qwen3:8b"}}
    assert names_model(load(engines.spec, settings.file, here, {})) == "qwen3:8b"


def test_the_share_of_the_memory_is_what_the_plan_reckons_or_what_is_written(settings: Settings) -> None:
    card = MACHINES["rtx-4090"]
    large = asked(settings, model="qwen3-14b", context=8_192)
    launch = launch_of(order_of(large, ()), card)
    assert 0.4 < launch.share < 0.7
    assert launch.kv_bytes == 8_192 * 163_840
    assert launch_of(order_of(asked(large, memory_share=0.8), ()), card).share == 0.8
