"""The fake Twitch's Helix: who is asked what, with which rights, and what it answers. No I/O.

Source: <https://dev.twitch.tv/docs/api/reference/>. Only what clients of a show need.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.testing.twitch_fake_chat import Sending
from spark_vtuber.testing.twitch_fake_eventsub import EventSub
from spark_vtuber.testing.twitch_fake_oauth import Accounts, Grant
from spark_vtuber.testing.twitch_fake_payloads import redemption, reward
from spark_vtuber.testing.twitch_fake_wire import Answer, Json, Refusal, Request
from spark_vtuber.testing.twitch_fake_world import PICTURE, CustomReward, Redemption, User, World

POINTS_PER_MINUTE: Final = 800
"""Requests a minute: <https://dev.twitch.tv/docs/api/guide/#twitch-rate-limits>."""

NEVER: Final = "1970-01-01T00:00:00Z"
REWARDS: Final = "/channel_points/custom_rewards"
REDEMPTIONS: Final = f"{REWARDS}/redemptions"
_READ: Final = ("channel:read:redemptions", "channel:manage:redemptions")
_MANAGE: Final = ("channel:manage:redemptions",)

Act = Callable[[Request, Grant], Answer]


def _list(*items: Json) -> Answer:
    return Answer(200, {"data": list(items), "pagination": {}})


