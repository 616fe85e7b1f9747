"""Who answers, by the numbers; and the tables of the explanation against the code."""

import itertools
import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView, Temper
from spark_vtuber.personality import arbiter, remarks
from spark_vtuber.personality.air import MOST_LINES, MOST_TURNS, MOST_VIEWERS, AirTime, Threads
from spark_vtuber.personality.arbiter import Scene, choose
from spark_vtuber.personality.remarks import remark_chance
from spark_vtuber.personality.topics import subjects
from spark_vtuber.testing.duets import NOVA, PAIR, RUST

DOCS = (Path(__file__).parents[3] / "docs" / "explanation" / "who-answers.md").read_text(encoding="utf-8")


def cue(text: str = "hm") -> Cue:
    return Cue(CueId("c1"), CueKind.CHAT, text)


def worth(name: str) -> list[float]:
    """The numbers of a row, as the explanation tells them."""
    row = re.search(rf"^\| `{name}` \| ([^|]+) \|", DOCS, re.MULTILINE)
    assert row is not None, name
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", row[1])]


def test_the_explanation_has_the_numbers_of_the_choice() -> None:
    more = arbiter.EXPERTISE + arbiter.MORE_EXPERTISE
    assert worth("asked") == [arbiter.ASKED]
    assert worth("reply") == [arbiter.REPLY]
    assert worth("thread") == [arbiter.THREAD, 0]
    assert worth("expertise") == [arbiter.EXPERTISE, more, arbiter.MOST_EXPERTISE]
    assert worth("remembered") == [arbiter.REMEMBERED]
    assert worth("air") == [arbiter.AIR, -arbiter.AIR]
    assert f"| `named` | {arbiter.NAMED:g} |" in DOCS
    assert f"| `trigger` | {arbiter.TRIGGER:g} |" in DOCS
    assert f"| `talkativeness` | {arbiter.TALKATIVENESS / 2:g} to {-arbiter.TALKATIVENESS / 2:g} |" in DOCS
    assert f"| `energy` | {arbiter.ENERGY / 2:g} to {-arbiter.ENERGY / 2:g} |" in DOCS
    assert f"| `mood` | {max(arbiter.MOODS.values()):g} or {min(arbiter.MOODS.values()):g} |" in DOCS


def test_the_explanation_has_the_chances_of_a_remark() -> None:
    for name, number in (
        ("named", f"{remarks.NAMED:g}"),
        ("trigger", f"{remarks.TRIGGER:g}"),
        ("expertise", f"{remarks.EXPERTISE:g}"),
        ("talkativeness", f"±{remarks.TALKATIVENESS / 2:g}"),
        ("relation", f"0 to {remarks.RELATION:g}"),
        ("mood", f"{remarks.MOOD:g}"),
        ("energy", f"±{remarks.ENERGY / 2:g}"),
        ("base", f"{remarks.BASE:g}"),
    ):
        assert f"| `{name}` | {number} |" in DOCS
    assert f"and {remarks.MOST:g} is the most" in DOCS


def test_whoever_is_named_or_asked_for_goes_before_everybody_else() -> None:
    rest = (
        arbiter.REPLY + arbiter.THREAD + arbiter.MOST_EXPERTISE + arbiter.REMEMBERED + arbiter.TRIGGER
        + arbiter.AIR + arbiter.ENERGY / 2 + arbiter.TALKATIVENESS / 2 + max(arbiter.MOODS.values())
    )  # fmt: skip
    least = -arbiter.AIR - arbiter.ENERGY / 2 - arbiter.TALKATIVENESS / 2 + min(arbiter.MOODS.values())
    assert rest - least < arbiter.NAMED
    assert arbiter.NAMED + rest - least < arbiter.ASKED
    assert rest - arbiter.REPLY - least < arbiter.REPLY


tempers = st.builds(Temper, mood=st.sampled_from(EXPRESSIONS), energy=st.floats(0, 1), talkativeness=st.floats(0, 1))
scenes = st.builds(
    Scene,
    tempers=st.fixed_dictionaries({NOVA.id: tempers, RUST.id: tempers}),
    air_s=st.dictionaries(st.sampled_from([NOVA.id, RUST.id]), st.floats(0, 600)),
    thread=st.none() | st.tuples(st.sampled_from([NOVA.id, RUST.id]), st.floats(0, 1)),
    replied_to=st.none() | st.sampled_from([NOVA.id, RUST.id]),
    remembered=st.lists(st.sampled_from(["tea", "an engine", "nothing"]), max_size=2).map(tuple),
)
words = st.lists(
    st.sampled_from(["nova", "rust", "pizza", "comet", "tea", "engines", "you two", "hm", "cooking"]), max_size=5
)


@given(words, scenes)
def test_every_choice_has_reasons_and_is_the_highest_sum(said: list[str], scene: Scene) -> None:
    decision = choose(cue(" ".join(said)), PAIR, scene)
    sums = {name: sum(scores.values()) for name, scores in decision.scores.items()}
    assert decision.reasons
    assert all(decision.reasons)
    assert sums[decision.persona.id] >= max(sums.values()) - 0.05
    named = [word for word in said if word in ("nova", "rust")]
    if named:
        assert decision.persona.name.lower() == named[0]
        assert decision.is_addressed


