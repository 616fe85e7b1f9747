"""The measurement of characters: it finds what is wrong, and says nothing where nothing is."""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.load import load_brain
from spark_vtuber.llm.port import LLM, Capabilities, LLMPart, LLMRequest, TextDelta
from spark_vtuber.llm.understudy import Understudy
from spark_vtuber.personality import card
from spark_vtuber.personality.alignment import Style
from spark_vtuber.personality.alignment_phrases import ASSISTANT
from spark_vtuber.testing.bench import persona_judge, persona_report, persona_sheet
from spark_vtuber.testing.bench.persona import Answer, Interview, Interviews, Life
from spark_vtuber.testing.bench.persona_figures import LEAST_PERCENT, estimate, figures, worth
from spark_vtuber.testing.bench.persona_probes import Probe, probes_for, stance

SPARK = card.load(PersonaId("main"), "main")
EMBER = card.load(PersonaId("ember"), "ember")
PAIR = (SPARK, EMBER)
BRAIN = load_brain()


class Scripted:
    """A model that always says the next of its lines; without any it fails."""

    def __init__(self, *lines: str) -> None:
        self._lines = lines
        self.asked: list[LLMRequest] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(engine="scripted", is_scripted=True)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        self.asked.append(request)
        if not self._lines:
            raise EngineError("gone", "the model is gone")
        yield TextDelta(self._lines[len(self.asked) % len(self._lines)])


async def interviewed(models: Mapping[PersonaId, LLM], turns: int = 4) -> Interviews:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Mapping[PersonaId, LLM]]:
        yield models

    return await Interview(PAIR, random.Random(1)).run(opened, Life(turns, 1.0))


def understudy() -> dict[PersonaId, LLM]:
    model = Understudy(BRAIN, random.Random(2))
    return {SPARK.id: model, EMBER.id: model}


@pytest.fixture
async def found(_kept: list[Interviews] = []) -> Interviews:  # noqa: B006  # one interview serves all tests
    if not _kept:
        _kept.append(await interviewed(understudy()))
    return _kept[0]


@pytest.mark.parametrize("persona", PAIR, ids=["Spark", "Ember"])
def test_every_character_is_asked_at_least_sixty_questions_of_all_kinds(persona: PersonaView) -> None:
    probes = probes_for(persona).probes

    assert len({probe.ask for probe in probes}) == len(probes) >= 60
    assert {probe.kind for probe in probes} == {"style", "opinion", "fact", "temptation"}
    assert sum(probe.kind == "temptation" for probe in probes) >= 12
    assert {probe.leaning for probe in probes} == {-1, 0, 1}


async def test_the_shipped_characters_are_themselves_and_nobody_else(found: Interviews) -> None:
    measured = figures(found, {(SPARK.id, "start", "tell me a joke"): True})
    for one in measured:
        assert one.phases["start"].percent > LEAST_PERCENT
        assert one.phases["start"].low <= one.phases["start"].percent <= one.phases["start"].high
        assert one.as_other is not None
        assert one.as_other < 20
        assert one.as_assistant < 5
    console = Console(width=120, no_color=True)
    with console.capture() as captured:
        console.print(persona_report.tables(measured, found.life))
    assert "the judge's yes" in captured.get()
    assert "asked in turn" in captured.get()
    report = persona_report.as_json(measured, found.life)
    assert [one["name"] for one in report["personas"]] == ["Spark", "Ember"]
    assert report["personas"][0]["alignment"]["start"]["size"] >= 60


async def test_characters_that_swapped_their_voices_are_caught(found: Interviews) -> None:
    for own, other in (PAIR, PAIR[::-1]):
        foreign = [
            Answer(own.id, one.phase, one.probe, one.text)
            for one in found.answers
            if one.persona == other.id and one.phase == "alternating"
        ]
        assert estimate(foreign, Style(own, [other]), [other], {}).percent < 25


async def test_a_character_that_became_an_assistant_is_caught(found: Interviews) -> None:
    spoiled = tuple(
        Answer(
            one.persona, one.phase, one.probe, ASSISTANT[number % len(ASSISTANT)] if one.phase == "after" else one.text
        )
        for number, one in enumerate(found.answers)
    )
    for one in figures(Interviews(found.personas, spoiled, found.life, found.states, found.engines)):
        assert one.phases["after"].percent < 5
        assert one.lost > 60
        assert not one.is_kept
        assert any("out of character" in miss.why for miss in one.misses)


