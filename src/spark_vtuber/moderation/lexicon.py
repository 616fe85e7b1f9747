"""Coarse words and slurs, also in disguise, by the word lists of glin-profanity (MIT) and our own additions.

The library's own filter is not asked: it takes a millisecond for a hundred characters and reads fewer disguises. Its
lists are good; here they are sets, and a line costs a few look-ups a word.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from spark_vtuber.moderation.reading import Reading, Word
from spark_vtuber.moderation.ruling import Category, Match
from spark_vtuber.moderation.words import AMBIGUOUS, MILD, PROFANE, SEXUAL, SLUR_PHRASES, SLURS, STEMS
from spark_vtuber.text.fold import fold, unstretch

SURE: Final = 0.9
COARSE: Final = 0.7
UNCLEAR: Final = 0.5
SLIGHT: Final = 0.4

NAMES: Final = {
    "ar": "arabic", "cs": "czech", "da": "danish", "de": "german", "en": "english", "eo": "esperanto",
    "es": "spanish", "fa": "persian", "fi": "finnish", "fr": "french", "hi": "hindi", "hu": "hungarian",
    "it": "italian", "ja": "japanese", "ko": "korean", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ru": "russian", "sv": "swedish", "th": "thai", "tr": "turkish", "zh": "chinese",
}  # fmt: skip
"""Languages with a word list, and the library's names for them."""

_MORE: Final = {
    "de": "arschloch fotze hurensohn wichser schlampe scheiße scheisse ficken fick nutte missgeburt spast kanake",
    "ja": "クソ 死ね 殺す ちんこ まんこ きちがい",
    "ru": "блядь сука хуй пизда ебать нахуй пидор мудак гандон",
    "es": "puta puto mierda joder gilipollas cabrón maricón pendejo coño",
    "fr": "putain merde connard connasse salope enculé pute",
    "pt": "caralho porra puta foda merda viado",
    "it": "cazzo stronzo puttana vaffanculo troia merda",
}
"""Everyday words that the lists lack."""

_UNSPACED: Final = frozenset({"ja", "zh", "th", "ko"})
_SAFE_STEMS: Final = re.compile(
    r"sn[i]gger|nig(?=gard)|pussy(?:foot|willow|cat)|twat(?:ch|er)|badass|bitcherel|saltwat|sweetwat|whitewat|coldwat"
)
_MASKED: Final = re.compile(r"[a-z]+[*#%@$!_-]{1,4}[a-z]*|[a-z]*[*#%@$!]{1,4}[a-z]+")
_MASK: Final = re.compile("[*#%]")
_SIGNS: Final = re.compile("[*#%@$!_-]")
_NAME: Final = re.compile(r"\b(?=\w{0,40}(?:[a-z][A-Z]|_|\d))[A-Za-z]\w{4,40}\b")
_NAME_PART: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_DOUBLED: Final = re.compile(r"(.)\1+")
_ELISIONS: Final = ("'s", "’s", "'", "’")
_HISSING: Final = ("ses", "xes", "zes", "ches", "shes", "oes")
_LEAST_STRETCHED: Final = 3
_SELVES: Final = ("yourself", "urself", "yourselves", "yaself")
_KEPT: Final = 4_096
_STEM_LEAST: Final = 4


