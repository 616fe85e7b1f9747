"""What must not become of a duet."""

import pytest

from spark_vtuber.core.cues import Cue, CueKind, DuetStep
from spark_vtuber.core.duets import DuetEnd
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.llm.lines import cue_task
from spark_vtuber.pipeline.duet_rules import BEGIN_OTHERWISE, DISAGREE, NEW, Advice, Said, advise


def said(*texts: str) -> list[Said]:
    return [Said(PersonaId("main" if at % 2 == 0 else "twin"), text) for at, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "advice"),
    [
        ((), Advice()),
        (("Kettles whistle louder than trains.", "My cactus keeps a diary."), Advice()),
        (
            ("Kettles whistle louder than trains.", "Trains whistle louder, kettles never."),
            Advice(NEW),
        ),
        (
            ("Kettles whistle louder than trains.", "My cactus keeps a diary.", "Kettles whistle louder than trains!",
             "Yes, my cactus keeps a diary."),
            Advice(NEW, DuetEnd.LOOP),
        ),
        (("No.", "No.", "No.", "No."), Advice()),
        (("You're so right about trains.", "Great point about owls."), Advice(DISAGREE)),
        (("You're right, but trains are louder.", "Great point, however owls are not."), Advice()),
        (
            ("You're right about trains.", "Great point about owls.", "Well said of ponds.", "I agree with moons."),
            Advice(DISAGREE, DuetEnd.FLATTERY),
        ),
        (("Oh dear, owls bake bread.", "Oh dear! Trains are shy."), Advice(BEGIN_OTHERWISE)),
        (
            ("Oh dear, owls bake bread.", "Oh dear! Trains are shy.", "OH DEAR. Ponds lie."),
            Advice(BEGIN_OTHERWISE, DuetEnd.CHORUS),
        ),
        (("Oh.", "Oh."), Advice()),
        (
            ("You are right: kettles whistle at trains.",) * 2,
            Advice(f"{NEW} {DISAGREE} {BEGIN_OTHERWISE}"),
        ),
    ],
)  # fmt: skip
def test_a_first_lapse_is_a_hint_and_one_that_goes_on_ends_the_duet(texts: tuple[str, ...], advice: Advice) -> None:
    assert advise(said(*texts)) == advice


@pytest.mark.parametrize("hint", [NEW, DISAGREE, BEGIN_OTHERWISE, f"{NEW} {DISAGREE} {BEGIN_OTHERWISE}"])
def test_the_model_is_told_what_to_mind(hint: str) -> None:
    step = DuetStep("tea", 2, 6, hint=hint)
    task = cue_task(Cue(CueId("c"), CueKind.DUET, "Tea is wet.", "Nova", duet=step))
    assert hint in task
    assert len(task.split()) < 60
