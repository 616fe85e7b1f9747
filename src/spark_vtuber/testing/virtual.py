"""A virtual clock: an event loop on which waiting costs no time.

When nothing is ready to run, the loop's time jumps to the next timer. It refuses threads, sockets and child
processes, so a test on it can neither be slow nor depend on the machine. With no timer left and nothing ready the
loop would wait for ever: that is a `Deadlock`.
"""

import asyncio
import selectors
from typing import Any, Final, NoReturn

START_S: Final = 1_000.0
"""Where virtual time starts; not zero, so that a forgotten clock shows."""

EPOCH_MS: Final = 1_800_000_000_000
"""Wall time in milliseconds at virtual time zero."""


class Deadlock(RuntimeError):
    """Every task waits for something that cannot happen."""


class Refused(RuntimeError):
    """The code under test reached for a thread, a socket or a child process."""


class _Selector(selectors.BaseSelector):
    """Reports nothing ready and turns waiting into a jump of the clock."""

    def __init__(self) -> None:
        self.now_s = START_S
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("every task waits and no timer is set")
        self.now_s += max(timeout, 0.0)
        return []

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time; give it to anyio as `loop_factory`."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Virtual seconds."""
        return self._virtual.now_s

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise Refused("the virtual clock refuses threads, sockets and child processes; mark the test `real`")

    run_in_executor = _refuse  # type: ignore[assignment]  # the signature does not matter to a refusal
    create_connection = _refuse
    create_server = _refuse
    create_datagram_endpoint = _refuse
    create_unix_connection = _refuse
    create_unix_server = _refuse
    subprocess_exec = _refuse
    subprocess_shell = _refuse
    sock_connect = _refuse
    sock_accept = _refuse
    sock_recv = _refuse
    sock_sendall = _refuse


class VirtualClock:
    """A `Clock` that reads the running virtual loop."""

    def now(self) -> float:
        """The loop's time in seconds."""
        return asyncio.get_running_loop().time()

    def unix_ms(self) -> int:
        """Wall time in milliseconds, derived from the virtual time."""
        return EPOCH_MS + round(self.now() * 1000)
