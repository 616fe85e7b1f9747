"""`spark-vtuber secrets` with a keyring in memory, with a passphrase, and with neither."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.app.vault import findings, open_vault
from spark_vtuber.cli import secrets
from spark_vtuber.cli.main import app
from spark_vtuber.config.keys import Config, Data, Obs, SecretSettings, Server
from spark_vtuber.core.engine import Finding
from spark_vtuber.testing.keyrings import MemoryKeyring

pytestmark = pytest.mark.real  # a keyring is asked in threads

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `spark-vtuber secrets` with a data directory and a configuration of its own."""
    (tmp_path / "spark.toml").write_text('[obs]\npassword = "secret:obs"\n', encoding="utf-8")

    def run(*words: str, typed: str = "", **environ: str) -> Result:
        options = ["--config", str(tmp_path / "spark.toml"), "--data-dir", str(tmp_path / "data")]
        return CliRunner().invoke(app, ["secrets", *words, *options], input=typed, env={"COLUMNS": "200", **environ})

    return run


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    backend, package = MemoryKeyring(), ModuleType("keyring")
    package.get_keyring = lambda: backend  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", package)
    yield backend
    backend.free.set()


def listed(result: Result) -> dict[str, list[str]]:
    return {one["name"]: one["places"] for one in json.loads(result.stdout)}


def test_a_secret_goes_into_the_keyring_and_is_listed_without_its_value(
    command: Command, keyring: MemoryKeyring, tmp_path: Path
) -> None:
    told = command("set", "obs", typed="hush hush\n")
    assert told.exit_code == 0, told.output
    assert '"obs" is in the keyring' in told.stderr
    assert keyring.kept["spark-vtuber", "obs"] == "hush hush"
    shown = [command("list"), command("list", "--json")]
    assert [one.exit_code for one in shown] == [0, 0]
    assert json.loads(shown[1].stdout) == [
        {"name": "obs", "places": ["keyring"], "plaintext": False, "used_by": ["obs.password"]}
    ]
    assert "hush" not in told.output + shown[0].output + shown[1].output
    assert not (tmp_path / "data" / "secrets" / "secrets.json").exists()


def test_it_can_be_put_into_the_file_whose_key_the_keyring_keeps(
    command: Command, keyring: MemoryKeyring, tmp_path: Path
) -> None:
    assert command("set", "obs", "--in", "file", typed="hush hush").exit_code == 0
    assert "hush" not in str(keyring.kept)
    assert listed(command("list", "--json")) == {"obs": ["file"]}
    assert "hush" not in (tmp_path / "data" / "secrets" / "secrets.json").read_text()
    assert open_vault(Config(data=Data(dir=tmp_path / "data"))).secret("obs") == "hush hush"


def test_what_is_too_long_for_the_keyring_goes_into_the_file(command: Command, keyring: MemoryKeyring) -> None:
    keyring.largest = 100
    assert "is in the file" in command("set", "obs", typed="x" * 101).stderr


def test_without_a_keyring_a_passphrase_seals_the_file(command: Command, tmp_path: Path) -> None:
    told = command("set", "obs", typed="hush hush", SPARK_PASSPHRASE="correct horse")
    assert told.exit_code == 0, told.output
    assert "is in the file" in told.stderr
    refused = command("set", "desk", typed="more", SPARK_PASSPHRASE="battery staple")
    assert refused.exit_code == 1
    assert "passphrase" in refused.stderr
    assert "battery" not in refused.output
    assert listed(command("list", "--json")) == {"obs": ["file"]}


def test_with_neither_it_is_refused_with_the_ways_out(command: Command, tmp_path: Path) -> None:
    refused = command("set", "obs", typed="hush hush")
    assert refused.exit_code == 1
    assert all(way in refused.stderr for way in ("SPARK_PASSPHRASE", "keyring", "--plaintext"))
    assert "hush" not in refused.output
    assert not any(one.name == "secrets.json" for one in tmp_path.rglob("*"))


def test_plaintext_is_for_those_who_ask_for_it(command: Command, tmp_path: Path) -> None:
    assert "in plaintext" in command("set", "obs", "--plaintext", typed="hush hush").stderr
    assert "(plaintext)" in command("list").stdout
    assert command("set", "obs", "--plaintext", "--in", "keyring", typed="x").exit_code == 2
    assert command("set", "desk", typed="more", SPARK_SECRETS__PLAINTEXT="true").exit_code == 0
    assert listed(command("list", "--json")) == {"desk": ["file"], "obs": ["file"]}


def test_a_value_is_taken_as_it_was_piped_without_the_end_of_its_last_line(
    command: Command, keyring: MemoryKeyring
) -> None:
    for typed, kept in (("a\nb\n", "a\nb"), ("a\r\n", "a"), (" a ", " a "), ("\n\n", "\n")):
        assert command("set", "obs", typed=typed).exit_code == 0
        assert keyring.kept["spark-vtuber", "obs"] == kept


