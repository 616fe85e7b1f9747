"""Whatever happens in a show: one voice at a time, nobody starves, every choice has reasons, and it ends idle."""

import asyncio

import anyio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spark_vtuber.core.duets import DuetOrigin, DuetPlan
from spark_vtuber.core.events import ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Mark, Outcome
from spark_vtuber.testing.duets import NOVA, RUST, Theatre
from spark_vtuber.testing.turn_taking import Act, broken_rules, perform
from spark_vtuber.testing.virtual import VirtualLoop

LINES = (
    "what a lovely morning", "my bus is late again", "nova, how are the stars?", "rust, pizza?",
    "both of you, listen", "how hot does an engine get?", "a comet hit my engine", "RUST", "nova and rust, hi", "hm",
)  # fmt: skip
VIEWERS = ("ana", "ben", "cleo", "dan")
SLOWEST_S = 30.0
"""No turn of these fakes takes longer from its choice to its end, a covered model included."""

QUIET_S = 400.0
"""The longest pause of a duet, its way out and the lines behind it are over by then."""


def silent_duet(talker: PersonaId) -> DuetPlan:
    """What idle talk becomes."""
    other = RUST.id if talker == NOVA.id else NOVA.id
    return DuetPlan("socks", talker, other, exchanges=2, origin=DuetOrigin.SILENCE)


class Show(RuleBasedStateMachine):
    """A show in which anything may happen, in virtual time."""

    @initialize(seed=st.integers(0, 99), cap=st.integers(0, 4), eagerness=st.sampled_from((0.0, 1.0, 4.0)))
    def curtain(self, seed: int, cap: int, eagerness: float) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.theatre = Theatre(seed=seed, remarks_per_minute=cap, eagerness=eagerness, idle=silent_duet)
        self.done = anyio.Event()
        self.is_held = self.is_panicked = self.was_disturbed = False
        self.running = self.runner.get_loop().create_task(self._run())
        self.play()

    async def _run(self) -> None:
        async with self.theatre.open():
            await self.done.wait()

    def play(self, *acts: Act, seconds: float = 0.0) -> None:
        async def step() -> None:
            for act in acts:
                await perform(self.theatre, act)
            await anyio.sleep(seconds)
            self.broken = broken_rules(self.theatre)

        self.runner.run(step())

    @rule(text=st.sampled_from(LINES), by=st.sampled_from(VIEWERS), wait_s=st.sampled_from((0.0, 0.1, 1.0, 4.0)))
    def a_viewer_writes(self, text: str, by: str, wait_s: float) -> None:
        self.play(Act(write=text, by=by), seconds=wait_s)

    @rule(kind=st.sampled_from((ChatKind.BITS, ChatKind.SUPER_CHAT, ChatKind.RAID, ChatKind.REWARD)))
    def something_is_given(self, kind: ChatKind) -> None:
        self.play(Act(write="for you two", by="zoe", kind=kind, amount=10), seconds=0.5)

    @precondition(lambda self: not self.is_panicked)
    @rule(exchanges=st.integers(2, 8), by=st.sampled_from(("", "ana")))
    def a_duet_is_wanted(self, exchanges: int, by: str) -> None:
        self.play(Act(duet="tea", exchanges=exchanges, by=by), seconds=0.5)

    @rule()
    def a_duet_is_stopped(self) -> None:
        self.play(Act(stop_duet=True))

    @rule(wait_s=st.sampled_from((1.0, 7.0, 30.0)))
    def time_passes(self, wait_s: float) -> None:
        self.play(seconds=wait_s)

    @rule(whom=st.sampled_from(("Nova", "Rust", "anybody")))
    def somebody_is_cut(self, whom: str) -> None:
        self.was_disturbed = True
        self.play(Act.model_validate({"interrupt": whom}))

    @precondition(lambda self: not self.is_panicked)
    @rule()
    def the_operator_says_something(self) -> None:
        self.play(Act(say="A word from our sponsor."), seconds=0.2)

    @rule()
    def hold_mode_changes(self) -> None:
        self.was_disturbed = True
        self.is_held = not self.is_held
        self.play(Act(hold=self.is_held), seconds=0.5)

    @rule()
    def panic_changes(self) -> None:
        self.was_disturbed = True
        self.is_panicked = not self.is_panicked
        self.play(Act(panic=True) if self.is_panicked else Act(resume=True), seconds=0.5)

    @rule(whom=st.sampled_from(VIEWERS))
    def a_viewer_is_banned(self, whom: str) -> None:
        self.was_disturbed = True
        self.play(Act(ban=whom))

    @invariant()
    def no_rule_is_broken(self) -> None:
        if hasattr(self, "theatre"):
            assert self.broken == []

    def teardown(self) -> None:
        if not hasattr(self, "theatre"):
            return
        self.play(Act(hold=False), Act(resume=True), seconds=QUIET_S)
        theatre = self.theatre
        assert theatre.director.is_idle
        assert theatre.reception.is_empty
        assert self.broken == []
        chosen = [note["id"] for note in theatre.rig.notes.of("chat.chosen")]
        dropped = [note["id"] for note in theatre.rig.notes.of("chat.dropped")]
        received = [note["id"] for note in theatre.rig.notes.of("chat.received")]
        assert set(received) <= set(chosen) | set(dropped)
        if not self.was_disturbed:
            self._check_waits(len(received))
        self.done.set()
        self.runner.run(asyncio.wait_for(self.running, 10))
        self.runner.close()

    def _check_waits(self, lines: int) -> None:
        """Whoever is answered waits for those before them and for the duet that runs, and no longer."""
        bound_s = SLOWEST_S * (lines + 2)
        for record in self.theatre.records:
            if record.cue.event is not None and record.outcome is Outcome.COMPLETED:
                assert record.marks[Mark.FIRST_PLAYED] - record.marks[Mark.RECEIVED] <= bound_s


Show.TestCase.settings = settings(
    max_examples=30, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
TestShow = Show.TestCase
