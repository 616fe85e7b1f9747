"""What the guard catches and what it catches wrongly, on sets that are read by path and never copied.

HateCheck (CC BY 4.0) and Davidson's tweets (MIT), a part of each; not collected where they are absent.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import LONGEST_LINE, Chain, ChainOptions
from spark_vtuber.moderation.profanity import Profanity
from spark_vtuber.moderation.ruling import DOUBTFUL

pytestmark = pytest.mark.figures

SETS = Path(__file__).parents[3] / "shared" / "data"
HATECHECK = SETS / "hatecheck" / "cases.csv"
TWEETS = SETS / "offensive_tweets" / "tweets.csv"
CHAIN = Chain(ChainOptions())

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print past the capture."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(line)

    return show


@dataclass(slots=True)
class Count:
    """How many texts of a group there are, and what became of them."""

    of: int = 0
    blocked: int = 0
    doubted: int = 0
    words_alone: int = 0

    def add(self, text: str, words: Profanity) -> None:
        """Try one text."""
        ruling = CHAIN.rule(text, Direction.IN)
        is_blocked = ruling.decision is Decision.BLOCK
        self.of += 1
        self.blocked += is_blocked
        self.doubted += not is_blocked and ruling.score >= DOUBTFUL
        self.words_alone += bool(words.spans(text[:LONGEST_LINE]))

    def __str__(self) -> str:
        return (
            f"{self.of:5}  blocked {self.blocked / self.of:6.1%}  doubted {self.doubted / self.of:6.1%}  "
            f"glin-profanity alone {self.words_alone / self.of:6.1%}"
        )


def counted(rows: Iterable[tuple[str, str]]) -> dict[str, Count]:
    """What became of the texts, by group."""
    words = Profanity(("english",))
    counts: defaultdict[str, Count] = defaultdict(Count)
    for group, text in rows:
        counts[group].add(text, words)
    return counts


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_most_hateful_cases_are_blocked_and_most_of_the_rest_is_doubted(say: Say) -> None:
    by_case = counted((row["functionality"], row["test_case"]) for row in rows_of(HATECHECK))
    say("\nHateCheck, by functionality (_h hateful, _nh not)")
    for name, count in sorted(by_case.items()):
        say(f"  {name:22} {count}")
    total = counted((row["label_gold"], row["test_case"]) for row in rows_of(HATECHECK))
    for name, count in sorted(total.items()):
        say(f"  {name:22} {count}")
    hateful = total["hateful"]
    assert hateful.blocked + hateful.doubted >= 0.9 * hateful.of
    assert by_case["ident_neutral_nh"].blocked == by_case["ident_pos_nh"].blocked == 0


def test_offensive_tweets_are_blocked_and_few_others(say: Say) -> None:
    counts = counted((row["class"], row["text"]) for row in rows_of(TWEETS))
    say("\nDavidson's tweets")
    for name, count in sorted(counts.items()):
        say(f"  {name:22} {count}")
    bad, fine = (counts["offensive"], counts["hate"]), counts["neither"]
    assert sum(count.blocked for count in bad) >= 0.88 * sum(count.of for count in bad)
    assert fine.blocked <= 0.05 * fine.of
    assert fine.doubted <= 0.1 * fine.of
