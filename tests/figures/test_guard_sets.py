"""What the guard catches and what it catches wrongly, by set, group and level, beside glin-profanity alone.

HateCheck (CC BY 4.0), Davidson's tweets (MIT) and LoCoMo's conversations (CC BY-NC, evaluation only), a part of each,
are read by path and never copied; nothing of this is collected where they are absent. Tier two is a judge that is
always right: what the rules hand over, it decides by the label.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any, Final

import pytest

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import LONGEST_LINE, Chain, ChainOptions, Level
from spark_vtuber.moderation.profanity import Profanity
from spark_vtuber.moderation.ruling import DOUBTFUL
from spark_vtuber.testing.guard_texts import BENIGN
from spark_vtuber.text.clauses import split

pytestmark = pytest.mark.figures

SETS = Path(__file__).parents[3] / "shared" / "data"
HATECHECK = SETS / "hatecheck" / "cases.csv"
TWEETS = SETS / "offensive_tweets" / "tweets.csv"
LOCOMO = SETS / "locomo" / "locomo.json"

LEVELS: Final[tuple[Level, ...]] = ("strict", "pg-13", "off")
CHAINS: Final = {level: Chain(ChainOptions(level=level)) for level in LEVELS}
GLIN: Final = Profanity(("english",))

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print past the capture."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(line)

    return show


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, the group that is counted, and whether it should be caught."""

    group: str
    text: str
    is_bad: bool


@dataclass(slots=True)
class Count:
    """What became of the texts of a group in one tier."""

    of: int = 0
    blocked: int = 0
    handed: int = 0
    spent_s: float = 0.0

    @property
    def share(self) -> float:
        """Blocked: recall of what is bad, false alarms among the rest."""
        return self.blocked / self.of

    @property
    def seen(self) -> float:
        """Blocked or handed over."""
        return (self.blocked + self.handed) / self.of

    def __str__(self) -> str:
        return f"{self.share:6.1%} +{self.handed / self.of:6.1%} {self.spent_s / self.of * 1e6:5.0f} µs"


Table = Mapping[str, Mapping[str, Count]]
"""By tier and group."""


def tried(samples: Iterable[Sample]) -> Table:
    """All samples through all tiers."""
    table: defaultdict[str, defaultdict[str, Count]] = defaultdict(lambda: defaultdict(Count))
    for sample in samples:
        for level, chain in CHAINS.items():
            began = process_time()
            ruling = chain.rule(sample.text, Direction.IN)
            spent_s = process_time() - began
            is_blocked = ruling.decision is Decision.BLOCK
            is_handed = not is_blocked and ruling.score >= DOUBTFUL
            _add(table[level][sample.group], spent_s, is_blocked=is_blocked, is_handed=is_handed)
            if level == "pg-13":
                both = is_blocked or (is_handed and sample.is_bad)
                _add(table["judged"][sample.group], spent_s, is_blocked=both, is_handed=False)
        began = process_time()
        is_found = bool(GLIN.spans(sample.text[:LONGEST_LINE]))
        _add(table["glin"][sample.group], process_time() - began, is_blocked=is_found, is_handed=False)
    return table


def _add(count: Count, spent_s: float, *, is_blocked: bool, is_handed: bool) -> None:
    count.of += 1
    count.blocked += is_blocked
    count.handed += is_handed
    count.spent_s += spent_s


def show(say: Say, title: str, table: Table) -> None:
    """A line a group: each tier's share blocked, share handed over, and time."""
    say(f"\n{title}: blocked, +handed over, CPU a line")
    tiers = (*LEVELS, "judged", "glin")
    say(f"  {'':22} {'of':>5}  " + "  ".join(f"{tier:^22}" for tier in tiers))
    for group in sorted(table["glin"]):
        counts = [table[tier][group] for tier in tiers]
        say(f"  {group:22} {counts[0].of:5}  " + "  ".join(f"{count!s:>22}" for count in counts))


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def half_of(text: str) -> str:
    """Which half of a set a text is in, by its hash."""
    return "first half" if sha256(text.encode()).digest()[0] % 2 else "second half"


def hatecheck(group: Callable[[dict[str, str]], str]) -> Iterator[Sample]:
    for row in rows_of(HATECHECK):
        yield Sample(group(row), row["test_case"], row["label_gold"] == "hateful")


def tweets(group: Callable[[dict[str, str]], str]) -> Iterator[Sample]:
    for row in rows_of(TWEETS):
        yield Sample(group(row), row["text"], row["class"] != "neither")


def turns_of(value: Any) -> Iterator[str]:
    """All texts of conversations, however deep they lie."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from turns_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from turns_of(inner)


def test_most_hateful_cases_are_caught_or_handed_over(say: Say) -> None:
    by_case = tried(hatecheck(lambda row: row["functionality"]))
    show(say, "HateCheck, by functionality (_h hateful, _nh not)", by_case)
    show(say, "HateCheck, by group", tried(hatecheck(lambda row: f"{row['label_gold']} {row['target_ident']}"[:22])))
    whole = tried(hatecheck(lambda row: row["label_gold"]))
    show(say, "HateCheck", whole)
    show(
        say,
        "HateCheck, by halves",
        tried(hatecheck(lambda row: f"{row['label_gold']} {half_of(row['test_case'])}"[:22])),
    )
    assert whole["pg-13"]["hateful"].seen >= 0.9
    assert whole["pg-13"]["non-hateful"].share < whole["glin"]["non-hateful"].share
    assert by_case["pg-13"]["ident_neutral_nh"].blocked == by_case["pg-13"]["ident_pos_nh"].blocked == 0


def test_offensive_tweets_are_blocked_and_few_others(say: Say) -> None:
    table = tried(tweets(lambda row: row["class"]))
    show(say, "Davidson's tweets", table)
    show(say, "Davidson's tweets, by halves", tried(tweets(lambda row: f"{row['class']} {half_of(row['text'])}")))
    own = table["pg-13"]
    bad = (own["offensive"], own["hate"])
    caught = sum(count.blocked for count in bad) / sum(count.of for count in bad)
    say(f"  offensive and hate: {caught:.1%} blocked without a second tier")
    assert caught >= 0.88
    assert own["neither"].share <= 0.05
    assert own["neither"].handed / own["neither"].of <= 0.1


def test_nothing_of_ordinary_talk_is_blocked_and_little_handed_over(say: Say) -> None:
    turns = list(turns_of(json.loads(LOCOMO.read_text("utf-8"))))
    table = tried(
        [
            *(Sample("conversations", text, is_bad=False) for text in turns),
            *(Sample("traps", text, is_bad=False) for text in BENIGN),
        ]
    )
    show(say, "Ordinary talk", table)
    waiting = clauses = 0
    for text in turns[:1_000]:
        released = ""
        for clause in split(text):
            clauses += 1
            waiting += CHAINS["pg-13"].rule(clause, Direction.OUT, released).is_unfinished
            released += clause
    say(f"  {waiting / clauses:.2%} of {clauses} clauses wait for the next one")
    assert waiting <= 0.01 * clauses
    assert table["pg-13"]["conversations"].share <= 0.001
    assert table["pg-13"]["conversations"].handed <= 0.01 * len(turns)
    assert table["pg-13"]["traps"].blocked == 0
