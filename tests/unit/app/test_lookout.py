from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_vtuber.app.lookout import engine_ports, obs_troubles, short
from spark_vtuber.app.obs import ObsRoom, safety
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.keys import Alerting, Config, Obs
from spark_vtuber.core.obs import ObsStats, ObsView


def obs(dropped_percent: float | None) -> ObsRoom:
    stats = None if dropped_percent is None else ObsStats(30, 100, dropped_percent, 5, 10, 200)
    return cast("ObsRoom", SimpleNamespace(view=lambda: ObsView("connected", "127.0.0.1:4455", stats=stats)))


def using(*urls: str) -> dict[str, dict[str, Any]]:
    return {
        f"p{number}": {"llm": SimpleNamespace(options=SimpleNamespace(base_url=url))} for number, url in enumerate(urls)
    }


@pytest.mark.parametrize(("dropped", "count"), [(None, 0), (2.0, 0), (2.1, 1)])
def test_obs_may_drop_two_percent(dropped: float | None, count: int) -> None:
    assert len(list(obs_troubles(obs(dropped), Config()))) == count


def test_how_much_obs_may_drop_can_be_set() -> None:
    (trouble,) = obs_troubles(obs(2.0), Config(alerts=Alerting(obs_dropped_percent=1)))
    assert trouble.text == "OBS drops more than 1 % of its frames"


def test_only_servers_on_this_machine_are_looked_at() -> None:
    urls = ("http://127.0.0.1:11434/v1", "http://localhost:8000/v1", "http://[::1]:9000", "https://api.example/v1")
    assert engine_ports(using(*urls, "http://10.0.0.2:8000/v1", "", "http://127.0.0.1/v1", "http://127.0.0.1:x/")) == (
        8000,
        9000,
        11434,
    )


def test_a_worker_has_a_short_name() -> None:
    assert short("spark_vtuber.tts.workers.espeak") == "tts espeak"
    assert short("somebody.elses_voice") == "somebody.elses_voice"


def test_the_watch_learns_where_the_safety_scene_is_only_while_obs_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_SECRET_OBS", "hush")
    on = Obs(on=True, password="secret:obs", safety_scene="Safe")
    known = open_vault(Config()).secret
    assert safety(on, known, is_off=False) == {
        "host": "127.0.0.1",
        "port": 4455,
        "password": "hush",
        "scene": "Safe",
    }
    for config, is_off in ((on, True), (Obs(), False), (Obs(on=True, safety_scene=""), False)):
        assert safety(config, known, is_off=is_off)["scene"] == ""
    monkeypatch.delenv("SPARK_SECRET_OBS")
    assert safety(on, open_vault(Config()).secret, is_off=False)["scene"] == ""
