"""What a line says, as far as choosing needs to know: its words, whether it asks, whether it is only pictures."""

import re
import unicodedata
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.events import ChatEvent
from spark_vtuber.text.fold import fold, unstretch
from spark_vtuber.text.mentions import first_mention

LONGEST: Final = 600
"""Characters that are read; a chat line has at most 500."""

MOST_WORDS: Final = 80

_WORDS: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPACED_RUN: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{3,}")
_APOSTROPHES: Final = str.maketrans("", "", "'’")

_EMPTY_WORDS: Final = frozenset(
    # English
    "a an and are as at be been but by can could did do does for from had has have he her hey hi him his i if im in is "
    "it its just like lol me my of oh ok okay on or our please pls she so some that the their them there they this to "
    "u ur us was we were what whats which will with would ya yeah yes you your youre "
    # German, French, Spanish, Portuguese, Italian
    "aber auch bist da das dein deine dem den der die du ein eine er es hast hat ich ihr ist ja man mal mein mit sie "
    "sind und von war was wir zu ai as ce cest de des dis du elle en est et il je la le les ma mon ne on ou pas que "
    "qui quoi sont sur ta te tes tu un une vous con cual el ella eres es esta estas lo los mi o que se si su te tienes "
    "tu tus una y com da do dos e ele eu foi isso na nao no nos o os seu sua um uma voce che ci di e gli hai ho il io "
    "non per sei si sono tuo una".split()
)
"""Words that say nothing of what a line is about."""

_ASKING: Final = frozenset(
    "how what whats when where which who whom whose why wat wut "
    "wann warum was welche welcher welches wer wessen wie wieso wo woher wohin wozu "
    "combien comment lequel ou pourquoi quand quel quelle quelles quels qui quoi "
    "como cual cuando cuanto cuantos donde porque quando quien onde qual quanto quem "
    "chi come cosa dove perche quale "
    "как какая какие какой когда кто куда почему где зачем что сколько "
    "co czy dlaczego gdzie jak kiedy kto ile hoe waarom wanneer waar welk wie".split()
)
"""Words that open a question in English, German, French, Spanish, Portuguese, Italian, Russian, Polish and Dutch."""

_AUXILIARIES: Final = frozenset(
    "am are can could did do does has have is should shall was were will would bist hast kannst magst willst habt "
    "seid kennst est as peux aimes veux puedes eres tienes quieres podes voce pode quer hai puoi sei vuoi".split()
)
_ASKED: Final = frozenset(
    "you u ya we i it he she they this that there your anyone somebody someone du ihr tu vous".split()
)
_OPENERS: Final = frozenset("hey hi hello yo so and but ok okay um uh well please pls hallo na und aber".split())
_MARKS: Final = re.compile(r"[?？؟⁇⁈]")
_ENDINGS: Final = re.compile(r"(?:か|かな|かい|でしょう|吗|嗎|呢|什么|什麼|까|까요|나요|니|습니까)[。.!！~〜ー]*$")
"""Endings of questions in Japanese, Chinese and Korean."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A line, read once.

    `words` are folded, in order; `gist` are those that say what the line is about, numbers included, in one form each;
    `named` are the names of characters in it. `is_wall`: there is nothing in it but pictures.
    """

    words: tuple[str, ...] = ()
    gist: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    is_question: bool = False
    is_wall: bool = False


def read(text: str, names: Sequence[str], event: ChatEvent | None = None) -> Reading:
    """Read a line. `names` are the characters' names and aliases."""
    text = text[:LONGEST]
    folded = fold(text)
    words = tuple(_words(folded))[:MOST_WORDS]
    named = frozenset(name for name in names if first_mention(folded, (name,)) is not None) if names else frozenset()
    called = {word for name in named for word in _words(fold(name))}
    spoken = tuple(word for word in words if word not in called)
    return Reading(
        words=words,
        gist=gist(spoken),
        named=named,
        is_question=_asks(folded, spoken),
        is_wall=_is_wall(text, words, event),
    )


def gist(words: Sequence[str]) -> frozenset[str]:
    """What words are about: without those that say nothing, unless there are no others."""
    full = frozenset(_stem(word) for word in words if word not in _EMPTY_WORDS)
    return full or frozenset(words)


def likeness(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """How much two gists have in common (Jaccard), 0..1; 0 where one says nothing."""
    if not one or not other:
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def figures(words: AbstractSet[str]) -> frozenset[str]:
    """Those words that hold a digit: lines that differ in them mean different things."""
    return frozenset(word for word in words if not word.isalpha() and any(map(str.isdigit, word)))


def _words(folded: str) -> list[str]:
    found: list[str] = []
    for match in _WORDS.finditer(folded):
        word = unstretch(match[0].translate(_APOSTROPHES))
        if not word.isascii() and _UNSPACED_RUN.search(word):
            found += [word[at : at + 2] for at in range(len(word) - 1)]
        else:
            found.append(word)
    return found


def _stem(word: str) -> str:
    """The plural and the singular of most English words are one."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _asks(folded: str, words: Sequence[str]) -> bool:
    if _MARKS.search(folded) or (not folded.isascii() and _ENDINGS.search(folded)):
        return True
    first = next((at for at, word in enumerate(words) if word not in _OPENERS), None)
    if first is None or len(words) - first < 2:
        return False
    return words[first] in _ASKING or (words[first] in _AUXILIARIES and words[first + 1] in _ASKED)


def _is_wall(text: str, words: Sequence[str], event: ChatEvent | None) -> bool:
    """Whether every word of a line is an emote of its platform or a picture character."""
    if event is not None and event.emotes:
        rest = " ".join(word for word in text.split() if word not in event.emotes)
        return not _WORDS.search(rest)
    return not words and any(unicodedata.category(char) == "So" for char in text)
