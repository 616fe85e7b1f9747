import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights.entry import Entry, Kind, WeightFile
from spark_vtuber.weights.pull import RESERVE_BYTES, Means, Progress, pull, verify
from spark_vtuber.weights.receipts import RECEIPT, Proof, Shelf, shelf

ONE, TWO = b"first file" * 50, b"second" * 9
PLENTY = 10**12


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


KNOWN = WeightFile("one.bin", "o/r/resolve/main/one.bin", len(ONE), sha(ONE))
UNKNOWN = WeightFile("deep/two.bin", "o/r/resolve/main/two.bin")
ENTRY = Entry("pair", Kind.VOICE, "A pair", (KNOWN, UNKNOWN), "MIT")


@dataclass
class Hub:
    """A hub that has both files, and may fail first as `troubles` say; `asked` are the paths so far."""

    files: dict[str, bytes] = field(default_factory=lambda: {"one.bin": ONE, "two.bin": TWO})
    troubles: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.asked.append(name)
        self.tokens.append(request.headers.get("authorization", ""))
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        data = self.files[name]
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if start:
            whole = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return httpx.Response(206, headers={"content-range": whole}, content=iter([data[start:]]))
        headers = {"etag": f'"{sha(data)}"', "content-length": str(len(data))}
        return httpx.Response(200, headers=headers, content=iter([data]))

    def means(self, free_bytes: Callable[[Path], int] = lambda _: PLENTY, token: str = "") -> Means:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return Means(client, "https://hub.example", 10**9, token, free_bytes, self.waits.append, random.Random(1))


@pytest.fixture
def place(tmp_path: Path) -> Shelf:
    return shelf(tmp_path / "weights", ENTRY)


def ends(steps: list[Progress]) -> list[tuple[str, str, str]]:
    return [(one.file.path, one.step, one.detail) for one in steps if one.step not in {"fetching", "checking"}]


def refused(place: Shelf, means: Means) -> SparkError:
    with pytest.raises(SparkError) as raised:
        list(pull(place, means))
    return raised.value


def test_all_files_of_an_entry_come_and_their_checksums_are_written_down(place: Shelf) -> None:
    hub = Hub()
    assert ends(list(pull(place, hub.means()))) == [
        ("one.bin", "done", "catalogue"),
        ("deep/two.bin", "done", "first pull"),
    ]
    assert place.path(KNOWN).read_bytes() == ONE
    assert place.path(UNKNOWN).read_bytes() == TWO
    assert place.proofs() == {
        "one.bin": Proof(len(ONE), sha(ONE), "catalogue"),
        "deep/two.bin": Proof(len(TWO), sha(TWO), "first pull"),
    }
    assert place.state() == "here"
    assert not list(place.folder.rglob("*.part*"))


def test_what_is_here_is_not_fetched_again(place: Shelf) -> None:
    hub = Hub()
    list(pull(place, hub.means()))
    assert ends(list(pull(place, hub.means()))) == [("one.bin", "kept", ""), ("deep/two.bin", "kept", "")]
    assert len(hub.asked) == 2


def test_a_file_that_the_first_pull_proved_must_stay_the_same(place: Shelf) -> None:
    list(pull(place, Hub().means()))
    place.path(UNKNOWN).unlink()
    assert refused(place, Hub(files={"one.bin": ONE, "two.bin": b"SECOND" * 9}).means()).code == "wrong_checksum"
    assert not place.path(UNKNOWN).exists()


def test_a_file_that_lies_there_already_is_taken_by_its_checksum(place: Shelf) -> None:
    place.folder.mkdir(parents=True)
    place.path(KNOWN).write_bytes(ONE)
    hub = Hub()
    assert ends(list(pull(place, hub.means())))[0] == ("one.bin", "done", "catalogue")
    assert hub.asked == ["two.bin"]


def test_another_file_in_its_place_is_not_overwritten(place: Shelf) -> None:
    place.folder.mkdir(parents=True)
    place.path(KNOWN).write_bytes(b"mine")
    error = refused(place, Hub().means())
    assert error.code == "wrong_checksum"
    assert "models remove pair" in error.fix
    assert place.path(KNOWN).read_bytes() == b"mine"


def test_passing_trouble_is_tried_again_with_growing_pauses(place: Shelf) -> None:
    hub = Hub(
        troubles=[httpx.ConnectError("no"), httpx.Response(500), httpx.Response(429, headers={"retry-after": "9"})]
    )
    steps = ends(list(pull(place, hub.means())))
    assert [step for _, step, _ in steps] == ["waiting", "waiting", "waiting", "done", "done"]
    assert 0.5 <= hub.waits[0] <= 1.0
    assert 1.0 <= hub.waits[1] <= 2.0
    assert hub.waits[2] == 9.0


