"""The fake Twitch's EventSub over WebSockets, without sockets and clocks of its own.

`EventSub` is asked (`connect`, `subscribe`, …) and told (`notify`, `reconnect`, …); what goes to a client lies in the
`outbox` of its `Session`, and `advance` does what time asks for. The rules, from
<https://dev.twitch.tv/docs/eventsub/handling-websocket-events/>:

* a welcome first; without a subscription within 10 s the connection is closed with 4003;
* silence is broken by a keepalive, after `keepalive_timeout_seconds` at the latest (10 to 600, asked for in the URL);
* a client that sends anything is closed with 4001;
* nothing is acknowledged and nothing that happens without a connection is replayed: a client that lost its connection
  subscribes anew. A message may come twice, then with the same id;
* a reconnect message names an address. The old connection goes on until the new one has its welcome, to which the
  subscriptions move; after 30 s the old one is closed with 4004, and an address that is unknown or too old gets 4007.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

from spark_vtuber.core.clock import Clock
from spark_vtuber.testing.twitch_fake_oauth import Grant
from spark_vtuber.testing.twitch_fake_topics import TOPICS, Topic
from spark_vtuber.testing.twitch_fake_wire import Answer, Ids, Json, Refusal, Request, stamp

UNUSED_S: Final = 10.0
GRACE_S: Final = 30.0
SHORTEST_S: Final = 10
LONGEST_S: Final = 600
MAX_SESSIONS: Final = 3
MAX_SUBSCRIPTIONS: Final = 300
MAX_COST: Final = 10
KEPT: Final = 1000
"""Notifications that can be sent again, and subscriptions that ended and are still listed."""

CUT: Final = 1006
"""The connection is cut; no close frame is sent."""

REASONS: Final[Mapping[int, str]] = {
    4000: "internal server error",
    4001: "client sent inbound traffic",
    4002: "client failed ping-pong",
    4003: "connection unused",
    4004: "client reconnect grace time expired",
    4005: "network timeout",
    4006: "network error",
    4007: "invalid reconnect attempt",
    CUT: "",
}

STATUSES: Final[Mapping[int, str]] = {
    4000: "websocket_internal_error",
    4001: "websocket_received_inbound_traffic",
    4002: "websocket_failed_ping_pong",
    4003: "websocket_connection_unused",
    4004: "websocket_failed_to_reconnect",
    4005: "websocket_network_timeout",
    4006: "websocket_network_error",
}
"""What becomes of the subscriptions of a connection that ended so; otherwise `websocket_disconnected`."""


@dataclass(eq=False, slots=True)
class Session:
    """One WebSocket, seen from Twitch.

    `outbox` is what it is still to be sent. Once `end` is set (a close code) the connection ends after that. `woken` is
    called when there is something to do. `user_id` is whose subscriptions it has. `key` is that of the address where it
    was told to reconnect.
    """

    id: str
    keepalive_s: float
    connected_ms: int
    quiet_since_s: float
    unused_at_s: float | None
    outbox: deque[str] = field(default_factory=deque)
    end: int | None = None
    woken: Callable[[], None] = lambda: None
    user_id: str = ""
    key: str = ""
    grace_ends_s: float | None = None

    @property
    def reason(self) -> str:
        """What goes with the close code."""
        return REASONS.get(self.end or 0, "")


@dataclass(slots=True)
class Subscription:
    """What a client wants to hear. `session` is where it goes."""

    id: str
    type: str
    version: str
    condition: Mapping[str, str]
    session: Session
    grant: Grant
    created_at: str
    cost: int
    status: str = "enabled"

    def as_json(self) -> dict[str, Any]:
        """As Helix and notifications show it."""
        return {
            "id": self.id,
            "type": self.type,
            "version": self.version,
            "status": self.status,
            "cost": self.cost,
            "condition": dict(self.condition),
            "transport": {"method": "websocket", "session_id": self.session.id},
            "created_at": self.created_at,
        }


@dataclass(slots=True)
class EventSub:
    """All sessions and subscriptions.

    `url` is the address of the WebSocket, for reconnect messages. `is_free` says whether a user of a condition has
    authorised a client: such a subscription costs nothing. `may_moderate` says whether a user moderates a channel.
    """

    clock: Clock
    ids: Ids
    is_free: Callable[[str, str], bool]
    may_moderate: Callable[[str, str], bool]
    url: str = "ws://127.0.0.1/ws"
    unused_s: float = UNUSED_S
    grace_s: float = GRACE_S
    sessions: list[Session] = field(default_factory=list)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    sent: deque[tuple[Subscription, str]] = field(default_factory=lambda: deque(maxlen=KEPT))

    # -------------------------------------------------------------------------------------------------- connections

    def connect(self, query: str = "") -> Session:
        """A client opens the WebSocket. It has its welcome in the outbox, or an `end`."""
        fields = parse_qs(query)
        old = self._left_behind(fields["id"][0]) if "id" in fields else None
        now = self.clock.now()
        wish = fields.get("keepalive_timeout_seconds", [""])[0]
        keepalive_s = min(max(int(wish), SHORTEST_S), LONGEST_S) if wish.isdecimal() else SHORTEST_S
        session = Session(
            f"AgoQ{self.ids.token(26)}EgZjZWxsLWE",
            old.keepalive_s if old else keepalive_s,
            self.clock.unix_ms(),
            quiet_since_s=now,
            unused_at_s=None if old else now + self.unused_s,
        )
        if "id" in fields and old is None:
            session.end = 4007
            return session
        self.sessions.append(session)
        if old is not None:
            session.user_id, old.key = old.user_id, ""
            for one in self._of(old):
                one.session = session
        self._send(session, "session_welcome", {"session": self._describe(session, "connected")})
        return session

    def hear(self, session: Session) -> None:
        """The client sent something, which it must not."""
        self.close(session, 4001)

    def leave(self, session: Session) -> None:
        """The connection is gone, whoever ended it."""
        if session in self.sessions:
            self.sessions.remove(session)
        status = STATUSES.get(session.end or 0, "websocket_disconnected")
        for one in self._of(session):
            one.status, one.cost = status, 0
        over = [id_ for id_, one in self.subscriptions.items() if one.status != "enabled"]
        for id_ in over[: max(0, len(over) - KEPT)]:
            del self.subscriptions[id_]

    def close(self, session: Session, code: int) -> None:
        """End a connection with a close code; `CUT` ends it without one."""
        if session.end is None:
            session.end = code
            if code == CUT:
                session.outbox.clear()
            session.woken()

    def due_s(self, session: Session) -> float:
        """When `advance` has something to do for a session, on the clock."""
        dues = [session.quiet_since_s + session.keepalive_s, session.unused_at_s, session.grace_ends_s]
        return min(due for due in dues if due is not None)

    def advance(self) -> None:
        """Do what is due by now."""
        now = self.clock.now()
        for session in tuple(self.sessions):
            if session.unused_at_s is not None and session.unused_at_s <= now:
                self.close(session, 4003)
            elif session.grace_ends_s is not None and session.grace_ends_s <= now:
                self.close(session, 4004)
            elif session.quiet_since_s + session.keepalive_s <= now:
                self._send(session, "session_keepalive", {})

    def reconnect(self) -> None:
        """Ask every client to move to another connection."""
        for session in self.sessions:
            session.key = self.ids.uuid()
            session.grace_ends_s = self.clock.now() + self.grace_s
            address = f"{self.url}?id={session.key}"
            described = self._describe(session, "reconnecting") | {
                "keepalive_timeout_seconds": None,
                "reconnect_url": address,
            }
            self._send(session, "session_reconnect", {"session": described})

    def _left_behind(self, key: str) -> Session | None:
        return next((one for one in self.sessions if one.key == key), None)

    def _of(self, session: Session) -> list[Subscription]:
        return [one for one in self.subscriptions.values() if one.session is session and one.status == "enabled"]

    # ------------------------------------------------------------------------------------------------ subscriptions

    def answer(self, request: Request, grant: Grant) -> Answer:
        """Answer a request for `/eventsub/subscriptions`. Raises `Refusal`."""
        match request.method:
            case "POST":
                return self._subscribe(request.json(), grant)
            case "GET":
                return self._list(request, grant)
            case "DELETE":
                return self._delete(request.needs("id"), grant)
            case _:
                raise Refusal(404, "Not Found")

    def _subscribe(self, body: Mapping[str, Any], grant: Grant) -> Answer:
        kind, version = str(body.get("type", "")), str(body.get("version", ""))
        topic = TOPICS.get((kind, version))
        if topic is None:
            raise Refusal(400, "invalid subscription type and version")
        condition = {key: str(value) for key, value in dict(body.get("condition") or {}).items() if value}
        self._check_condition(topic, condition)
        session = self._session_of(dict(body.get("transport") or {}), grant)
        self._check_rights(topic, condition, grant)
        if any((one.type, one.version, one.condition) == (kind, version, condition) for one in self._of(session)):
            raise Refusal(409, "subscription already exists")
        if len(self._of(session)) >= MAX_SUBSCRIPTIONS:
            raise Refusal(429, "number of subscriptions for the websocket transport exceeded")
        cost = 0 if self._costs_nothing(condition, grant) else 1
        if self._total_cost(grant) + cost > MAX_COST:
            raise Refusal(429, "cost of subscriptions exceeded")
        created = stamp(self.clock.unix_ms())
        new = Subscription(self.ids.uuid(), kind, version, condition, session, grant, created, cost)
        self.subscriptions[new.id] = new
        session.unused_at_s, session.user_id = None, grant.user_id
        return Answer(202, self._page([new], grant))

    def _check_condition(self, topic: Topic, condition: Mapping[str, str]) -> None:
        known = {*topic.keys, *topic.optional}
        is_whole = set(topic.keys) <= set(condition) <= known
        if not is_whole or (topic.optional and not topic.keys and not condition):
            raise Refusal(400, "invalid condition")

    def _session_of(self, transport: Mapping[str, Any], grant: Grant) -> Session:
        if transport.get("method") != "websocket":
            raise Refusal(400, "invalid transport method")
        if not grant.user_id:
            raise Refusal(400, "invalid transport and auth combination")
        wanted = str(transport.get("session_id", ""))
        session = next((one for one in self.sessions if one.id == wanted and one.end is None), None)
        if session is None:
            raise Refusal(400, "websocket transport session does not exist or has already disconnected")
        if session.user_id not in ("", grant.user_id):
            raise Refusal(400, "websocket transport cannot have subscriptions created by different users")
        others = [one for one in self.sessions if one.user_id == grant.user_id and one is not session]
        if not session.user_id and len(others) >= MAX_SESSIONS:
            raise Refusal(429, "number of websocket transports limit exceeded")
        return session

    def _check_rights(self, topic: Topic, condition: Mapping[str, str], grant: Grant) -> None:
        is_theirs = not topic.owner or condition[topic.owner] == grant.user_id
        has_scopes = all(set(group) & set(grant.scopes) for group in topic.scopes)
        if topic.owner == "moderator_user_id":
            is_theirs = is_theirs and self.may_moderate(grant.user_id, condition["broadcaster_user_id"])
        if not (is_theirs and has_scopes):
            raise Refusal(403, "subscription missing proper authorization")

    def _costs_nothing(self, condition: Mapping[str, str], grant: Grant) -> bool:
        users = [value for key, value in condition.items() if key.endswith("user_id")]
        return any(self.is_free(grant.client_id, user) for user in users)

    def _total_cost(self, grant: Grant) -> int:
        return sum(one.cost for one in self.subscriptions.values() if one.grant.user_id == grant.user_id)

    def _page(self, shown: Iterable[Subscription], grant: Grant) -> Json:
        mine = [one for one in self.subscriptions.values() if one.grant.user_id == grant.user_id]
        return {
            "data": [one.as_json() for one in shown],
            "total": len(mine),
            "total_cost": self._total_cost(grant),
            "max_total_cost": MAX_COST,
            "pagination": {},
        }

    def _list(self, request: Request, grant: Grant) -> Answer:
        status, kind = request.one("status"), request.one("type")
        mine = [one for one in self.subscriptions.values() if one.grant.user_id == grant.user_id]
        return Answer(
            200, self._page([one for one in mine if status in ("", one.status) and kind in ("", one.type)], grant)
        )

    def _delete(self, id_: str, grant: Grant) -> Answer:
        found = self.subscriptions.get(id_)
        if found is None or found.grant.user_id != grant.user_id:
            raise Refusal(404, "subscription not found")
        del self.subscriptions[id_]
        return Answer(204)

    # ------------------------------------------------------------------------------------------------------- events

    def notify(self, kind: str, event: Json, version: str | None = None) -> int:
        """Tell everybody who wants to know; gives how many that are. With `version` only subscriptions of that one."""
        enabled = [one for one in self.subscriptions.values() if one.status == "enabled" and one.type == kind]
        wanted = [one for one in enabled if version in (None, one.version) and _is_about(one.condition, event)]
        for one in wanted:
            payload = {"subscription": one.as_json(), "event": event}
            self.sent.append((one, self._send(one.session, "notification", payload, one)))
        return len(wanted)

    def repeat(self, count: int = 1) -> None:
        """Send the newest notifications again, with the ids that they had."""
        for one, text in list(self.sent)[-count:]:
            self._put(one.session, text)

    def revoke(self, status: str = "authorization_revoked", *, user_id: str = "", kind: str = "") -> None:
        """End subscriptions: those of a user or a type, or all."""
        for one in tuple(self.subscriptions.values()):
            if one.status == "enabled" and user_id in ("", one.grant.user_id) and kind in ("", one.type):
                one.status = status
                self._send(one.session, "revocation", {"subscription": one.as_json()}, one)

    # ----------------------------------------------------------------------------------------------------- messages

    def _describe(self, session: Session, status: str) -> dict[str, Any]:
        return {
            "id": session.id,
            "status": status,
            "connected_at": stamp(session.connected_ms),
            "keepalive_timeout_seconds": int(session.keepalive_s),
            "reconnect_url": None,
            "recovery_url": None,
        }

    def _send(self, session: Session, kind: str, payload: Json, about: Subscription | None = None) -> str:
        metadata = {
            "message_id": self.ids.uuid(),
            "message_type": kind,
            "message_timestamp": stamp(self.clock.unix_ms()),
        }
        if about is not None:
            metadata |= {"subscription_type": about.type, "subscription_version": about.version}
        text = json.dumps({"metadata": metadata, "payload": payload}, ensure_ascii=False)
        self._put(session, text)
        return text

    def _put(self, session: Session, text: str) -> None:
        if session.end is None:
            session.outbox.append(text)
            session.quiet_since_s = self.clock.now()
            session.woken()


def _is_about(condition: Mapping[str, str], event: Json) -> bool:
    for key, value in condition.items():
        if key == "reward_id":
            if event.get("reward", event).get("id") != value:
                return False
        elif key not in ("moderator_user_id", "user_id") and event.get(key) != value:
            return False
    return True
