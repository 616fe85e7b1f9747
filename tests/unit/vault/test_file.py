"""The private file: sealed, refused when others can reach it, whole after anything."""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spark_vtuber.core.errors import SparkError
from spark_vtuber.vault import files
from spark_vtuber.vault.file import Plaintext, SecretFile
from spark_vtuber.vault.port import LONGEST, canonical, checked
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import Given

posix = pytest.mark.platform("linux", "darwin")


PASSPHRASE = "correct horse"


def opened(folder: Path, passphrase: str = PASSPHRASE, plaintext: Plaintext = "never") -> SecretFile:
    """The file on a machine without a keyring."""
    return SecretFile(folder, Keys(Given({}), passphrase), plaintext)


def refusal(file: SecretFile, name: str = "obs") -> SparkError:
    with pytest.raises(SparkError) as caught:
        file.read(name)
    return caught.value


def test_nothing_of_a_sealed_value_can_be_read_in_the_file(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush hush hush")
    text = file.path.read_text()
    assert "hush" not in text
    assert "correct" not in text
    assert json.loads(text)["secrets"].keys() == {"obs"}


def test_the_same_value_is_sealed_differently_each_time(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("a", "hush")
    file.write("b", "hush")
    entries = file.content().entries
    assert entries["a"].text != entries["b"].text


def test_a_wrong_passphrase_opens_nothing_and_writes_nothing(tmp_path: Path) -> None:
    opened(tmp_path).write("obs", "hush")
    before = opened(tmp_path).path.read_bytes()
    wrong = opened(tmp_path, "battery staple")
    assert refusal(wrong).code == "wrong_passphrase"
    with pytest.raises(SparkError, match="passphrase"):
        wrong.write("desk", "more")
    assert wrong.path.read_bytes() == before
    assert "battery" not in refusal(wrong).message + refusal(wrong).fix
    assert opened(tmp_path).read("obs") == "hush"


def test_a_passphrase_is_the_same_however_its_letters_are_composed(tmp_path: Path) -> None:
    opened(tmp_path, "u\N{COMBINING DIAERESIS}").write("obs", "hush")
    assert opened(tmp_path, "ü").read("obs") == "hush"


def test_without_a_key_nothing_is_written_unless_plaintext_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(SparkError) as caught:
        opened(tmp_path, "").write("obs", "hush")
    assert caught.value.code == "no_key"
    assert "SPARK_PASSPHRASE" in caught.value.fix
    assert not opened(tmp_path, "").path.exists()
    opened(tmp_path, "", "allowed").write("obs", "hush")
    assert opened(tmp_path, "").read("obs") == "hush"
    assert opened(tmp_path).content().entries["obs"].is_plain


def test_plaintext_that_is_only_allowed_is_sealed_where_there_is_a_key(tmp_path: Path) -> None:
    opened(tmp_path, plaintext="allowed").write("obs", "hush")
    assert not opened(tmp_path).content().entries["obs"].is_plain


def test_sealed_and_plain_values_lie_side_by_side(tmp_path: Path) -> None:
    opened(tmp_path).write("obs", "hush")
    opened(tmp_path, "", "always").write("desk", "open")
    opened(tmp_path, "", "allowed").write("stage", "open too")
    assert [opened(tmp_path).read(name) for name in ("obs", "desk", "stage")] == ["hush", "open", "open too"]


def test_a_forgotten_passphrase_can_be_changed_once_nothing_is_sealed(tmp_path: Path) -> None:
    opened(tmp_path).write("obs", "hush")
    other = opened(tmp_path, "battery staple")
    assert other.remove("obs")
    other.write("obs", "hush again")
    assert other.read("obs") == "hush again"


def test_a_value_does_not_open_under_another_name(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("a", "one")
    file.write("b", "two")
    document = json.loads(file.path.read_text())
    document["secrets"]["a"], document["secrets"]["b"] = document["secrets"]["b"], document["secrets"]["a"]
    file.path.write_text(json.dumps(document))
    assert refusal(file, "a").code == "damaged"


LOCK = {"by": "passphrase", "salt": "00" * 16, "check": ""}


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"version": 2, "lock": null, "secrets": {}}',
        b'{"version": 1, "lock": null}',
        *(
            json.dumps({"version": 1, "lock": lock, "secrets": secrets}).encode()
            for lock, secrets in (
                (None, {"obs": "text"}),
                (None, {"obs": {}}),
                (None, {"obs": {"plain": 1}}),
                (None, {"obs": {"other": "x"}}),
                (None, []),
                ({**LOCK, "by": "magic"}, {}),
                ({**LOCK, "salt": "../x"}, {}),
                ("lock", {}),
            )
        ),
    ],
)
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, damage: bytes) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")
    file.path.write_bytes(damage)
    assert refusal(file).code == "damaged"
    with pytest.raises(SparkError, match="damaged"):
        file.write("obs", "hush")
    assert file.path.read_bytes() == damage