def test_five_failures_without_a_byte_end_it(place: Shelf) -> None:
    hub = Hub(troubles=[httpx.ConnectError("no") for _ in range(9)])
    assert refused(place, hub.means()).code == "cut"
    assert len(hub.asked) == 5


def test_a_part_of_another_file_is_tried_once_more_from_the_start(place: Shelf) -> None:
    place.folder.mkdir(parents=True)
    place.part(KNOWN).write_bytes(b"x" * 20)
    hub = Hub()
    steps = ends(list(pull(place, hub.means())))
    assert [step for _, step, _ in steps] == ["waiting", "done", "done"]
    assert hub.asked == ["one.bin", "one.bin", "two.bin"]
    assert place.path(KNOWN).read_bytes() == ONE


def test_room_is_looked_for_before_anything_is_fetched(place: Shelf) -> None:
    hub = Hub()
    error = refused(place, hub.means(free_bytes=lambda _: RESERVE_BYTES + len(ONE) - 1))
    assert error.code == "disk_full"
    assert hub.asked == []
    assert "[weights] dir" in error.fix
    list(pull(place, hub.means(free_bytes=lambda _: RESERVE_BYTES + len(ONE))))


def test_what_a_part_holds_needs_no_more_room(place: Shelf) -> None:
    place.folder.mkdir(parents=True)
    place.part(KNOWN).write_bytes(ONE[:-1])
    list(pull(place, Hub().means(free_bytes=lambda _: RESERVE_BYTES + 1)))
    assert place.state() == "here"


def test_a_token_goes_to_the_hub_only(tmp_path: Path) -> None:
    own = WeightFile("x.bin", "https://elsewhere.example/one.bin")
    hub = Hub()
    list(pull(shelf(tmp_path, replace(ENTRY, files=(KNOWN, own))), hub.means(token="t")))
    assert hub.tokens == ["Bearer t", ""]
    assert "Bearer" not in repr(hub.means(token="t"))


def test_closing_it_keeps_what_came_and_gives_the_folder_back(place: Shelf) -> None:
    steps = pull(place, Hub().means())
    next(steps)
    with pytest.raises(SparkError, match="another process"):
        next(pull(place, Hub().means()))
    steps.close()
    assert ends(list(pull(place, Hub().means())))[-1][1] == "done"


def test_a_link_out_of_the_folder_is_refused(place: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place.folder.parent.mkdir(parents=True)
    place.folder.symlink_to(outside, target_is_directory=True)
    assert refused(place, Hub().means()).code == "escapes"
    (outside / "one.bin").write_bytes(ONE)
    assert place.remove() == 0
    assert (outside / "one.bin").exists()


def test_verify_reads_everything_again(place: Shelf) -> None:
    list(pull(place, Hub().means()))
    assert ends(list(verify(place))) == [("one.bin", "done", "catalogue"), ("deep/two.bin", "done", "first pull")]
    place.path(KNOWN).write_bytes(ONE[:-1] + b"!")
    place.path(UNKNOWN).unlink()
    assert [step for _, step, _ in ends(list(verify(place)))] == ["wrong", "missing"]


def test_a_file_that_nobody_proved_is_told_so(place: Shelf) -> None:
    place.path(UNKNOWN).parent.mkdir(parents=True)
    place.path(UNKNOWN).write_bytes(TWO)
    assert ends(list(verify(place)))[1][1] == "unproven"


def test_remove_takes_the_files_of_the_entry_and_nothing_else(place: Shelf) -> None:
    list(pull(place, Hub().means()))
    (place.folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert place.remove() == len(ONE) + len(TWO)
    assert [one.name for one in place.folder.iterdir()] == ["notes.txt"]
    (place.folder / "notes.txt").unlink()
    assert place.remove() == 0
    assert not place.folder.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"files": 3}',
        '{"files": {"one.bin": 1}}',
        '{"files": {"one.bin": {"size_bytes": "x", "sha256": "y"}}}',
    ],
)
def test_a_damaged_receipt_proves_nothing(place: Shelf, text: str) -> None:
    place.folder.mkdir(parents=True)
    (place.folder / RECEIPT).write_text(text, encoding="utf-8")
    assert place.proofs() == {}
    assert place.state() == "missing"


def test_an_overlong_receipt_is_not_read(place: Shelf) -> None:
    place.folder.mkdir(parents=True)
    (place.folder / RECEIPT).write_text(" " * 1_100_000, encoding="utf-8")
    assert place.proofs() == {}


def test_the_state_tells_what_is_here(place: Shelf) -> None:
    assert place.state() == "missing"
    place.folder.mkdir(parents=True)
    place.part(KNOWN).write_bytes(b"abc")
    assert place.state() == "partial"
    assert place.size_bytes() == 3
    list(pull(place, Hub().means()))
    place.path(KNOWN).write_bytes(b"cut")
    assert place.state() == "changed"
