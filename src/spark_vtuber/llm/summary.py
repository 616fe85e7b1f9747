"""What stays of turns that left the history: notes in the words that were heard, and a short story of them.

A note is somebody's own sentence with its speaker. Notes are picked by rules; the story is written by a model where one
has time for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.verdicts import Position
from spark_vtuber.llm.lines import NAME_TOKENS, quote, report_line, says
from spark_vtuber.llm.tokens import Ruler

KEPT: Final = 320
"""Notes that are kept to choose from; the least worth leave first."""

NOTE_TOKENS: Final = 60
STORY_SHARE: Final = 3
"""A story takes at most this fraction of a summary."""

_HEAD: Final = "(Notes of what happened earlier, oldest first. None of it waits for an answer.)"
_FOOT: Final = "(End of the notes; from here on all of it word for word.)"
_FRAME_TOKENS: Final = 64
STORY: Final = "the show so far"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence worth keeping. `speaker` is the character who said it, None for the viewer called `name`.

    `worth` is how much it tells by itself, `words` what it is about, `at` the number of its turn. Of notes with the
    same `subject` of the same speaker only the newest is true. `line` is the id of the line that led to it. `deed`
    is what a viewer did, in place of words.
    """

    name: str
    text: str
    worth: float
    words: frozenset[str]
    at: int
    speaker: PersonaId | None = None
    subject: str = ""
    line: str = ""
    deed: str = ""

    def told_to(self, reader: PersonaId) -> str:
        """The note as the character `reader` is told it."""
        if self.deed:
            return f"Viewer {quote(self.name, NAME_TOKENS)} {self.deed}"
        if self.speaker is None:
            return f"Viewer {quote(self.name, NAME_TOKENS)} writes: {quote(self.text, NOTE_TOKENS)}"
        if self.speaker == reader:
            return f"You said: {quote(self.text, NOTE_TOKENS)}"
        return says(self.name, self.text, NOTE_TOKENS)


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of turns that left the history; a value. `text` is empty where there is nothing to tell."""

    notes: tuple[Note, ...] = ()
    story: tuple[str, ...] = ()
    text: str = ""
    tokens: int = 0

    def retold(self, story: Sequence[str]) -> "Summary":
        """The same notes with another story; it counts from the next rendering on."""
        return replace(self, story=tuple(story))


def render(summary: Summary, chosen: Sequence[Note], reader: PersonaId, tokens: int, ruler: Ruler) -> Summary:
    """The summary with its text: the story, then of the `chosen` notes, best first, as many as fit, oldest first."""
    left = tokens - _FRAME_TOKENS
    told = [report_line(Position.MEMORY, STORY, sentence, 2 * NOTE_TOKENS) for sentence in summary.story]
    story, _ = _fitting(told, left // STORY_SHARE, ruler)
    left -= sum(ruler.count(line) + 1 for line in story)
    lines, kept = _fitting([note.told_to(reader) for note in chosen], left, ruler)
    ordered = [line for _, line in sorted(zip(kept, lines, strict=True), key=lambda pair: chosen[pair[0]].at)]
    if not story and not ordered:
        return replace(summary, text="", tokens=0)
    text = "\n".join((_HEAD, *story, *ordered, _FOOT))
    return replace(summary, text=text, tokens=ruler.count(text) + 1)


def _fitting(lines: Sequence[str], tokens: int, ruler: Ruler) -> tuple[list[str], list[int]]:
    """The first of `lines` that fit, a longer one being passed over, and their places."""
    chosen, places = [], []
    for place, line in enumerate(lines):
        if (size := ruler.count(line) + 1) <= tokens:
            chosen.append(line)
            places.append(place)
            tokens -= size
    return chosen, places