class Lexicon:
    """The words of some languages, with `block` added."""

    def __init__(self, languages: Iterable[str], block: Sequence[str] = (), *, has_own: bool = True) -> None:
        """`languages` are codes such as "en"; those without a list add nothing. Our own words are of all or none."""
        self._words: dict[str, tuple[Category, float]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], Category, float]]] = {}
        unspaced: set[str] = set()
        for code in languages:
            words = _listed(code)
            if code in _UNSPACED:
                unspaced.update(word for word in words if len(word) > 1)
                continue
            for word in words:
                self._add(word, *_rated(word))
        if has_own:
            self._add_own()
        for phrase in block:
            self._add(fold(phrase), Category.BLOCKED, 1.0)
        self._stems = re.compile("|".join(sorted(STEMS, key=len, reverse=True)) if has_own else r"(?!)")
        self._strong = STEMS if has_own else frozenset()
        self._rate = lru_cache(_KEPT)(self._rate_anew)
        self._unspaced = re.compile("|".join(map(re.escape, sorted(unspaced, key=len, reverse=True))) or r"(?!)")

    def matches(self, reading: Reading) -> Iterator[Match]:
        """Every word and phrase that is in the lists."""
        words = reading.words
        for at, word in enumerate(words):
            found = self.rate(word)
            end = word.end
            if word.text in self._phrases:
                for phrase, category, score in self._phrases[word.text]:
                    if tuple(other.text for other in words[at : at + len(phrase)]) == phrase:
                        found, end = (category, score), words[at + len(phrase) - 1].end
            if found is None and at + 1 < len(words):
                found, end = self._in_two(word, words[at + 1])
            if found is not None and not self._is_innocent(word, reading):
                if found[0] is not Category.SLUR and reading.folded[word.start - 1 : word.start] == "@":
                    found = (found[0], SLIGHT)
                yield Match(found[0], "word", found[1], *reading.span(word.start, end))
        yield from self._masked(reading)
        yield from self._named(reading)
        if not reading.folded.isascii():
            for hit in self._unspaced.finditer(reading.folded):
                yield Match(Category.PROFANITY, "word", COARSE, *reading.span(*hit.span()))

    def rate(self, word: Word) -> tuple[Category, float] | None:
        """What a word is held for, and how sure that is; None for an ordinary one."""
        return self._rate(word.text, word.is_plain)

    def _rate_anew(self, text: str, is_plain: bool) -> tuple[Category, float] | None:
        found = self._listed(text)
        if found is not None or len(text) < _LEAST_STRETCHED:
            return found
        stretched = unstretch(text)
        if stretched != text:
            found = self._listed(stretched) or self._listed(unstretch(text, 2)) or self._squeezed(text)
        if found is None:
            hidden = self._stem_in(stretched) or _disguised(text, self._strong)
            found = self._words[hidden] if hidden is not None else None
        if found is None and "*" in text:
            found = self._listed(text.replace("*", ""))
        if found is None and not is_plain and text[0] in "aiu":
            found = self._listed(text[1:])
        return found or self._glued(text)

    def _squeezed(self, text: str) -> tuple[Category, float] | None:
        """What a word is held for whose letters are all drawn out."""
        word = _SQUEEZED.get(_DOUBLED.sub(r"\1", text)) if self._strong else None
        return self._words[word] if word is not None else None

    def _glued(self, text: str) -> tuple[Category, float] | None:
        """What a word is held for that grew together with an everyday one."""
        if not _LEAST_GLUED <= len(text) <= _MOST_GLUED:
            return None
        for cut in range(3, len(text) - 2):
            left, right = text[:cut], text[cut:]
            word = right if left in _GLUE else left if right in _GLUE else ""
            if len(word) >= _LEAST_GLUED - 4 and (found := self._listed(word)) and found[1] >= COARSE:
                return found
        return None

    def _stem_in(self, text: str) -> str | None:
        found = self._stems.search(text)
        return found[0] if found is not None and not _SAFE_STEMS.search(text) else None

    def _listed(self, text: str) -> tuple[Category, float] | None:
        for ending in _ELISIONS:
            text = text.removesuffix(ending)
        found = self._words.get(text)
        if found is None and text.endswith("s") and not text.endswith("ss"):
            found = self._words.get(text[:-1])
            if found is None and text.endswith("ies"):
                found = self._words.get(text[:-3] + "y")
            elif found is None and text.endswith(_HISSING):
                found = self._words.get(text[:-2])
        return found

    def _is_innocent(self, word: Word, reading: Reading) -> bool:
        """Whether the company of a word shows its harmless meaning: a garden hoe, a Maine Coon."""
        return word.is_plain and any(
            word.text.startswith(stem) and company.search(reading.folded) for stem, company in _INNOCENT
        )

    def _in_two(self, word: Word, following: Word) -> tuple[tuple[Category, float] | None, int]:
        """A strong word that a gap parts ("fu ck"); only where no part is a word of its own that matters."""
        whole = unstretch(word.text) + unstretch(following.text)
        if whole in self._strong and len(whole) <= _LONGEST_IN_TWO and word.text not in _OPENERS:
            return self._words[whole], following.end
        return None, word.end

    def _masked(self, reading: Reading) -> Iterator[Match]:
        """Words with signs for some letters: "f*ck", "sh**"."""
        if not _SIGNS.search(reading.folded):
            return
        for found in _MASKED.finditer(reading.folded):
            token = found[0].strip("!_-")
            letters = sum(map(str.isalpha, token))
            if letters == len(token) or letters < 2 or not token[0].isalpha() or not _MASK.search(token):
                continue
            shape = re.compile("".join("." if _SIGNS.match(sign) else re.escape(sign) for sign in token))
            if any(shape.fullmatch(stem) for stem in _MASKABLE if len(stem) == len(token)):
                yield Match(Category.PROFANITY, "masked", COARSE, *reading.span(found.start(), found.end()))

    def _named(self, reading: Reading) -> Iterator[Match]:
        """Slurs as parts of a name: "AngrySlur", "slur_king99"."""
        if not reading.text.isascii():
            return
        for name in _NAME.finditer(reading.text):
            whole = name[0].lower().strip("_0123456789")
            parts = [(whole, name.span())]
            parts += [
                (part[0].lower(), (name.start() + part.start(), name.start() + part.end()))
                for part in _NAME_PART.finditer(name[0])
                if part.end() - part.start() >= _STEM_LEAST
            ]
            for part, span in parts:
                found = self._words.get(part) or self._words.get(part.removesuffix("s"))
                if found is not None and found[0] in (Category.SLUR, Category.SELF_HARM):
                    yield Match(found[0], "word", found[1], *span)

    def _add_own(self) -> None:
        for word in PROFANE | STEMS:
            self._words[word] = (Category.SEXUAL if word in SEXUAL else Category.PROFANITY, COARSE)
        for word in AMBIGUOUS:
            self._words[word] = (Category.SEXUAL if word in SEXUAL else Category.PROFANITY, UNCLEAR)
        for word in MILD:
            self._words[word] = (Category.PROFANITY, SLIGHT)
        for word in SLURS:
            self._words[word] = (Category.SLUR, SURE)
        for word in (*_GROWN, "kys"):
            self._words[word] = (Category.SELF_HARM, SURE)
        for parts in SLUR_PHRASES:
            self._phrases.setdefault(parts[0], []).append((parts, Category.SLUR, SURE))

    def _add(self, phrase: str, category: Category, score: float) -> None:
        parts = phrase.split()
        if len(parts) == 1:
            self._words[phrase] = (category, score)
        elif parts:
            self._phrases.setdefault(parts[0], []).append((tuple(parts), category, score))


