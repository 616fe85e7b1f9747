"""Phrases that say something forbidden without a single forbidden word: threats, urging to self-harm, and more.

Each name of a rule begins with its category. A company of words can take a phrase back: a fight in a game is no
threat, and "please don't" before "hurt yourself" is care.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from spark_vtuber.core.verdicts import Direction
from spark_vtuber.moderation import phrase_rules_abroad as abroad
from spark_vtuber.moderation.phrase_rules import DEED, DISTRESS, INTENT, MARKUP, MEANS
from spark_vtuber.moderation.phrase_rules import RULES as ENGLISH
from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.rules import Rules
from spark_vtuber.moderation.ruling import Category, Match

SURE: Final = 0.9
UNSURE: Final = 0.3

_PLAY: Final = frozenset(
    """game games boss bosses round rounds match rematch lobby minecraft fortnite valorant mario kart zelda dark souls
    elden ring creeper creepers zombie zombies npc npcs mob mobs dragon dragons monster monsters enemy enemies level
    levels quest raid raids server pvp ranked smash chess tetris uno sword respawn checkpoint speedrun pokemon team
    flank flanker peek peeking ammo loot chest potion potions healer spawn doom worms sims gta fps bot bots minion
    minions arena dungeon""".split()
)
_TAKEN_BACK: Final[Mapping[str, frozenset[str]]] = {
    Category.THREAT: _PLAY | frozenset("kidding laughing laughter kindness hugs cuteness curiosity suspense".split()),
    MEANS: _PLAY | frozenset("water lake river pool below splash bungee parachute hackers".split()),
    Category.MINORS: frozenset(
        """education protect protecting protection safety prevent prevention against report charged arrested guilty
        convicted victims laws illegal awful stop parents condemn condemned""".split()
    ),
    Category.DOXXING: frozenset("zoo mars neverland hogwarts wayne".split()),
}
"""By category or by rule: in the company of these words a phrase is only a doubt."""

_CARE: Final = frozenset("don't dont never not didn't nobody shouldn't stop wouldn't cannot can't won't".split())
_CARE_WORDS_BACK: Final = 5
_ASKED_BACK: Final = frozenset({"shouldn't", "never", "stop"})
"""Care in a question too: "why you should never ..."; "why don't you ..." is none."""

_INNER: Final = frozenset({"shoot", "burn", "cut", "end", "off", "gas", "poison", "starve"})
_HARMLESS_AFTER: Final = frozenset("some short slack up off in out into loose a the down with".split())

_PLAYED: Final = frozenset({"kill", "shoot", "stab", "choke", "bomb", "murder", "slaughter", "execute"})
_OTHERS: Final = frozenset({"him", "her", "them"})
_SOMEBODY: Final = frozenset({"somebody", "someone", "everybody", "everyone"})
_INTENT_WORDS_BACK: Final = 3
_MEANT: Final = re.compile(
    r"\b(?:in real life|irl|for real|not (?:a|in (?:the|a)) (?:joke|game)|(?:not|no|isn't) (?:kidding|joking|a joke)|"
    r"i(?:'m| am) serious|i mean it|outside (?:of )?the game)\b"
)
"""Who says so is not playing."""


class Phrases:
    """The phrase rules; one object for all texts."""

    def __init__(self) -> None:
        rules = (*ENGLISH, *abroad.RULES)
        self._inward = Rules(rules)
        self._outward = Rules((name, lines) for name, lines in rules if not name.startswith(Category.INJECTION))

    def read(self, reading: Reading, direction: Direction) -> tuple[list[Match], bool]:
        """What the phrases of a text are held for, and whether the text ends in the middle of one.

        Attempts on the prompt count only on the way in.
        """
        words = reading.words
        rules = self._inward if direction is Direction.IN else self._outward
        found, is_unfinished = rules.read(words)
        texts = [word.text for word in words]
        intents = {hit.last for hit in found if hit.name == INTENT}
        is_meant = _MEANT.search(reading.folded) is not None
        matches: list[Match] = list(_unspaced(reading))
        for hit in found:
            if hit.name == INTENT or (hit.name == DEED and intents.isdisjoint(range(hit.first - 2, hit.first + 1))):
                continue
            category = Category(hit.name.partition(".")[0])
            score = SURE
            company = _TAKEN_BACK.get(hit.name) or _TAKEN_BACK.get(category) or frozenset()
            is_in_company = not is_meant and not company.isdisjoint(texts)
            if is_in_company or (hit.name == DEED and _is_play(texts, hit.first, hit.last)):
                score = UNSURE
            elif category is Category.SELF_HARM and _is_harmless(texts, hit.first, hit.last):
                continue
            elif hit.name == DISTRESS and direction is Direction.IN:
                score = UNSURE
            span = reading.span(words[hit.first].start, words[hit.last].end)
            matches.append(Match(category, hit.name.partition(".")[2], score, *span))
        if direction is Direction.IN:
            for sign in MARKUP:
                at = reading.folded.find(sign)
                if at >= 0:
                    span = reading.span(at, at + len(sign))
                    matches.append(Match(Category.INJECTION, "markup", SURE, *span))
        return matches, is_unfinished


def _unspaced(reading: Reading) -> Iterator[Match]:
    if reading.folded.isascii():
        return
    for category, signs in abroad.UNSPACED:
        for found in signs.finditer(reading.folded):
            yield Match(category, "abroad", SURE, *reading.span(*found.span()))


def _is_play(texts: list[str], first: int, last: int) -> bool:
    """Whether a deed is what players say all evening: "let's kill them", "I'll shoot you a message"."""
    if not _SOMEBODY.isdisjoint(texts[max(0, first - _INTENT_WORDS_BACK) : first]):
        return False
    if texts[first] == "shoot" and texts[last + 1 : last + 2] in (["a"], ["an"], ["the"], ["some"]):
        return True
    return texts[first] in _PLAYED and texts[last] in _OTHERS


def _is_harmless(texts: list[str], first: int, last: int) -> bool:
    """Whether a phrase about self-harm is care or a figure of speech: "don't ...", "cut yourself some slack"."""
    before = texts[max(0, first - _CARE_WORDS_BACK) : first]
    if not _CARE.isdisjoint(before) and not (before.count("why") and _ASKED_BACK.isdisjoint(before)):
        return True
    following = texts[last + 1] if last + 1 < len(texts) else ""
    return texts[first] in _INNER and following in _HARMLESS_AFTER
