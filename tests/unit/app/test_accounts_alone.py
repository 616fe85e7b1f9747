"""Accounts without a show, where the real test does not look: what goes wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.accounts_alone import Alone
from spark_vtuber.app.vault import open_vault
from spark_vtuber.chat.oauth import Prompt, Tokens
from spark_vtuber.chat.twitch_features import SECRET
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.twitch_fake import CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_memory import transport
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.vault.vault import Vault


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    async def inline(act: Callable[..., Any], *args: Any) -> Any:
        return act(*args)

    monkeypatch.setattr(anyio.to_thread, "run_sync", inline)
    return


@pytest.fixture
def fake() -> FakeTwitch:
    return FakeTwitch(VirtualClock())


def alone_in(folder: Path, fake: FakeTwitch, *, plaintext: bool = True, **twitch: object) -> tuple[Alone, Vault]:
    keys = {"client_id": CLIENT_ID, "api_url": "https://t/helix", "id_url": "https://t/oauth2", **twitch}
    layer = {"data": {"dir": str(folder)}, "chat": {"twitch": keys}, "secrets": {"plaintext": plaintext}}
    config = load(engines.spec, None, layer, {}).config
    vault = open_vault(config)
    return Alone(config, vault, httpx.AsyncClient(transport=transport(fake))), vault


async def test_where_no_token_can_be_kept_nobody_is_sent_to_type_a_code(tmp_path: Path, fake: FakeTwitch) -> None:
    accounts, _ = alone_in(tmp_path, fake, plaintext=False)
    shown: list[Prompt] = []
    with pytest.raises(SparkError) as caught:
        await accounts.sign_in("twitch", shown.append)
    assert caught.value.fix
    assert (shown, fake.asked) == ([], [])


async def test_an_account_that_cannot_be_read_can_be_signed_out_of(tmp_path: Path, fake: FakeTwitch) -> None:
    accounts, vault = alone_in(tmp_path, fake)
    vault.keep(SECRET, "not an account")
    [view] = [one for one in await accounts.views() if one.platform == "twitch"]
    assert (view.state, bool(view.fix)) == ("refused", True)
    assert await accounts.sign_out("twitch")
    assert not await accounts.sign_out("twitch")


async def test_a_platform_that_is_away_does_not_keep_an_account_from_being_forgotten(
    tmp_path: Path, fake: FakeTwitch
) -> None:
    accounts, vault = alone_in(tmp_path, fake)
    access, refresh = fake.accounts.give("streamer", ("user:read:chat",), CLIENT_ID)
    vault.keep(SECRET, Tokens(access, refresh, 2_000_000_000_000, (), CLIENT_ID, 0).to_json())
    fake.fail("/revoke", 503)
    assert await accounts.sign_out("twitch")
    assert SECRET not in vault.where()


async def test_a_line_needs_an_account_that_is_used(tmp_path: Path, fake: FakeTwitch) -> None:
    accounts, _ = alone_in(tmp_path, fake)
    with pytest.raises(SparkError) as caught:
        await accounts.send("twitch", "hello")
    assert (caught.value.code, caught.value.fix) == ("read_only", "set chat.twitch.account = true")


async def test_a_reward_needs_somebody_who_is_signed_in(tmp_path: Path, fake: FakeTwitch) -> None:
    accounts, _ = alone_in(tmp_path, fake)
    with pytest.raises(SparkError) as caught:
        await accounts.make_reward("Ask", 500, wants_text=True)
    assert caught.value.code == "not_signed_in"


async def test_an_account_of_the_environment_is_changed_only_there(
    tmp_path: Path, fake: FakeTwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "SPARK_SECRET_TWITCH_ACCOUNT"
    monkeypatch.setenv(variable, Tokens("access-0", "refresh-0", 0, (), CLIENT_ID, 0).to_json())
    accounts, _ = alone_in(tmp_path, fake)
    for act in (accounts.sign_in("twitch", lambda _: None), accounts.sign_out("twitch")):
        with pytest.raises(SparkError) as caught:
            await act
        assert (caught.value.code, variable in caught.value.fix) == ("in_environment", True)
    [view] = [one for one in await accounts.views() if one.platform == "twitch"]
    assert (view.state, variable in view.fix) == ("refused", True)
