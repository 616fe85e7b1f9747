import json
from contextlib import suppress
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat import oauth_account
from spark_vtuber.chat.oauth import GRANT, DeviceLogin, Provider, Tokens, secrets_in, tokens_from
from spark_vtuber.chat.oauth_account import Account, OAuth
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.testing.virtual import VirtualClock

PLAIN = Provider(
    title="Plain",
    device_url="https://id.example.com/device",
    token_url="https://id.example.com/token",
    client_id="client1",
    login="spark-vtuber chat login plain",
    validate_url="https://id.example.com/validate",
)
CODE = {
    "device_code": "device-secret",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://id.example.com/activate",
    "expires_in": 1800,
    "interval": 5,
}
GRANTED = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 14_400, "scope": ["b", "a"]}
PENDING = {"status": 400, "message": "authorization_pending"}
OLD = Tokens("access-0", "refresh-0", 0, ("a",), "client1", 0)


class Server:
    """Answers from a script; a callable in it is called with the form."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.1)
        form = dict(httpx.QueryParams(request.content.decode()))
        self.asked.append((request.url.path, form))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer[0], json=answer[1])


def oauth_with(server: Server, provider: Provider = PLAIN) -> OAuth:
    return OAuth(provider, httpx.AsyncClient(transport=httpx.MockTransport(server)), VirtualClock())


class Safe:
    """Keeps secrets in memory, unless it is locked."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []
        self.is_locked = False

    async def __call__(self, name: str, value: str) -> None:
        await anyio.sleep(0.01)
        if self.is_locked:
            raise SparkError("the keyring is locked", fix="unlock it")
        self.kept.append((name, value))


async def test_a_person_signs_in_with_a_code_while_the_program_asks_as_often_as_it_may() -> None:
    server = Server((200, CODE), (400, PENDING), (400, {"error": "slow_down"}), (200, GRANTED))
    oauth = oauth_with(server)
    login, prompt = await oauth.begin(("a", "b"))
    assert (prompt.address, prompt.code, prompt.expires_s) == ("https://id.example.com/activate", "ABCD-EFGH", 1800)
    begun_s = anyio.current_time()
    tokens = await oauth.finish(login, prompt)
    assert anyio.current_time() - begun_s == pytest.approx(5 + 5 + 10 + 0.3, abs=0.1)
    assert (tokens.access, tokens.refresh, tokens.scopes, tokens.client_id) == (
        "access-1",
        "refresh-1",
        ("a", "b"),
        "client1",
    )
    assert server.asked[0] == ("/device", {"client_id": "client1", "scope": "a b"})
    assert server.asked[-1][1] == {
        "client_id": "client1",
        "scope": "a b",
        "device_code": "device-secret",
        "grant_type": GRANT,
    }


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (400, {"message": "invalid device code"}, "code_expired"),
        (400, {"error": "expired_token"}, "code_expired"),
        (403, {"error": "access_denied"}, "login_denied"),
        (400, {"error": "invalid_client"}, "login_refused"),
        (200, {"access_token": 5}, "bad_answer"),
    ],
)
async def test_a_login_that_comes_to_nothing_says_why_and_what_to_do(
    status: int, said: dict[str, Any], code: str
) -> None:
    oauth = oauth_with(Server((200, CODE), (status, said)))
    login, prompt = await oauth.begin(())
    with pytest.raises(EngineError) as caught:
        await oauth.finish(login, prompt)
    assert (caught.value.code, bool(caught.value.fix)) == (code, True)
    assert "device-secret" not in str(caught.value)


async def test_a_code_that_nobody_types_expires() -> None:
    oauth = oauth_with(Server((200, {**CODE, "expires_in": 12}), *[(400, PENDING)] * 3))
    with pytest.raises(EngineError, match="expired"):
        await oauth.finish(*await oauth.begin(()))


