import logging
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from spark_vtuber import engines
from spark_vtuber.app import overrides
from spark_vtuber.app.live import Live
from spark_vtuber.app.settings import LiveSettings
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.settings import Change, RefusedError, Setting
from spark_vtuber.testing.contracts.settings import check_settings
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.virtual import VirtualLoop

T = TypeVar("T")


def env_secret(name: str) -> str:
    return open_vault(Config()).secret(name)


async def at_once(act: Callable[[], T]) -> T:
    return act()


class Room:
    """Live settings over a file and a data directory of their own."""

    def __init__(self, folder: Path, text: str = "", env: Mapping[str, str] | None = None, **flags: Any) -> None:
        self.file = folder / "spark.toml"
        self.data = folder / "data"
        self.write(text)
        self.env = dict(env or {})
        self.flags = {"data": {"dir": str(self.data)}, **flags}
        self.live = Live(self.load(), logging.getLogger("test"))
        self.notes = Notes()
        self.settings = LiveSettings(
            self.live, self.notes, lookup=engines.spec, names=engines.names, aside=at_once, secret=env_secret
        )

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def load(self) -> Settings:
        return load(engines.spec, self.file, self.flags, self.env)

    @property
    def overrides(self) -> dict[str, Any]:
        file = self.data / "overrides.toml"
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def setting(self, key: str) -> Setting:
        return next(one for one in self.settings.listed() if one.key == key)

    def told(self) -> list[dict[str, Any]]:
        return [note for kind, _, note in self.notes.events if kind == "settings"]


async def refused(room: Room, key: str, value: Any = None, *, is_reset: bool = False) -> RefusedError:
    before = (room.live.settings, room.overrides, room.settings.listed())
    with pytest.raises(RefusedError) as caught:
        await room.settings.change(key, value, is_reset=is_reset)
    assert (room.live.settings, room.overrides, room.settings.listed()) == before
    assert room.told() == []
    return caught.value


def test_every_key_is_listed_with_what_it_means(tmp_path: Path) -> None:
    room = Room(tmp_path, '[llm]\nuse = "openai"\n[persona.main]\n[persona.twin]\ncard = "ember"\ntts = {rate = 200}\n')
    listed = {one.key: one for one in room.settings.listed()}
    for key in ("replies.max_tokens", "llm.base_url", "tts.rate", "persona.twin.card", "persona.twin.tts.rate"):
        assert listed[key].meaning, key
    limits = listed["replies.max_tokens"]
    assert (limits.type, limits.default, limits.applies) == ("integer", 300, "live")
    assert limits.limits == {"minimum": 16, "maximum": 4000}
    assert listed["persona.twin.tts.rate"].value == 200
    assert listed["persona.twin.tts.use"].value == "espeak"
    assert listed["persona.main.tts.use"].value is None
    assert "openai" in listed["llm.use"].limits["choices"]
    assert listed["fallback.llm"].limits["choices"] == ["", "understudy"]
    assert listed["server.desk_token"].is_secret
    assert not listed["replies.max_tokens"].is_secret


async def test_a_live_key_counts_at_once_and_is_written_beside_the_users_file(tmp_path: Path) -> None:
    text = "# mine\n[replies]\nmax_tokens = 100\n"
    room = Room(tmp_path, text)
    told: list[int] = []
    room.live.on_change("replies", lambda: told.append(room.live.config.replies.max_tokens))
    change = await room.settings.change("replies.max_tokens", 50)
    assert change == Change("replies.max_tokens", 100, 50, "now")
    assert told == [50]
    assert room.overrides == {"replies": {"max_tokens": 50}}
    assert room.file.read_text(encoding="utf-8") == text
    assert (tmp_path / "data" / "overrides.toml").read_text(encoding="utf-8").startswith("# Changed in the panel")
    assert room.setting("replies.max_tokens").source == "overrides"
    assert room.told() == [{"key": "replies.max_tokens", "value": 50, "applied": "now", "source": "overrides"}]