@pytest.mark.parametrize("text", ["", "AAAA", "not base64", "ü"])
def test_a_sealed_value_that_was_changed_does_not_open(tmp_path: Path, text: str) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")
    document: dict[str, Any] = json.loads(file.path.read_text())
    document["secrets"]["obs"]["sealed"] = text
    file.path.write_text(json.dumps(document))
    assert refusal(file).code == "damaged"
    document["lock"] = None
    file.path.write_text(json.dumps(document))
    assert refusal(file).code == "damaged"


@posix
def test_file_and_folder_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file = opened(tmp_path)
        file.write("obs", "hush")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert {oct(stat.S_IMODE(one.stat().st_mode)) for one in file.path.parent.iterdir()} == {"0o600"}


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o660, 0o644])
def test_a_file_that_others_can_reach_is_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")
    file.path.chmod(mode)
    error = refusal(file)
    assert (error.code, error.fix) == ("unsafe", f"chmod 600 '{file.path}'")
    with pytest.raises(SparkError, match="other accounts"):
        file.write("obs", "more")
    file.path.chmod(0o600)
    assert file.read("obs") == "hush"


@posix
def test_a_folder_that_others_can_reach_is_refused_with_the_fix(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")
    file.path.parent.chmod(0o750)
    error = refusal(file)
    assert (error.code, error.fix) == ("unsafe", f"chmod 700 '{file.path.parent}'")
    with pytest.raises(SparkError, match="other accounts"):
        file.write("obs", "more")


@posix
def test_a_link_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")
    other = tmp_path / "other.json"
    file.path.rename(other)
    file.path.symlink_to(other)
    assert refusal(file).code == "unsafe"


@posix
def test_a_disk_that_refuses_is_told_and_the_old_value_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")

    def refuse(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(SparkError, match="No space left"):
        file.write("obs", "more")
    monkeypatch.undo()
    assert file.read("obs") == "hush"
    assert sorted(one.name for one in file.path.parent.iterdir()) == ["lock", "secrets.json"]


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write("obs", "hush")
    left = file.path.with_name(".secrets.json.0123456789abcdef.new")
    left.write_text("half")
    file.write("obs", "more")
    assert not left.exists()


def test_a_writer_that_does_not_end_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with (
        files.locked(tmp_path / "secrets"),
        pytest.raises(SparkError) as caught,
        files.locked(tmp_path / "secrets", limit_s=0.02),
    ):
        pass
    assert caught.value.code == "busy"


def test_on_windows_the_folder_is_closed_to_all_but_its_owner(tmp_path: Path) -> None:
    ran: list[list[str]] = []
    folder = tmp_path / "secrets"
    files.make_folder(folder, "win32", lambda command: (ran.append(list(command)), "")[1])
    assert ran == [["icacls", str(folder), "/inheritance:r", "/grant:r", "*S-1-3-4:(OI)(CI)F"]]


def test_on_windows_a_folder_that_cannot_be_closed_is_not_used(tmp_path: Path) -> None:
    def refuse(command: object) -> str:
        raise OSError("icacls failed")

    for _ in range(2):
        with pytest.raises(SparkError, match="cannot be used"):
            files.make_folder(tmp_path / "secrets", "win32", refuse)


def test_on_windows_a_file_is_exposed_where_a_list_names_it_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.touch()

    def icacls(found: str) -> files.Run:
        return lambda command: f"SID trouvé : {path}." if found in command else "rien"

    assert files.exposure(path, "win32", icacls("*S-1-5-32-545")) == "can be read by other accounts"
    assert files.exposure(path, "win32", icacls("none")) == ""
    assert "icacls" in files.mending(path, "win32")


def test_a_program_that_fails_is_an_error_of_the_system() -> None:
    assert files.run([sys.executable, "-c", "print('hello')"]).strip() == "hello"
    with pytest.raises(OSError, match="failed"):
        files.run([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> SecretFile:
    """One file, whose key is derived once, since something stays in it."""
    file = opened(tmp_path_factory.mktemp("data"))
    file.write("stays" * 12, "here")
    return file


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, value=VALUES)
def test_every_name_and_every_text_comes_back_as_it_was(kept: SecretFile, name: str, value: str) -> None:
    kept.write(canonical(name), checked(value))
    again = opened(kept.path.parent.parent)
    again._keys = kept._keys
    assert again.read(canonical(name)) == value
    assert kept.remove(canonical(name)) is True


@settings(max_examples=200)
@given(text=st.text())
def test_a_name_is_in_its_one_form_or_refused(text: str) -> None:
    try:
        name = canonical(text)
    except SparkError:
        return
    assert canonical(name) == name == canonical(text.upper())
    assert name.isascii()


@pytest.mark.parametrize("name", ["", ".names", "-x", "a b", "a/b", "../x", "a\n", "ö", "x" * 65])
def test_a_name_that_could_be_something_else_is_refused(name: str) -> None:
    with pytest.raises(SparkError, match="cannot be the name"):
        canonical(name)


@pytest.mark.parametrize("value", ["", "a\0b", "\ud800", "x" * (LONGEST + 1)])
def test_a_value_that_cannot_be_kept_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(SparkError) as caught:
        checked(value)
    assert caught.value.code == "bad_value"
    assert not value or value not in caught.value.message + caught.value.fix
