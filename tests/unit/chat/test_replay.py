from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from spark_vtuber.chat.replay import SPEC, Replay, ReplayOptions, read
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent, ChatKind

LOG = """
{"at": 0, "author": "Ana", "text": "hello"}
{"at": 10, "author": "Ben", "text": "", "kind": "bits", "amount": 100, "id": "own"}

{"at": 20.5, "text": "bye", "persona": "twin"}
"""


def log(folder: Path, text: str = LOG) -> Path:
    file = folder / "chat.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


async def played(file: Path, speed: float) -> list[tuple[float, ChatEvent]]:
    start = anyio.current_time()
    async with aclosing(Replay(file, speed).events()) as events:
        return [(anyio.current_time() - start, event) async for event in events]


async def test_events_come_at_their_times(tmp_path: Path) -> None:
    events = await played(log(tmp_path), 1)
    assert [at for at, _ in events] == [0, 10, 20.5]
    assert [(event.kind, event.author.id, event.amount) for _, event in events] == [
        (ChatKind.MESSAGE, "ana", 0),
        (ChatKind.BITS, "ben", 100),
        (ChatKind.MESSAGE, "viewer", 0),
    ]
    assert [event.id for _, event in events] == ["r1", "own", "r3"]
    assert events[2][1].persona == "twin"


async def test_a_faster_replay_is_faster(tmp_path: Path) -> None:
    assert [at for at, _ in await played(log(tmp_path), 10)] == pytest.approx([0, 1, 2.05])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "line 1: it is not JSON"),
        ('{"at": 1}\n[1]', "line 2"),
        ('{"at": -1}', "at: "),
        ('{"at": 1, "colour": "red"}', "colour"),
        ('{"at": 1, "kind": "wave"}', "kind"),
        ('{"at": 5}\n{"at": 4}', "before that of the line above"),
        ('{"at": 1, "text": "' + "x" * 70_000 + '"}', "too long"),
    ],
)
async def test_a_bad_line_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(EngineError, match=complaint) as caught:
        list(read(log(tmp_path, text)))
    assert caught.value.code == "bad_log"


async def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EngineError, match="cannot be read"):
        list(read(file))


async def test_a_missing_file_is_told_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no chat log"):
        async with SPEC.open(ReplayOptions(file=str(tmp_path / "none.jsonl")), None):
            pass


async def test_it_opens_and_takes_no_messages(tmp_path: Path) -> None:
    async with SPEC.open(ReplayOptions(file=str(log(tmp_path))), None) as replay:
        with pytest.raises(EngineError) as caught:
            await replay.send("hi")
    assert caught.value.code == "read_only"


async def test_the_probe_counts_lines_or_names_the_mistake(tmp_path: Path) -> None:
    async def findings(options: ReplayOptions) -> list[tuple[str, str]]:
        return [(finding.severity, finding.detail) async for finding in SPEC.probe(options, None)]  # type: ignore[arg-type]  # needs none

    assert await findings(ReplayOptions(file="")) == [("note", "off")]
    assert (await findings(ReplayOptions(file=str(log(tmp_path)))))[0][1].startswith("3 lines")
    assert (await findings(ReplayOptions(file=str(log(tmp_path, "x")))))[0][0] == "error"
