"""A Twitch in memory: accounts, Helix and EventSub with a script, one channel, no sockets.

A test says what happens and looks at what was done:

    fake = FakeTwitch(clock)
    fake.accounts.approver = "streamer"          # whoever signs in is let in; or fake.accounts.approve(code, "bot")
    fake.says("Ana", "hello @Streamer Kappa")    # and subscribes, resubs, gifts, cheers, follows, raids, redeems …
    fake.reconnect(); fake.drop(); fake.revoke(); fake.expire_tokens(); fake.repeat()
    fake.sent, fake.world.redemptions            # what was sent to the chat, and what became of purchases

What happens goes to every subscription that asks for it, under each type by which Twitch tells it: a resub is a
`channel.subscription.message` and a `channel.chat.notification`. `testing.twitch_server` puts all this behind real
sockets; `answer` and `eventsub` are what is behind them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.testing import twitch_fake_contests as contests
from spark_vtuber.testing import twitch_fake_payloads as told
from spark_vtuber.testing.twitch_fake_chat import Sending, Sent
from spark_vtuber.testing.twitch_fake_eventsub import CUT, EventSub
from spark_vtuber.testing.twitch_fake_helix import Helix
from spark_vtuber.testing.twitch_fake_oauth import Accounts
from spark_vtuber.testing.twitch_fake_wire import Answer, Ids, Json, Refusal, Request, later, stamp
from spark_vtuber.testing.twitch_fake_world import CustomReward, Redemption, User, World

CLIENT_ID: Final = "fakeclientid0123456789abcdefgh"
"""A public client, one without a secret."""

OTHER_CLIENT_ID: Final = "otherclientid0123456789abcdefg"
OTHER_SECRET: Final = "othersecret0123456789abcdefghi"  # noqa: S105 - opens nothing
"""A client with a secret."""

TRAIN_S: Final = 300.0
KEPT: Final = 10_000
"""Messages of the chat that can be replied to and deleted."""


class FakeTwitch:
    """All of it, around the channel of `streamer`. The bot's account is `bot`; it may be the streamer's own.

    `asked` are the newest `KEPT` requests, as method and path.
    """

    def __init__(self, clock: Clock, streamer: str = "Streamer", *, moderators: Iterable[str] = ()) -> None:
        self.clock = clock
        self.ids = Ids()
        self.world = World(self.ids)
        self.channel = self.world.user(streamer)
        self.accounts = Accounts(
            clock, self.ids, lambda login: self.world.user(login).id, {CLIENT_ID: None, OTHER_CLIENT_ID: OTHER_SECRET}
        )
        self.eventsub = EventSub(clock, self.ids, self.accounts.has_authorised, self.world.may_moderate)
        self.sending = Sending(clock, self.ids, self.world.may_moderate, self._show)
        self.helix = Helix(clock, self.world, self.accounts, self.eventsub, self.sending, self.eventsub.notify)
        self.asked: list[tuple[str, str]] = []
        self.messages: dict[str, Json] = {}
        self._failures: list[tuple[str, int]] = []
        self._train: contests.HypeTrain | None = None
        self._contests: dict[str, tuple[str, str]] = {}
        for name in moderators:
            self.moderates(name)

    # -------------------------------------------------------------------------------------------------- what is served

    def answer(self, request: Request) -> Answer:
        """Answer a request below `/oauth2` or `/helix`."""
        self.asked.append((request.method, request.path))
        del self.asked[:-KEPT]
        for number, (path, status) in enumerate(self._failures):
            if request.path.endswith(path):
                del self._failures[number]
                return Refusal(status, "scripted").answer
        room = self.accounts if request.path.startswith("/oauth2/") else self.helix
        try:
            return room.answer(request)
        except Refusal as refusal:
            return refusal.answer

    @property
    def sent(self) -> list[Sent]:
        """The newest lines that were sent to the chat through Helix, oldest first."""
        return self.sending.sent

    # ------------------------------------------------------------------------------------------------- what goes wrong

    def fail(self, path: str, status: int = 500, times: int = 1) -> None:
        """Answer the next requests for a path (its end is enough) with an error."""
        self._failures.extend([(path, status)] * times)

    def reconnect(self) -> None:
        """Ask every EventSub client to move to another connection."""
        self.eventsub.reconnect()

    def drop(self, code: int = CUT) -> None:
        """End every EventSub connection: cut, or with a close code such as 4002."""
        for session in tuple(self.eventsub.sessions):
            self.eventsub.close(session, code)

    def repeat(self, count: int = 1) -> None:
        """Send the newest notifications again, with the ids that they had."""
        self.eventsub.repeat(count)

    def expire_tokens(self) -> None:
        """Every access token is too old from now on; refresh tokens still work."""
        self.accounts.expire()

    def revoke(self, login: str = "") -> None:
        """A user (or every one) disconnects the app: tokens end, and subscriptions are revoked."""
        user_id = self.world.user(login).id if login else ""
        self.accounts.disconnect(user_id)
        self.eventsub.revoke(user_id=user_id)

    # ------------------------------------------------------------------------------------------------------- who is who

    def moderates(self, name: str) -> None:
        """Somebody is a moderator of the channel from now on."""
        self.world.moderators.add((self.world.user(name).id, self.channel.id))

    def offers(
        self, title: str, cost: int = 100, prompt: str = "", *, wants_text: bool = False, client_id: str = CLIENT_ID
    ) -> CustomReward:
        """A reward for channel points, made by a client; purchases can be settled by that one only."""
        one = CustomReward(self.ids.uuid(), title, cost, prompt, wants_text, client_id)
        self.world.rewards[one.id] = one
        return one

    # ----------------------------------------------------------------------------------------------- what happens: chat

    def says(  # noqa: PLR0913 - as many facts as a message has
        self,
        name: str,
        text: str,
        *,
        badges: Sequence[str] = (),
        bits: int = 0,
        reply_to: str = "",
        reward_id: str | None = None,
        kind: str = "text",
        source: str = "",
    ) -> str:
        """Somebody writes; gives the id of the message. With a `source` it comes out of that channel's shared chat."""
        who, id_ = self.world.user(name), self.ids.uuid()
        parent = self.messages.get(reply_to)
        event = told.chat_message(
            self.channel,
            who,
            id_,
            self._text(text, has_bits=bits > 0),
            worn=self._worn(who, badges),
            bits=bits,
            reply=None if parent is None else told.reply_to(parent),
            reward_id=reward_id,
            kind=kind,
            origin=self._origin(source, badges),
        )
        self._remember(id_, event)
        self.eventsub.notify("channel.chat.message", event)
        return id_

    def cheers(self, name: str, bits: int, text: str = "", *, is_anonymous: bool = False) -> str:
        """Somebody gives bits; gives the id of the message. A text without a cheermote gets one."""
        text = text if f"{bits}" in text else f"Cheer{bits} {text}".strip()
        who = self.world.user("AnAnonymousCheerer" if is_anonymous else name)
        id_ = self.says(who.name, text, bits=bits)
        event = told.cheer(self.channel, None if is_anonymous else who, bits, text)
        self.eventsub.notify("channel.cheer", event)
        self.eventsub.notify(
            "channel.bits.use", told.bits_use(self.channel, who, bits, self._text(text, has_bits=True))
        )
        return id_

    def announces(self, name: str, text: str, color: str = "PRIMARY") -> None:
        """A moderator announces something."""
        self._notice("announcement", self.world.user(name), {"color": color}, "", text)

    def deletes(self, message_id: str, moderator: str = "") -> None:
        """A moderator deletes a message."""
        message = self.messages[message_id]
        target = self.world.user(message["chatter_user_login"])
        about = {**target.under(""), "message_id": message_id, "message_body": message["message"]["text"]}
        self.eventsub.notify("channel.chat.message_delete", told.deletion(self.channel, target, message_id))
        self._moderated(moderator, "delete", about)

    def bans(self, name: str, reason: str = "", *, seconds: float | None = None, moderator: str = "") -> None:
        """A moderator bans somebody, or with `seconds` times them out: all they wrote is deleted."""
        target, by = self.world.user(name), self._moderator(moderator)
        ends = None if seconds is None else self._in(seconds)
        self.eventsub.notify("channel.chat.clear_user_messages", told.deletion(self.channel, target))
        self.eventsub.notify("channel.ban", told.ban(self.channel, by, target, reason, self._in(0), ends))
        about = {**target.under(""), "reason": reason}
        if ends is None:
            self._moderated(moderator, "ban", about)
        else:
            self._moderated(moderator, "timeout", about | {"expires_at": ends})

    def clears_chat(self, moderator: str = "") -> None:
        """A moderator clears the chat."""
        self.eventsub.notify("channel.chat.clear", self.channel.under("broadcaster_"))
        self._moderated(moderator, "clear")

    def acts(self, action: str, about: Json | None = None, moderator: str = "") -> None:
        """A moderator does anything else that `channel.moderate` tells of, such as `emoteonly` or `followers`."""
        self._moderated(moderator, action, about)

    def holds(self, name: str, text: str) -> None:
        """AutoMod holds a message back until a moderator has looked at it."""
        event = told.held(self.channel, self.world.user(name), self.ids.uuid(), self._text(text), self._in(0))
        self.eventsub.notify("automod.message.hold", event)

    def suspects(self, name: str, status: str = "restricted", moderator: str = "") -> None:
        """A moderator watches somebody: `restricted`, `active_monitoring` or `none`."""
        event = told.suspicion(self.channel, self._moderator(moderator), self.world.user(name), status)
        self.eventsub.notify("channel.suspicious_user.update", event)

    def shares_chat(self, *others: str, phase: str = "begin", session_id: str = "shared") -> None:
        """The channel begins, changes (`update`) or ends a shared chat with others."""
        members = None if phase == "end" else [self.channel, *(self.world.user(name) for name in others)]
        event = contests.shared_chat(self.channel, session_id, self.channel, members)
        self.eventsub.notify(f"channel.shared_chat.{phase}", event)

    # ------------------------------------------------------------------------------------------- what happens: support

    def follows(self, name: str) -> None:
        """Somebody follows."""
        self.eventsub.notify("channel.follow", told.follow(self.channel, self.world.user(name), self._in(0)))

    def subscribes(self, name: str, tier: str = "1000", *, is_prime: bool = False, source: str = "") -> None:
        """Somebody subscribes for the first time; with a `source` in another channel of the shared chat."""
        who = self.world.user(name)
        if not source:
            self.eventsub.notify("channel.subscribe", told.subscribe(self.channel, who, tier))
        about = {"sub_tier": tier, "is_prime": is_prime, "duration_months": 1}
        line = f"{who.name} subscribed {'with Prime' if is_prime else f'at Tier {tier[0]}'}."
        self._notice("sub", who, about, line, source=source)

    def resubs(
        self, name: str, months: int, text: str = "", *, streak: int | None = None, tier: str = "1000", source: str = ""
    ) -> None:
        """Somebody tells of another month."""
        who = self.world.user(name)
        if not source:
            event = told.subscription_message(self.channel, who, tier, self._text(text), months, streak)
            self.eventsub.notify("channel.subscription.message", event)
        line = f"{who.name} subscribed at Tier {tier[0]}. They've subscribed for {months} months!"
        self._notice("resub", who, told.resub_notice(tier, months, streak, is_prime=False), line, text, source=source)

    def gifts(self, name: str, to: Sequence[str], *, tier: str = "1000", is_anonymous: bool = False) -> None:
        """Somebody gives subscriptions to viewers: to one by name, or to several of the community."""
        giver = None if is_anonymous else self.world.user(name)
        community = self.ids.uuid() if len(to) > 1 else None
        by = giver.name if giver else "An anonymous user"
        self.eventsub.notify(
            "channel.subscription.gift", told.subscription_gift(self.channel, giver, len(to), tier, len(to))
        )
        so_far = len(to) if giver else None
        if community:
            about = {"id": community, "total": len(to), "sub_tier": tier, "cumulative_total": so_far}
            line = f"{by} is gifting {len(to)} Tier {tier[0]} Subs to {self.channel.name}'s community!"
            self._notice("community_sub_gift", giver, about, line)
        for one in (self.world.user(login) for login in to):
            self.eventsub.notify("channel.subscribe", told.subscribe(self.channel, one, tier, is_gift=True))
            gift = told.gift_notice(one, tier, None if community else so_far, community)
            self._notice("sub_gift", giver, gift, f"{by} gifted a Tier {tier[0]} sub to {one.name}!")

    def raids(self, name: str, viewers: int) -> None:
        """Another channel raids this one."""
        who = self.world.user(name)
        self.eventsub.notify("channel.raid", told.raid(self.channel, who, viewers))
        about = {**who.under(""), "viewer_count": viewers, "profile_image_url": ""}
        self._notice("raid", who, about, f"{viewers} raiders from {who.name} have joined!")

    def redeems(self, name: str, title: str, text: str = "") -> Redemption:
        """Somebody buys a reward by its title, a new one where it is unknown. A text shows in the chat as well."""
        known = next((one for one in self.world.rewards.values() if one.title == title), None)
        reward = known or self.offers(title, wants_text=bool(text))
        status = "FULFILLED" if reward.skips_queue else "UNFULFILLED"
        bought = Redemption(self.ids.uuid(), reward, self.world.user(name), text, self._in(0), status)
        self.world.redemptions[bought.id] = bought
        event = told.redemption(self.channel, bought)
        self.eventsub.notify("channel.channel_points_custom_reward_redemption.add", event)
        if text:
            self.says(name, text, reward_id=reward.id)
        return bought

    # --------------------------------------------------------------------------------------------- what happens: stream

    def hype_train(self, phase: str, name: str = "", points: int = 0, *, kind: str = "bits", level: int = 0) -> None:
        """A hype train begins, makes progress or ends (`begin`, `progress`, `end`), by what somebody gave."""
        if self._train is None or phase == "begin":
            self._train = contests.HypeTrain(self.ids.uuid(), self._in(0), self._in(TRAIN_S))
        train = self._train
        train.level, train.total = level or train.level, train.total + points
        if name:
            train.givers.append((self.world.user(name), kind, points))
        event = contests.hype_train(self.channel, train, phase, self._in(0), self._in(3600))
        self.eventsub.notify(f"channel.hype_train.{phase}", event, "2")
        self.eventsub.notify(f"channel.hype_train.{phase}", contests.old_hype_train(train, event), "1")

    def poll(self, phase: str, title: str, votes: Mapping[str, int], *, status: str = "completed") -> None:
        """A poll: `begin`, `progress` or `end`, with the votes for each choice so far."""
        id_, started = self._contest("poll", title, phase)
        how = status if phase == "end" else ""
        event = contests.poll(self.channel, id_, title, votes, started, self._in(0 if how else 120), how)
        self.eventsub.notify(f"channel.poll.{phase}", event)

    def prediction(
        self, phase: str, title: str, points: Mapping[str, int], *, winner: str = "", by: Sequence[str] = ()
    ) -> None:
        """A prediction: `begin`, `progress`, `lock` or `end`, with points on each outcome. No winner cancels it."""
        id_, started = self._contest("prediction", title, phase)
        at = self._in(120 if phase in ("begin", "progress") else 0)
        who = [self.world.user(name) for name in by]
        event = contests.prediction(self.channel, id_, title, points, started, at, phase, winner=winner, predictors=who)
        self.eventsub.notify(f"channel.prediction.{phase}", event)

    def ad_break(self, seconds: int = 60, *, is_automatic: bool = False) -> None:
        """Ads begin."""
        event = contests.ad_break(self.channel, seconds, self._in(0), is_automatic=is_automatic)
        self.eventsub.notify("channel.ad_break.begin", event)

    def goes_live(self) -> None:
        """The stream begins."""
        event = contests.online(self.channel, self.ids.uuid(), self._in(0))
        self.world.stream = {"id": event["id"], "user_id": self.channel.id, "user_login": self.channel.login} | {
            "user_name": self.channel.name, "type": "live", "started_at": event["started_at"], "viewer_count": 5,
            "game_id": "509658", "game_name": "Just Chatting", "title": "", "language": "en", "tags": [],
            "thumbnail_url": "", "is_mature": False,
        }  # fmt: skip
        self.eventsub.notify("stream.online", event)

    def goes_off(self) -> None:
        """The stream ends."""
        id_ = self.world.stream["id"] if self.world.stream else self.ids.uuid()
        self.world.stream = None
        self.eventsub.notify("stream.offline", {"id": id_, **self.channel.under("broadcaster_")})

    # ----------------------------------------------------------------------------------------------------------- inside

    def _in(self, seconds: float) -> str:
        return later(self.clock.unix_ms(), seconds) if seconds else stamp(self.clock.unix_ms())

    def _text(self, text: str, *, has_bits: bool = False) -> Json:
        return told.message(text, self.world.emotes, self.world.users, has_bits=has_bits)

    def _worn(self, who: User, badges: Sequence[str]) -> Sequence[str]:
        if who == self.channel:
            return ("broadcaster", *badges)
        is_moderator = self.world.may_moderate(who.id, self.channel.id) and "moderator" not in badges
        return ("moderator", *badges) if is_moderator else badges

    def _origin(self, source: str, badges: Sequence[str]) -> Json | None:
        return told.source(self.world.user(source), self.ids.uuid(), badges) if source else None

    def _moderator(self, name: str) -> User:
        return self.world.user(name) if name else self.channel

    def _moderated(self, moderator: str, action: str, about: Json | None = None) -> None:
        event = told.moderate(self.channel, self._moderator(moderator), action, about)
        self.eventsub.notify("channel.moderate", event)

    def _notice(self, kind: str, who: User | None, about: Json, line: str, text: str = "", *, source: str = "") -> None:
        event = told.notice(
            self.channel, who, self.ids.uuid(), kind, about, line, self._text(text), origin=self._origin(source, ())
        )
        self.eventsub.notify("channel.chat.notification", event)

    def _contest(self, kind: str, title: str, phase: str) -> tuple[str, str]:
        if phase == "begin" or (kind + title) not in self._contests:
            self._contests[kind + title] = (self.ids.uuid(), self._in(0))
        return self._contests[kind + title]

    def _remember(self, id_: str, message: Json) -> None:
        self.messages[id_] = message
        if len(self.messages) > KEPT:
            del self.messages[next(iter(self.messages))]

    def _show(self, sent: Sent) -> None:
        """A message that was sent through Helix appears in the chat, also for who sent it."""
        who = self.world.by_id(sent.user_id)
        if who is not None and sent.channel_id == self.channel.id:
            event = told.chat_message(
                self.channel, who, sent.id, self._text(sent.text), worn=self._worn(who, ()),
                reply=told.reply_to(self.messages[sent.reply_to]) if sent.reply_to in self.messages else None,
            )  # fmt: skip
            self._remember(sent.id, event)
            self.eventsub.notify("channel.chat.message", event)