_INNOCENT: Final = tuple(
    (codecs.decode(stem, "rot13"), re.compile(rf"\b(?:{company})\b"))
    for stem, company in (
        ("ubr", r"garden\w*|soil|fields?|weeds?|vegetables?|shovels?|rakes?|tools?|farm\w*|allotment|plough"),
        ("snt", r"smok\w+|cigarettes?|lighter|lungs?|ashtray|meatballs?|gravy|butchers?|cook\w*|delicious|mouth"),
        ("ovgpu", r"vets?|canines?|pupp(?:y|ies)|breeders?|litter|kennel"),
        ("qlxr", r"marsh\w*|rivers?|flood\w*|sea|dams?|canals?|pasture|dutch"),
        ("pbba", r"maine|raccoons?|cats?|hounds?"),
        ("puvax", r"armou?r|walls?|blinds|light"),
        ("fcvp", r"span"),
        ("ergneq", r"fire|flames?|growth|ignition|timing"),
        ("cvxr", r"fish\w*|perch|trout|river"),
        ("gjng", r"barlow"),
        ("fcnf", r"muscles?|multiple|bladder"),
        ("qvpx", r"moby|van dyke|philip|clark|grayson|cheney|powell|tracy|wolf|turpin|whittington"),
        ("pbpx", r"a doodle|rooster|hens?|robin|pit"),
        ("chffl", r"willows?|in boots|cat|galore"),
        ("gvgf", r"blue|great|coal|birds?|feeder|bushtits?"),
        ("obbof", r"birds?|blue-footed"),
        ("nff", r"donkeys?|mules?|wild|bible|mary rode"),
    )
)
"""ROT13 of a word's beginning, and the words in whose company it is harmless."""

