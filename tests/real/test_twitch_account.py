"""A whole show that is signed in to the fake Twitch over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli.main import app
from spark_vtuber.testing import twitch_fake_oauth
from spark_vtuber.testing.live import LOOK_AGAIN_S, LiveShow, live_show
from spark_vtuber.testing.twitch_fake import CLIENT_ID
from spark_vtuber.testing.twitch_server import TwitchServer, serve_twitch

LIMIT_S = 30
FIX = "spark-vtuber chat login twitch"
PASSPHRASE = {"SPARK_PASSPHRASE": "a passphrase of a test"}


@pytest.fixture
async def twitch(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TwitchServer]:
    monkeypatch.setattr(twitch_fake_oauth, "INTERVAL_S", 1)
    async with serve_twitch() as server:
        yield server


def config(server: TwitchServer) -> str:
    return f"""
[chat.twitch]
account = true
client_id = "{CLIENT_ID}"
api_url = "{server.api_url}"
id_url = "{server.id_url}"
events_url = "{server.eventsub_url}"

[secrets]
system = false

[inbox]
viewer_per_s = 100.0
viewer_burst = 100
"""


async def in_state(show: LiveShow, state: str, words: str = "") -> dict[str, str]:
    """The source on the board, once it is in that state and says these words."""
    with anyio.fail_after(LIMIT_S):
        while True:
            component = await show.component("chat:twitch")
            if component["state"] == state and words in component["detail"]:
                return component
            await anyio.sleep(LOOK_AGAIN_S)


async def account(show: LiveShow, state: str) -> dict[str, Any]:
    with anyio.fail_after(LIMIT_S):
        while True:
            views = (await show.http.get("/api/accounts")).json()
            view = next(one for one in views if one["platform"] == "twitch")
            if view["state"] == state:
                return dict(view)
            await anyio.sleep(LOOK_AGAIN_S)


async def answered(show: LiveShow, count: int) -> list[tuple[str, str]]:
    """Who was answered what, oldest first, once there are so many."""
    turns = await show.wait_for_turns(count)
    return [(turn["cue"]["author"], turn["cue"]["text"]) for turn in reversed(turns)]


async def command(told: list[Result], *words: str) -> None:
    """Run `spark-vtuber chat`."""
    environ = {"SPARK_SECRETS__PLAINTEXT": "true", "COLUMNS": "200"}
    told.append(await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, ["chat", *words], env=environ)))


async def sign_in(show: LiveShow, twitch: TwitchServer, file: Path, lacking: str) -> None:
    """Sign in through the show by the command line, as somebody who refuses one permission."""
    await anyio.to_thread.run_sync(file.write_text, config(twitch), "utf-8")
    accounts, told = twitch.fake.accounts, list[Result]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(command, told, "login", "twitch", "--config", str(file), "--port", str(show.port))
        code = (await account(show, "waiting"))["code"]
        assert code["address"].startswith("https://www.twitch.tv/activate")
        asked = next(iter(accounts.asks.values())).scopes
        accounts.approve(code["code"], "streamer", tuple(set(asked) - {lacking}))
    assert "signed in to Twitch as streamer" in told[0].stderr
    assert code["code"] in told[0].stderr


def contents(folder: Path) -> bytes:
    """Everything that a show left behind."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.real