async def test_a_server_that_is_away_for_a_while_does_not_end_a_login() -> None:
    oauth = oauth_with(Server((200, CODE), httpx.ConnectError("no"), (503, {}), (200, GRANTED)))
    assert (await oauth.finish(*await oauth.begin(()))).access == "access-1"


async def test_a_server_that_is_asked_too_fast_is_asked_more_slowly() -> None:
    server = Server((200, CODE), (429, {}), (200, GRANTED))
    oauth = oauth_with(server)
    assert (await oauth.finish(*await oauth.begin(()))).access == "access-1"


@pytest.mark.parametrize("token", ["caf\u00e9", "two\nlines", "a b"])
async def test_a_token_that_fits_into_no_header_is_none(token: str) -> None:
    oauth = oauth_with(Server((200, CODE), (200, {**GRANTED, "access_token": token})))
    login, prompt = await oauth.begin(())
    with pytest.raises(EngineError) as caught:
        await oauth.finish(login, prompt)
    assert caught.value.code == "bad_answer"
    assert token not in str(caught.value)


async def test_an_answer_that_is_nested_without_end_is_none() -> None:
    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"[" * 60_000)

    oauth = OAuth(PLAIN, httpx.AsyncClient(transport=httpx.MockTransport(answer)), VirtualClock())
    with pytest.raises(EngineError) as caught:
        await oauth.begin(("a",))
    assert caught.value.code == "bad_answer"


def test_an_address_that_is_none_is_not_shown() -> None:
    login = DeviceLogin(PLAIN, ())
    with pytest.raises(EngineError, match="no sense"):
        login.begun(200, {**CODE, "verification_uri": "javascript:alert(1)"})


async def test_a_client_with_a_secret_and_the_words_of_google_are_understood() -> None:
    provider = Provider("Google", "https://g/d", "https://g/t", "client1", "…", client_secret="not-so-secret")
    server = Server(
        (200, {**CODE, "verification_uri": None, "verification_url": "https://www.google.com/device"}),
        (428, {"error": "authorization_pending"}),
        (200, {**GRANTED, "scope": "b a"}),
        (200, {"access_token": "access-2", "expires_in": 3599, "scope": "b a"}),
    )
    oauth = oauth_with(server, provider)
    login, prompt = await oauth.begin(("a",))
    assert prompt.address == "https://www.google.com/device"
    tokens = await oauth.finish(login, prompt)
    renewed = await oauth.refresh(tokens)
    assert (renewed.access, renewed.refresh, renewed.scopes) == ("access-2", "refresh-1", ("a", "b"))
    assert all(form["client_secret"] == "not-so-secret" for _, form in server.asked[1:])
    assert "not-so-secret" not in repr(provider)


async def test_tokens_are_stored_before_anybody_gets_them_and_refreshed_once_for_all() -> None:
    server, safe = Server((200, GRANTED)), Safe()
    account = Account(oauth_with(server), OLD, "plain-account", safe, VirtualClock())
    got: list[tuple[str, int]] = []

    async def ask() -> None:
        got.append((await account.access(), len(safe.kept)))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
    assert got == [("access-1", 1)] * 5
    assert server.asked == [
        ("/token", {"client_id": "client1", "grant_type": "refresh_token", "refresh_token": "refresh-0"})
    ]
    assert safe.kept[0][0] == "plain-account"
    assert Tokens.from_json(safe.kept[0][1]) == account.tokens


async def test_a_token_that_was_refused_is_renewed_but_a_newer_one_is_not() -> None:
    server, safe = Server((200, GRANTED)), Safe()
    fresh = Tokens("access-0", "refresh-0", 2_000_000_000_000, (), "client1", 0)
    account = Account(oauth_with(server), fresh, "plain-account", safe, VirtualClock())
    assert await account.access() == "access-0"
    assert await account.access(refused="access-0") == "access-1"
    assert await account.access(refused="access-0") == "access-1"
    assert len(server.asked) == 1


