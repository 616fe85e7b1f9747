"""How a Google account signs in to write into a live chat.

Source: Google, "OAuth 2.0 for TV and limited-input device applications": of the permissions that let a program write,
this login gives `youtube` only. Google's client secret of such an application is none by its own words, but is asked
for.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from spark_vtuber.chat.oauth import Provider, Tokens
from spark_vtuber.chat.oauth_account import Account, OAuth
from spark_vtuber.core.accounts import AccountView
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError

NAME: Final = "youtube"
TITLE: Final = "YouTube"
SECRET: Final = "youtube-account"  # noqa: S105 - the name of a secret
LOGIN: Final = "spark-vtuber chat login youtube"
SCOPES: Final = ("https://www.googleapis.com/auth/youtube",)

Access = Callable[[str], Awaitable[str]]
"""Gives an access token of the account, never the one it is given, which was refused. Raises `EngineError`."""


def provider_of(id_url: str, client_id: str, client_secret: str = "") -> Provider:
    """Where Google accounts sign in."""
    return Provider(
        title=TITLE,
        device_url=f"{id_url}/device/code",
        token_url=f"{id_url}/token",
        revoke_url=f"{id_url}/revoke",
        client_id=client_id,
        client_secret=client_secret,
        login=LOGIN,
    )


def access_of(id_url: str, client_secret: str, env: EngineEnv) -> Access:
    """The account that is signed in. It is looked for when it is needed, so that reading does without it.

    What is called raises `EngineError`: `read_only` where nobody is signed in; as `Account.access`.
    """
    tell: Callable[[AccountView], None] = env.ports.get("account", _untold)
    account: Account | None = None

    async def access(refused: str) -> str:
        nonlocal account
        if account is None:
            tokens = _kept(env)
            oauth = OAuth(provider_of(id_url, tokens.client_id, client_secret), env.http, env.clock)
            account = Account(oauth, tokens, SECRET, env.keep_secret, env.clock)
        try:
            return await account.access(refused)
        except EngineError as error:
            if error.code == "signed_out":
                tell(AccountView(NAME, TITLE, "refused", detail=error.message, fix=error.fix))
            raise

    return access


def _untold(_view: AccountView) -> None:
    """For a chat without accounts beside it."""


def _kept(env: EngineEnv) -> Tokens:
    try:
        return Tokens.from_json(env.secret(SECRET))
    except EngineError as error:
        if error.code != "no_secret":
            raise
        raise EngineError("read_only", "no YouTube account is signed in", fix=f"sign in: {LOGIN}") from error
