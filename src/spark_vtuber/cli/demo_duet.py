"""The two shipped characters talk to each other for a few minutes, without a model, then the show ends."""

import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import anyio

from spark_vtuber.app.assemble import Opened
from spark_vtuber.cli.console import console
from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.duets import DuetPhase, Duets
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId, TurnId

CHARACTERS: Final = {"main": {"card": "main"}, "ember": {"card": "ember"}}

TOPICS: Final = (
    "pineapple on pizza", "who is the better twin", "speedrunning", "mornings", "horror games", "cats or dogs",
    "taking over the world", "tutorials", "thunderstorms", "board games", "puns", "heroes", "coffee or cocoa",
    "whose hair is better", "karaoke",
)  # fmt: skip

EXCHANGES: Final = (3, 2, 4)
"""How long the duets are, in turn."""

LONGEST_DUET_S: Final = 180.0
BREATH_S: Final = 1.5
"""Between two duets."""

PROGRAMME: Final = """  [bold]What to look at[/] (about {minutes:g} minutes, then it ends by itself)
    the stage      both of them, and whose mouth moves; open /stage
    the faces      follow what is said, and change within a sentence
    the words      each answers what the other just said; no line comes twice
    chat           write a line: viewers may cut in, and the two come back"""


@dataclass(slots=True)
class Review:
    """What was said so far: texts by turn, by whom, and how many duets came to their end."""

    texts: dict[TurnId, tuple[PersonaId, str]] = field(default_factory=dict)
    duets: int = 0

    @property
    def repeated(self) -> int:
        """How many turns said what another one had said."""
        return sum(count - 1 for count in Counter(text for _, text in self.texts.values()).values())

    def summary(self) -> str:
        """What is printed at the end."""
        speakers = Counter(speaker for speaker, _ in self.texts.values())
        shares = ", ".join(f"{name} {count}" for name, count in sorted(speakers.items()))
        return f"{self.duets} duets, {len(self.texts)} turns ({shares}), {self.repeated} repeated"


def layer() -> dict[str, Any]:
    """The configuration of the demo: both characters on the understudy, who only talk when it is their turn."""
    return {"persona": CHARACTERS, "llm": {"use": "understudy"}, "duets": {"from_silence": 0.0}}


async def play(opened: Opened, minutes: float, rng: random.Random) -> Review:
    """Duets on topics in chance order until `minutes` are over; the last one is brought to its end.

    Raises:
        SparkError: a duet cannot begin, as `core.duets.Duets.start` says.
    """
    console.print(PROGRAMME.format(minutes=minutes) + "\n")
    duets = opened.doors.duets
    if duets is None:
        raise SparkError("the show has no duets", code="no_duets", fix="run it with two personas")
    review, topics = Review(), rng.sample(TOPICS, len(TOPICS))
    speakers = list(CHARACTERS)
    over_s = anyio.current_time() + 60 * minutes
    for number in count():
        topic, opener = topics[number % len(topics)], PersonaId(speakers[number % 2])
        await _duet(opened, duets, topic, EXCHANGES[number % len(EXCHANGES)], opener, review)
        if anyio.current_time() + BREATH_S >= over_s:
            break
        await anyio.sleep(BREATH_S)
    console.print(f"  The demo is over: {review.summary()}. [bold]spark-vtuber run[/] starts a show of your own.")
    return review


async def _duet(opened: Opened, duets: Duets, topic: str, exchanges: int, opener: PersonaId, review: Review) -> None:
    """One duet from its first word to its last."""
    console.print(f"  [dim]on[/] {topic}")
    show = opened.show
    async with show.events(None) as events:
        await duets.start(topic, exchanges=exchanges, opener=opener)
        with anyio.move_on_after(LONGEST_DUET_S):
            while duets.state().phase is not DuetPhase.NONE or not show.is_quiet:
                await anext(events)
    review.duets += 1
    for turn in show.turns(4 * exchanges):
        if turn.heard and turn.cue.kind is CueKind.DUET:
            review.texts[turn.id] = (turn.persona, turn.heard)