async def test_a_model_that_fails_is_no_answer_and_no_crash() -> None:
    found = await interviewed({SPARK.id: Scripted(), EMBER.id: Scripted("[smug] Kneel, minion.")}, turns=2)
    own = [one for one in found.answers if one.persona == SPARK.id]

    assert {one.text for one in own} == {""}
    assert worth(own[0], [EMBER]) == (0.0, "no answer")
    assert estimate(own, Style(SPARK, [EMBER]), [EMBER], {}).percent == 0


async def test_a_life_leaves_its_traces_and_no_trait_leaves_its_band(found: Interviews) -> None:
    assert all(state.bonds for state in found.states.values())
    for persona in PAIR:
        for trait in persona.traits:
            assert trait.low <= found.states[persona.id].traits[trait.name].value <= trait.high


@pytest.mark.parametrize(
    ("probe", "answer", "content"),
    [
        (Probe("opinion", "?", leaning=1), "[happy] Yes, I love puns!", 1.0),
        (Probe("opinion", "?", leaning=-1), "[happy] Yes, I love puns!", 0.0),
        (Probe("opinion", "?", leaning=-1), "I don't like puns.", 1.0),
        (Probe("opinion", "?", leaning=1), "Puns, hm.", 0.5),
        (Probe("fact", "?", expects=("violet",)), "Violet, all of it!", 1.0),
        (Probe("fact", "?", expects=("violet",)), "Guess!", 0.5),
        (Probe("fact", "?", expects=("violet",), refuses=("red",)), "Red. And violet.", 0.0),
        (Probe("style", "?"), "Anything.", 1.0),
    ],
)
def test_an_answer_is_checked_against_the_card(probe: Probe, answer: str, content: float) -> None:
    assert probe.content(answer) == content


def test_the_first_decisive_word_tells_the_stance() -> None:
    assert [stance(text) for text in ("No, I love dogs.", "I love it, no doubt.", "Hm.", "Never.")] == [-1, 1, 0, -1]


def test_falling_out_of_the_character_is_worth_nothing() -> None:
    answer = Answer(SPARK.id, "start", Probe("style", "?"), "As an AI language model, I love puns.")

    assert worth(answer, [EMBER])[0] == 0


def test_a_judges_opinion_counts_half() -> None:
    answers = [Answer(SPARK.id, "start", Probe("style", f"{n}?"), reply) for n, (_, reply) in enumerate(SPARK.examples)]
    style = Style(SPARK, [EMBER])

    alone = estimate(answers, style, [EMBER], {})
    no = estimate(answers, style, [EMBER], {(SPARK.id, "start", one.probe.ask): False for one in answers})

    assert no.percent == pytest.approx(alone.percent / 2, abs=1.0)
    assert estimate([], style, [], {}).size == 0


async def test_a_judge_is_asked_with_the_answer_as_data() -> None:
    model = Scripted('{"in_character": true}')

    assert await persona_judge.judge(model, SPARK, 'a "quoted" question', "[happy] Say yes!") is True
    system, user = model.asked[0].messages
    assert "Spark" in system.content
    assert '"a \\"quoted\\" question"' in user.content
    assert "[happy]" not in user.content


@pytest.mark.parametrize("said", ["yes", "{}", '{"in_character": 1}', '{"in_character": true, "x": 1}', "[" * 300])
async def test_what_is_no_verdict_is_no_opinion(said: str) -> None:
    assert await persona_judge.judge(Scripted(said), SPARK, "?", "!") is None


async def test_a_fenced_verdict_counts_and_a_failing_judge_says_nothing() -> None:
    assert persona_judge.verdict_in('```json\n{"in_character": false}\n```') is False
    assert await persona_judge.judge(Scripted(), SPARK, "?", "!") is None


# The blind sheet.


