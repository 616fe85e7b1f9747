from collections.abc import AsyncIterator, Awaitable, Callable

import anyio.lowlevel
import httpx
import pytest

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.testing.accounts import CODE, FakeAccounts
from spark_vtuber.testing.contracts.accounts import PROMISES, Desk
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

BASE = "http://127.0.0.1:8080"


@pytest.fixture
def accounts() -> FakeAccounts:
    return FakeAccounts()


@pytest.fixture
def acts() -> list[tuple[str, str]]:
    return []


@pytest.fixture
async def client(
    desk: FakeDesk, settings: WebSettings, accounts: FakeAccounts, acts: list[tuple[str, str]]
) -> AsyncIterator[httpx.AsyncClient]:
    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        assert actor
        assert old is new is None
        acts.append((act, target))

    app = build(Doors(desk, audit, accounts=accounts), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_fake_keeps_the_contract(promise: Callable[[Desk], Awaitable[None]]) -> None:
    fake = FakeAccounts()

    async def type_code() -> None:
        await anyio.lowlevel.checkpoint()
        fake.type_code()

    await promise(Desk(fake, type_code))


async def test_an_account_is_signed_in_and_out_and_somebody_did_it(
    client: httpx.AsyncClient, accounts: FakeAccounts, acts: list[tuple[str, str]]
) -> None:
    assert (await client.get("/api/accounts")).json() == [
        {
            "platform": "twitch",
            "title": "Twitch",
            "state": "signed_out",
            "login": "",
            "missing": [],
            "excess": [],
            "detail": "",
            "fix": "",
            "failure": "",
            "code": None,
        }
    ]
    shown = {"address": CODE.address, "code": CODE.code, "expires_at": CODE.expires_at_ms}
    assert (await client.post("/api/accounts/login", json={"platform": "twitch"})).json() == shown
    waiting = (await client.get("/api/accounts")).json()[0]
    assert (waiting["state"], waiting["code"]) == ("waiting", shown)
    accounts.type_code("nova")
    signed_in = (await client.get("/api/accounts")).json()[0]
    assert (signed_in["state"], signed_in["login"], signed_in["code"]) == ("signed_in", "nova", None)
    sent = await client.post("/api/accounts/send", json={"platform": "twitch", "text": "hello chat"})
    assert (sent.json(), accounts.sent) == ({"sent": True}, [("twitch", "hello chat")])
    for is_done in (True, False):
        answer = await client.post("/api/accounts/logout", json={"platform": "twitch"})
        assert answer.json() == {"signed_out": is_done}
    assert [act for act, target in acts if target == "twitch"] == [
        "account.login",
        "account.send",
        "account.logout",
        "account.logout",
    ]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (SparkError("no client id", code="no_client_id", fix="set chat.twitch.client_id"), 409),
        (EngineError("login_refused", "no", fix="check the client id"), 409),
        (EngineError("unreachable", "no", retryable=True, fix="check the network"), 503),
    ],
)
async def test_a_login_that_cannot_begin_says_why_and_is_not_noted(
    refusal: SparkError, status: int, client: httpx.AsyncClient, accounts: FakeAccounts, acts: list[tuple[str, str]]
) -> None:
    accounts.refusal = refusal
    answer = await client.post("/api/accounts/login", json={"platform": "twitch"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, refusal.code)
    assert answer.json()["error"]["fix"] == refusal.fix
    assert not acts


@pytest.mark.parametrize("route", ["login", "logout", "send"])
async def test_a_platform_that_is_none_is_not_found(route: str, client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/api/accounts/{route}", json={"platform": "myspace", "text": "hi"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_platform")


@pytest.mark.parametrize("text", ["", "x" * 501, "\ud800"])
async def test_a_line_that_is_none_is_refused(text: str, client: httpx.AsyncClient) -> None:
    body = (
        httpx.Response(200, json={"platform": "twitch", "text": text}).content
        if text != "\ud800"
        else (b'{"platform": "twitch", "text": "\\ud800"}')
    )
    answer = await client.post("/api/accounts/send", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
