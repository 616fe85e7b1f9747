"""Secrets in the keyring of the system: Keychain, Credential Locker, Secret Service, KWallet (extra `keyring`)."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Protocol, TypeVar

from spark_vtuber.core.errors import SparkError
from spark_vtuber.vault.port import ABSENT, HUNG, REFUSED

T = TypeVar("T")

SERVICE: Final = "spark-vtuber"
INDEX: Final = ".names"
"""Keyrings cannot list what they keep, so the names are kept beside it; no secret's name begins with a dot."""

LEAST_PRIORITY: Final = 1.0
"""What `keyring` calls suitable. Below are those that keep nothing or keep it in the open."""

NO_KEYRINGS: Final = ("keyrings", "keyring.backends.fail", "keyring.backends.null")
"""`keyrings.*` are files that others wrote; some of them ask for a passphrase on the terminal."""

GIVEN_UP: Final = "the system's keyring did not answer in time"
UNLOCK: Final = "unlock it, then start again; or keep the secret in the file: --in file"


class Backend(Protocol):
    """What `keyring.backend.KeyringBackend` has; it raises what its vendor likes."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def installed() -> Backend | None:
    """The keyring of this system; None where there is no real one. Imports for a fifth of a second."""
    try:
        import keyring
    except ImportError:
        return None
    found: Any = keyring.get_keyring()
    return next((one for one in _members(found) if is_real(one)), None)


def is_real(backend: object) -> bool:
    """Whether a keyring keeps what it gets, safely and without asking on the terminal."""
    module = type(backend).__module__
    if any(module == name or module.startswith(f"{name}.") for name in NO_KEYRINGS):
        return False
    try:
        return float(getattr(backend, "priority", 0)) >= LEAST_PRIORITY
    except Exception:  # noqa: BLE001 - a keyring computes its priority, and says with any error that it cannot work
        return False


def _members(backend: Any) -> Iterator[Any]:
    """The keyrings behind the one that passes on to several."""
    if type(backend).__module__ == "keyring.backends.chainer":
        yield from backend.backends
    else:
        yield backend


class Keyring:
    """The keyring as a place of secrets. It is shared by all data directories of an account.

    Every call runs in a thread of its own with a deadline: the daemon behind a keyring may hang, or wait for somebody
    to unlock it. After a missed deadline it is not asked again.
    """

    def __init__(
        self,
        find: Callable[[], Backend | None] = installed,
        limit_s: float = 5.0,
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`alone` locks other writers out; without it one process at a time may write."""
        self._find = find
        self._limit_s = limit_s
        self._alone = alone
        self._backend: Backend | None = None
        self._is_found = False
        self._has_hung = False

    @property
    def title(self) -> str:
        """What the keyring calls itself; raises as all others."""
        backend = self._real()
        return str(getattr(backend, "name", "") or type(backend).__name__)

    def names(self) -> tuple[str, ...]:
        """The names of what we keep there."""
        try:
            held = json.loads(self.read(INDEX) or "[]")
        except ValueError:
            return ()
        return tuple(sorted(one for one in held if isinstance(one, str))) if isinstance(held, list) else ()

    def read(self, name: str) -> str | None:
        """As `Place` says."""
        backend = self._real()
        return self._within(lambda: backend.get_password(SERVICE, name), "read")

    def write(self, name: str, value: str) -> None:
        """As `Place` says; code `refused` where the keyring does not take it (Windows: 1,280 characters)."""
        self._put(name, value)
        if not name.startswith("."):
            with self._alone():
                if name not in (names := self.names()):
                    self._put(INDEX, json.dumps(sorted({*names, name})))

    def remove(self, name: str) -> bool:
        """As `Place` says."""
        backend = self._real()
        was_there = self.read(name) is not None
        if was_there:
            self._within(lambda: backend.delete_password(SERVICE, name), "forget")
        with self._alone():
            if name in (names := self.names()):
                self._put(INDEX, json.dumps([one for one in names if one != name]))
        return was_there

    def _put(self, name: str, value: str) -> None:
        backend = self._real()
        self._within(lambda: backend.set_password(SERVICE, name, value), "keep")

    def _real(self) -> Backend:
        if not self._is_found:
            self._backend = self._within(self._find, "open")
            self._is_found = True
        if self._backend is None:
            raise SparkError(
                "this machine has no keyring that can be used",
                code=ABSENT,
                fix="pip install 'spark-vtuber[keyring]', on a desktop that has one",
            )
        return self._backend

    def _within(self, call: Callable[[], T], verb: str) -> T:
        """What a call gives, unless it takes too long; what it raises may hold the secret and is not repeated."""
        if self._has_hung:
            raise SparkError(GIVEN_UP, code=HUNG, fix=UNLOCK)
        answers: queue.SimpleQueue[tuple[T] | Exception] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put((call(),))
            except Exception as error:  # noqa: BLE001 - every keyring has exceptions of its own
                answers.put(error)

        threading.Thread(target=work, daemon=True, name="keyring").start()
        try:
            answer = answers.get(timeout=self._limit_s)
        except queue.Empty:
            self._has_hung = True
            raise SparkError(GIVEN_UP, code=HUNG, fix=UNLOCK) from None
        if isinstance(answer, Exception):
            raise SparkError(
                f"the system's keyring would not {verb} it ({type(answer).__name__})",
                code=REFUSED,
                fix="unlock it and try again, or keep the secret in the file: --in file",
            ) from None
        return answer[0]