async def test_a_show_with_an_account_answers_each_thing_once_and_says_what_it_lacks(
    twitch: TwitchServer, tmp_path: Path
) -> None:
    fake = twitch.fake
    tokens: set[str] = set()
    async with (
        live_show(config(twitch), data_dir=tmp_path, environ=PASSPHRASE) as show,
        show.listening(),
    ):
        nobody = await in_state(show, "failed", "no Twitch account is signed in")
        assert FIX in nobody["fix"]

        await sign_in(show, twitch, tmp_path / "command.toml", lacking="channel:read:ads")
        lacking = await in_state(show, "degraded", "reads #streamer as streamer")
        assert "channel:read:ads" in lacking["detail"]
        assert FIX in lacking["fix"]
        assert (await account(show, "signed_in"))["missing"] == ["channel:read:ads"]
        tokens |= {*fake.accounts.grants, *fake.accounts.renewals}

        fake.says("ana", "do you like frogs?")
        expected = [("ana", "do you like frogs?")]
        assert await answered(show, 1) == expected
        fake.redeems("ben", "Ask", "do you like cats?")
        expected.append(("ben", "do you like cats?"))
        assert await answered(show, 2) == expected
        fake.raids("cem", 12)
        assert [author for author, _ in await answered(show, 3)] == ["ana", "ben", "cem"]

        async with twitch.away():
            await in_state(show, "degraded", "next attempt")
            fake.redeems("fay", "Ask", "do you like dogs?")
        await in_state(show, "degraded", "reads #streamer")
        fake.repeat(4)
        fake.says("dia", "do you like birds?")
        assert {author for author, _ in await answered(show, 5)} == {"ana", "ben", "cem", "fay", "dia"}

        fake.reconnect()
        fake.says("eda", "do you like bees?")
        fake.expire_tokens()
        sent = await show.http.post("/api/accounts/send", json={"platform": "twitch", "text": "hello chat"})
        assert sent.json() == {"sent": True}
        assert [line.text for line in fake.sent] == ["hello chat"]
        tokens |= {*fake.accounts.grants, *fake.accounts.renewals}
        assert [author for author, _ in await answered(show, 6)][5:] == ["eda"]
        assert (await account(show, "signed_in"))["login"] == "streamer"

        fake.revoke()
        refused = await in_state(show, "failed", "does not accept the account any more")
        assert FIX in refused["fix"]
        assert FIX in str((await account(show, "refused"))["fix"])
        assert len(await show.turns()) == 6

        seen = ""
        for path in ("/api/log", "/api/accounts", "/api/health", "/api/settings", "/api/audit", "/metrics"):
            seen += (await show.http.get(path)).text
        assert "account.login" in seen
    kept = await anyio.to_thread.run_sync(contents, tmp_path)
    assert len(tokens) >= 4
    assert not [token for token in tokens if token in seen or token.encode() in kept]


@pytest.mark.real
async def test_the_command_line_signs_in_and_writes_without_a_show(twitch: TwitchServer, tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text(config(twitch) + f'[data]\ndir = "{(tmp_path / "data").as_posix()}"\n[server]\nport = 1\n', "utf-8")

    async def chat(*words: str) -> Result:
        told: list[Result] = []
        await command(told, *words, "--config", str(file))
        return told[0]

    twitch.fake.accounts.approver = "streamer"
    signed_in = await chat("login", "twitch")
    assert signed_in.exit_code == 0, signed_in.stderr
    assert "https://www.twitch.tv/activate" in signed_in.stderr
    assert "signed in to Twitch as streamer" in signed_in.stderr
    assert (await chat("send", "twitch", "we are live")).exit_code == 0
    assert [line.text for line in twitch.fake.sent] == ["we are live"]
    assert (await chat("reward", "twitch", "Ask the dragon", "--cost", "700", "--text")).exit_code == 0
    assert [(one.title, one.cost, one.wants_text) for one in twitch.fake.world.rewards.values()] == [
        ("Ask the dragon", 700, True)
    ]
    twitch.fake.expire_tokens()
    status = await chat("status", "--json")
    assert (status.exit_code, '"login": "streamer"' in status.stdout) == (0, True), status.stderr
    twitch.fake.revoke()
    revoked = await chat("status")
    assert (revoked.exit_code, FIX in revoked.stderr) == (1, True)
    assert (await chat("logout", "twitch")).exit_code == 0
    assert "no Twitch account is signed in" in (await chat("send", "twitch", "hello")).stderr
