"""The file with the secrets among processes: killed writers, several at once, and a show that starts with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spark_vtuber.config.environment import child_environment
from spark_vtuber.testing.watched import watched_show
from spark_vtuber.vault.file import SecretFile
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import Given

pytestmark = [pytest.mark.real, pytest.mark.platform("linux", "darwin")]

WRITER = """
import sys
from pathlib import Path
from spark_vtuber.vault.file import SecretFile
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import Given

name, count = sys.argv[2], int(sys.argv[3])
file = SecretFile(Path(sys.argv[1]), Keys(Given({}), "correct horse"))
for number in range(count):
    if name == "all":
        file.write("obs", f"{number:06d}" * 2_000)
    else:
        file.write(f"{name}-{number}", name * 100)
    if number == 0:
        print("ready", flush=True)
"""


def opened(folder: Path) -> SecretFile:
    return SecretFile(folder, Keys(Given({}), "correct horse"))


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        env=child_environment(),
        stdout=subprocess.PIPE,
    )


def test_a_writer_that_is_killed_leaves_the_old_value_or_the_new_one_whole(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("other", "hush")
    seen = set()
    for kill in range(6):
        process = writer(tmp_path, "all", 1_000_000)
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.005 + 0.007 * kill)
            os.kill(process.pid, signal.SIGKILL)
        value = file.read("obs")
        assert value is not None
        assert value == value[:6] * 2_000
        assert file.read("other") == "hush"
        seen.add(value)
    assert len(seen) > 1
    file.write("obs", "done")
    assert sorted(one.name for one in file.path.parent.iterdir()) == ["lock", "secrets.json"]


def test_of_several_writers_at_once_none_loses_what_another_wrote(tmp_path: Path) -> None:
    opened(tmp_path).write("first", "hush")
    names = ("ann", "bob", "cho", "dee")
    processes = [writer(tmp_path, name, 10) for name in names]
    for process in processes:
        with process:
            assert process.wait(60) == 0
    file = opened(tmp_path)
    assert len(file.names()) == 1 + 4 * 10
    assert {file.read(f"{name}-{number}") == name * 100 for name in names for number in range(10)} == {True}


DESK = "file-desk-6b1f0e"
PASSPHRASE = "correct horse 9d2c"
SHOW = f"""
import sys
from pathlib import Path
from spark_vtuber.cli.entry import main
from spark_vtuber.vault.file import SecretFile
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import Given

SecretFile(Path(sys.argv[-1]), Keys(Given({{}}), "{PASSPHRASE}")).write("desk", "{DESK}")
main()
"""


async def test_a_show_finds_its_secrets_in_the_sealed_file_and_shows_none(tmp_path: Path) -> None:
    (tmp_path / "spark.toml").write_text('[server]\ndesk_token = "secret:desk"\n', encoding="utf-8")
    environ = child_environment({"SPARK_PASSPHRASE": PASSPHRASE})
    async with watched_show("run", program=("-c", SHOW), folder=tmp_path, environ=environ) as show:
        assert (await show.http.post("/api/login", json={"token": "wrong"})).status_code == 401
        assert (await show.http.post("/api/login", json={"token": DESK})).is_success
        key = {"Authorization": f"Bearer {DESK}"}
        told = (await show.http.get("/api/settings", headers=key)).text + show.terminal
        kept = {path.name: path.read_bytes() for path in sorted(show.data.rglob("*")) if path.is_file()}
        assert "secrets.json" in kept
        for secret in (DESK, PASSPHRASE):
            assert secret not in told
            assert [name for name, content in kept.items() if secret.encode() in content] == []
