"""Commands of the chat and rewards, performed on fakes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.app.commands import AT_ONCE, CAPACITY, ChatCommands, Door, Rules
from spark_vtuber.app.performer import Instruments, Performer
from spark_vtuber.app.personas import Company
from spark_vtuber.chat.commands import BUILT_IN
from spark_vtuber.config.commands_keys import CommandSettings, RewardSettings
from spark_vtuber.core.clock import Clock, SystemClock
from spark_vtuber.core.cues import Urgency
from spark_vtuber.core.duets import DuetOrigin
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward, Role
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.pipeline.choosing.sieve import Mesh, Sieve
from spark_vtuber.pipeline.gates import GateLimits, Gates
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.stage.port import Emote
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.duet_desk import FakeDuets
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.obs_desk import FakeObsDesk

MODERATOR = frozenset({Role.MODERATOR})


@dataclass(slots=True)
class Voices:
    """Who is muted; a `stuck` one never comes back."""

    muted: set[PersonaId | None] = field(default_factory=set)
    is_stuck: bool = False

    async def mute(self, persona: PersonaId | None) -> None:
        if self.is_stuck:
            await anyio.sleep_forever()
        self.muted.add(persona)

    async def unmute(self, persona: PersonaId | None) -> None:
        self.muted.discard(persona)


class Room:
    """A chat with commands over fakes."""

    def __init__(
        self,
        commands: Mapping[str, Any] | None = None,
        rewards: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        rig = self.rig = Rig()
        clock = clock or rig.clock
        self.notes = rig.notes
        self.commands = {name: CommandSettings(**one) for name, one in (commands or {}).items()}
        self.rewards = {title: RewardSettings(**one) for title, one in (rewards or {}).items()}
        self.prefix = "!"
        self.voices, self.obs, self.guard = Voices(), FakeObsDesk(), FakeGuard(("badword",))
        self.company = Company((SPARK, EMBER), MemoryKeepsake(), self.notes)
        self.duets = FakeDuets()
        self.sent: list[tuple[str, str]] = []
        self.readmitted: list[tuple[ChatEvent, Urgency]] = []
        self.settled: list[tuple[str, bool]] = []
        self.acts: list[tuple[str, str, str, object]] = []
        self.failure: EngineError | None = None
        self.has_room, self.bar = True, ""
        self.ignored: set[str] = set()
        self.tally = Tally(self.notes, lambda _: None)
        self.ids = 0
        gates = Gates(clock, GateLimits(duplicate_s=0, burst=40), self.is_ignored, Sieve((), Mesh(burst=1_000)))
        performer = Performer(
            Instruments(
                self.voices, self.company, self.obs, rig.stage, self.guard, self.readmit, self.send, self.duets
            ),
            lambda: self.commands,
            lambda: self.rewards,
        )
        door = Door(
            clock,
            gates,
            self.is_ignored,
            lambda: self.bar,
            self.tally,
            self.notes,
            self.audit,
            self.settle,
        )
        self.chat = ChatCommands(door, Rules(lambda: self.prefix, lambda: self.commands), performer)

    def is_ignored(self, _source: str, author: str) -> bool:
        return author in self.ignored

    def readmit(self, event: ChatEvent, priority: Urgency) -> bool:
        self.readmitted.append((event, priority))
        return self.has_room

    async def send(self, source: str, text: str) -> None:
        if self.failure:
            raise self.failure
        self.sent.append((source, text))

    async def settle(self, event: ChatEvent, /, *, is_done: bool) -> None:
        if self.failure:
            raise self.failure
        assert event.reward is not None
        self.settled.append((event.reward.redemption, is_done))

    def audit(self, act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        del old
        self.acts.append((act, actor, target, new))

    def event(self, text: str, roles: frozenset[Role] = frozenset(), author: str = "ana", **more: Any) -> ChatEvent:
        self.ids += 1
        made = ChatEvent(f"m{self.ids}", "twitch", ChatKind.MESSAGE, Author(author, author.title(), roles), text)
        return replace(made, **more)

    def write(self, text: str, roles: frozenset[Role] = frozenset(), author: str = "ana") -> ChatEvent | None:
        return self.chat.take(self.event(text, roles, author))

    def buy(self, title: str, text: str = "", redemption: str = "r1", author: str = "ana") -> ChatEvent | None:
        reward = Reward("id-" + title, title, redemption)
        return self.chat.take(self.event(text, author=author, kind=ChatKind.REWARD, reward=reward))

    def outcomes(self) -> list[tuple[str, str, str]]:
        return [(one["name"], one["outcome"], one["reason"]) for one in self.notes.of("command")]

    def redeemed(self) -> list[tuple[str, str, str, str]]:
        return [(one["title"], one["outcome"], one["reason"], one["settled"]) for one in self.notes.of("redeem")]

    def drops(self) -> list[str]:
        return [one["reason"] for one in self.notes.of("chat.dropped")]


@asynccontextmanager
async def running(room: Room) -> AsyncIterator[Room]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.chat.run)
        yield room
        tasks.cancel_scope.cancel()


async def test_a_moderator_mutes_and_unmutes_one_and_all() -> None:
    async with running(Room()) as room:
        for text in ("!mute ember", "!mute", "!unmute EMBER"):
            assert room.write(text, MODERATOR) is None
            await anyio.sleep(0.1)
    assert room.voices.muted == {None}
    assert room.outcomes() == [("mute", "done", ""), ("mute", "done", ""), ("unmute", "done", "")]
    assert room.acts == [
        ("command.mute", "moderator Ana of twitch", "twin", True),
        ("command.mute", "moderator Ana of twitch", "everybody", True),
        ("command.unmute", "moderator Ana of twitch", "twin", False),
    ]
    assert room.drops() == ["command"] * 3
    assert room.sent == []


@pytest.mark.parametrize("text", ["!mute", "!unmute", "!style hype", "!scene Live", "!redeem flip", "!Mute spark"])
async def test_a_viewer_runs_no_command_of_moderators_and_nobody_hears_of_it(text: str) -> None:
    async with running(Room(rewards={"flip": {"reply": "flip!"}})) as room:
        for roles in (frozenset[Role](), frozenset({Role.SUBSCRIBER, Role.VIP, Role.FIRST_TIME})):
            assert room.write(text, roles) is None
        await anyio.sleep(1)
    assert {(outcome, reason) for _, outcome, reason in room.outcomes()} == {("refused", "role")}
    assert (room.voices.muted, room.sent, room.acts, room.obs.now.scene) == (set(), [], [], "Live")
    assert room.drops() == ["command", "command"]


@given(
    st.dictionaries(
        st.sampled_from(["mute", "scene", "style", "redeem", "own"]),
        st.sampled_from(["broadcaster", "moderator", "vip", "subscriber"]),
    ),
    st.sampled_from(["!mute", "!scene Safety", "!style hype", "!redeem flip", "!own", "!also"]),
    st.frozensets(st.sampled_from([Role.FIRST_TIME, Role.SUBSCRIBER, Role.VIP, Role.MODERATOR])),
)
def test_whatever_the_table_a_rank_below_it_does_nothing(
    table: dict[str, str], text: str, roles: frozenset[Role]
) -> None:
    own = {"reply": "x", "scene": "Safety", "aliases": ("also",), "who": "moderator"}
    commands = {"own": own} | {
        name: ({**own, "who": who} if name == "own" else {"who": who}) for name, who in table.items()
    }
    room = Room(commands, {"flip": {"scene": "Safety"}}, SystemClock())
    name = "own" if text in ("!own", "!also") else text[1:].split(maxsplit=1)[0]
    order = ["subscriber", "vip", "moderator", "broadcaster"]
    has = max((order.index(role.value) for role in roles if role is not Role.FIRST_TIME), default=-1)
    needs = order.index(table.get(name, "moderator"))
    assert room.write(text, roles) is None
    assert room.chat.waiting == (1 if has >= needs else 0)


async def test_a_scene_is_chosen_by_name_among_those_that_are_allowed() -> None:
    async with running(Room({"scene": {"who": "vip", "scenes": ["Safety"]}})) as room:
        for text in ("!scene safety", "!scene Live", "!scene"):
            room.write(text, frozenset({Role.VIP}))
            await anyio.sleep(0.1)
    assert room.obs.now.scene == "Safety"
    assert room.outcomes() == [
        ("scene", "done", ""),
        ("scene", "failed", "unknown_scene"),
        ("scene", "failed", "unknown_scene"),
    ]
    assert room.acts == [("command.scene", "vip Ana of twitch", "Safety", "Safety")]


async def test_without_a_list_every_scene_of_obs_may_be_chosen_and_a_lost_obs_says_so() -> None:
    async with running(Room()) as room:
        room.write("!scene SAFETY", MODERATOR)
        await anyio.sleep(0.1)
        assert room.obs.now.scene == "Safety"
        room.obs.now = replace(room.obs.now, state="lost", scenes=())
        room.write("!scene Live", MODERATOR)
        await anyio.sleep(0.1)
    assert room.outcomes()[-1] == ("scene", "failed", "obs_not_connected")


@pytest.mark.parametrize(
    ("text", "moods", "presets"),
    [
        ("!style hype", ("happy", "happy"), ("hype", "hype")),
        ("!style Reading Donations ember", ("neutral", "happy"), ("", "reading-donations")),
        ("!style SMUG spark", ("smug", "neutral"), ("", "")),
    ],
)
async def test_a_style_is_a_preset_or_a_mood_for_one_or_all(
    text: str, moods: tuple[str, str], presets: tuple[str, str]
) -> None:
    async with running(Room()) as room:
        room.write(text, MODERATOR)
        await anyio.sleep(0.1)
    tempers = [temper for _, temper in room.company.tempers()]
    assert tuple(temper.mood for temper in tempers) == moods
    assert tuple(temper.preset for temper in tempers) == presets


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("!style", "unknown_style"),
        ("!style loud", "unknown_style"),
        ("!style hype bob", "unknown_persona"),
        ("!mute bob", "unknown_persona"),
        ("!redeem nothing", "unknown_reward"),
    ],
)
async def test_what_is_not_there_fails_with_a_reason_and_no_word_in_the_chat(text: str, reason: str) -> None:
    async with running(Room()) as room:
        room.write(text, MODERATOR)
        await anyio.sleep(0.1)
    assert [(outcome, why) for _, outcome, why in room.outcomes()] == [("failed", reason)]
    assert (room.sent, room.acts) == ([], [])
    assert "bob" not in str(room.notes.events)


async def test_a_line_is_directed_to_one_character() -> None:
    room = Room()
    line = room.write("!persona EMBER  how are you? ")
    assert line is not None
    assert (line.persona, line.text, line.author.name) == ("twin", "how are you?", "Ana")
    assert room.write("!persona ember") is None
    assert room.write("!persona bob hi") is None
    assert [why for *_, why in room.outcomes()] == ["", "nothing_to_say", "unknown_persona"]


async def test_unknown_commands_are_silent_and_not_answered() -> None:
    room = Room()
    assert room.write("!discord") is None
    assert (room.outcomes(), room.drops(), room.tally.received) == ([], ["command"], 1)
    assert "discord" not in str(room.notes.events)


async def test_ordinary_lines_and_other_kinds_pass_untouched() -> None:
    room = Room()
    for event in (room.event("hello!"), room.event("!mute", kind=ChatKind.BITS), room.event("!!!")):
        assert room.chat.take(event) is event
    room.prefix = ""
    assert room.write("!mute", MODERATOR) is not None


async def test_an_own_command_does_everything_it_says() -> None:
    own = {"reply": "{name} waves: {args}", "scene": "Safety", "expression": "happy", "cue": "Greet {name}!"}
    async with running(Room({"wave": {**own, "aliases": ["hi"], "persona": "ember"}})) as room:
        event = room.event("!HI dear {name}")
        assert room.chat.take(event) is None
        await anyio.sleep(0.1)
    assert room.sent == [("twitch", "Ana waves: dear {name}")]
    assert room.obs.now.scene == "Safety"
    assert room.rig.stage.taken(Emote) == [Emote(PersonaId("twin"), "happy")]
    assert room.readmitted == [(replace(event, text="Greet Ana!", persona=PersonaId("twin")), Urgency.CHAT)]
    assert room.outcomes() == [("wave", "done", "")]
    assert room.guard.seen[0][:2] == ("Ana waves: dear {name}", Direction.OUT)


async def test_what_the_guard_forbids_is_not_written_nor_what_begins_a_platforms_command() -> None:
    async with running(Room({"echo": {"reply": "{args}"}})) as room:
        for text in ("!echo badword", "!echo /ban everybody", "!echo ..."):
            room.write(text)
            await anyio.sleep(0.1)
    assert room.sent == [("twitch", "ban everybody")]
    assert [why for *_, why in room.outcomes()] == ["blocked", "", "blocked"]


@pytest.mark.parametrize("text", ["!ban everybody", ". /ban everybody", "/ !ban everybody", "$ban everybody"])
async def test_no_viewer_has_the_account_begin_a_command_of_the_platform_or_of_another_bot(text: str) -> None:
    async with running(Room({"echo": {"reply": "{args}"}})) as room:
        room.write(f"!echo {text}")
        await anyio.sleep(0.1)
    assert room.sent == [("twitch", "ban everybody")]


async def test_a_reply_may_call_another_bot_by_the_words_of_the_configuration() -> None:
    async with running(Room({"so": {"reply": "!so {args}"}})) as room:
        room.write("!so /ana")
        await anyio.sleep(0.1)
    assert room.sent == [("twitch", "!so /ana")]


async def test_a_reply_that_cannot_be_written_fails_softly() -> None:
    async with running(Room({"a": {"reply": "x"}, "b": {"reply": "x", "expression": "sad"}})) as room:
        room.failure = EngineError("read_only", "no account")
        room.write("!a")
        room.write("!b")
        await anyio.sleep(0.1)
    assert room.outcomes() == [("a", "failed", "read_only"), ("b", "done", "read_only")]


async def test_cooldowns_hold_for_everybody_and_for_one() -> None:
    settings = {"reply": "x", "cooldown_s": 5, "viewer_cooldown_s": 30}
    async with running(Room({"a": settings})) as room:
        for author, pause_s in (("ana", 0), ("ben", 4), ("ben", 2), ("ana", 10), ("ana", 30)):
            await anyio.sleep(pause_s)
            room.write("!a", author=author)
        await anyio.sleep(1)
    assert [(outcome, why) for _, outcome, why in sorted(room.outcomes())] == [
        ("cooldown", "cooldown"),
        ("cooldown", "viewer_cooldown"),
        ("done", ""),
        ("done", ""),
        ("done", ""),
    ]
    assert len(room.sent) == 3


async def test_a_built_in_command_can_be_switched_off_or_be_given_away() -> None:
    async with running(Room({"mute": {"on": False}, "unmute": {"who": "everyone", "reply": "back!"}})) as room:
        room.write("!mute", MODERATOR)
        room.write("!unmute")
        await anyio.sleep(0.1)
    assert room.outcomes() == [("unmute", "done", "")]
    assert room.sent == [("twitch", "back!")]
    assert room.acts == [("command.unmute", "everyone Ana of twitch", "everybody", False)]


async def test_ignored_viewers_floods_and_repeated_deliveries_are_refused() -> None:
    room = Room({"a": {"reply": "x"}})
    room.ignored.add("eve")
    room.write("!a", author="eve")
    event = room.event("!a")
    assert room.chat.take(event) is room.chat.take(event) is None
    for _ in range(50):
        room.write("!a", author="flo")
    assert room.drops()[:3] == ["ignored", "command", "duplicate"]
    assert room.drops().count("rate") == 10
    assert room.chat.waiting == 41


async def test_what_waits_is_bounded_and_nobody_ever_waits() -> None:
    room = Room({"a": {"reply": "x"}})
    for number in range(2 * CAPACITY):
        room.write("!a", author=f"v{number}")
    assert room.chat.waiting == CAPACITY
    assert room.outcomes().count(("a", "failed", "full")) == CAPACITY


async def test_a_slow_one_keeps_no_other_from_being_done_and_ends_late() -> None:
    async with running(Room({"a": {"reply": "x"}})) as room:
        room.voices.is_stuck = True
        for _ in range(AT_ONCE - 1):
            room.write("!mute", MODERATOR)
        room.write("!a")
        await anyio.sleep(0.1)
        assert room.outcomes() == [("a", "done", "")]
        await anyio.sleep(20)
    assert room.outcomes().count(("mute", "failed", "late")) == AT_ONCE - 1


async def test_in_a_panic_nothing_is_done_and_points_go_back() -> None:
    async with running(Room(rewards={"flip": {"scene": "Live"}})) as room:
        room.bar = "panic"
        room.write("!scene Safety", MODERATOR)
        room.buy("flip")
        await anyio.sleep(0.1)
    assert room.obs.now.scene == "Live"
    assert room.outcomes() == [("scene", "failed", "panic")]
    assert room.redeemed() == [("flip", "failed", "panic", "refunded")]
    assert room.settled == [("r1", False)]


async def test_a_dry_run_does_nothing_and_leaves_the_points_alone() -> None:
    async with running(Room(rewards={"flip": {"scene": "Safety"}})) as room:
        room.bar = "dry_run"
        room.write("!mute", MODERATOR)
        room.buy("flip")
        await anyio.sleep(0.1)
    assert (room.obs.now.scene, room.voices.muted, room.settled) == ("Live", set(), [])
    assert room.redeemed() == [("flip", "failed", "dry_run", "")]


@pytest.mark.parametrize(("kind", "target"), [(ChatKind.DELETION, "m1"), (ChatKind.BAN, "ana"), (ChatKind.CLEAR, None)])
async def test_what_a_moderator_takes_back_is_not_performed(kind: ChatKind, target: str | None) -> None:
    room = Room()
    room.write("!mute", MODERATOR)
    room.write("!unmute", MODERATOR, author="ben")
    event = room.event("", kind=kind, target=target)
    assert room.chat.take(event) is event
    other = room.event("", kind=kind, target=target, source="kick")
    assert room.chat.take(other) is other
    assert ("mute", "failed", "taken_back") in room.outcomes()
    assert room.chat.waiting == (0 if kind is ChatKind.CLEAR else 1)


async def test_a_purchase_is_performed_once_and_fulfilled() -> None:
    actions = {"reply": "{name} flips {args}", "expression": "surprised", "cue": "Do a flip for {name}: {args}"}
    async with running(Room(rewards={"Do a Flip": actions})) as room:
        assert room.buy("do a flip ", "twice") is None
        assert room.buy("Do a Flip", "twice") is None
        await anyio.sleep(0.1)
    assert room.sent == [("twitch", "Ana flips twice")]
    ((line, priority),) = room.readmitted
    assert (line.kind, line.text, priority) == (ChatKind.REWARD, "Do a flip for Ana: twice", Urgency.CHAT)
    assert room.redeemed() == [("Do a Flip", "done", "", "fulfilled")]
    assert room.settled == [("r1", True)]


async def test_a_reward_without_a_cue_is_still_a_line_for_the_character() -> None:
    async with running(Room(rewards={"id-Scene": {"scene": "Safety", "fulfil": False}})) as room:
        assert room.buy("Scene", "please") is not None
        await anyio.sleep(0.1)
    assert room.obs.now.scene == "Safety"
    assert room.redeemed() == [("id-Scene", "done", "", "")]
    assert room.settled == []


@pytest.mark.parametrize("fulfil", [True, False])
async def test_a_purchase_that_fails_gives_the_points_back(fulfil: bool) -> None:
    reward = {"scene": "Nowhere", "reply": "done!", "cue": "Look!", "fulfil": fulfil}
    async with running(Room(rewards={"x": reward})) as room:
        room.buy("x")
        await anyio.sleep(0.1)
    assert (room.settled, room.sent, room.readmitted) == ([("r1", False)], [], [])
    assert room.redeemed() == [("x", "failed", "obs_no_scene", "refunded")]


async def test_points_that_cannot_be_settled_are_told() -> None:
    async with running(Room(rewards={"x": {"expression": "sad"}})) as room:
        room.failure = EngineError("not_connected", "gone")
        room.buy("x")
        room.buy("x", redemption="")
        await anyio.sleep(0.1)
    assert room.redeemed() == [("x", "done", "", "not_connected"), ("x", "done", "", "")]


async def test_rewards_of_nobodys_concern_and_of_ignored_viewers_pass_untouched() -> None:
    room = Room(rewards={"x": {"expression": "sad", "cue": "!"}})
    room.ignored.add("eve")
    assert room.buy("y") is not None
    assert room.buy("x", author="eve") is not None
    assert room.chat.take(room.event("", kind=ChatKind.REWARD)) is not None
    assert room.chat.waiting == 0


async def test_a_moderator_performs_a_reward_by_hand() -> None:
    async with running(Room(rewards={"Do a flip": {"cue": "Flip for {name}!"}})) as room:
        room.write("!redeem do a FLIP", MODERATOR)
        await anyio.sleep(0.1)
        room.has_room = False
        room.write("!redeem Do a flip", MODERATOR)
        await anyio.sleep(0.1)
    assert [line.text for line, _ in room.readmitted] == ["Flip for Ana!"] * 2
    assert room.outcomes() == [("redeem", "done", ""), ("redeem", "failed", "full")]
    assert room.acts == [("command.redeem", "moderator Ana of twitch", "Do a flip", None)]
    assert room.settled == []


async def test_outcomes_are_counted_under_names_of_the_configuration() -> None:
    async with running(Room({"a": {"reply": "x"}})) as room:
        for text in ("!a", "!mute", "!secretword"):
            room.write(text)
        await anyio.sleep(0.1)
    lines = [line for line in room.chat.reading.lines() if not line.startswith("#")]
    assert sorted(lines) == [
        'spark_vtuber_commands_total{name="a",outcome="done"} 1',
        'spark_vtuber_commands_total{name="mute",outcome="refused"} 1',
    ]


async def test_every_built_in_command_is_performed_by_somebody() -> None:
    room = Room()
    for name in BUILT_IN:
        room.write(f"!{name} ember hello", MODERATOR)
    assert room.chat.waiting == len(BUILT_IN) - 1
    assert Reason.COMMAND.value in room.drops()


async def test_a_moderator_has_the_two_talk_to_each_other_and_ends_it() -> None:
    async with running(Room()) as room:
        for text in ("!duet tea or coffee", "!duet socks", "!duet STOP", "!duet"):
            room.write(text, MODERATOR)
            await anyio.sleep(0.1)
    assert room.outcomes() == [
        ("duet", "done", ""),
        ("duet", "failed", "duet_running"),
        ("duet", "done", ""),
        ("duet", "done", ""),
    ]
    assert [(act, target, new) for act, _, target, new in room.acts] == [
        ("command.duet", "d1", 6),
        ("command.duet", "stop", True),
        ("command.duet", "d2", 6),
    ]


async def test_a_duet_of_the_chat_belongs_to_the_line_that_asked() -> None:
    async with running(Room()) as room:
        room.write("!duet tea", MODERATOR)
        await anyio.sleep(0.1)
        plan = room.duets.now.plan
    assert plan is not None
    assert plan.event is not None
    assert (plan.topic, plan.origin, plan.event.text) == ("tea", DuetOrigin.CHAT, "!duet tea")


async def test_viewers_may_have_them_talk_only_where_you_say_so() -> None:
    async with running(Room()) as room:
        room.write("!duet tea")
        await anyio.sleep(0.1)
        assert room.outcomes() == [("duet", "refused", "role")]
    async with running(Room({"duet": {"who": "everyone"}})) as room:
        room.write("!duet tea")
        await anyio.sleep(0.1)
        assert room.outcomes() == [("duet", "done", "")]


async def test_a_reward_buys_a_duet_and_a_second_one_gives_the_points_back() -> None:
    async with running(Room(rewards={"Let them argue": {"duet": "{args}"}})) as room:
        assert room.buy("Let them argue", "tea or coffee") is None
        room.buy("Let them argue", "socks", redemption="r2")
        await anyio.sleep(0.5)
        plan = room.duets.now.plan
    assert plan is not None
    assert (plan.topic, plan.origin) == ("tea or coffee", DuetOrigin.REWARD)
    assert room.settled == [("r1", True), ("r2", False)]
