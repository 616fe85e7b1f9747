"""Whoever paid is thanked: what becomes of a paid cue whose answer was cut before it was heard."""

from dataclasses import replace
from typing import Final

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.turns import Reason, TurnRecord
from spark_vtuber.pipeline.choosing.scores import is_paid
from spark_vtuber.pipeline.tally import Tally

_FINAL: Final = frozenset({Reason.DELETED, Reason.BANNED, Reason.IGNORED, Reason.REJECTED, Reason.PANIC, Reason.STRUCK})
"""Reasons for which a turn was cut that leave nobody to thank."""


def second_try(record: TurnRecord, tally: Tally, *, is_stopped: bool) -> Cue | None:
    """The paid cue of a turn that was cut before its answer was heard, to be answered once more; once.

    None where nothing was paid, it was answered, or nobody will be thanked any more, which the tally is told.
    """
    cue = record.cue
    if not is_paid(cue) or record.is_answered or record.reason == Reason.SHUTDOWN:
        return None
    if cue.is_second_try or record.reason in _FINAL or is_stopped:
        tally.cue_given_up(cue)
        return None
    tally.cue_returned(cue)
    return replace(cue, is_second_try=True)
