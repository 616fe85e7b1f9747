"""Who and what there is at the fake Twitch: users, rewards, purchases of them. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.testing.twitch_fake_wire import Ids

FIRST_ID: Final = 40_000_001
PICTURE: Final = "https://static-cdn.jtvnw.net/user-default-pictures/000000-300x300.png"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account. `login` is in lower case, `name` as displayed."""

    id: str
    login: str
    name: str
    color: str = ""

    def under(self, prefix: str) -> dict[str, str]:
        """The three fields that name a user in an event: `<prefix>user_id`, `…user_login`, `…user_name`."""
        return {
            f"{prefix}user_id": self.id,
            f"{prefix}user_login": self.login,
            f"{prefix}user_name": self.name,
        }


def nobody(prefix: str) -> dict[str, None]:
    """The three fields where nobody is named."""
    return {f"{prefix}user_id": None, f"{prefix}user_login": None, f"{prefix}user_name": None}


@dataclass(slots=True)
class CustomReward:
    """A reward for channel points. Only the client that made it, `client_id`, may settle what was bought."""

    id: str
    title: str
    cost: int
    prompt: str
    wants_text: bool
    client_id: str = ""
    is_enabled: bool = True
    is_paused: bool = False
    skips_queue: bool = False
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Redemption:
    """Somebody bought a reward. `status` is UNFULFILLED, FULFILLED or CANCELED."""

    id: str
    reward: CustomReward
    user: User
    text: str
    at: str
    status: str = "UNFULFILLED"


@dataclass(slots=True)
class World:
    """Everything that is known. Users come into being when they are first named; ids are the same in every run."""

    ids: Ids
    users: dict[str, User] = field(default_factory=dict)
    moderators: set[tuple[str, str]] = field(default_factory=set)
    rewards: dict[str, CustomReward] = field(default_factory=dict)
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    emotes: dict[str, str] = field(default_factory=lambda: {"Kappa": "25", "LUL": "425618", "PogChamp": "305954156"})
    stream: Mapping[str, Any] | None = None

    def user(self, name: str) -> User:
        """Somebody by login or displayed name."""
        login = name.lower()
        if login not in self.users:
            self.users[login] = User(str(FIRST_ID + len(self.users)), login, name)
        return self.users[login]

    def by_id(self, id_: str) -> User | None:
        """A user by id."""
        return next((one for one in self.users.values() if one.id == id_), None)

    def may_moderate(self, user_id: str, channel_id: str) -> bool:
        """Whether a user is the broadcaster or a moderator of a channel."""
        return user_id == channel_id or (user_id, channel_id) in self.moderators
