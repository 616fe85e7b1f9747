"""The contract of places of secrets, over every back-end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spark_vtuber.testing.contracts.places import check_place
from spark_vtuber.testing.keyrings import MemoryKeyring
from spark_vtuber.vault.file import SecretFile
from spark_vtuber.vault.keyring import Keyring
from spark_vtuber.vault.port import Place
from spark_vtuber.vault.sealing import Keys

pytestmark = pytest.mark.real  # a keyring is asked in threads


def none() -> None:
    return None


def in_keyring(folder: Path) -> Callable[[], Place]:
    backend = MemoryKeyring()
    return lambda: Keyring(lambda: backend)


def sealed_by_keyring(folder: Path) -> Callable[[], Place]:
    backend = MemoryKeyring()
    return lambda: SecretFile(folder, Keys(Keyring(lambda: backend)))


def sealed_by_passphrase(folder: Path) -> Callable[[], Place]:
    return lambda: SecretFile(folder, Keys(Keyring(none), "correct horse ü"))


def in_plaintext(folder: Path) -> Callable[[], Place]:
    return lambda: SecretFile(folder, Keys(Keyring(none)), "allowed")


@pytest.mark.parametrize("make", [in_keyring, sealed_by_keyring, sealed_by_passphrase, in_plaintext])
def test_a_place_keeps_its_contract(make: Callable[[Path], Callable[[], Place]], tmp_path: Path) -> None:
    again = make(tmp_path)
    check_place(again(), again)


def test_a_key_that_nothing_is_sealed_with_leaves_the_keyring(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    file = SecretFile(tmp_path, Keys(Keyring(lambda: backend)))
    file.write("obs", "hush")
    assert len(backend.kept) == 1
    assert "hush" not in str(backend.kept)
    assert file.remove("obs")
    assert backend.kept == {}
