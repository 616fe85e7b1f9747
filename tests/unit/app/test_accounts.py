"""The desk for accounts keeps its promises against the fake Twitch, and no token is ever seen."""

import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.accounts import AccountDesk
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.vault import uses
from spark_vtuber.chat.oauth import Tokens
from spark_vtuber.chat.twitch_features import SECRET
from spark_vtuber.config.load import load
from spark_vtuber.core.accounts import AccountView
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.testing.contracts.accounts import PROMISES, Desk
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.twitch_fake import CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_memory import transport
from spark_vtuber.testing.virtual import VirtualClock


async def nobody_listens(platform: str, text: str) -> None:
    del text
    raise EngineError("not_connected", f"{platform} is not connected", fix="see [chat.twitch]")


@dataclass
class Room:
    """A desk in a house of its own."""

    fake: FakeTwitch
    house: House
    desk: AccountDesk
    restarted: list[str] = field(default_factory=list)

    async def type_code(self) -> None:
        """The person types what waits, and the desk sees it."""
        self.fake.accounts.approve(self.fake.accounts.codes[-1], "streamer")
        await anyio.sleep(11)

    @property
    def view(self) -> AccountView:
        return next(one for one in self.desk.accounts() if one.platform == "twitch")

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(text)[3] for text in self.house.events._ring if json.loads(text)[1] == kind]