_MASKABLE: Final = tuple(
    word for word in STEMS | SLURS | PROFANE | {word + end for word in STEMS for end in ("s", "ing", "er", "ed")}
    if len(word) >= _STEM_LEAST
)  # fmt: skip
_SWAPPED: Final = {
    stem[: at - 1] + stem[at] + stem[at - 1] + stem[at + 1 :]: stem
    for stem in STEMS for at in range(1, len(stem)) if stem[at] != stem[at - 1]
}  # fmt: skip
_SQUEEZED: Final = {_DOUBLED.sub(r"\1", word): word for word in sorted(STEMS | SLURS) if len(word) >= _STEM_LEAST}
_GROWN: Final = frozenset(
    deed + oneself for deed in ("kill", "hang", "shoot", "drown", "neck", "unalive", "end") for oneself in _SELVES
)
"""Urgings to self-harm as one word, as names and spelled letters give them."""

_LONGEST_IN_TWO: Final = 7
_LEAST_GLUED: Final = 7
_MOST_GLUED: Final = 24
_GLUE: Final = frozenset(
    "the you your this that these those all such many every another like people behaviour behavior massive total "
    "stupid dirty filthy ugly fucking fuckin lil little what are and who "
    "king queen slayer lover hater hunter killer boss boy girl lord god master gamer".split()
)
"""Everyday words that a coarse one is hidden beside, where the space is left out."""

_OPENERS: Final = frozenset({"bad", "fat", "dumb", "dip", "bull", "jack", "ass", "arse"})


def _rated(word: str) -> tuple[Category, float]:
    """What a word of the library's lists is held for; its phrases are too odd to block by themselves."""
    if word in SLURS:
        return Category.SLUR, SURE
    category = Category.SEXUAL if word in SEXUAL else Category.PROFANITY
    return category, SLIGHT if word in MILD or " " in word else COARSE


def _disguised(text: str, strong: frozenset[str]) -> str | None:
    """The strong word that stands here backwards, with two letters swapped, or with doubled letters."""
    if len(text) < _STEM_LEAST:
        return None
    for version in (text[::-1], _SWAPPED.get(text, ""), _DOUBLED.sub(r"\1", text)):
        if version != text and version in strong:
            return version
    return None


def _dictionaries() -> Path:
    """Where the library has its lists; to import it for them would load all of its scanners into every show."""
    spec = find_spec("glin_profanity")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("glin-profanity is not installed", name="glin_profanity")
    return Path(spec.origin).parent / "data" / "dictionaries"


@cache
def _listed(code: str) -> frozenset[str]:
    more = frozenset(fold(_MORE.get(code, "")).split())
    if code not in NAMES:
        return more
    data = json.loads((_dictionaries() / f"{NAMES[code]}.json").read_text("utf-8"))
    return more | frozenset(" ".join(fold(str(word)).split()) for word in data["words"])