def test_the_balance_of_air_time_needs_somebody_to_share_it_with() -> None:
    decision = choose(cue(), (NOVA,), Scene(air_s={NOVA.id: 300.0}))
    assert decision.reasons == ("main persona",)
    assert decision.scores == {NOVA.id: {}}


def test_a_choice_by_what_speaks_against_the_others_has_a_reason_too() -> None:
    scene = Scene(tempers={NOVA.id: Temper(mood="sad")})
    decision = choose(cue(), PAIR, scene)
    assert decision.persona is RUST
    assert decision.reasons == ("nothing speaks against it",)


def test_old_speech_is_forgotten() -> None:
    air = AirTime()
    air.note(NOVA.id, 5.0, 10.0)
    air.note(RUST.id, 0.0, 11.0)
    air.note(RUST.id, 3.0, 100.0)
    assert air.within(600, 120.0) == {NOVA.id: 5.0, RUST.id: 3.0}
    assert air.within(60, 120.0) == {RUST.id: 3.0}


def test_a_character_that_is_alone_is_not_counted_without_end() -> None:
    air = AirTime()
    for at_s in range(MOST_TURNS + 100):
        air.note(NOVA.id, 1.0, float(at_s))
    assert air.within(1e9, MOST_TURNS) == {NOVA.id: MOST_TURNS}


def test_a_thread_fades_and_old_ones_are_forgotten() -> None:
    threads = Threads()
    threads.note(("test", "ana"), "1", RUST.id, 100.0)
    assert threads.of(("test", "ana"), 300.0, 100.0) == (RUST.id, 1.0)
    assert threads.of(("test", "ana"), 300.0, 250.0) == (RUST.id, 0.5)
    assert threads.of(("test", "ana"), 300.0, 400.0) is None
    assert threads.of(("test", "ana"), 0.0, 100.0) is None
    assert threads.of(("test", "ben"), 300.0, 100.0) is None
    assert (threads.answered("test", "1"), threads.answered("test", None)) == (RUST.id, None)
    for number in range(max(MOST_VIEWERS, MOST_LINES)):
        threads.note(("test", f"v{number}"), f"l{number}", NOVA.id, 200.0)
    assert threads.of(("test", "ana"), 300.0, 200.0) is None
    assert threads.answered("test", "1") is None


@given(tempers, st.floats(-1, 1), st.floats(0, 4), st.booleans(), words, words)
def test_a_chance_is_a_chance_and_has_reasons(
    temper: Temper, relation: float, eagerness: float, is_meant: bool, said: list[str], asked: list[str]
) -> None:
    found = remark_chance(
        RUST, temper, said=" ".join(said), asked=" ".join(asked), is_meant=is_meant, relation=relation,
        eagerness=eagerness,
    )  # fmt: skip
    assert 0.0 <= found.chance <= remarks.MOST
    assert found.reasons


def test_what_draws_a_character_in_makes_a_remark_likelier() -> None:
    plain = remark_chance(RUST, Temper(), said="Socks are fine.")
    kinds: list[dict[str, Any]] = [
        {"said": "Socks and pizza."}, {"said": "Socks.", "asked": "pizza?"}, {"said": "Cooking socks."},
        {"said": "Rust wears socks."}, {"said": "Socks.", "is_meant": True}, {"said": "Socks.", "relation": -1.0},
    ]  # fmt: skip
    assert all(remark_chance(RUST, Temper(), **kind).chance > plain.chance for kind in kinds)
    assert remark_chance(RUST, Temper(mood="angry", energy=1, talkativeness=1), said="Socks.").chance > plain.chance


def test_without_eagerness_only_who_is_named_may_say_something() -> None:
    assert remark_chance(RUST, Temper(), said="Pizza!", eagerness=0.0).chance == 0.0
    assert remark_chance(RUST, Temper(), said="Pizza, Rust?", eagerness=0.0).chance == remarks.NAMED


def test_any_two_characters_have_something_to_talk_about() -> None:
    plain = PersonaView(PersonaId("x"), "Xan")
    knowing = PersonaView(PersonaId("y"), "Yva", expertise=("moss",))
    fond = PersonaView(PersonaId("z"), "Zoe", likes=("moss", "ice"))
    grumpy = PersonaView(PersonaId("w"), "Wim", dislikes=("ice cream", "to be"))
    for one, other in itertools.permutations((plain, knowing, fond, grumpy, NOVA, RUST), 2):
        found = subjects(one, other)
        assert found
        assert all(subject.topic for subject in found)


def test_what_they_disagree_on_comes_first_then_likes_then_subjects() -> None:
    plain = PersonaView(PersonaId("x"), "Xan")
    assert {subject.topic for subject in subjects(NOVA, RUST)} == {"rain", "pineapple pizza"}
    assert subjects(PersonaView(PersonaId("z"), "Zoe", likes=("moss",)), plain)[0].topic == "moss"
    assert subjects(PersonaView(PersonaId("y"), "Yva", expertise=("moss",)), plain)[0].topic == "moss"
    assert subjects(plain, plain)[0].topic