async def test_a_reset_gives_the_key_back_to_the_file(tmp_path: Path) -> None:
    room = Room(tmp_path, "[replies]\nmax_tokens = 100\n")
    await room.settings.change("replies.max_tokens", 50)
    assert await room.settings.change("replies.max_tokens", is_reset=True) == Change(
        "replies.max_tokens", 50, 100, "now"
    )
    assert room.overrides == {}
    assert room.setting("replies.max_tokens").source == "file"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("replies.max_tokens", 3),
        ("replies.max_tokens", "many"),
        ("replies.max_tokens", None),
        ("replies.first_audio_s", float("nan")),
        ("llm.use", "siri"),
        ("chat.twitch.channel", "not a channel"),
        ("persona.main.card", "nobody-has-this-card"),
        ("stage.recording", "half \ud83d"),
        ("inbox.capacity", 10**30),
        ("server.host", "0.0.0.0"),
        ("server.desk_token", "secret:nobody-set-this"),
        ("discovery.ports", [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]),
        ("data.dir", "/elsewhere"),
    ],
)
async def test_a_bad_value_is_refused_and_the_old_one_stays(key: str, value: Any, tmp_path: Path) -> None:
    room = Room(tmp_path)
    if key == "data.dir":
        room = Room(tmp_path, f'[data]\ndir = "{(tmp_path / "data").as_posix()}"\n')
        room.flags = {}
    error = await refused(room, key, value)
    assert error.code in ("bad_value", "outranked")
    assert key in error.message


async def test_the_whole_configuration_is_looked_at(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write("[server]\nprot = 1\n[inbox]\ncapacity = 0\n")
    error = await refused(room, "replies.max_tokens", 50)
    assert "server.prot" in error.message
    assert "inbox.capacity" in error.message


async def test_what_the_environment_or_a_flag_says_cannot_be_changed_in_the_panel(tmp_path: Path) -> None:
    room = Room(tmp_path, env={"SPARK_REPLIES__MAX_TOKENS": "99"}, server={"port": 9000})
    error = await refused(room, "replies.max_tokens", 50)
    assert error.code == "outranked"
    assert "SPARK_REPLIES__MAX_TOKENS" in error.message
    assert (await refused(room, "server.port", 9001)).code == "outranked"


async def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    error = await refused(Room(tmp_path), "replies.max_token", 50)
    assert error.code == "unknown_key"
    assert "replies.max_tokens" in error.fix


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("server.desk_token", "hunter2"),
        ("llm.api_key", "hunter2"),
        ("llm.base_url", "http://me:hunter2@127.0.0.1/v1"),
        ("llm.extra_headers", {"Authorization": "Bearer hunter2"}),
        ("llm.extra_headers", {"X-Mine": "(hidden)"}),
    ],
)
async def test_a_secret_is_named_and_never_written_or_shown(key: str, value: Any, tmp_path: Path) -> None:
    room = Room(tmp_path, '[llm]\nuse = "openai"\n')
    error = await refused(room, key, value)
    assert "hunter2" not in error.message + error.fix


async def test_a_secret_that_stands_in_the_file_is_hidden(tmp_path: Path) -> None:
    room = Room(tmp_path, '[llm]\nuse = "openai"\n[llm.extra_headers]\nX-Api = "hunter2"\n')
    assert "hunter2" not in repr(room.settings.listed())
    room.write('[llm]\nuse = "openai"\n[llm.extra_headers]\nX-Api = "hunter3"\n')
    (change,) = await room.settings.reload()
    assert change.key == "llm.extra_headers"
    assert "hunter" not in repr(change) + repr(room.told())


async def test_a_key_that_needs_a_restart_is_pending_and_the_running_show_keeps_the_old_value(tmp_path: Path) -> None:
    room = Room(tmp_path)
    change = await room.settings.change("stage.sample_rate", 48_000)
    assert change.applied == "restart"
    setting = room.setting("stage.sample_rate")
    assert (setting.value, setting.is_pending) == (48_000, True)
    assert room.live.config.stage.sample_rate == 24_000
    await room.settings.change("stage.sample_rate", is_reset=True)
    assert not room.setting("stage.sample_rate").is_pending


