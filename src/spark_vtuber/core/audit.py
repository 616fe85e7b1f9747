"""Who did what: every privileged act is noted where it comes in."""

from typing import Protocol


class Audit(Protocol):
    """Notes one privileged act. Never waits and never fails.

    `act` names it ("panic", "settings.set" …), `actor` says who asked ("desk 127.0.0.1", "panic door"), `target` what
    it was done to; `old` and `new` are JSON-ready and hold no secret.
    """

    def __call__(
        self, act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None
    ) -> None: ...


def unnoted(_act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
    """An audit for a show without a journal."""
