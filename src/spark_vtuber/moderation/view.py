"""A text of its own that stands for another one, character by character."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

Piece = tuple[str, int, int]
"""A piece of a view, and the range of the folded text that it stands for."""


@dataclass(frozen=True, slots=True)
class View:
    """`pieces` are joined with spaces; `kind` names the way of reading."""

    kind: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """What the checks read."""
        return " ".join(piece for piece, _, _ in self.pieces)

    def pieces_in(self, start: int, end: int) -> int:
        """How many pieces a range of `text` touches."""
        return len(self._touched(start, end))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The range of the folded text that a range of `text` stands for."""
        touched = self._touched(start, end)
        return min(first for first, _ in touched), max(last for _, last in touched)

    def _touched(self, start: int, end: int) -> list[tuple[int, int]]:
        at = 0
        touched: list[tuple[int, int]] = []
        for text, first, last in self.pieces:
            if at < end and start < at + len(text):
                touched.append((first, last))
            at += len(text) + 1
        return touched


def around(tokens: Sequence[Piece], places: Collection[int]) -> tuple[Piece, ...]:
    """The tokens within `_REACH` of the first places of interest, so that a view stays short."""
    near = sorted(places)[:_MOST_PLACES]
    wanted = {at for place in near for at in range(place - _REACH, place + _REACH + 1)}
    return tuple(token for at, token in enumerate(tokens) if at in wanted)


_REACH: Final = 6
_MOST_PLACES: Final = 6


def start_of(piece: Piece) -> int:
    """Where a piece begins."""
    return piece[1]


WORDLIKE: Final = re.compile(r"\w")
