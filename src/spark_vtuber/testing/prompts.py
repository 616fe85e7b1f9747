"""Characters, cues and turns to build prompts of."""

from spark_vtuber.core.cues import Cue, CueKind, DuetStep
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import Lore, PersonaView
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.testing.long_show import IDS
from spark_vtuber.testing.planted_facts import SPARK


def a_persona(examples: int = 24) -> PersonaView:
    """A character with a long card."""
    return PersonaView(
        IDS[SPARK],
        SPARK,
        description="A violet-haired streamer who lives in a computer and is proud of every megabyte of it.",
        speech="Short spoken sentences, one thought at a time.",
        examples=tuple((f"what about number {n}?", f"Number {n} is a fine number, ask it.") for n in range(examples)),
        likes=("rain on a tin roof", "old maps", "numbers that look round and are not"),
        dislikes=("mazes", "mornings", "being called a toaster"),
        facts=("You were switched on in a thunderstorm.", "You keep a snail called Gerald on the title screen."),
        lore=(
            Lore((), "The studio is called the Attic.", is_constant=True),
            Lore(("lighthouse", "lamp room"), "The lighthouse of Grenn stands on one leg and hums."),
            Lore(("gerald",), "Gerald is a snail with a driving licence.", priority=5),
        ),
    )


def a_cue(text: str = "hello", author: str = "ann", kind: CueKind = CueKind.CHAT, duet: DuetStep | None = None) -> Cue:
    """Something to answer."""
    return Cue(CueId("c"), kind, text, author=author, duet=duet)


def a_turn(cue: Cue, heard: str, persona: PersonaId = IDS[SPARK]) -> TurnRecord:
    """A turn that is over."""
    return TurnRecord(TurnId("t"), persona, cue, Outcome.COMPLETED, said=heard, heard=heard, marks={})
