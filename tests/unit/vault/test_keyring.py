"""Which keyrings count, and what is done about those that hang or refuse."""

import sys
from types import ModuleType

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.keyrings import MemoryKeyring
from spark_vtuber.vault.keyring import Keyring, installed, is_real

pytestmark = pytest.mark.real  # a keyring is asked in threads


def like(module: str, priority: object = 5.0) -> object:
    """A back-end as a package of that name has it."""
    return type("Keyring", (), {"__module__": module, "priority": priority})()


class Broken:
    name = "Broken"

    @property
    def priority(self) -> float:
        raise RuntimeError("no bus")


@pytest.mark.parametrize(
    ("backend", "counts"),
    [
        (like("keyring.backends.SecretService"), True),
        (like("keyring.backends.macOS"), True),
        (like("keyring.backends.Windows", 1), True),
        (like("keyring.backends.kwallet", 0.9), False),
        (like("keyring.backends.fail", 9), False),
        (like("keyring.backends.null", 9), False),
        (like("keyrings.alt.file", 9), False),
        (like("keyrings.cryptfile.cryptfile", 9), False),
        (like("keyringsafe", 1), True),
        (Broken(), False),
        (like("keyring.backends.libsecret", "high"), False),
    ],
)
def test_only_a_keyring_that_keeps_secrets_and_does_not_ask_on_the_terminal_counts(
    backend: object, counts: bool
) -> None:
    assert is_real(backend) is counts


def test_the_keyring_of_the_tests_keeps_nothing_and_does_not_count() -> None:
    assert installed() is None


def test_behind_a_chain_the_first_real_keyring_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    real = like("keyring.backends.SecretService")
    chain = like("keyring.backends.chainer", 10)
    chain.backends = [like("keyrings.alt.file", 9), real]  # type: ignore[attr-defined]
    package = ModuleType("keyring")
    package.get_keyring = lambda: chain  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", package)
    assert installed() is real


def test_without_the_extra_there_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SparkError) as caught:
        Keyring().read("obs")
    assert caught.value.code == "absent"
    assert "spark-vtuber[keyring]" in caught.value.fix


def test_a_keyring_that_hangs_is_given_up_and_not_asked_again() -> None:
    backend = MemoryKeyring()
    backend.is_stuck = True
    keyring = Keyring(lambda: backend, limit_s=0.05)
    for _ in range(3):
        with pytest.raises(SparkError) as caught:
            keyring.read("obs")
        assert caught.value.code == "hung"
    assert backend.calls == 1
    backend.free.set()


def test_an_error_of_the_vendor_is_not_repeated() -> None:
    keyring = Keyring(lambda: MemoryKeyring(largest=10))
    with pytest.raises(SparkError) as caught:
        keyring.write("openai", "a secret that is too long")
    assert caught.value.code == "refused"
    assert "a secret" not in str(caught.value) + caught.value.fix
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_damaged_index_hides_names_and_no_values() -> None:
    backend = MemoryKeyring()
    keyring = Keyring(lambda: backend)
    keyring.write("obs", "hush")
    for damage in ("no json", "{}", "[1, null]"):
        backend.kept["spark-vtuber", ".names"] = damage
        assert keyring.names() == ()
        assert keyring.read("obs") == "hush"
    keyring.write("obs", "hush")
    assert keyring.names() == ("obs",)
