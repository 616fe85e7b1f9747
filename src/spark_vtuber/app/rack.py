"""Engines for once, as for a sentence into a file or a checklist; a show keeps its own in `engine_room`."""

from contextlib import AsyncExitStack
from typing import Any

from spark_vtuber import engines
from spark_vtuber.config.load import EngineChoice
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.board import Board


class Rack:
    """Opens engines by name, each once, and shows on the board how they are. They close, last first, with `stack`."""

    def __init__(self, stack: AsyncExitStack, env: EngineEnv, board: Board) -> None:
        self._stack = stack
        self._env = env
        self._board = board
        self._open: dict[tuple[str, str, str], Any] = {}

    async def open(self, port: str, choice: EngineChoice) -> Any | None:
        """The engine of a choice, opened now if it was not before; None when it cannot be, which the board tells."""
        key = (port, choice.name, choice.options.model_dump_json())
        if key not in self._open:
            spec = engines.spec(port, choice.name)
            name = self._name(port, choice.name)
            self._board.set(name, port, "starting", spec.summary)
            try:
                self._open[key] = await self._stack.enter_async_context(spec.open(choice.options, self._env))
            except EngineError as error:
                self._board.set(name, port, "failed", error.message, error.fix)
                self._open[key] = None
            else:
                self._board.set(name, port, "ok", spec.summary)
        return self._open[key]

    def _name(self, port: str, engine: str) -> str:
        """What the board calls an engine; one that is opened again with other keys is numbered."""
        opened = sum(key[:2] == (port, engine) for key in self._open)
        return f"{port}:{engine}" if not opened else f"{port}:{engine}:{opened + 1}"