def test_on_a_terminal_it_is_asked_for_without_being_shown(
    command: Command, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        asked.append((text, hide_input, err))
        return "typed by hand"

    terminal = type("Terminal", (), {"isatty": lambda _: True})()
    monkeypatch.setattr(secrets, "sys", type("System", (), {"stdin": terminal}))
    monkeypatch.setattr(secrets.typer, "prompt", prompt)
    assert command("set", "obs").exit_code == 0
    assert asked == [('The value of "obs" (not shown)', True, True)]
    assert keyring.kept["spark-vtuber", "obs"] == "typed by hand"


@pytest.mark.parametrize(("name", "typed"), [("ö", "x"), (".names", "x"), ("obs", ""), ("obs", "a\0b")])
def test_names_and_values_that_cannot_be_kept_are_refused(command: Command, name: str, typed: str) -> None:
    refused = command("set", name, typed=typed)
    assert refused.exit_code == 1
    assert "fix:" in refused.stderr
    assert "Traceback" not in refused.output


def test_a_secret_that_is_needed_and_nowhere_is_marked(command: Command) -> None:
    result = command("list")
    assert result.exit_code == 1
    assert "nowhere: spark-vtuber secrets set obs" in result.stdout
    assert command("list", SPARK_SECRET_OBS="hush").exit_code == 0


def test_removing_forgets_it_everywhere_but_in_the_environment(command: Command, keyring: MemoryKeyring) -> None:
    command("set", "obs", typed="hush")
    told = command("remove", "OBS", SPARK_SECRET_OBS="hush")
    assert told.exit_code == 0
    assert "no longer in the keyring" in told.stderr
    assert "environment still holds it" in told.stderr
    assert command("remove", "obs").exit_code == 1


def test_a_variable_that_wins_is_told(command: Command, keyring: MemoryKeyring) -> None:
    assert "SPARK_SECRET_OBS is set and wins" in command("set", "obs", typed="x", SPARK_SECRET_OBS="y").stderr


@pytest.mark.platform("linux", "darwin")
def test_a_file_that_others_can_read_is_refused_by_every_command(command: Command, tmp_path: Path) -> None:
    command("set", "obs", "--plaintext", typed="hush")
    (tmp_path / "data" / "secrets" / "secrets.json").chmod(0o644)
    for words in (["list"], ["set", "obs", "--plaintext"], ["remove", "obs"]):
        result = command(*words, typed="x")
        assert result.exit_code == 1
        assert "chmod 600" in result.stderr.replace("\n", "")


def found(config: Config) -> dict[str, Finding]:
    return {one.name: one for one in findings(config)}


@pytest.mark.platform("linux", "darwin")
def test_doctor_says_where_they_lie_what_is_unsafe_and_what_nobody_knows(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(
        data=Data(dir=tmp_path / "data"),
        obs=Obs(password="secret:obs"),
        server=Server(desk_token="secret:desk", stage_token="secret:stage"),
    )
    assert found(config)["file"].severity == "ok"
    command("set", "obs", typed="hush hush", SPARK_PASSPHRASE="correct horse")
    monkeypatch.setenv("SPARK_SECRET_STAGE", "hush hush")
    told = found(config)
    assert (told["keyring"].severity, "[keyring]" in told["keyring"].fix) == ("note", True)
    assert "sealed by the passphrase" in told["file"].detail
    assert (told["obs"].severity, "SPARK_PASSPHRASE" in told["obs"].fix) == ("warning", True)
    assert (told["desk"].severity, told["desk"].fix) == ("warning", "spark-vtuber secrets set desk")
    assert (told["stage"].severity, told["stage"].detail) == (
        "ok",
        "in the environment; used by server.stage_token",
    )
    monkeypatch.setenv("SPARK_PASSPHRASE", "correct horse")
    assert found(config)["obs"].severity == "ok"
    command("set", "desk", "--plaintext", typed="hush hush")
    assert (found(config)["file"].severity, "plaintext: desk" in found(config)["file"].detail) == ("warning", True)
    (tmp_path / "data" / "secrets").chmod(0o755)
    told = found(config)
    assert (told["file"].severity, "chmod 700" in told["file"].fix) == ("error", True)
    assert "hush" not in str(told)


def test_doctor_names_the_keyring(keyring: MemoryKeyring, tmp_path: Path) -> None:
    assert found(Config(data=Data(dir=tmp_path)))["keyring"] == Finding("keyring", "ok", "Memory")
    asked = keyring.calls
    off = Config(data=Data(dir=tmp_path), secrets=SecretSettings(system=False))
    assert found(off)["keyring"].severity == "note"
    assert keyring.calls == asked


def test_an_account_that_nobody_signed_in_to_is_no_secret_to_set(command: Command, tmp_path: Path) -> None:
    (tmp_path / "spark.toml").write_text('[chat.twitch]\naccount = true\nclient_id = "abc"\n', encoding="utf-8")
    result = command("list")
    assert "nowhere: spark-vtuber chat login twitch" in result.stdout
    assert "secrets set" not in result.stdout
