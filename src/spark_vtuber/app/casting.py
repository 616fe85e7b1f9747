"""Who answers a cue, as the characters are set now, and which cues nobody answers."""

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.personas import Personas
from spark_vtuber.core.turns import Reason
from spark_vtuber.personality import arbiter
from spark_vtuber.personality.temper import RESERVED, refusal
from spark_vtuber.pipeline.director import Casting


class CastingOffice:
    """Asked by the director for every cue; looks at the characters anew each time."""

    def __init__(self, personas: Personas) -> None:
        self._personas = personas

    def cast(self, cue: Cue) -> Casting:
        """Who answers a cue, as they are now."""
        decision = arbiter.choose(cue, [view for view, _ in self._personas.tempers()])
        return Casting(decision.persona, decision.reasons)

    def decline(self, cue: Cue) -> Reason | None:
        """Why a cue is not to be answered, as the characters are set now; None where it is."""
        tempers = self._personas.tempers()
        if not any(temper.paid_only or temper.talkativeness < RESERVED for _, temper in tempers):
            return None
        decision = arbiter.choose(cue, [view for view, _ in tempers])
        own = next(temper for view, temper in tempers if view.id == decision.persona.id)
        return refusal(cue, decision, own)
