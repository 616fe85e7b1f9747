"""What makes a secret unreadable in a file: AES-256-GCM, with a key from the keyring or from a passphrase."""

import base64
import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from spark_vtuber.core.errors import SparkError
from spark_vtuber.vault.port import ABSENT, HUNG, REFUSED, Place

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
COST: Final = 2**15
"""Of scrypt, with r = 8 and p = 1: 32 MiB and a tenth of a second for every guess."""

MEMORY: Final = 64 * 1024**2
CHECK: Final = ".check"
"""Sealed with every key, so that a wrong one is noticed before anything is written with it."""

NO_KEY: Final = "no_key"
PASSPHRASE: Final = "SPARK_PASSPHRASE"  # noqa: S105 - the name of a variable
HOW_TO_OPEN: Final = f"set {PASSPHRASE} to the one that the file was made with"
HOW_TO_SEAL: Final = (
    f"set {PASSPHRASE}, here and where the show starts; or install the extra `keyring` on a desktop that has one; "
    "or allow plaintext: --plaintext"
)

By = Literal["keyring", "passphrase"]


@dataclass(frozen=True, slots=True)
class Lock:
    """How a file is locked: where its key comes from, a salt that is also its name (hex), and a sealed check."""

    by: By
    salt: str
    check: str


class Seal:
    """One key. A value is bound to its name: under another name it does not open."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def close(self, name: str, value: str) -> str:
        """The value, sealed: nonce, text and tag in base64."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, value.encode(), name.encode())).decode()

    def open(self, name: str, sealed: str) -> str | None:
        """The value; None where key or name are others, or the text was changed."""
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name.encode()).decode()
        except (InvalidTag, ValueError):
            return None


class Keys:
    """Finds the key of a file, and makes new ones: kept in the keyring where there is one, else from a passphrase."""

    def __init__(self, keyring: Place, passphrase: str = "") -> None:
        self._keyring = keyring
        self._passphrase = unicodedata.normalize("NFKC", passphrase)
        self._opened: dict[Lock, Seal] = {}

    def make(self) -> Lock:
        """A new lock, whose key is remembered.

        Raises:
            SparkError: `no_key` where there is neither keyring nor passphrase.
        """
        salt, key = secrets.token_hex(SALT_BYTES), secrets.token_bytes(KEY_BYTES)
        by: By = "keyring"
        try:
            self._keyring.write(_name(salt), base64.b64encode(key).decode())
        except SparkError as error:
            if error.code not in (ABSENT, HUNG, REFUSED):
                raise
            by, key = "passphrase", self._derived(salt, HOW_TO_SEAL)
        seal = Seal(key)
        lock = Lock(by, salt, seal.close(CHECK, CHECK))
        self._opened[lock] = seal
        return lock

    def seal(self, lock: Lock) -> Seal:
        """The key of a lock.

        Raises:
            SparkError: `wrong_passphrase`, or `no_key` where there is no passphrase or the keyring lacks the key.
        """
        if lock not in self._opened:
            seal = Seal(self._derived(lock.salt, HOW_TO_OPEN) if lock.by == "passphrase" else self._stored(lock.salt))
            if seal.open(CHECK, lock.check) != CHECK:
                raise SparkError(
                    "the passphrase of the file with the secrets is another",
                    code="wrong_passphrase",
                    fix=HOW_TO_OPEN,
                )
            self._opened[lock] = seal
        return self._opened[lock]

    def forget(self, lock: Lock) -> None:
        """Remove a key that nothing is sealed with any more; one that stays does no harm."""
        self._opened.pop(lock, None)
        if lock.by == "keyring":
            try:
                self._keyring.remove(_name(lock.salt))
            except SparkError:
                return

    def _derived(self, salt: str, fix: str) -> bytes:
        if not self._passphrase:
            raise SparkError(
                "there is no key for the file with the secrets: no keyring and no passphrase",
                code=NO_KEY,
                fix=fix,
            )
        text = self._passphrase.encode("utf-8", "surrogatepass")
        return hashlib.scrypt(text, salt=bytes.fromhex(salt), n=COST, r=8, p=1, maxmem=MEMORY, dklen=KEY_BYTES)

    def _stored(self, salt: str) -> bytes:
        try:
            kept = self._keyring.read(_name(salt))
        except SparkError as error:
            raise SparkError(
                f"the file with the secrets stays locked: {error.message}", code=NO_KEY, fix=error.fix
            ) from (None)
        try:
            key = base64.b64decode(kept or "", validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise SparkError(
                "the keyring has no key for the file with the secrets: it was made for another account or machine",
                code=NO_KEY,
                fix="remove the secrets and set them again: spark-vtuber secrets list",
            )
        return key


def _name(salt: str) -> str:
    return f".key-{salt}"
