import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality.arbiter import choose

MAIN = PersonaView(PersonaId("main"), "Spark", aliases=("sparky", ""))
TWIN = PersonaView(PersonaId("twin"), "Ember", aliases=("Miss Ash",))


def cue(text: str, persona: str | None = None) -> Cue:
    return Cue(CueId("c1"), CueKind.CHAT, text, persona=PersonaId(persona) if persona else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello there", MAIN),
        ("hey ember, how are you?", TWIN),
        ("@Ember!", TWIN),
        ("sparky and ember", MAIN),
        ("i remember september", MAIN),
        ("EMBER or spark?", TWIN),
        ("is miss ash there?", TWIN),
        ("that is ember's cat", TWIN),
    ],
)
def test_the_first_named_persona_answers_else_the_main_one(text: str, expected: PersonaView) -> None:
    assert choose(cue(text), (MAIN, TWIN)).persona is expected


def test_a_cue_may_ask_for_a_persona_whatever_it_says() -> None:
    decision = choose(cue("hi spark", persona="twin"), (MAIN, TWIN))
    assert decision.persona is TWIN
    assert decision.reasons == ("asked for",)


def test_an_unknown_persona_is_not_an_error() -> None:
    assert choose(cue("hi", persona="nobody"), (MAIN, TWIN)).persona is MAIN
