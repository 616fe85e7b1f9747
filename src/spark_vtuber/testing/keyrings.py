"""A keyring of the system without a system, and what stands in the way of real ones."""

import threading


class MemoryKeyring:
    """Implements `vault.keyring.Backend` in memory, as keyrings of vendors behave: one text a service and user.

    `largest` refuses longer values, as Windows does. While `is_stuck` is set every call waits for `free`, as a daemon
    does that waits for somebody to unlock it. `calls` counts.
    """

    name = "Memory"
    priority = 5.0

    def __init__(self, largest: int = 1_000_000) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.largest = largest
        self.is_stuck = False
        self.free = threading.Event()
        self.calls = 0

    def get_password(self, service: str, username: str) -> str | None:
        """The text; None where there is none."""
        self._answer()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it; the error of a refusal repeats the text, as some vendors do."""
        self._answer()
        if len(password) > self.largest:
            raise OSError(f"too long: {password}")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Raises `KeyError` where there is none; vendors raise one error or another."""
        self._answer()
        del self.kept[service, username]

    def _answer(self) -> None:
        self.calls += 1
        if self.is_stuck:
            self.free.wait(60)
