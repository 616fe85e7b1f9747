"""What a temper means for the prompt, the voice, the length of answers, and for whom is answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView, Temper, VoiceStyle
from spark_vtuber.core.turns import Reason
from spark_vtuber.personality.arbiter import choose
from spark_vtuber.personality.temper import PRESETS, refusal, reply_share, tempered

SPARK = PersonaView(PersonaId("main"), "Spark", mood="happy", voice=VoiceStyle(rate=1.2))
AS_THE_CARD_SAYS = Temper(mood="happy")


def cue(text: str = "so it rains", number: int = 1, kind: ChatKind = ChatKind.MESSAGE) -> Cue:
    event = ChatEvent(str(number), "twitch", kind, Author("a", "ana"), text)
    return Cue(CueId("c"), CueKind.CHAT, text, "ana", event)


def refused(asked: Cue, temper: Temper) -> Reason | None:
    return refusal(asked, choose(asked, (SPARK,)), temper)


def test_an_ordinary_temper_changes_nothing() -> None:
    assert tempered(SPARK, AS_THE_CARD_SAYS) == SPARK


def test_mood_and_energy_are_words_for_the_prompt() -> None:
    assert tempered(SPARK, Temper("sad", energy=0.1)).manner.startswith("Right now you are sad and very calm")
    assert tempered(SPARK, Temper("happy", energy=0.9)).manner == "Right now you are bursting with energy."
    assert tempered(SPARK, Temper("sad")).manner == "Right now you are sad."


def test_energy_sets_the_speed_of_the_voice_by_a_tenth_at_most() -> None:
    assert tempered(SPARK, Temper("happy", energy=1.0)).voice.rate == pytest.approx(1.2 * 1.1)
    assert tempered(SPARK, Temper("happy", energy=0.0)).voice.rate == pytest.approx(1.2 * 0.9)


@pytest.mark.parametrize(("talkativeness", "share"), [(0.0, 0.35), (0.19, 0.35), (0.2, 0.6), (0.4, 1.0), (1.0, 1.0)])
def test_who_talks_little_answers_shortly(talkativeness: float, share: float) -> None:
    assert reply_share(talkativeness) == tempered(SPARK, Temper(talkativeness=talkativeness)).reply_share == share


def test_who_talks_little_or_much_is_told_so() -> None:
    assert tempered(SPARK, Temper("happy", talkativeness=0.1)).manner == "Answer in one short sentence."
    assert "five sentences" in tempered(SPARK, Temper("happy", talkativeness=0.9)).manner


@pytest.mark.parametrize(("talkativeness", "low", "high"), [(0.1, 100, 200), (0.3, 440, 560), (0.5, 1_000, 1_000)])
def test_the_stated_share_of_ordinary_lines_is_answered(talkativeness: float, low: int, high: int) -> None:
    temper = Temper(talkativeness=talkativeness)
    answered = sum(refused(cue(number=number), temper) is None for number in range(1_000))
    assert low <= answered <= high


def test_looking_twice_gives_the_same_decision() -> None:
    temper = Temper(talkativeness=0.3)
    assert [refused(cue(number=n), temper) for n in range(50)] == [refused(cue(number=n), temper) for n in range(50)]


@pytest.mark.parametrize(
    "asked",
    [
        *(cue("spark, are you there?", number) for number in range(20)),
        *(cue("100 bits", number, ChatKind.BITS) for number in range(20)),
        *(cue("", number, ChatKind.RAID) for number in range(20)),
    ],
)
def test_whoever_names_a_character_gives_or_raids_is_always_answered(asked: Cue) -> None:
    assert refused(asked, Temper(talkativeness=0.0)) is None


def test_who_reads_donations_answers_what_was_paid_for_only() -> None:
    temper = Temper(paid_only=True)
    assert refused(cue("spark, hi!"), temper) is Reason.UNPAID
    assert refused(cue("", kind=ChatKind.RAID), temper) is Reason.UNPAID
    assert refused(cue("hi", kind=ChatKind.SUPER_CHAT), temper) is None


@pytest.mark.parametrize("kind", [CueKind.SAY, CueKind.IDLE])
def test_what_no_viewer_wrote_is_never_refused(kind: CueKind) -> None:
    assert refused(Cue(CueId("c"), kind, "text"), Temper(paid_only=True, talkativeness=0.0)) is None


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_holds_values_of_a_temper(preset: object) -> None:
    values = dict(preset.values)  # type: ignore[attr-defined]  # a preset
    temper = Temper(**values)
    assert temper.mood in EXPRESSIONS
    assert 0 <= temper.energy <= 1
    assert 0 <= temper.talkativeness <= 1


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(EXPRESSIONS))
def test_every_temper_can_be_lived_with(energy: float, talkativeness: float, mood: str) -> None:
    view = tempered(SPARK, Temper(mood, energy, talkativeness))  # type: ignore[arg-type]  # a mood
    assert 0.5 <= view.voice.rate <= 2.0
    assert len(view.manner) < 160
