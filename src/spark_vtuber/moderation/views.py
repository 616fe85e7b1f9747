"""Other ways to read a text: what it says in a code, piece by piece, or under noise.

Each view is made only where something tells of it, so that an ordinary line costs a few searches. The checks read a
view like any other text.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from spark_vtuber.moderation.ciphers import ciphered, coded, in_figures
from spark_vtuber.moderation.pieces import pieced, quiet
from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.spelling import initials, spelled
from spark_vtuber.moderation.spoken_numbers import in_digits
from spark_vtuber.moderation.view import View

MOST: Final = 4
"""Views of one text; who needs more of them than that at once is not understood by listeners either."""


def views(reading: Reading) -> Iterator[View]:
    """The other readings of a text that something in it tells of, `MOST` at most."""
    count = 0
    for look in _LOOKS:
        for view in look(reading):
            if count == MOST:
                return
            count += 1
            yield view


_LOOKS: Final[tuple[Callable[[Reading], Iterable[View]], ...]] = (
    in_digits,
    coded,
    ciphered,
    in_figures,
    quiet,
    spelled,
    pieced,
    initials,
)