async def test_the_settings_keep_the_contract(tmp_path: Path) -> None:
    await check_settings(Room(tmp_path, server={"port": 9000}).settings)


async def test_which_keys_were_set_is_known_after_a_change(tmp_path: Path) -> None:
    room = Room(tmp_path, "[persona.main]\navatar = {port = 8002}\n[stage]\nsample_rate = 22050\n")
    await room.settings.change("stage.sample_rate", 48_000)
    await room.settings.change("stage.lead_s", 2.0)
    await room.settings.change("server.port", 9000)
    config = room.live.config
    assert config.persona["main"].avatar.model_fields_set == {"port"}
    assert config.stage.model_fields_set == {"sample_rate", "lead_s"}
    assert config.server.model_fields_set == set()


async def test_a_reload_tells_what_is_different(tmp_path: Path) -> None:
    room = Room(tmp_path, "[replies]\nmax_tokens = 100\n")
    room.write('[replies]\nmax_tokens = 60\n[server]\nport = 9000\n[chat.twitch]\nchannel = "ana"\n')
    assert await room.settings.reload() == [
        Change("server.port", 8080, 9000, "restart"),
        Change("replies.max_tokens", 100, 60, "now"),
        Change("chat.twitch.channel", "", "ana", "component"),
    ]
    assert room.live.config.replies.max_tokens == 60
    assert room.live.config.server.port == 8080
    assert await room.settings.reload() == []


async def test_a_bad_file_says_every_mistake_and_changes_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, "[replies]\nmax_tokens = 100\n")
    room.write('[replies]\nmax_tokens = 60\n[server]\nprot = 1\n[tts]\nuse = "siri"\n')
    with pytest.raises(RefusedError) as caught:
        await room.settings.reload()
    assert "server.prot" in caught.value.message
    assert "tts.use" in caught.value.message
    assert room.live.config.replies.max_tokens == 100
    room.write("[server\n")
    with pytest.raises(RefusedError, match="not valid TOML"):
        await room.settings.reload()


async def test_another_engine_leaves_no_keys_of_the_last_one_behind(tmp_path: Path) -> None:
    room = Room(tmp_path, '[llm]\nuse = "openai"\nmodel = "big"\n')
    await room.settings.change("llm.temperature", 0.5)
    await room.settings.change("llm.use", "understudy")
    assert room.overrides == {"llm": {"use": "understudy"}}
    assert room.live.settings.engines["main"]["llm"].name == "understudy"
    await room.settings.change("llm.use", is_reset=True)
    assert room.setting("llm.model").value == "big"
    await room.settings.change("llm", {"use": "openai", "model": "other", "temperature": 1.0})
    assert room.setting("llm.model").value == "other"
    await room.settings.change("llm", is_reset=True)
    assert room.setting("llm.model").value == "big"


class Fitting:
    """A component that may not be had."""

    def __init__(self) -> None:
        self.ready: list[str] = []
        self.error: EngineError | None = None

    @asynccontextmanager
    async def __call__(self, settings: Settings) -> AsyncIterator[None]:
        if self.error is not None:
            raise self.error
        self.ready.append("entered")
        try:
            yield
        except BaseException:
            self.ready.append("undone")
            raise
        self.ready.append("counts")


async def test_what_a_component_cannot_do_is_refused(tmp_path: Path) -> None:
    room, fitting = Room(tmp_path), Fitting()
    room.settings.refitting(fitting)
    fitting.error = EngineError("unreachable", "nobody answers", fix="start it")
    error = await refused(room, "replies.max_tokens", 50)
    assert (error.code, error.message, error.fix) == ("bad_value", "nobody answers", "start it")
    fitting.error = None
    await room.settings.change("replies.max_tokens", 50)
    assert fitting.ready == ["entered", "counts"]


async def test_a_disk_that_is_full_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room, fitting = Room(tmp_path), Fitting()
    room.settings.refitting(fitting)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(overrides, "write", fail)
    assert (await refused(room, "replies.max_tokens", 50)).code == "not_written"
    assert fitting.ready == ["entered", "undone"]


