"""`spark-vtuber models` against a file server on a real socket, and on real files."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli.main import app
from spark_vtuber.testing.file_server import FileServer, ServedFile, serving_files

pytestmark = pytest.mark.real

BODY = bytes(range(256)) * 4096
"""A megabyte."""

SHA = hashlib.sha256(BODY).hexdigest()
CATALOGUE = """
[[entry]]
id = "voice-a"
kind = "voice"
licence = "MIT"
repo = "some/voice"
[[entry.file]]
path = "a.bin"
size = {size}
sha256 = "{sha}"

[[entry]]
id = "voice-b"
kind = "voice"
repo = "some/voice"
[[entry.file]]
path = "b.bin"
"""
A, B = "/some/voice/resolve/main/a.bin", "/some/voice/resolve/main/b.bin"


@pytest.fixture(scope="module")
def running() -> Iterator[FileServer]:
    with serving_files() as files:
        yield files


@pytest.fixture
def server(running: FileServer) -> FileServer:
    running.asked.clear()
    running.files = {A: ServedFile(BODY), B: ServedFile(BODY)}
    return running


Command = Callable[..., Result]


@pytest.fixture
def words(tmp_path: Path, server: FileServer) -> Callable[..., list[str]]:
    """The words of a command with a folder of weights of its own."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "catalogue.toml").write_text(CATALOGUE.format(size=len(BODY), sha=SHA), encoding="utf-8")
    keys = f'[weights]\nbase_url = "{server.base_url}"\ndir = "{folder}"\nlargest_gb = 0.003\n'
    (tmp_path / "spark.toml").write_text(keys, encoding="utf-8")
    return lambda *given: ["models", *given, "--config", str(tmp_path / "spark.toml"), "--data-dir", str(tmp_path)]


@pytest.fixture
def command(words: Callable[..., list[str]]) -> Command:
    return lambda *given, typed="": CliRunner().invoke(app, words(*given), input=typed, env={"COLUMNS": "300"})


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return tmp_path / "weights" / "voice" / "voice-a"


def test_weights_come_are_listed_verified_and_removed(command: Command, voice: Path) -> None:
    assert command("pull", "voice-a").exit_code == 0
    assert (voice / "a.bin").read_bytes() == BODY
    listed = {one["id"]: one for one in json.loads(command("list", "voice", "--json").stdout)}
    assert listed["voice-a"]["state"] == "here"
    assert listed["voice-a"]["monetised"] == "free"
    assert listed["voice-b"]["monetised"] == "unknown"
    assert listed["kokoro-82m"]["state"] == "missing"
    assert json.loads(command("verify", "--json").stdout)["ok"] is True
    assert command("remove", "voice-a", typed="n\n").exit_code == 1
    assert voice.exists()
    assert "1,048,576 bytes" in command("remove", "voice-a", typed="y\n").stderr
    assert not voice.exists()


def test_cuts_are_mended_within_one_pull(command: Command, server: FileServer, voice: Path) -> None:
    server.files[A].cut_after = [300_000, 300_000]
    assert command("pull", "voice-a").exit_code == 0
    assert [wanted for _, wanted in server.asked] == ["", "bytes=300000-", "bytes=600000-"]
    assert (voice / "a.bin").read_bytes() == BODY


def test_a_server_without_ranges_sends_it_all_again(command: Command, server: FileServer, voice: Path) -> None:
    server.files[A] = ServedFile(BODY, takes_ranges=False, cut_after=[300_000])
    assert command("pull", "voice-a").exit_code == 0
    assert (voice / "a.bin").read_bytes() == BODY


def test_a_wrong_file_is_not_kept(command: Command, server: FileServer, voice: Path) -> None:
    server.files[A] = ServedFile(bytes(len(BODY)))
    result = command("pull", "voice-a")
    assert result.exit_code == 1
    assert "SHA-256" in result.stderr
    assert not list(voice.glob("a.bin*"))


