"""The heard clock under any order of sound, reports, joins and leaves."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.clock import HeardClock
from spark_vtuber.stage.port import Position

RATE = 1000
CLIENTS = st.integers(0, 2)


class Show(RuleBasedStateMachine):
    """What a show and its pages may do, in any order and at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = HeardClock()
        self.now = 1.0
        self.here: set[int] = set()
        self.arrived: dict[int, int] = {}
        self.turns: dict[int, str] = {}
        self.open: int | None = None
        self.flushing: set[str] = set()
        self.last = Position(0, 0)
        self.first_seen: dict[Position, float] = {}

    @initialize(clients=st.sets(CLIENTS))
    def begin(self, clients: set[int]) -> None:
        for client in sorted(clients):
            self.join(client)
            self.hello(client, has_audio=True, name="page")
        self.start("a")
        self.sound(1000)

    @rule(seconds=st.floats(0, 2))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(client=CLIENTS)
    def join(self, client: int) -> None:
        if client not in self.here:
            self.here.add(client)
            self.clock.join(client)

    @rule(client=CLIENTS, has_audio=st.booleans(), name=st.sampled_from(["obs", "page"]))
    def hello(self, client: int, has_audio: bool, name: str) -> None:
        if client in self.here:
            self.clock.hello(client, name, self.now, has_audio=has_audio)

    @rule(client=CLIENTS)
    def leave(self, client: int) -> None:
        if client in self.here:
            self.here.remove(client)
            self.clock.leave(client, self.now)

    @rule(turn=st.sampled_from(["a", "b", "c", "d"]))
    def start(self, turn: str) -> None:
        number = len(self.turns) + 1
        self.turns[number] = turn
        self.arrived[number] = 0
        self.open = number
        self.clock.start(number, TurnId(turn), RATE, self.now)

    @precondition(lambda self: self.open is not None)
    @rule(samples=st.integers(0, 3000))
    def sound(self, samples: int) -> None:
        assert self.open is not None
        if self.clock.arrive(self.open, self.arrived[self.open], samples, self.now):
            self.arrived[self.open] += samples

    @precondition(lambda self: self.open is not None)
    @rule()
    def end(self) -> None:
        assert self.open is not None
        self.clock.end(self.open, self.arrived[self.open], self.now)
        self.open = None

    @rule(client=CLIENTS, utterance=st.integers(0, 8), sample=st.integers(0, 4000))
    def report(self, client: int, utterance: int, sample: int) -> None:
        if client in self.here:
            self.clock.report(client, Position(utterance, sample), self.now)

    @precondition(lambda self: self.clock.owner is not None and self.clock._queue)
    @rule(ahead=st.integers(0, 3), sample=st.integers(0, 4000))
    def the_owner_reports(self, ahead: int, sample: int) -> None:
        assert self.clock.owner is not None
        track = self.clock._queue[min(ahead, len(self.clock._queue) - 1)]
        self.clock.report(self.clock.owner, Position(track.number, sample), self.now)

    @rule(turn=st.sampled_from(["a", "b", "c", "d"]))
    def flush(self, turn: str) -> None:
        position = self.clock.flush(TurnId(turn), self.now)
        if position is None:
            self.flushing.add(turn)
        else:
            self.check_heard(position)

    @rule(client=CLIENTS, turn=st.sampled_from(["a", "b"]), utterance=st.integers(0, 8), sample=st.integers(0, 4000))
    def flushed(self, client: int, turn: str, utterance: int, sample: int) -> None:
        if client in self.here:
            self.clock.flushed(client, TurnId(turn), Position(utterance, sample), self.now)

    @precondition(lambda self: self.flushing)
    @rule()
    def settle(self) -> None:
        for turn in sorted(self.flushing):
            self.check_heard(self.clock.settle(TurnId(turn), self.now))
        self.flushing.clear()

    @invariant()
    def the_position_never_goes_back_and_is_never_beyond_what_arrived(self) -> None:
        position = self.clock.position(self.now)
        assert position >= self.last
        self.last = position
        self.check_heard(position)

    @invariant()
    def what_is_heard_has_an_instant_that_is_not_to_come(self) -> None:
        at = self.clock.instant(self.last, self.now)
        if self.last != (0, 0):
            assert at is not None
            assert at <= self.now + 1e-9
            assert self.first_seen.setdefault(self.last, self.now) >= at - 1e-9

    @invariant()
    def nobody_is_told_to_wait_for_an_instant_that_is_over(self) -> None:
        for number in (self.last.utterance, len(self.turns), len(self.turns) + 1):
            for sample in (1, 500, 10**6):
                position = Position(number, sample)
                due = self.clock.due(position, self.now)
                if due is not None and self.clock.instant(position, self.now) is None:
                    assert due >= self.now - 1e-6

    def check_heard(self, position: Position) -> None:
        assert position.sample <= self.arrived.get(position.utterance, 0)

    def teardown(self) -> None:
        """Nothing more happens: everything that is left is heard, and asking for what is due gets there."""
        self.settle()
        if self.open is not None:
            self.end()
        alive = [number for number in self.turns if self.clock._find(number) and not self.clock.is_cut(number)]
        if not alive:
            return
        last = Position(alive[-1], self.arrived[alive[-1]])
        for _ in range(10 * len(alive) + 10):
            if self.clock.instant(last, self.now) is not None:
                break
            due = self.clock.due(last, self.now)
            assert due is not None, "stuck: nothing is due"
            assert due >= self.now - 1e-9, "what is due is over"
            self.now = max(self.now, due) + 1e-9
        assert self.clock.instant(last, self.now) is not None, "stuck"
        assert self.clock.position(self.now) >= last


TestShow = Show.TestCase
TestShow.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
