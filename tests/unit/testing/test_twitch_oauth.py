"""The fake Twitch's OAuth: what a client has to live with."""

from typing import Any, Final
from urllib.parse import urlencode

import anyio

from spark_vtuber.testing.twitch_fake import CLIENT_ID, OTHER_CLIENT_ID, OTHER_SECRET, FakeTwitch
from spark_vtuber.testing.twitch_fake_oauth import CODE_S, DEVICE_GRANT, REFRESH_S, TOKEN_S
from spark_vtuber.testing.twitch_fake_wire import Answer, Request
from spark_vtuber.testing.virtual import VirtualClock

SCOPES: Final = "user:read:chat user:write:chat"
Body = dict[str, Any]


def post(fake: FakeTwitch, path: str, **form: str) -> Answer:
    return fake.answer(Request("POST", f"/oauth2/{path}", body=urlencode({"client_id": CLIENT_ID, **form}).encode()))


def body_of(answer: Answer) -> Body:
    assert answer.body is not None
    return dict(answer.body)


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, body_of(answer)["message"]


def validate(fake: FakeTwitch, token: str) -> Answer:
    return fake.answer(Request("GET", "/oauth2/validate", headers={"authorization": f"OAuth {token}"}))


def ask(fake: FakeTwitch) -> Body:
    return body_of(post(fake, "device", scopes=SCOPES))


def redeem(fake: FakeTwitch, code: Body, **more: str) -> Answer:
    return post(fake, "token", grant_type=DEVICE_GRANT, device_code=code["device_code"], **more)


def sign_in(fake: FakeTwitch) -> Body:
    code = ask(fake)
    fake.accounts.approve(code["user_code"], "streamer")
    return body_of(redeem(fake, code))


async def test_a_code_waits_until_somebody_approves_it() -> None:
    fake = FakeTwitch(VirtualClock())
    code = ask(fake)
    assert code["user_code"] in code["verification_uri"]
    assert refused(redeem(fake, code)) == (400, "authorization_pending")
    assert fake.accounts.codes == [code["user_code"]]
    fake.accounts.approve(code["user_code"], "streamer")
    tokens = body_of(redeem(fake, code))
    assert (tokens["scope"], tokens["token_type"]) == (SCOPES.split(), "bearer")
    assert fake.accounts.codes == []


async def test_a_code_works_once() -> None:
    fake = FakeTwitch(VirtualClock())
    code = ask(fake)
    fake.accounts.approve(code["user_code"], "streamer")
    assert redeem(fake, code).status == 200
    assert refused(redeem(fake, code)) == (400, "invalid device code")


async def test_a_code_that_is_too_old_declined_or_made_up_is_invalid() -> None:
    fake = FakeTwitch(VirtualClock())
    declined, late = ask(fake), ask(fake)
    fake.accounts.decline(declined["user_code"])
    assert refused(redeem(fake, declined)) == (400, "invalid device code")
    assert refused(redeem(fake, {"device_code": "made-up"})) == (400, "invalid device code")
    await anyio.sleep(CODE_S)
    fake.accounts.approve(late["user_code"], "streamer")
    assert refused(redeem(fake, late)) == (400, "invalid device code")


async def test_a_code_of_another_client_is_invalid() -> None:
    fake = FakeTwitch(VirtualClock())
    code = ask(fake)
    fake.accounts.approve(code["user_code"], "streamer")
    assert refused(redeem(fake, code, client_id=OTHER_CLIENT_ID)) == (400, "invalid device code")


async def test_an_unknown_client_gets_no_code() -> None:
    assert refused(post(FakeTwitch(VirtualClock()), "device", client_id="nobody")) == (400, "invalid client")


async def test_a_token_says_whose_it_is_until_it_is_too_old() -> None:
    fake = FakeTwitch(VirtualClock())
    token = sign_in(fake)["access_token"]
    await anyio.sleep(60)
    assert body_of(validate(fake, token)) == {
        "client_id": CLIENT_ID,
        "login": "streamer",
        "user_id": fake.channel.id,
        "scopes": SCOPES.split(),
        "expires_in": TOKEN_S - 60,
    }
    await anyio.sleep(TOKEN_S)
    assert refused(validate(fake, token)) == (401, "invalid access token")


