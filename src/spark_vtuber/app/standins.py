"""Modules that are switched to their embedded stand-in: by `[fallback]`, or live from a door."""

from collections.abc import Callable, Mapping
from typing import Final

from spark_vtuber.config.keys import Fallback
from spark_vtuber.core.errors import SparkError
from spark_vtuber.health.board import Board

STAND_INS: Final[Mapping[str, str]] = {
    "llm": "understudy",
    "tts": "espeak",
    "stage": "puppet",
    "chat": "page",
    "obs": "off",
}
"""The stand-in of every module; each works with nothing but the install."""


class StandIns:
    """Which modules use their stand-in. A change counts from the next turn on and shows on the board."""

    def __init__(self, forced: Fallback, board: Board) -> None:
        self._board = board
        self._used: set[str] = set()
        self._told: dict[str, list[Callable[[bool], None]]] = {}
        for module, stand_in in forced.model_dump().items():
            self.switch(module, stand_in)

    def uses(self, module: str) -> bool:
        """Whether a module is switched to its stand-in."""
        return module in self._used

    def tell(self, module: str, told: Callable[[bool], None]) -> None:
        """Call `told` now and after every change with whether a module uses its stand-in."""
        self._told.setdefault(module, []).append(told)
        told(self.uses(module))

    def switch(self, module: str, stand_in: str) -> None:
        """Use the stand-in of a module, or, where `stand_in` is empty, what is configured.

        Raises:
            SparkError: `unknown_module` or `unknown_stand_in`.
        """
        if module not in STAND_INS:
            raise SparkError(f'there is no module "{module}"', code="unknown_module", fix=f"use {', '.join(STAND_INS)}")
        if stand_in not in ("", STAND_INS[module]):
            raise SparkError(
                f'{module} has no stand-in "{stand_in}"', code="unknown_stand_in", fix=f"use {STAND_INS[module]}"
            )
        if stand_in:
            self._used.add(module)
            self._board.set(f"fallback:{module}", "fallback", "degraded", f"{module} is switched to {stand_in}")
        elif module in self._used:
            self._used.remove(module)
            self._board.set(f"fallback:{module}", "fallback", "off", f"{module} is as configured")
        for told in self._told.get(module, ()):
            told(module in self._used)
