from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.app.accounts import complete, platform_of
from spark_vtuber.app.vault import uses
from spark_vtuber.chat.oauth import Tokens
from spark_vtuber.chat.youtube_account import SCOPES, SECRET
from spark_vtuber.config.keys import Config
from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.youtube_fake import FakeYouTube
from spark_vtuber.testing.youtube_oauth import GoogleAccounts
from spark_vtuber.testing.youtube_server import YouTubeTransport

KEYS = {"client_id": GoogleAccounts().client_id, "client_secret": "secret:youtube-client", "account": True}


def config(**keys: Any) -> Config:
    return Config.model_validate({"chat": {"youtube": keys}})


async def test_an_account_signs_in_by_a_code_and_is_kept(tmp_path: Path) -> None:
    clock, kept = VirtualClock(), list[str]()
    fake = FakeYouTube(clock.unix_ms)
    http = httpx.AsyncClient(transport=YouTubeTransport(fake))
    youtube = platform_of("youtube")
    secrets = {"youtube-client": fake.accounts.client_secret}
    oauth = youtube.oauth(config(**KEYS), secrets.__getitem__, http, clock)

    async def keep(value: str) -> None:
        kept.append(value)

    login, prompt = await oauth.begin(youtube.scopes(config()))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(complete, oauth, login, prompt, keep)
        await anyio.sleep(20)
        assert (prompt.code, kept) == ("ABC-001", [])
        fake.accounts.approve("UCstreamer")
    tokens = Tokens.from_json(kept[0])
    assert (fake.accounts.tokens[tokens.access], tokens.scopes) == ("UCstreamer", SCOPES)
    await oauth.revoke(tokens)
    assert fake.accounts.tokens == fake.accounts.refreshes == {}


@pytest.mark.parametrize(
    ("keys", "code"),
    [({}, "no_client_id"), ({"client_id": "x", "client_secret": "secret:youtube-client"}, "no_secret")],
)
def test_what_the_login_lacks_is_told_with_the_fix(keys: dict[str, Any], code: str) -> None:
    def secret(name: str) -> str:
        raise SparkError(name, code="no_secret", fix="spark-vtuber secrets set")

    with pytest.raises(SparkError) as raised:
        platform_of("youtube").oauth(config(**keys), secret, httpx.AsyncClient(), VirtualClock())
    assert (raised.value.code, bool(raised.value.fix)) == (code, True)


def test_the_account_and_the_clients_secret_are_secrets_of_the_show() -> None:
    assert uses(config(**KEYS)) == {
        SECRET: ("chat.youtube.account",),
        "youtube-client": ("chat.youtube.client_secret",),
    }
