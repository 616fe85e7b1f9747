"""The hall on the virtual clock: what pages get, when, and what their reports do."""

import json
from collections.abc import Awaitable, Callable
from unittest.mock import ANY

import anyio
import pytest
from anyio.lowlevel import checkpoint

from spark_vtuber.core.audio import VisemeCue, silence
from spark_vtuber.core.desk import StagePeer
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.ids import PersonaId, SessionId, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import Outcome
from spark_vtuber.stage import client
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart, TurnOver
from spark_vtuber.testing.contracts.stage import RATE, speak, utterance
from spark_vtuber.testing.stages import page_on
from spark_vtuber.testing.virtual import VirtualClock

CLOCK = VirtualClock()
MAIN = PersonaId("main")
T1 = TurnId("t1")


@pytest.fixture
def hall() -> StageHall:
    return StageHall(CLOCK, SessionId("s1"), (PersonaView(MAIN, "Spark"),))


class Inbox:
    """Everything a peer is sent, with the instant at which it left."""

    def __init__(self, peer: StagePeer) -> None:
        self.peer = peer
        self.frames: list[tuple[float, client.Message | client.Sound]] = []
        self.is_over = False

    async def run(self) -> None:
        async for frame in self.peer.frames():
            self.frames.append((CLOCK.now(), client.read(frame)))
        self.is_over = True

    def names(self) -> list[str]:
        """The types in order, `sound` for binary frames, without pings."""
        names = ["sound" if isinstance(frame, client.Sound) else frame.type for _, frame in self.frames]
        return [name for name in names if name != "ping"]

    def all(self, name: str) -> list[client.Message]:
        return [frame for _, frame in self.frames if isinstance(frame, client.Message) and frame.type == name]


async def listening(hall: StageHall, test: Callable[[Inbox], Awaitable[None]], hello: str | None = None) -> Inbox:
    """Connect a peer, run `test` beside its frames, disconnect."""
    async with hall.connect() as peer, anyio.create_task_group() as tasks:
        inbox = Inbox(peer)
        if hello is not None:
            peer.receive(client.hello(hello, has_audio=True))
        tasks.start_soon(inbox.run)
        await settled()
        await test(inbox)
        await settled()
        tasks.cancel_scope.cancel()
    return inbox


async def settled() -> None:
    for _ in range(10):
        await checkpoint()


async def test_the_first_frame_is_a_welcome(hall: StageHall) -> None:
    hall.muted = {MAIN}

    async def nothing(_: Inbox) -> None: ...

    inbox = await listening(hall, nothing)
    (_, welcome), *_ = inbox.frames
    assert isinstance(welcome, client.Message)
    assert (welcome.type, welcome["session"], welcome["muted"]) == ("welcome", "s1", ["main"])
    assert welcome["personas"] == [{"id": "main", "name": "Spark", "look": "spark"}]
    assert hall.audience == 0


async def test_an_utterance_goes_out_in_order(hall: StageHall) -> None:
    async def test(_: Inbox) -> None:
        await hall.perform(SpeechStart(utterance(1), RATE))
        await hall.perform(Caption(MAIN, "Hello.", 1))
        await hall.perform(SpeechSound(1, 0, silence(20, RATE), (VisemeCue(0, "aa"),), ((0, 20, "Hello."),)))
        await hall.perform(SpeechSound(1, 480, silence(20, RATE), (VisemeCue(20, "sil"),)))
        await hall.perform(SpeechEnd(1, 960))
        await hall.perform(TurnOver(T1, Outcome.COMPLETED, "Hello."))

    inbox = await listening(hall, test)
    assert inbox.names() == [
        "welcome",
        "speech.start",
        "caption",
        "speech.cues",
        "sound",
        "speech.cues",
        "sound",
        "speech.end",
        "turn.end",
    ]


async def test_the_mouth_is_closed_at_the_end(hall: StageHall) -> None:
    async def test(_: Inbox) -> None:
        await hall.perform(SpeechStart(utterance(1), RATE))
        await hall.perform(SpeechSound(1, 0, silence(20, RATE), (VisemeCue(0, "aa"),)))
        await hall.perform(SpeechEnd(1, 480))

    inbox = await listening(hall, test)
    assert inbox.all("speech.cues")[-1]["visemes"] == [[20.0, "sil", 1.0]]
    assert inbox.names()[-2:] == ["speech.cues", "speech.end"]


