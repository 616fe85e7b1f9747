"""What two characters could talk about: subjects on which their cards disagree, else what one likes or knows."""

from dataclasses import dataclass

from spark_vtuber.core.personas import PersonaView
from spark_vtuber.text.fold import fold
from spark_vtuber.text.mentions import first_mention

SHORTEST = 4
"""Letters of a word that two opinions must share to be about the same."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A topic and what the two disagree on."""

    topic: str
    tension: str = ""


def subjects(one: PersonaView, other: PersonaView) -> tuple[Subject, ...]:
    """Subjects of two characters: disagreements first; never empty."""
    apart = (*_apart(one, other), *_apart(other, one))
    liked = tuple(
        Subject(like, f"{lover.name} loves it; {doubter.name} is not convinced.")
        for lover, doubter in ((one, other), (other, one))
        for like in lover.likes
        if like not in {subject.topic for subject in apart}
    )
    known = tuple(
        Subject(tag, f"{expert.name} knows all about it, and {novice.name} thinks it is easy.")
        for expert, novice in ((one, other), (other, one))
        for tag in expert.expertise
    )
    return apart or liked or known or (Subject("who of us two should run this stream", "Each of them means herself."),)


def _apart(lover: PersonaView, hater: PersonaView) -> tuple[Subject, ...]:
    return tuple(
        Subject(like, f"{lover.name} loves it; {hater.name} cannot stand it.")
        for like in lover.likes
        if any(_same(like, dislike) for dislike in hater.dislikes)
    )


def _same(one: str, other: str) -> bool:
    words = tuple(word for word in fold(one).split() if len(word) >= SHORTEST)
    return bool(words) and first_mention(fold(other), words) is not None