@asynccontextmanager
async def room_in(folder: Path, **twitch: object) -> AsyncIterator[Room]:
    keys = {"client_id": CLIENT_ID, "api_url": "https://t/helix", "id_url": "https://t/oauth2", **twitch}
    layer = {"data": {"dir": str(folder)}, "chat": {"twitch": keys}, "secrets": {"plaintext": True}}
    settings = load(engines.spec, None, layer, {})
    clock = VirtualClock()
    fake = FakeTwitch(clock)
    around = Surroundings(clock, random.Random(1), logging.getLogger("test"), aside=inline)
    http = httpx.AsyncClient(transport=transport(fake))
    async with AsyncExitStack() as stack, http, anyio.create_task_group() as tasks:
        house = House(settings, around, http, stack, ())
        await house.learn(settings)
        desk = AccountDesk(house, nobody_listens)
        room = Room(fake, house, desk)
        house.supervisor.add("chat:twitch", lambda why: bool(room.restarted.append(why)) or True)
        tasks.start_soon(desk.run)
        await anyio.sleep(0.01)
        yield room
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_desk_keeps_the_contract(promise: Callable[[Desk], Awaitable[None]], tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await promise(Desk(room.desk, room.type_code))


async def test_tokens_are_kept_masked_and_told_to_nobody(tmp_path: Path) -> None:
    async with room_in(tmp_path, account=True) as room:
        await room.desk.sign_in("twitch")
        await room.type_code()
        kept = Tokens.from_json(room.house.vault.secret(SECRET))
        assert room.restarted == ["an account signed in"]
        told = json.dumps(room.events("account"))
        assert [one["state"] for one in room.events("account")] == ["waiting", "signed_in"]
        for secret in (kept.access, kept.refresh):
            assert secret not in told
            assert room.house.secrets.mask(f"token {secret}") == "token (secret)"
        assert room.view.login == "streamer"
        assert uses(room.house.config)[SECRET] == ("chat.twitch.account",)


async def test_exactly_the_permissions_that_are_switched_on_are_asked_for(tmp_path: Path) -> None:
    async with room_in(tmp_path, features={"follows": False, "ads": False}) as room:
        await room.desk.sign_in("twitch")
        await room.type_code()
        scopes = Tokens.from_json(room.house.vault.secret(SECRET)).scopes
        assert "moderator:read:followers" not in scopes
        assert {"user:read:chat", "user:write:chat", "channel:manage:redemptions"} <= set(scopes)


async def test_an_account_that_nothing_uses_says_how_to_use_it(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.desk.sign_in("twitch")
        await room.type_code()
        assert room.view.fix == "set chat.twitch.account = true"


async def test_who_is_signed_in_is_known_in_the_next_show(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.desk.sign_in("twitch")
        await room.type_code()
    async with room_in(tmp_path) as room:
        assert room.view.state == "signed_in"


async def test_a_sign_out_gives_the_tokens_back(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.desk.sign_in("twitch")
        await room.type_code()
        access = Tokens.from_json(room.house.vault.secret(SECRET)).access
        room.desk.hear(AccountView("twitch", "Twitch", "refused", detail="gone"))
        assert await room.desk.sign_out("twitch")
        assert room.fake.accounts.who(access) is None
        assert room.restarted[-1] == "the account signed out"
        with pytest.raises(EngineError):
            room.house.vault.secret(SECRET)


async def test_a_login_that_is_refused_is_told_and_changes_nothing(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.desk.sign_in("twitch")
        room.fake.accounts.decline(room.fake.accounts.codes[-1])
        await anyio.sleep(11)
        view = room.view
        assert (view.state, view.code, bool(view.detail), bool(view.fix)) == ("signed_out", None, True, True)
        assert room.restarted == []


async def test_a_login_that_fails_leaves_the_account_as_it_was(tmp_path: Path) -> None:
    async with room_in(tmp_path, account=True) as room:
        await room.desk.sign_in("twitch")
        await room.type_code()
        before = room.house.vault.secret(SECRET)
        await room.desk.sign_in("twitch")
        room.fake.accounts.decline(room.fake.accounts.codes[-1])
        await anyio.sleep(11)
        assert (room.view.state, room.view.login, bool(room.view.detail)) == ("signed_in", "streamer", True)
        assert room.view.failure == room.view.detail
        assert room.house.vault.secret(SECRET) == before
        assert room.restarted == ["an account signed in"]


async def test_without_a_client_id_it_says_where_to_get_one(tmp_path: Path) -> None:
    async with room_in(tmp_path, client_id="") as room:
        with pytest.raises(SparkError) as caught:
            await room.desk.sign_in("twitch")
        assert caught.value.code == "no_client_id"
        assert "dev.twitch.tv" in caught.value.fix


async def test_a_login_is_not_lost_where_the_platform_cannot_say_whose_it_is(tmp_path: Path) -> None:
    async with room_in(tmp_path, account=True) as room:
        room.fake.fail("/validate", 503)
        await room.desk.sign_in("twitch")
        await room.type_code()
        assert (room.view.state, room.view.failure) == ("signed_in", "")
        assert room.restarted == ["an account signed in"]


async def test_a_token_that_the_platform_does_not_know_is_not_kept(tmp_path: Path) -> None:
    async with room_in(tmp_path, account=True) as room:
        room.fake.fail("/validate", 401)
        await room.desk.sign_in("twitch")
        await room.type_code()
        assert (room.view.state, bool(room.view.failure)) == ("signed_out", True)
        with pytest.raises(EngineError):
            room.house.vault.secret(SECRET)


async def test_an_account_of_the_environment_is_changed_only_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    variable = "SPARK_SECRET_TWITCH_ACCOUNT"
    monkeypatch.setenv(variable, Tokens("access-0", "refresh-0", 0, (), CLIENT_ID, 0).to_json())
    async with room_in(tmp_path, account=True) as room:
        assert room.view.state == "signed_in"
        assert variable in room.view.detail
        assert variable in room.view.fix
        for act in (room.desk.sign_in("twitch"), room.desk.sign_out("twitch")):
            with pytest.raises(SparkError) as caught:
                await act
            assert (caught.value.code, variable in caught.value.fix) == ("in_environment", True)
        await room.house.keep_secret(SECRET, Tokens("access-1", "refresh-1", 0, (), CLIENT_ID, 0).to_json())
    assert variable in caplog.text
    assert "access-" not in caplog.text
