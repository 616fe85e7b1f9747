"""Reads a line of chat the way a person skims it: sentence by sentence, slang spelled out, typos mended."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spark_vtuber.text.fold import fold

MAX_CHARS: Final = 300
"""Characters of a line that are read."""

MAX_SENTENCES: Final = 3
MAX_WORDS: Final = 24
"""Words of a line that are read; together with the triggers they bound the time of an answer."""

LONGEST_WORD: Final = 20

_SENTENCE: Final = re.compile(r"(?<=[.!?…;\n])\s+|(?<=[!?…])(?=\w)|\n")
_TOKEN: Final = re.compile(r"[^\W_]+")
_APOSTROPHES: Final = re.compile("['’`´]")
_RUN: Final = re.compile(r"(.)\1{2,}")
_LAUGH: Final = re.compile(r"(?:a?(?:[hj][aeiou]){2,}[hj]?|l+o+l(?:o*l)*|[ls]?m+f?a+o+|x+d+|k{3,}|w{4,})")
_SMASH: Final = re.compile(r"[asdfghjkl]{5,}|[b-df-hj-np-tv-xz]{5,}|(?:asd|sdf|dfg|jkl|qwe){2,}[a-z]*")
"""Keys hit at random."""

_MIN_TOLD: Final = 2
_TYPO_CHARS: Final = 5
_LEFT_OUT_CHARS: Final = 7
"""Shorter words with a letter left out are too often other words."""
_NAMING: Final = frozenset({"name", "names", "called", "named", "call"})
"""Words before a name, which is read as it stands."""

_TOWARDS: Final = frozenset("love hate like miss adore about is than for with to and or of vs not".split())
_VERBS: Final = frozenset("is was has looks sounds seems".split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in plain words. `text` has nothing but a-z, 0-9 and spaces; `is_question` as it was marked."""

    text: str
    is_question: bool


class Reader:
    """Turns raw text into sentences of known words.

    Args:
        slang: what to read instead of a word or a picture; keys of several words are not looked for.
        lists: word lists by name: `filler` is left out, so is `reaction` where other words say more, `as_is` is
            taken for no typo.
        vocabulary: the words that stretched and mistyped ones are mended to.
    """

    def __init__(
        self, slang: Mapping[str, str], lists: Mapping[str, Sequence[str]], vocabulary: Collection[str]
    ) -> None:
        self._pictures = {key: f" {word} " for key, word in slang.items() if not _TOKEN.fullmatch(key)}
        self._picture = re.compile("|".join(map(re.escape, sorted(self._pictures, key=len, reverse=True))))
        self._faces = frozenset(word.strip() for word in self._pictures.values())
        self._slang = {fold(key): word for key, word in slang.items() if _TOKEN.fullmatch(key)}
        self._filler = frozenset(lists["filler"])
        self._reactions = frozenset(lists["reaction"])
        self._known = frozenset(vocabulary) | self._slang.keys() | self._filler | frozenset(lists["as_is"])
        self._typos = _typo_index(sorted(word for word in self._known if word.isascii()))

    def read(self, text: str, own_names: Collection[str] = ()) -> tuple[Sentence, ...]:
        """The first sentences of a line; calls by one of `own_names` are left out or read as "you"."""
        seen = self._picture.sub(lambda found: self._pictures[found[0]], text[:MAX_CHARS].lower())
        names = frozenset(fold(name) for name in own_names)
        left = MAX_WORDS
        sentences: list[Sentence] = []
        for part in _SENTENCE.split(seen):
            if len(sentences) == MAX_SENTENCES or not left:
                break
            words = self._words(part, names)[:left]
            if words:
                left -= len(words)
                sentences.append(Sentence(" ".join(words), "?" in part))
        if not sentences and text.strip():
            sentences.append(Sentence("qmark" if "?" in text else "dots", "?" in text))
        return tuple(sentences)

    def _words(self, part: str, names: frozenset[str]) -> list[str]:
        words: list[str] = []
        tokens = _TOKEN.findall(_APOSTROPHES.sub("", fold(part)))
        for index, token in enumerate(tokens):
            if token in names or token.removesuffix("s") in names:
                words += self._called(tokens, index)
            elif _NAMING.intersection(words[-2:]):
                words.append(token[:LONGEST_WORD])
            else:
                words += self._spelled(token[:LONGEST_WORD]).split()
        words = [word for index, word in enumerate(words) if words[index - 1 : index] != [word]]
        kept = [word for word in words if word not in self._filler]
        kept = [word for word in kept or words if word.isascii()]
        told = [word for word in kept if word not in self._reactions]
        return told if len(told) >= _MIN_TOLD else kept

    def _called(self, tokens: list[str], index: int) -> list[str]:
        """What to read instead of the character's name: nothing for a mere call, "you" where it is talked about."""
        others = [token for token in tokens if token != tokens[index] and token not in self._faces]
        if not others:
            return ["callname"] if index == 0 else []
        before = tokens[index - 1] if index else ""
        is_last = all(token in self._faces for token in tokens[index + 1 :])
        if index == 0:
            return ["you"] if len(tokens) > 1 and tokens[1] in _VERBS else []
        return [] if before not in _TOWARDS and (is_last or index == 1) else ["you"]

    def _spelled(self, token: str) -> str:
        """The token as known words, or as it stands."""
        if token in self._slang:
            return self._slang[token]
        if token in self._known:
            return token
        if _LAUGH.fullmatch(token):
            return "lol"
        if _SMASH.fullmatch(token) and len(set(token)) > 1:
            return "smash"
        if _RUN.search(token):
            for spelled in (_RUN.sub(r"\1\1", token), _RUN.sub(r"\1", token)):
                if spelled in self._known:
                    return self._slang.get(spelled, spelled)
            return _RUN.sub(r"\1", token)
        if len(token) >= _TYPO_CHARS and token.isascii():
            mended = self._mended(token)
            return self._slang.get(mended, mended)
        return token

    def _mended(self, token: str) -> str:
        """The known word with two letters swapped, one left out or one added; else the token.

        A wrong letter is not mended: too many good words are one letter away from a known one.
        """
        if token in self._typos:
            return self._typos[token]
        forms = (*_swapped(token), *_without_one(token))
        return next((form for form in forms if len(form) >= _TYPO_CHARS and form in self._known), token)


def _typo_index(words: Sequence[str]) -> dict[str, str]:
    index: dict[str, str] = {}
    for word in words:
        if len(word) >= _LEFT_OUT_CHARS:
            for form in _without_one(word):
                index.setdefault(form, word)
    return index


def _without_one(word: str) -> list[str]:
    """The word without one of its inner letters: a first or last one is more often another form than a typo."""
    return [word[:at] + word[at + 1 :] for at in range(1, len(word) - 1)]


def _swapped(word: str) -> list[str]:
    return [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)]