async def test_a_part_that_does_not_take_a_change_keeps_no_other_from_it(tmp_path: Path) -> None:
    room, told = Room(tmp_path), list[str]()

    def fail() -> None:
        raise ZeroDivisionError

    room.live.on_change("replies.max_tokens", fail)
    forget = room.live.on_change("replies", lambda: told.append("replies"))
    room.live.on_change("inbox", lambda: told.append("inbox"))
    await room.settings.change("replies.max_tokens", 50)
    assert told == ["replies"]
    forget()
    await room.settings.change("replies.max_tokens", 60)
    assert told == ["replies"]


async def test_a_component_is_run_anew_with_every_change_of_its_keys(tmp_path: Path) -> None:
    room, seen = Room(tmp_path), list[str]()

    async def read() -> None:
        seen.append(room.live.config.chat.twitch.channel)
        if seen[-1] == "ben":
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.live.follow, "chat.twitch", read)
        await anyio.sleep(1)
        await room.settings.change("chat.twitch.channel", "ben")
        await anyio.sleep(1)
        await room.settings.change("replies.max_tokens", 50)
        await anyio.sleep(1)
        await room.settings.change("chat.twitch.channel", "cleo")
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
    assert seen == ["", "ben", "cleo"]


KEYS: dict[str, st.SearchStrategy[Any]] = {
    "replies.max_tokens": st.integers(0, 5_000),
    "inbox.viewer_per_s": st.floats(-1, 10),
    "chat.twitch.channel": st.text(max_size=4),
    "fallback.llm": st.sampled_from(["", "understudy", "cat"]),
    "stage.sample_rate": st.integers(8_000, 50_000),
    "llm.use": st.sampled_from(["auto", "openai", "understudy", "siri"]),
    "llm.model": st.text(max_size=4),
    "llm.extra_body": st.dictionaries(st.text(max_size=3), st.integers() | st.none(), max_size=2),
    "persona.main.tts.use": st.sampled_from(["espeak", "siri"]),
    "persona.main.tts.rate": st.integers(0, 500),
    "persona.main.card": st.sampled_from(["main", "ember", "nobody"]),
}
FILES = [
    "",
    "[replies]\nmax_tokens = 77\n",
    '[llm]\nuse = "openai"\nmodel = "m"\n',
    '[persona.main]\ntts = {rate = 150}\n[persona.twin]\ncard = "ember"\n',
    "[server]\nport = 9000\n[stage]\nlead_s = 1.0\n",
    "[replies]\nmax_tokens = 1\n",
    "[broken\n",
]
ACTS = st.one_of(
    st.sampled_from(sorted(KEYS)).flatmap(lambda key: st.tuples(st.just("set"), st.just(key), KEYS[key])),
    st.tuples(st.just("reset"), st.sampled_from(sorted(KEYS)), st.none()),
    st.tuples(st.just("reload"), st.sampled_from(FILES), st.none()),
)


def at(config: Any, path: tuple[str, ...]) -> Any:
    return reduce(getattr, path, config)


@given(acts=st.lists(ACTS, max_size=12))
@profile(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_in_force_is_always_what_a_fresh_start_would_load(
    acts: list[tuple[str, str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def play() -> None:
        room = Room(tmp_path_factory.mktemp("settings"))
        started, good = room.live.config, ""
        for act, key, value in acts:
            try:
                if act == "reload":
                    room.write(key)
                    await room.settings.reload()
                    good = key
                else:
                    await room.settings.change(key, value, is_reset=act == "reset")
            except RefusedError:
                room.write(good)
        fresh = LiveSettings(
            Live(room.load(), logging.getLogger("test")),
            Notes(),
            lookup=engines.spec,
            names=engines.names,
            aside=at_once,
            secret=env_secret,
        )
        mine = [(one.key, one.value, one.source) for one in room.settings.listed()]
        assert mine == [(one.key, one.value, one.source) for one in fresh.listed()]
        for one in room.settings.listed():
            if one.path[0] != "persona" and one.applies == "restart":
                assert at(room.live.config, one.path) == at(started, one.path)
        assert room.live.config.replies == room.load().config.replies

    anyio.run(play, backend_options={"loop_factory": VirtualLoop})