async def test_somebody_may_grant_less_than_was_asked_for() -> None:
    fake = FakeTwitch(VirtualClock())
    code = ask(fake)
    fake.accounts.approve(code["user_code"], "streamer", ("user:read:chat",))
    assert body_of(redeem(fake, code))["scope"] == ["user:read:chat"]


async def test_a_public_clients_refresh_token_works_once() -> None:
    fake = FakeTwitch(VirtualClock())
    first = sign_in(fake)
    second = body_of(post(fake, "token", grant_type="refresh_token", refresh_token=first["refresh_token"]))
    again = post(fake, "token", grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert refused(again) == (400, "Invalid refresh token")
    assert validate(fake, first["access_token"]).status == 401
    assert body_of(validate(fake, second["access_token"]))["login"] == "streamer"
    assert post(fake, "token", grant_type="refresh_token", refresh_token=second["refresh_token"]).status == 200


async def test_a_refresh_token_of_a_client_with_a_secret_stays() -> None:
    fake = FakeTwitch(VirtualClock())
    _, refresh = fake.accounts.give("streamer", (), OTHER_CLIENT_ID)
    form = {"client_id": OTHER_CLIENT_ID, "grant_type": "refresh_token", "refresh_token": refresh}
    assert refused(post(fake, "token", **form)) == (403, "invalid client secret")
    for _ in range(2):
        assert body_of(post(fake, "token", **form, client_secret=OTHER_SECRET))["refresh_token"] == refresh


async def test_a_refresh_token_is_too_old_after_thirty_idle_days() -> None:
    fake = FakeTwitch(VirtualClock())
    refresh = sign_in(fake)["refresh_token"]
    await anyio.sleep(REFRESH_S)
    answer = post(fake, "token", grant_type="refresh_token", refresh_token=refresh)
    assert refused(answer) == (400, "Invalid refresh token")


async def test_expired_tokens_can_be_refreshed_and_revoked_ones_cannot() -> None:
    fake = FakeTwitch(VirtualClock())
    tokens = sign_in(fake)
    fake.expire_tokens()
    assert validate(fake, tokens["access_token"]).status == 401
    tokens = body_of(post(fake, "token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]))
    assert validate(fake, tokens["access_token"]).status == 200
    fake.revoke("streamer")
    assert validate(fake, tokens["access_token"]).status == 401
    answer = post(fake, "token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refused(answer) == (400, "Invalid refresh token")


async def test_a_client_can_give_its_token_up() -> None:
    fake = FakeTwitch(VirtualClock())
    tokens = sign_in(fake)
    assert post(fake, "revoke", token=tokens["access_token"]).status == 200
    assert refused(post(fake, "revoke", token=tokens["access_token"])) == (400, "Invalid token")
    assert refused(post(fake, "revoke", client_id="nobody", token="x")) == (404, "client does not exist")
    answer = post(fake, "token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refused(answer) == (400, "Invalid refresh token")


async def test_an_app_gets_a_token_that_names_nobody() -> None:
    fake = FakeTwitch(VirtualClock())
    form = {"client_id": OTHER_CLIENT_ID, "client_secret": OTHER_SECRET, "grant_type": "client_credentials"}
    token = body_of(post(fake, "token", **form))["access_token"]
    assert "login" not in body_of(validate(fake, token))


async def test_parameters_may_stand_in_the_query() -> None:
    fake = FakeTwitch(VirtualClock())
    query = urlencode({"client_id": CLIENT_ID, "scopes": SCOPES})
    assert fake.answer(Request("POST", "/oauth2/device", query)).status == 200


async def test_a_scripted_failure_happens_as_often_as_it_says() -> None:
    fake = FakeTwitch(VirtualClock())
    fake.fail("/device", 503, times=2)
    assert [post(fake, "device", scopes=SCOPES).status for _ in range(3)] == [503, 503, 200]
    assert fake.asked == [("POST", "/oauth2/device")] * 3