async def test_tokens_that_cannot_be_stored_are_not_used_and_not_lost() -> None:
    server, safe = Server((200, GRANTED)), Safe()
    account = Account(oauth_with(server), OLD, "plain-account", safe, VirtualClock())
    safe.is_locked = True
    for _ in range(2):
        with pytest.raises(EngineError) as caught:
            await account.access()
        assert (caught.value.code, caught.value.fix, caught.value.retryable) == ("not_kept", "unlock it", True)
    safe.is_locked = False
    assert await account.access() == "access-1"
    assert len(server.asked) == 1


async def test_a_refresh_whose_caller_is_cancelled_is_stored_all_the_same() -> None:
    safe = Safe()
    account = Account(oauth_with(Server((200, GRANTED))), OLD, "plain-account", safe, VirtualClock())
    with anyio.move_on_after(0.05):
        await account.access()
    assert len(safe.kept) == 1
    assert account.tokens.access == "access-1"


async def test_an_account_that_was_revoked_says_how_to_sign_in_again() -> None:
    account = Account(
        oauth_with(Server((401, {"message": "invalid refresh token"}))), OLD, "plain", Safe(), VirtualClock()
    )
    with pytest.raises(EngineError) as caught:
        await account.access()
    assert caught.value.code == "signed_out"
    assert "spark-vtuber chat login plain" in caught.value.fix
    assert not caught.value.retryable


async def test_a_server_without_an_answer_can_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth_account, "KEEP_S", 0.01)
    account = Account(oauth_with(Server((200, GRANTED))), OLD, "plain", Safe(), VirtualClock())
    with pytest.raises(EngineError) as caught:
        await account.access()
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)


WHO = {"client_id": "client1", "login": "nova", "user_id": "7", "scopes": ["b"], "expires_in": 5_000}


async def test_validation_tells_whose_the_token_is_and_renews_one_that_has_ended() -> None:
    server, safe = Server((401, {}), (200, GRANTED), (200, WHO)), Safe()
    fresh = Tokens("access-0", "refresh-0", 2_000_000_000_000, (), "client1", 0)
    account = Account(oauth_with(server), fresh, "plain", safe, VirtualClock())
    identity = await account.validate()
    assert (identity.login, identity.user_id, identity.scopes) == ("nova", "7", ("b",))
    assert account.tokens.scopes == ("b",)
    assert [path for path, _ in server.asked] == ["/validate", "/token", "/validate"]


async def test_a_renewed_token_that_is_refused_too_means_signed_out() -> None:
    server = Server((401, {}), (200, GRANTED), (401, {}))
    fresh = Tokens("access-0", "refresh-0", 2_000_000_000_000, (), "client1", 0)
    account = Account(oauth_with(server), fresh, "plain", Safe(), VirtualClock())
    with pytest.raises(EngineError) as caught:
        await account.validate()
    assert caught.value.code == "signed_out"


def test_tokens_are_shown_by_nothing_and_every_one_is_known_to_be_masked() -> None:
    tokens = tokens_from(PLAIN, GRANTED, 1_000)
    assert "access-1" not in repr(tokens)
    assert "refresh-1" not in repr(tokens)
    assert Tokens.from_json(tokens.to_json()) == tokens
    assert secrets_in(tokens.to_json()) == ("access-1", "refresh-1")
    assert secrets_in("hunter2") == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.dictionaries(
    st.sampled_from([*CODE, *GRANTED, "error", "message", "verification_url"]), JSON | st.just(1e999), max_size=7
)


@given(BODIES, st.sampled_from([200, 400, 401, 429, 500]))
def test_whatever_a_server_says_is_understood_or_an_engine_error(body: dict[str, Any], status: int) -> None:
    login = DeviceLogin(PLAIN, ("a",))
    for act in (
        lambda: login.begun(status, body),
        lambda: login.answered(status, body, 0),
        lambda: tokens_from(PLAIN, body, 0),
    ):
        with suppress(EngineError):
            act()


@given(st.text() | JSON.map(json.dumps))
def test_garbage_in_the_vault_is_no_account(text: str) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        Tokens.from_json(text)