@dataclass(slots=True)
class Helix:
    """Answers requests below `/helix`. `tell` is told what an event's listeners should hear, by type."""

    clock: Clock
    world: World
    accounts: Accounts
    eventsub: EventSub
    sending: Sending
    tell: Callable[[str, Json], object]
    _points: dict[str, tuple[int, int]] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer:
        """Answer one request. Raises `Refusal`."""
        grant = self._grant(request)
        limits = self._spend(grant)
        path = request.path.removeprefix("/helix")
        if path == "/eventsub/subscriptions":
            found = self.eventsub.answer(request, grant)
        else:
            known = self._routes().get((request.method, path))
            if known is None:
                raise Refusal(404, "Not Found")
            scopes, act = known
            if scopes and not set(scopes) & set(grant.scopes):
                raise Refusal(401, f"Missing scope: {' or '.join(scopes)}")
            found = act(request, grant)
        return Answer(found.status, found.body, {**limits, **found.headers})

    def _routes(self) -> Mapping[tuple[str, str], tuple[tuple[str, ...], Act]]:
        return {
            ("GET", "/users"): ((), self._users),
            ("GET", "/channels"): ((), self._channels),
            ("GET", "/streams"): ((), self._streams),
            ("GET", "/moderation/moderators"): (
                ("moderation:read", "channel:manage:moderators", "channel:read:moderators"),
                self._moderators,
            ),
            ("GET", "/moderation/channels"): (("user:read:moderated_channels",), self._moderated),
            ("GET", "/chat/emotes"): ((), lambda _request, _grant: self._emotes({})),
            ("GET", "/chat/emotes/global"): ((), lambda _request, _grant: self._emotes(self.world.emotes)),
            ("POST", "/chat/messages"): (
                ("user:write:chat",),
                lambda request, grant: self.sending.answer(request.fields(), grant),
            ),
            ("GET", REWARDS): (_READ, self._rewards),
            ("POST", REWARDS): (_MANAGE, self._create_reward),
            ("PATCH", REWARDS): (_MANAGE, self._change_reward),
            ("DELETE", REWARDS): (_MANAGE, self._remove_reward),
            ("GET", REDEMPTIONS): (_READ, self._redemptions),
            ("PATCH", REDEMPTIONS): (_MANAGE, self._settle),
        }

    def _grant(self, request: Request) -> Grant:
        if not request.token:
            raise Refusal(401, "OAuth token is missing")
        client_id = request.headers.get("client-id", "")
        if not client_id:
            raise Refusal(401, "Client ID is missing")
        grant = self.accounts.who(request.token)
        if grant is None:
            raise Refusal(401, "Invalid OAuth token")
        if grant.client_id != client_id:
            raise Refusal(401, "Client ID and OAuth token do not match")
        return grant

    def _spend(self, grant: Grant) -> dict[str, str]:
        minute = self.clock.unix_ms() // 60_000
        when, spent = self._points.get(grant.token, (minute, 0))
        spent = spent + 1 if when == minute else 1
        left = POINTS_PER_MINUTE - spent
        headers = {
            "Ratelimit-Limit": str(POINTS_PER_MINUTE),
            "Ratelimit-Remaining": str(max(left, 0)),
            "Ratelimit-Reset": str((minute + 1) * 60),
        }
        if left < 0:
            raise Refusal(429, "Too Many Requests", headers)
        self._points[grant.token] = (minute, spent)
        return headers

    # ---------------------------------------------------------------------------------------------- users and channels

    def _users(self, request: Request, grant: Grant) -> Answer:
        ids, logins = request.all("id"), [login.lower() for login in request.all("login")]
        if not ids and not logins:
            ids = [grant.user_id]
        found = [one for one in self.world.users.values() if one.id in ids or one.login in logins]
        return Answer(200, {"data": [self._user(one) for one in found]})

    def _user(self, user: User) -> Json:
        return {
            "id": user.id,
            "login": user.login,
            "display_name": user.name,
            "type": "",
            "broadcaster_type": "affiliate",
            "description": "",
            "profile_image_url": PICTURE,
            "offline_image_url": "",
            "view_count": 0,
            "created_at": "2016-12-14T20:32:28Z",
        }

    def _channels(self, request: Request, _grant: Grant) -> Answer:
        found = [one for one in self.world.users.values() if one.id in request.all("broadcaster_id")]
        return Answer(200, {"data": [self._channel(one) for one in found]})

    def _channel(self, user: User) -> Json:
        return {
            "broadcaster_id": user.id,
            "broadcaster_login": user.login,
            "broadcaster_name": user.name,
            "broadcaster_language": "en",
            "game_id": "509658",
            "game_name": "Just Chatting",
            "title": "",
            "delay": 0,
            "tags": [],
            "content_classification_labels": [],
            "is_branded_content": False,
        }

    def _streams(self, request: Request, _grant: Grant) -> Answer:
        wanted = {*request.all("user_id"), *request.all("user_login")}
        stream = self.world.stream
        is_wanted = stream is not None and (not wanted or {stream["user_id"], stream["user_login"]} & wanted)
        return _list(stream) if stream is not None and is_wanted else _list()

    def _moderators(self, request: Request, grant: Grant) -> Answer:
        channel = self._own_channel(request, grant)
        found = [self.world.by_id(user) for user, where in sorted(self.world.moderators) if where == channel.id]
        return _list(*(one.under("") for one in found if one is not None))

    def _moderated(self, request: Request, grant: Grant) -> Answer:
        if request.needs("user_id") != grant.user_id:
            raise Refusal(401, "The ID in user_id must match the user ID found in the request's OAuth token.")
        found = [self.world.by_id(where) for user, where in sorted(self.world.moderators) if user == grant.user_id]
        return _list(
            *(
                {"broadcaster_id": one.id, "broadcaster_login": one.login, "broadcaster_name": one.name}
                for one in found
                if one is not None
            )
        )

    def _emotes(self, emotes: Mapping[str, str]) -> Answer:
        base = "https://static-cdn.jtvnw.net/emoticons/v2"
        listed = [
            {
                "id": id_,
                "name": name,
                "images": {f"url_{n}x": f"{base}/{id_}/static/light/{n}.0" for n in (1, 2, 4)},
                "format": ["static"],
                "scale": ["1.0", "2.0", "3.0"],
                "theme_mode": ["light", "dark"],
            }
            for name, id_ in emotes.items()
        ]
        return Answer(200, {"data": listed, "template": f"{base}/{{{{id}}}}/{{{{format}}}}/{{{{theme_mode}}}}/1.0"})

    # -------------------------------------------------------------------------------------------------- channel points

    def _own_channel(self, request: Request, grant: Grant) -> User:
        wanted = request.needs("broadcaster_id")
        channel = self.world.by_id(wanted)
        if channel is None or wanted != grant.user_id:
            raise Refusal(401, "The ID in broadcaster_id must match the user ID found in the request's OAuth token.")
        return channel

    def _reward(self, id_: str) -> CustomReward:
        if id_ not in self.world.rewards:
            raise Refusal(404, "The custom reward specified in the id query parameter was not found.")
        return self.world.rewards[id_]

    def _mine(self, id_: str, grant: Grant) -> CustomReward:
        found = self._reward(id_)
        if found.client_id != grant.client_id:
            raise Refusal(403, "The custom reward was created by a different client ID.")
        return found

    def _show(self, channel: User, one: CustomReward) -> Json:
        shown = {key.replace("broadcaster_user_", "broadcaster_"): value for key, value in reward(channel, one).items()}
        for name in ("max_per_stream", "max_per_user_per_stream"):
            del shown[name]
            shown[f"{name}_setting"] = {"is_enabled": False, name: 0}
        del shown["global_cooldown"]
        return shown | {"global_cooldown_setting": {"is_enabled": False, "global_cooldown_seconds": 0}}

    def _rewards(self, request: Request, grant: Grant) -> Answer:
        channel, ids = self._own_channel(request, grant), request.all("id")
        only_mine = request.one("only_manageable_rewards").lower() == "true"
        wanted = [self._reward(id_) for id_ in ids] if ids else list(self.world.rewards.values())
        shown = [one for one in wanted if not only_mine or one.client_id == grant.client_id]
        return Answer(200, {"data": [self._show(channel, one) for one in shown]})

    def _create_reward(self, request: Request, grant: Grant) -> Answer:
        channel, body = self._own_channel(request, grant), request.json()
        title, cost = str(body.get("title", "")), body.get("cost")
        if not title or not isinstance(cost, int) or cost < 1:
            raise Refusal(400, "The title and a cost of at least 1 are required.")
        if any(one.title == title for one in self.world.rewards.values()):
            raise Refusal(400, "CREATE_CUSTOM_REWARD_DUPLICATE_REWARD")
        new = CustomReward(self.world.ids.uuid(), title, cost, "", wants_text=False, client_id=grant.client_id)
        self.world.rewards[new.id] = new
        self._change(new, body)
        self.tell("channel.channel_points_custom_reward.add", reward(channel, new))
        return Answer(200, {"data": [self._show(channel, new)]})

    def _change_reward(self, request: Request, grant: Grant) -> Answer:
        channel, found = self._own_channel(request, grant), self._mine(request.needs("id"), grant)
        self._change(found, request.json())
        self.tell("channel.channel_points_custom_reward.update", reward(channel, found))
        return Answer(200, {"data": [self._show(channel, found)]})

    def _remove_reward(self, request: Request, grant: Grant) -> Answer:
        channel, found = self._own_channel(request, grant), self._mine(request.needs("id"), grant)
        del self.world.rewards[found.id]
        self.tell("channel.channel_points_custom_reward.remove", reward(channel, found))
        return Answer(204)

    def _change(self, one: CustomReward, body: Mapping[str, Any]) -> None:
        one.title, one.cost = str(body.get("title", one.title)), int(body.get("cost", one.cost))
        one.prompt = str(body.get("prompt", one.prompt))
        one.wants_text = bool(body.get("is_user_input_required", one.wants_text))
        one.is_enabled = bool(body.get("is_enabled", one.is_enabled))
        one.is_paused = bool(body.get("is_paused", one.is_paused))
        one.skips_queue = bool(body.get("should_redemptions_skip_request_queue", one.skips_queue))

    def _bought(self, request: Request, grant: Grant) -> list[Redemption]:
        found = self._mine(request.needs("reward_id"), grant)
        wanted = request.all("id")
        bought = [one for one in self.world.redemptions.values() if one.reward.id == found.id]
        return [one for one in bought if one.id in wanted] if wanted else bought

    def _redemptions(self, request: Request, grant: Grant) -> Answer:
        channel, bought = self._own_channel(request, grant), self._bought(request, grant)
        status = request.one("status")
        return _list(*(self._show_bought(channel, one) for one in bought if status in ("", one.status)))

    def _settle(self, request: Request, grant: Grant) -> Answer:
        channel, status = self._own_channel(request, grant), str(request.json().get("status", ""))
        request.needs("id")
        if status not in ("FULFILLED", "CANCELED"):
            raise Refusal(400, "The value in the status field is not valid.")
        open_ = [one for one in self._bought(request, grant) if one.status == "UNFULFILLED"]
        if not open_:
            raise Refusal(404, "The redemption is unknown, or it is not UNFULFILLED any longer.")
        for one in open_:
            one.status = status
            event = redemption(channel, one)
            self.tell("channel.channel_points_custom_reward_redemption.update", event)
        return Answer(200, {"data": [self._show_bought(channel, one) for one in open_]})

    def _show_bought(self, channel: User, one: Redemption) -> Json:
        event = redemption(channel, one)
        named = {key.replace("broadcaster_user_", "broadcaster_"): value for key, value in event.items()}
        return named | {"status": one.status}