async def test_a_sheet_hides_who_is_who_and_its_key_tells(found: Interviews, tmp_path: Path) -> None:
    sheet = persona_sheet.make(found, random.Random(1))
    file = tmp_path / "who.csv"
    persona_sheet.write(sheet, file)

    text = file.read_text(encoding="utf-8").lower()
    assert "spark" not in text
    assert "ember" not in text.replace("remember", "").replace("december", "")
    assert "[" not in text
    assert {*sheet.key} == {"A", "B"}
    assert len(sheet.rows) == persona_sheet.ROWS
    assert persona_sheet.read_key(file) == persona_sheet.read_key(persona_sheet.key_file(file)) == sheet.key


def test_a_sheet_for_the_browser_escapes_what_was_said(tmp_path: Path) -> None:
    sheet = persona_sheet.Sheet("Ann", "Bo", (persona_sheet.Row("<b>?", "<script>x</script>", "=1+1"),), ("A",))
    persona_sheet.write(sheet, tmp_path / "who.html")
    persona_sheet.write(sheet, tmp_path / "who.csv")

    assert "<script>x" not in (tmp_path / "who.html").read_text(encoding="utf-8")
    assert '"\'=1+1"' in (tmp_path / "who.csv").read_text(encoding="utf-8")


def rated(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "ratings.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_ratings_are_read_and_empty_rows_left_out(tmp_path: Path) -> None:
    assert persona_sheet.read_ratings(rated(tmp_path, "row,question,who\n1,x, a \n2,y,\n3,z,B\n")) == {1: "A", 3: "B"}


@pytest.mark.parametrize("text", ["", "row,who\n", "row,who\nx,A\n", "row,who\n1,C\n", "a,b\n1,2\n", "row,who\n1\n"])
def test_a_file_without_ratings_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(SparkError, match="holds no ratings"):
        persona_sheet.read_ratings(rated(tmp_path, text))


@pytest.mark.parametrize("text", ["", "[]", '{"key": ["C"]}', '{"key": 3}', "{" * 10])
def test_a_file_that_is_no_key_says_so(tmp_path: Path, text: str) -> None:
    file = tmp_path / "who.key.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SparkError, match="no key"):
        persona_sheet.read_key(file)


def test_agreement_counts_who_was_right_and_how_much_they_agree() -> None:
    key = "ABABABABAB"
    ann = dict(enumerate(key, start=1))
    ben = ann | {1: "B", 2: "A"}

    one = persona_sheet.agreement(key, {"ann": ann})
    two = persona_sheet.agreement(key, {"ann": ann, "ben": ben})
    three = persona_sheet.agreement(key, {"ann": ann, "ben": ben, "cid": ann})

    assert (one.right.percent, one.kappa, one.measure) == (100.0, None, "")
    assert (two.right.percent, two.measure) == (90.0, "Cohen")
    assert two.kappa == pytest.approx(0.6)
    assert three.measure == "Fleiss"
    assert three.each == {"ann": 100.0, "ben": 80.0, "cid": 100.0}


def test_agreement_needs_the_same_rows_of_the_same_sheet() -> None:
    with pytest.raises(SparkError, match="nothing that all have rated"):
        persona_sheet.agreement("AB", {"ann": {1: "A"}, "ben": {2: "B"}})
    with pytest.raises(SparkError, match="rows that the sheet lacks"):
        persona_sheet.agreement("AB", {"ann": {3: "A"}})


def test_fleiss_kappa_is_that_of_the_paper() -> None:
    """Ten subjects, fourteen raters, five categories: 0.210 (Fleiss 1971 as worked through in textbooks)."""
    counts = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    table = [[letter for letter, count in zip("ABCDE", row, strict=True) for _ in range(count)] for row in counts]

    assert persona_sheet.fleiss(table) == pytest.approx(0.210, abs=0.0005)
    assert persona_sheet.fleiss([["A", "A", "A"]]) is None


def test_cohens_kappa_is_that_of_a_table_worked_by_hand() -> None:
    table = [("A", "A")] * 20 + [("A", "B")] * 5 + [("B", "A")] * 10 + [("B", "B")] * 15

    assert persona_sheet.cohen(table) == pytest.approx(0.4)
    assert persona_sheet.cohen([("A", "A")]) is None


def test_wilsons_interval_holds_its_share() -> None:
    found = persona_sheet.wilson(9, 10)

    assert (round(found.low, 1), found.percent, round(found.high, 1)) == (59.6, 90.0, 98.2)
    assert persona_sheet.wilson(10, 10).high == pytest.approx(100)
