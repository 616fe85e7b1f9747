"""The places in their order."""

import pytest

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.vault.port import ABSENT, HUNG, REFUSED, Place
from spark_vtuber.vault.vault import ENVIRONMENT, FILE, KEYRING, Given, Vault


class Shelf:
    """A place in memory; `trouble` is the code of the error that it raises instead."""

    def __init__(self, **kept: str) -> None:
        self.kept = {name.replace("_", "-"): value for name, value in kept.items()}
        self.trouble = ""
        self.reads = 0

    def names(self) -> tuple[str, ...]:
        self._work()
        return tuple(sorted(self.kept))

    def read(self, name: str) -> str | None:
        self.reads += 1
        self._work()
        return self.kept.get(name)

    def write(self, name: str, value: str) -> None:
        self._work()
        self.kept[name] = value

    def remove(self, name: str) -> bool:
        self._work()
        return self.kept.pop(name, None) is not None

    def _work(self) -> None:
        if self.trouble:
            raise SparkError("it does not work", code=self.trouble, fix="mend it")


@pytest.fixture
def keyring() -> Shelf:
    return Shelf()


@pytest.fixture
def file() -> Shelf:
    return Shelf()


def over(keyring: Place, file: Place, found: list[str] | None = None, **environment: str) -> Vault:
    places = {ENVIRONMENT: Given(environment), KEYRING: keyring, FILE: file}
    return Vault(places, [].append if found is None else found.append)


def test_the_environment_wins_then_the_keyring_then_the_file(keyring: Shelf, file: Shelf) -> None:
    file.kept["obs"] = "from the file"
    assert over(keyring, file).secret("obs") == "from the file"
    keyring.kept["obs"] = "from the keyring"
    assert over(keyring, file).secret("obs") == "from the keyring"
    assert over(keyring, file, obs="from the environment").secret("obs") == "from the environment"
    assert over(keyring, file, obs="x").where() == {"obs": (ENVIRONMENT, KEYRING, FILE)}


def test_a_name_is_found_however_it_is_written(keyring: Shelf, file: Shelf) -> None:
    vault = over(keyring, file)
    vault.keep("My_Key", "hush")
    assert {vault.secret(name) for name in ("my-key", "MY.KEY", "my_key")} == {"hush"}


@pytest.mark.parametrize("name", ["nobody", "no such name"])
def test_a_secret_that_nobody_knows_is_an_error_with_what_to_do(keyring: Shelf, file: Shelf, name: str) -> None:
    with pytest.raises(EngineError) as caught:
        over(keyring, file).secret(name)
    assert caught.value.code == "no_secret"
    assert caught.value.fix


def test_the_fix_is_the_command(keyring: Shelf, file: Shelf) -> None:
    with pytest.raises(EngineError) as caught:
        over(keyring, file).secret("obs")
    assert caught.value.fix == "spark-vtuber secrets set obs"


@pytest.mark.parametrize("trouble", [ABSENT, HUNG, REFUSED])
def test_a_place_that_does_not_work_is_passed_over(keyring: Shelf, file: Shelf, trouble: str) -> None:
    keyring.trouble = trouble
    file.kept["obs"] = "hush"
    vault = over(keyring, file)
    assert vault.secret("obs") == "hush"
    assert vault.where() == {"obs": (FILE,)}


def test_a_place_that_may_have_it_but_does_not_work_is_named(keyring: Shelf, file: Shelf) -> None:
    file.trouble = "unsafe"
    with pytest.raises(EngineError, match="it does not work") as caught:
        over(keyring, file).secret("obs")
    assert (caught.value.code, caught.value.fix) == ("no_secret", "mend it")


def test_a_secret_is_kept_in_the_first_place_that_takes_it_and_in_no_other(keyring: Shelf, file: Shelf) -> None:
    vault = over(keyring, file)
    file.kept["obs"] = "old"
    assert vault.keep("obs", "new") == KEYRING
    assert (keyring.kept, file.kept) == ({"obs": "new"}, {})
    assert vault.keep("obs", "newer", FILE) == FILE
    assert (keyring.kept, file.kept) == ({}, {"obs": "newer"})


@pytest.mark.parametrize("trouble", [ABSENT, REFUSED])
def test_what_the_keyring_does_not_take_goes_into_the_file(keyring: Shelf, file: Shelf, trouble: str) -> None:
    keyring.write = lambda _name, _value: (_ for _ in ()).throw(SparkError("no", code=trouble))  # type: ignore[method-assign]
    assert over(keyring, file).keep("obs", "new") == FILE


def test_a_keyring_that_hangs_is_not_passed_over_in_silence_when_something_is_kept(keyring: Shelf, file: Shelf) -> None:
    keyring.trouble = HUNG
    with pytest.raises(SparkError, match="does not work"):
        over(keyring, file).keep("obs", "new")
    assert over(keyring, file).keep("obs", "new", FILE) == FILE


def test_a_place_that_was_asked_for_is_not_replaced_by_another(keyring: Shelf, file: Shelf) -> None:
    keyring.trouble = ABSENT
    for place in (KEYRING, ENVIRONMENT, "cellar"):
        with pytest.raises(SparkError):
            over(keyring, file).keep("obs", "new", place)
    assert file.kept == {}


def test_every_value_that_is_read_or_kept_is_told(keyring: Shelf, file: Shelf) -> None:
    found: list[str] = []
    vault = over(keyring, file, found, desk="from the environment")
    file.kept["obs"] = "hush"
    vault.secret("obs")
    vault.secret("desk")
    vault.keep("new", "kept")
    file.kept["late"] = "learnt"
    vault.learn(["late"])
    assert found == ["hush", "from the environment", "kept", "learnt"]


def test_what_was_learnt_is_answered_without_asking_a_place(keyring: Shelf, file: Shelf) -> None:
    file.kept["obs"] = "hush"
    vault = over(keyring, file)
    vault.learn(["obs", "nobody", "no such name"])
    reads = file.reads
    assert [vault.secret("obs") for _ in range(3)] == ["hush"] * 3
    assert file.reads == reads
    file.kept["obs"] = "new"
    vault.learn(["obs"])
    assert vault.secret("obs") == "new"
    del file.kept["obs"]
    vault.learn(["obs"])
    with pytest.raises(EngineError):
        vault.secret("obs")


def test_what_cannot_be_read_anew_keeps_the_value_it_had(keyring: Shelf, file: Shelf) -> None:
    keyring.kept["obs"] = "hush"
    vault = over(keyring, file)
    vault.learn(["obs"])
    keyring.trouble = HUNG
    vault.learn(["obs"])
    assert vault.secret("obs") == "hush"


def test_what_is_kept_or_removed_is_not_remembered_as_it_was(keyring: Shelf, file: Shelf) -> None:
    keyring.kept["obs"] = "hush"
    vault = over(keyring, file)
    vault.learn(["obs"])
    vault.keep("obs", "new")
    assert vault.secret("obs") == "new"
    assert vault.remove("obs") == (KEYRING,)
    assert vault.remove("obs") == ()
    with pytest.raises(EngineError):
        vault.secret("obs")


def test_the_environment_can_be_neither_written_nor_cleared(keyring: Shelf, file: Shelf) -> None:
    vault = over(keyring, file, obs="hush")
    assert vault.remove("obs") == ()
    assert vault.secret("obs") == "hush"
    for act in (lambda: Given({}).write("a", "b"), lambda: Given({}).remove("a")):
        with pytest.raises(SparkError):
            act()