async def test_cues_without_sound_make_no_empty_frame(hall: StageHall) -> None:
    async def test(_: Inbox) -> None:
        await hall.perform(SpeechStart(utterance(1), RATE))
        await hall.perform(SpeechSound(1, 0, b"", (VisemeCue(0, "sil"),)))

    inbox = await listening(hall, test)
    assert inbox.names() == ["welcome", "speech.start", "speech.cues"]


async def test_a_frame_leaves_at_the_instant_it_was_performed(hall: StageHall) -> None:
    asked: list[float] = []

    async def test(_: Inbox) -> None:
        await anyio.sleep(0.3)
        asked.append(CLOCK.now())
        await speak(hall, 1, 0.02)

    inbox = await listening(hall, test)
    assert [at for at, frame in inbox.frames if isinstance(frame, client.Sound)] == asked


async def test_who_joins_starts_with_the_next_utterance(hall: StageHall) -> None:
    await hall.perform(SpeechStart(utterance(1), RATE))
    await hall.perform(SpeechSound(1, 0, silence(1000, RATE)))

    async def test(_: Inbox) -> None:
        await hall.perform(SpeechSound(1, RATE, silence(100, RATE)))
        await hall.perform(Emote(MAIN, "happy", 1.0, 1, 900.0))
        await hall.perform(Emote(MAIN, "sad"))
        await hall.perform(SpeechEnd(1, round(RATE * 1.1)))
        await speak(hall, 2, 0.1)

    inbox = await listening(hall, test)
    assert inbox.names() == ["welcome", "expression", "speech.start", "sound", "speech.end"]
    assert inbox.all("expression")[0]["name"] == "sad"


async def test_a_ping_a_second_tells_the_position(hall: StageHall) -> None:
    async def test(_: Inbox) -> None:
        await speak(hall, 1, 10.0)
        await anyio.sleep(3.5)

    inbox = await listening(hall, test)
    positions = [ping["position"] for ping in inbox.all("ping")]
    assert positions == [{"utterance": 1, "sample": second * RATE} for second in (1, 2, 3)]


