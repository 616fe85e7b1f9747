"""Keeping a server running, on the virtual clock."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import anyio
import pytest

from spark_vtuber.serving.job import Identity, Job, Kept, State, kept_in
from spark_vtuber.serving.keeper import CALM_S, LONGEST_PAUSE_S, Keeper, Pace


@dataclass
class FakeServer:
    """Loads for a while, then answers until it dies, at `life_s` after its start, or hangs."""

    loads_s: float = 1.0
    life_s: float = float("inf")
    hangs_s: float = float("inf")
    is_stopped: bool = False
    began_s: float = field(default_factory=anyio.current_time)

    async def wait(self) -> int:
        await anyio.sleep(self.life_s)
        return 7

    async def stop(self) -> None:
        self.is_stopped = True

    def is_ready(self) -> bool:
        age_s = anyio.current_time() - self.began_s
        return self.loads_s <= age_s < min(self.life_s, self.hangs_s)


@dataclass
class World:
    """Starts servers as they are given, the last one again and again, and notes what is told with the time."""

    makes: list[Callable[[], FakeServer]]
    servers: list[FakeServer] = field(default_factory=list)
    told: list[tuple[float, State, str, int]] = field(default_factory=list)
    refuse: OSError | None = None

    async def start(self) -> FakeServer:
        if self.refuse is not None:
            raise self.refuse
        made = self.makes[min(len(self.servers), len(self.makes) - 1)]()
        self.servers.append(made)
        return made

    async def is_ready(self) -> bool:
        return self.servers[-1].is_ready()

    def tell(self, state: State, detail: str, restarts: int) -> None:
        self.told.append((round(anyio.current_time() - self.zero_s, 1), state, detail, restarts))

    async def keep(self, seconds: float, pace: Pace | None = None) -> None:
        self.zero_s = anyio.current_time()
        keeper = Keeper(self.start, self.is_ready, self.tell, pace)
        with anyio.move_on_after(seconds):
            await keeper.run()

    @property
    def states(self) -> list[State]:
        return [state for _, state, _, _ in self.told]


async def test_a_server_is_told_ready_once_it_answers_and_is_stopped_at_the_end() -> None:
    world = World([FakeServer])
    await world.keep(60)
    assert world.states == ["starting", "ready"]
    assert world.told[-1][0] == 1.0
    assert world.servers[0].is_stopped


async def test_a_server_that_dies_starts_again_after_pauses_that_grow() -> None:
    world = World([partial(FakeServer, life_s=5.0)])
    await world.keep(200)
    starts = [at for at, state, _, _ in world.told if state == "starting"]
    pauses = [round(later - earlier - 5.0, 1) for earlier, later in itertools.pairwise(starts)]
    assert pauses[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert max(pauses) <= LONGEST_PAUSE_S
    assert world.told[2][1:] == ("restarting", "it ended with exit code 7", 1)
    assert all(server.is_stopped for server in world.servers)


async def test_after_a_calm_time_it_starts_again_at_once() -> None:
    world = World(
        [partial(FakeServer, life_s=5.0), partial(FakeServer, life_s=5.0), partial(FakeServer, life_s=CALM_S + 9)]
    )
    await world.keep(400)
    starts = [at for at, state, _, _ in world.told if state == "starting"]
    assert starts[3] - starts[2] == pytest.approx(CALM_S + 9 + 0.5)


async def test_a_command_line_that_never_works_is_given_up_with_its_reason() -> None:
    world = World([partial(FakeServer, loads_s=99.0, life_s=0.1)])
    await world.keep(60)
    assert world.states == ["starting", "restarting", "starting", "failed"]
    assert world.told[-1][2] == "it ended with exit code 7"


async def test_one_bad_start_after_it_was_ready_is_not_the_end() -> None:
    makes: list[Callable[[], FakeServer]] = [
        partial(FakeServer, life_s=5.0),
        partial(FakeServer, loads_s=99.0, life_s=0.1),
        FakeServer,
    ]
    world = World(makes)
    await world.keep(60)
    assert world.states[-1] == "ready"


async def test_a_model_that_loads_for_too_long_is_ended() -> None:
    world = World([partial(FakeServer, loads_s=99.0)])
    await world.keep(60, Pace(ready_s=10.0))
    assert world.told[-1][1:3] == ("failed", "it was not ready after 10 s")
    assert all(server.is_stopped for server in world.servers)


async def test_a_server_that_hangs_is_ended_and_started_again() -> None:
    world = World([partial(FakeServer, hangs_s=20.0), FakeServer])
    await world.keep(120)
    assert world.states == ["starting", "ready", "restarting", "starting", "ready"]
    assert world.told[2][2] == "it hung: no answer 6 times in a row"
    assert world.servers[0].is_stopped


async def test_a_program_that_cannot_be_started_is_told() -> None:
    world = World([FakeServer], refuse=PermissionError(13, "Permission denied"))
    await world.keep(60)
    assert world.told[-1][1:3] == ("failed", "it cannot be started: Permission denied")


def test_what_a_keeper_is_told_and_tells_survives_json(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kept")
    job = Job("llamacpp", "nemo", ("a", "b"), 8000, "/health", 60.0, folder / "s", folder / "l", {"A": "1"})
    assert Job.of(job.as_json()) == job
    kept = Kept("ready", "llamacpp", "nemo", 8000, 5, Identity(4, 1.5), Identity(5, 2.5), "", 3, ("a",))
    assert kept_in(kept.as_json()) == kept


@pytest.mark.parametrize(
    "table",
    [None, [], {}, {"state": "odd"}, {"state": "ready", "port": "x"}, {"state": "ready", "port": True, "since_ms": 1}],
)
def test_a_damaged_state_is_none(table: object) -> None:
    assert kept_in(table) is None


def test_a_damaged_process_in_a_state_is_none() -> None:
    base = Kept("ready", "llamacpp", "nemo", 8000, 5).as_json()
    for process in ({"pid": -1, "created": 1.0}, {"pid": 1}, {"pid": "1", "created": 1.0}, 7):
        kept = kept_in({**base, "process": process})
        assert kept is not None
        assert kept.process is None