def test_a_file_without_a_published_checksum_is_trusted_from_the_first_pull_on(
    command: Command, server: FileServer
) -> None:
    first = command("pull", "voice-b")
    assert first.exit_code == 0
    assert "nobody published" in first.stderr
    server.files[B] = ServedFile(BODY[::-1])
    assert command("remove", "voice-b", "--yes").exit_code == 0
    assert command("pull", "voice-b").exit_code == 0, "removed with its receipt, it is a first pull again"


@pytest.mark.parametrize(
    ("served", "told"),
    [
        (ServedFile(b"", redirect="http://198.51.100.7/a.bin"), "redirects to 198.51.100.7"),
        (ServedFile(b"", status=404), "no such file"),
        (ServedFile(b"", status=401), "refuses"),
        (ServedFile(b"", is_endless=True), "more than 1048576 bytes"),
    ],
)
def test_what_a_server_may_not_do_is_told_with_its_fix(
    command: Command, server: FileServer, served: ServedFile, told: str
) -> None:
    server.files[A] = served
    result = command("pull", "voice-a")
    assert result.exit_code == 1
    assert told in result.stderr
    assert "fix:" in result.stderr


def test_an_endless_file_of_unknown_length_ends_at_the_limit(command: Command, server: FileServer) -> None:
    server.files[B] = ServedFile(b"", is_endless=True)
    result = command("pull", "voice-b")
    assert result.exit_code == 1
    assert "more than 3000000 bytes" in result.stderr


@pytest.mark.platform("linux")
def test_a_disk_without_room_keeps_what_came_and_the_next_pull_goes_on(
    words: Callable[..., list[str]], command: Command, server: FileServer, voice: Path
) -> None:
    """A file-size limit of the kernel stands for the full disk: the write fails in its middle with EFBIG."""
    resource = pytest.importorskip("resource")

    def bounded() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    run = [sys.executable, "-m", "spark_vtuber", *words("pull", "voice-a")]
    # The child only sets a limit before it becomes the command.
    done = subprocess.run(run, preexec_fn=bounded, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "no room left" in done.stderr
    kept = (voice / "a.bin.part").stat().st_size
    assert 0 < kept <= 500_000
    assert command("pull", "voice-a").exit_code == 0
    assert server.asked[-1] == (A, f"bytes={kept}-")


@pytest.mark.platform("linux", "darwin")
async def test_ctrl_c_keeps_what_came(
    words: Callable[..., list[str]], command: Command, server: FileServer, voice: Path
) -> None:
    server.files[B] = ServedFile(b"", is_endless=True)
    keys = voice.parents[2] / "spark.toml"
    keys.write_text(keys.read_text(encoding="utf-8").replace("0.003", "100"), encoding="utf-8")
    part = voice.parent / "voice-b" / "b.bin.part"
    run = [sys.executable, "-m", "spark_vtuber", *words("pull", "voice-b")]
    async with await anyio.open_process(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        with anyio.fail_after(30):
            while not part.exists() or part.stat().st_size == 0:
                await anyio.sleep(0.02)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
    assert part.stat().st_size > 0


def test_doctor_writes_the_credits_and_fails_where_a_licence_forbids_it(tmp_path: Path) -> None:
    keys, text = tmp_path / "spark.toml", tmp_path / "credits.txt"
    keys.write_text('[discovery]\non = false\n[llm]\nuse = "openai"\nmodel = "llama3.2:3b"\n', encoding="utf-8")
    told = CliRunner().invoke(app, ["doctor", "--commercial", "--config", str(keys), "--credits", str(text)])
    assert told.exit_code == 0, told.output
    assert "Built with Llama" in text.read_text(encoding="utf-8")
    keys.write_text('[discovery]\non = false\n[llm]\nuse = "openai"\nmodel = "qwen2.5:3b"\n', encoding="utf-8")
    told = CliRunner().invoke(app, ["doctor", "--commercial", "--json", "--config", str(keys)])
    assert told.exit_code == 1
    assert json.loads(told.stdout)["findings"][0]["severity"] == "error"