async def test_pings_go_on_while_sound_flows(hall: StageHall) -> None:
    async def test(_: Inbox) -> None:
        await hall.perform(SpeechStart(utterance(1), RATE))
        for tenth in range(35):
            await hall.perform(SpeechSound(1, tenth * RATE // 10, silence(100, RATE)))
            await anyio.sleep(0.1)

    inbox = await listening(hall, test)
    assert len(inbox.all("ping")) == 3


async def test_muting_is_told_to_everybody(hall: StageHall) -> None:
    async def test(_: Inbox) -> None:
        hall.muted = {MAIN}

    inbox = await listening(hall, test)
    assert inbox.all("muted")[0]["personas"] == ["main"]
    assert hall.muted == {"main"}


async def test_a_hello_is_answered_with_who_plays_aloud(hall: StageHall) -> None:
    async def test(first: Inbox) -> None:
        second = await listening(hall, nothing, hello="obs")
        assert [one["you"] for one in second.all("audio.owner")] == [False]
        first.peer.receive(client.hello("page", has_audio=True))

    async def nothing(_: Inbox) -> None: ...

    inbox = await listening(hall, test, hello="page")
    assert [one["you"] for one in inbox.all("audio.owner")] == [True, True]


async def test_the_office_passes_on_when_its_holder_leaves(hall: StageHall) -> None:
    async def test(second: Inbox) -> None:
        second.peer.receive(client.hello("page", has_audio=True))
        first.receive(client.hello("page", has_audio=False))

    async with hall.connect() as first:
        first.receive(client.hello("page", has_audio=True))
        inbox = await listening(hall, test)
    assert [one["you"] for one in inbox.all("audio.owner")] == [False, True]


async def test_the_welcome_names_the_client_that_plays_aloud(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK, name="obs"), page_on(hall.connect, CLOCK) as second:
        await settled()
        assert second.messages("welcome")[0]["audio_owner"] == "obs"


async def test_the_office_is_announced_before_the_utterance_it_is_for(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK) as silent:
        silent.is_mute = True
        await speak(hall, 1, 3.0)

        async def test(inbox: Inbox) -> None:
            await anyio.sleep(2.0)
            assert [one["you"] for one in inbox.all("audio.owner")] == [False, True]
            await speak(hall, 2, 0.1)

        await listening(hall, test, hello="page")


async def test_the_sound_device_goes_before_pages(hall: StageHall) -> None:
    async with hall.connect() as first, hall.connect() as page, hall.connect(is_device=True) as device:
        first.receive(client.hello("page", has_audio=True))
        page.receive(client.hello("obs", has_audio=True))
        device.receive(client.hello("device", has_audio=True))
        first.receive(client.hello("page", has_audio=False))
        assert hall._heard.owner_name == "device"


async def test_a_page_that_is_behind_is_sent_away(hall: StageHall) -> None:
    async with hall.connect() as peer:
        await hall.perform(SpeechStart(utterance(1), RATE))
        for second in range(7):
            await hall.perform(SpeechSound(1, second * RATE, silence(1000, RATE)))
        inbox = Inbox(peer)
        await inbox.run()
        assert inbox.is_over
        assert inbox.frames == []


async def test_a_page_with_too_many_frames_is_sent_away(hall: StageHall) -> None:
    async with hall.connect() as peer:
        frames = peer.frames()
        assert client.read(await anext(frames)) == client.Message("welcome", ANY)
        await anyio.sleep(2.0)
        assert client.read(await anext(frames)) == client.Message("ping", ANY)
        for _ in range(3000):
            await hall.perform(Emote(MAIN, "happy"))
        assert [frame async for frame in frames] == []


async def test_a_page_that_keeps_up_is_never_sent_away(hall: StageHall) -> None:
    async def test(inbox: Inbox) -> None:
        await hall.perform(SpeechStart(utterance(1), RATE))
        for second in range(60):
            await hall.perform(SpeechSound(1, second * RATE, silence(1000, RATE)))
            await anyio.sleep(0.5)
        assert not inbox.is_over

    inbox = await listening(hall, test)
    assert inbox.names().count("sound") == 60


async def test_a_flush_takes_unsent_sound_back(hall: StageHall) -> None:
    async with hall.connect() as peer:
        await speak(hall, 1, 1.0)
        await speak(hall, 2, 1.0, "t2")
        await hall.flush(T1)
        inbox = Inbox(peer)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(inbox.run)
            await settled()
            tasks.cancel_scope.cancel()
    assert inbox.names() == ["welcome", "speech.start", "sound", "speech.end", "speech.cancel"]
    assert inbox.all("speech.start")[0]["utterance"] == 2


async def test_a_flush_returns_when_the_owner_has_answered(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK):
        await speak(hall, 1, 3.0)
        await anyio.sleep(0.234)
        asked = CLOCK.now()
        position = await hall.flush(T1)
        assert CLOCK.now() == asked
        assert position == Position(1, round(0.234 * RATE))


async def test_a_flush_waits_100_ms_for_an_owner_that_is_silent(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK) as page:
        await speak(hall, 1, 3.0)
        await anyio.sleep(0.23)
        page.is_mute = True
        asked = CLOCK.now()
        position = await hall.flush(T1)
        assert CLOCK.now() - asked == pytest.approx(0.1)
        assert position == Position(1, round(0.33 * RATE))


async def test_only_the_owner_can_end_a_flush(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK) as page, hall.connect() as other:
        await speak(hall, 1, 3.0)
        await anyio.sleep(0.2)
        page.is_mute = True
        asked = CLOCK.now()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hall.flush, T1)
            await anyio.sleep(0.02)
            other.receive(client.flushed(T1, Position(1, 3)))
        assert CLOCK.now() - asked == pytest.approx(0.1)


async def test_a_flush_ends_when_the_owner_leaves_instead(hall: StageHall) -> None:
    async with anyio.create_task_group() as tasks, hall.connect() as peer:
        peer.receive(client.hello("page", has_audio=True))
        await speak(hall, 1, 3.0)
        peer.receive(client.playback(Position(1, 0)))
        asked = CLOCK.now()
        tasks.start_soon(hall.flush, T1)
        await anyio.sleep(0.02)
    assert CLOCK.now() - asked == pytest.approx(0.02)


async def test_a_flush_that_is_cancelled_leaves_nothing_frozen(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK) as page:
        await speak(hall, 1, 3.0)
        await anyio.sleep(0.2)
        page.is_mute = True
        with anyio.move_on_after(0.05):
            await hall.flush(T1)
        page.is_mute = False
        end = await speak(hall, 2, 0.5, "t2")
        began = CLOCK.now()
        assert await hall.reached(end) - began == pytest.approx(0.5)


async def test_faces_and_captions_of_a_cancelled_turn_are_dropped(hall: StageHall) -> None:
    async def test(inbox: Inbox) -> None:
        await hall.perform(SpeechStart(utterance(1), RATE))
        await hall.flush(T1)
        await hall.perform(Emote(MAIN, "happy", 1.0, 1, 20.0))
        await hall.perform(Caption(MAIN, "Hello.", 1))
        await hall.perform(SpeechSound(1, 0, silence(20, RATE)))
        await hall.perform(SpeechEnd(1, 480))
        await hall.perform(SpeechStart(utterance(2), RATE))

    inbox = await listening(hall, test)
    assert inbox.names() == ["welcome", "speech.start", "speech.cancel"]


async def test_a_page_that_breaks_the_protocol_is_told(hall: StageHall) -> None:
    async with hall.connect() as peer:
        peer.receive('{"type":"unknown"}')
        with pytest.raises(ProtocolError):
            peer.receive("nonsense")


async def test_a_client_that_plays_at_once_is_followed_at_once(hall: StageHall) -> None:
    async with hall.connect() as peer:
        peer.receive(client.hello("bench", has_audio=True))
        began = CLOCK.now()
        end = await speak(hall, 1, 3.0)
        peer.receive(client.playback(end))
        assert hall.position() == end
        assert await hall.reached(Position(1, 1)) == began
        assert await hall.reached(end) == began


async def test_waiting_for_a_position_costs_no_wake_ups(hall: StageHall) -> None:
    asked = 0

    class Counting(VirtualClock):
        def now(self) -> float:
            nonlocal asked
            asked += 1
            return super().now()

    counted = StageHall(Counting(), SessionId("s"), ())
    end = await speak(counted, 1, 60.0)
    asked = 0
    await counted.reached(end)
    assert asked <= 3


async def test_an_hour_of_speech_leaves_nothing_behind(hall: StageHall) -> None:
    async with page_on(hall.connect, CLOCK) as page:
        for number in range(1, 601):
            await hall.reached(await speak(hall, number, 6.0, f"t{number}"))
            page.frames.clear()
    assert len(hall._lines) <= 64
    assert len(hall._heard._queue) == 0
    assert hall._playhead._waiters == []
    assert json.loads(hall._ping())["position"] == {"utterance": 600, "sample": 6 * RATE}


async def test_who_joins_leaves_and_is_heard_is_announced() -> None:
    told: list[tuple[str, dict[str, object]]] = []
    hall = StageHall(CLOCK, SessionId("s"), (), announce=lambda kind, **data: told.append((kind, data)))
    async with hall.connect() as page:
        page.receive(client.hello("obs", has_audio=True))
    hall.position()
    assert told == [
        ("stage.joined", {"client": 1}),
        ("stage.owner", {"client": 1, "name": "obs"}),
        ("stage.left", {"client": 1}),
        ("stage.owner", {"client": None, "name": None}),
    ]


async def test_a_client_that_says_too_much_of_itself_is_turned_away(hall: StageHall) -> None:
    async with hall.connect() as peer:
        for number in range(300):
            await anyio.sleep(2.5)
            peer.receive(client.hello("page", has_audio=bool(number % 2)))
    async with hall.connect() as peer:
        for number in range(30):
            peer.receive(client.hello("page", has_audio=bool(number % 2)))
        with pytest.raises(ProtocolError):
            peer.receive('{"type": "look", "persona": "main", "shown": "model"}')
        peer.receive(client.playback(Position(1, 1)))
