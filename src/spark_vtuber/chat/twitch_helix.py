"""What is asked of Twitch's Helix with an account.

Source: Twitch's API reference. A token that is refused is renewed and the question asked once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from spark_vtuber.chat.oauth import Provider, signed_out, unreachable
from spark_vtuber.chat.oauth_account import PATIENCE_S, Account, body_of
from spark_vtuber.core.errors import EngineError

LARGEST_BYTES: Final = 1 << 20
REWARDS: Final = "/channel_points/custom_rewards"
MOST_REWARDS: Final = 50
"""A channel has no more; source: Twitch, "Channel points"."""

LONGEST_CHARS: Final = 500
"""Characters of a line of chat."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A line that Twitch took, by the id under which it will be told."""

    id: str


class Helix:
    """Asks as one account. All methods raise `EngineError`: `signed_out`, `unreachable`, `rate`, and `refused`."""

    def __init__(self, api_url: str, provider: Provider, account: Account, http: httpx.AsyncClient) -> None:
        self._api_url = api_url.rstrip("/")
        self._provider = provider
        self._account = account
        self._http = http

    async def user_id(self, login: str) -> str:
        """The id of a channel. Raises `channel_gone` where there is none of this name."""
        body = await self._ask("GET", "/users", params={"login": login})
        for user in _rows(body):
            if isinstance(user.get("id"), str):
                return str(user["id"])
        raise EngineError("channel_gone", f"there is no channel {login}", fix="check chat.twitch.channel")

    async def subscribe(self, topic: str, version: str, condition: Mapping[str, Any], session: str) -> None:
        """Have a topic told to a session; one that is told already is fine. Raises `refused` without the permission."""
        transport = {"method": "websocket", "session_id": session}
        body = {"type": topic, "version": version, "condition": dict(condition), "transport": transport}
        await self._ask("POST", "/eventsub/subscriptions", json=body, fine=(409,))

    async def send(self, channel_id: str, user_id: str, text: str, reply_to: str | None = None) -> Sent:
        """Write a line. Raises `refused` with Twitch's reason where it was dropped."""
        line = {"broadcaster_id": channel_id, "sender_id": user_id, "message": text}
        if reply_to:
            line["reply_parent_message_id"] = reply_to
        body = await self._ask("POST", "/chat/messages", json=line)
        for row in _rows(body):
            if row.get("is_sent"):
                return Sent(str(row.get("message_id") or ""))
            reason = row.get("drop_reason")
            why = str(reason.get("message", ""))[:200] if isinstance(reason, dict) else ""
            raise EngineError(
                "refused", f"Twitch dropped the line: {why or 'it gave no reason'}", fix="write otherwise"
            )
        raise _senseless()

    async def make_reward(self, channel_id: str, title: str, cost: int, *, wants_text: bool) -> None:
        """Make a reward that this client may settle. Raises `refused`, as for a title that is taken."""
        await self._ask(
            "POST",
            REWARDS,
            params={"broadcaster_id": channel_id},
            json={"title": title, "cost": cost, "is_user_input_required": wants_text},
        )

    async def open_purchases(self, channel_id: str, since: datetime) -> list[Mapping[str, Any]]:
        """Purchases of this client's rewards since an instant that nobody settled yet, as EventSub would tell them."""
        own = {"broadcaster_id": channel_id}
        rewards = await self._ask("GET", REWARDS, params={**own, "only_manageable_rewards": "true"})
        found: list[Mapping[str, Any]] = []
        for reward in _rows(rewards)[:MOST_REWARDS]:
            which = {"reward_id": str(reward.get("id")), "status": "UNFULFILLED", "sort": "NEWEST", "first": "50"}
            body = await self._ask("GET", f"{REWARDS}/redemptions", params={**own, **which})
            found += [{**row, "broadcaster_user_id": channel_id} for row in _rows(body) if _at(row) >= since]
        return sorted(found, key=_at)

    async def settle(self, channel_id: str, reward: str, redemption: str, *, is_done: bool) -> None:
        """Mark a purchase as fulfilled, or cancel it, which gives the points back."""
        await self._ask(
            "PATCH",
            f"{REWARDS}/redemptions",
            params={"broadcaster_id": channel_id, "reward_id": reward, "id": redemption},
            json={"status": "FULFILLED" if is_done else "CANCELED"},
        )

    async def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        fine: tuple[int, ...] = (),
    ) -> Mapping[str, Any]:
        access = await self._account.access()
        answer = await self._once(access, method, path, params, json)
        if answer.status_code == 401 and "scope" not in _said(answer):
            answer = await self._once(await self._account.access(access), method, path, params, json)
        status = answer.status_code
        if answer.is_success or status in fine:
            return body_of(answer, LARGEST_BYTES)
        if status == 401 and "scope" not in _said(answer):
            raise signed_out(self._provider)
        if status == 429:
            raise EngineError("rate", "Twitch wants fewer questions", retryable=True, fix="wait a minute")
        if status >= 500:
            raise unreachable(self._provider, f"it answered {status}")
        raise EngineError("refused", f"Twitch refused {path}: {_said(answer) or status}", fix=_fix(path, answer))

    async def _once(
        self,
        access: str,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: Mapping[str, Any] | None,
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {access}", "client-id": self._provider.client_id}
        url = f"{self._api_url}{path}"
        try:
            return await self._http.request(method, url, params=params, json=json, headers=headers, timeout=PATIENCE_S)
        except httpx.HTTPError as error:
            raise unreachable(self._provider, type(error).__name__) from None


def _at(purchase: Mapping[str, Any]) -> datetime:
    """When something was bought; long ago where that cannot be read."""
    try:
        at = datetime.fromisoformat(str(purchase.get("redeemed_at")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _fix(path: str, answer: httpx.Response) -> str:
    if "redemptions" in path and answer.status_code in (403, 404):
        return "only rewards that this program's client id made can be fulfilled or given back"
    if "scope" in _said(answer) or answer.status_code in (401, 403):
        return "the account may not do this; sign in again: spark-vtuber chat login twitch"
    return "see the reason"


def _said(answer: httpx.Response) -> str:
    return str(body_of(answer, LARGEST_BYTES).get("message", ""))[:200].lower()


def _rows(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = body.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _senseless() -> EngineError:
    return EngineError("bad_answer", "Twitch answered what makes no sense", fix="check chat.twitch.api_url")
