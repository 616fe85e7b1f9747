"""What must not become of a duet: the same again, compliments back and forth, two mouths with one voice.

Pure looks at the lines that were said. A first lapse becomes a hint in the next cue; one that goes on ends the duet by
its way out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from spark_vtuber.core.duets import DuetEnd
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.pipeline.choosing.reading import likeness, read
from spark_vtuber.text.fold import fold

SAME: Final = 0.6
"""Lines say the same when so much of what they are about is shared."""

SHORTEST: Final = 3
"""Words that a line must be about something with to be the same as another."""

OPENING: Final = 2
"""Lines that begin with the same so many words begin alike."""

MOST_REPEATS: Final = 2
MOST_PRAISE: Final = 4
MOST_CHORUS: Final = 3

NEW: Final = "Say something that neither of you has said yet."
DISAGREE: Final = "No compliments now: disagree with something that was said."
BEGIN_OTHERWISE: Final = "Begin with other words than the last line did."

_PRAISE: Final = re.compile(
    r"\b(?:(?:you(?:'re| are)|that(?:'s| is)) (?:so |absolutely |totally |completely )?"
    r"(?:right|true|great|amazing|brilliant|wonderful|lovely|the best)"
    r"|(?:great|good|excellent|fair|lovely) point|well said|so true|love (?:that|it|this|you)|(?:totally|fully) agree"
    r"|i agree|couldn'?t agree more|exactly)\b"
)
_NO_PRAISE: Final = re.compile(r"\b(?:but|however|except|not|never|don'?t|disagree|wrong)\b")
_WORDS: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the duet, by whom."""

    persona: PersonaId
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What the next line should mind, and why the duet should end with it; empty and None where all is well."""

    hint: str = ""
    leave: DuetEnd | None = None


def advise(lines: Sequence[Said]) -> Advice:
    """How the duet goes, by its lines so far, the last of which is to be answered."""
    if not lines:
        return Advice()
    repeats, praise, chorus = _repeats(lines), _praise_run(lines), _alike_openings(lines)
    if repeats >= MOST_REPEATS:
        return Advice(NEW, DuetEnd.LOOP)
    if praise >= MOST_PRAISE:
        return Advice(DISAGREE, DuetEnd.FLATTERY)
    if chorus >= MOST_CHORUS:
        return Advice(BEGIN_OTHERWISE, DuetEnd.CHORUS)
    hints = [(repeats > 0, NEW), (praise >= 2, DISAGREE), (chorus >= 2, BEGIN_OTHERWISE)]
    return Advice(" ".join(hint for is_due, hint in hints if is_due))


def _repeats(lines: Sequence[Said]) -> int:
    """How many of the last four lines say what an earlier one said."""
    gists = [read(line.text, ()).gist for line in lines]
    return sum(
        any(len(gists[at]) >= SHORTEST and likeness(gists[at], earlier) >= SAME for earlier in gists[:at])
        for at in range(max(0, len(gists) - 4), len(gists))
    )


def _praises(line: Said) -> bool:
    text = fold(line.text)
    return _PRAISE.search(text) is not None and _NO_PRAISE.search(text) is None


def _praise_run(lines: Sequence[Said]) -> int:
    """How many lines at the end praise the one before."""
    return sum(1 for _ in takewhile(_praises, reversed(lines)))


def _alike_openings(lines: Sequence[Said]) -> int:
    """How many lines at the end begin with the same words."""
    last = _opening(lines[-1])
    return sum(1 for _ in takewhile(lambda line: bool(last) and _opening(line) == last, reversed(lines)))


def _opening(line: Said) -> tuple[str, ...]:
    words = _WORDS.findall(fold(line.text))[:OPENING]
    return tuple(words) if len(words) == OPENING else ()
