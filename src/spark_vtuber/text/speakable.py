"""What the voice gets for a text that is shown, and which shown words each spoken word stands for.

Figures and slang are read out in English only; in other languages numbers go to the voice as they are. Every decision
looks at one token, or at a number and its unit, never further: the pieces of the clause splitter are spoken exactly
as the whole text would be.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from spark_vtuber.core.turns import Span
from spark_vtuber.text.abbreviations import stop_rules
from spark_vtuber.text.boundaries import inner_breaks
from spark_vtuber.text.characters import CJK_CLASS, EMOJI, EMOTICON
from spark_vtuber.text.directions import is_direction
from spark_vtuber.text.figures import read_figures
from spark_vtuber.text.units import belongs_to_number
from spark_vtuber.text.wording import drops_its_dot, is_slang, say_address, say_name, say_word


@dataclass(frozen=True, slots=True)
class Speakable:
    """Text for the voice with one span a spoken word, in order.

    Several spoken words may stand for one shown word ("$5" is "five dollars"); shown text that stays silent has no
    span. Han and kana have one span a character.
    """

    spoken: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    """Spoken text, perhaps of several words, for shown text; `is_joined` to what is before it."""

    spoken: str
    start: int
    end: int
    is_joined: bool = False


_SILENT: Final = re.compile(r"```.*?(?:```|\Z)|^[ \t]{0,8}(?:#{1,6}|[-*+>•⁃◦▪‣●])(?=\s)", re.DOTALL | re.MULTILINE)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0e\ufe0f]")
_LINK: Final = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\)")
_STARRED: Final = re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]{0,118}[^\s*])?)\*(?![\w*])")
_TOKEN: Final = re.compile(r"\S+")
_ADDRESS: Final = re.compile(
    r"(?:[a-z][a-z+.-]*://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[a-z][\w-]*(?:\.[\w-]+)*\.(?:com|org|net|tv|io|gg|dev|app|ai|co|uk|de|jp|fr|eu|me|us|info|xyz|live|chat)(?:/\S*)?",
    re.IGNORECASE,
)
_SHORTCODE: Final = re.compile(r":[\w+-]+:")
_FACE: Final = re.compile(r"(?=.*[(（])(?!.*[A-Za-z]{3})(?!.*\d{2}).*[\^<>;´｀`ω・･°□╯︵┻━◕‿♥ツ▽≧≦ﾟДд∀ಠ︶╰ノﾉ].*")
_LEAD: Final = re.compile(r"^(?:[\"'“‘„‚«‹(\[{¿¡*_`|<>^]|~(?!\d)|\.{2,})+")
_TRAIL: Final = "\"'”’“»›)]}*_~`|<>^.,!?;:…—–―-"
_PARTS: Final = re.compile(r"(?:[^\W_]|['’.:-](?=[^\W_])|[$€£#%°])+|\.{2,}|[&=+]|[^\w\s]+")
_FIGURE: Final = re.compile(r"[\d.,:/%°$€£¥₩₹₽₿+−-]+")
_NAME: Final = re.compile(r"[@#]\w*[^\W\d]\w*")
_DOTTED: Final = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_EMPHASIS: Final = re.compile(r"[*_~`]")
_CJK: Final = re.compile(f"[{CJK_CLASS}]")
_SPOKEN: Final = re.compile(f"[{CJK_CLASS}][^\\s{CJK_CLASS}]*|[^\\s{CJK_CLASS}]+")


def speakable(shown: str, language: str = "en", *, emotes: Collection[str] = ()) -> Speakable:
    """The spoken form of `shown`; empty when nothing in it can be said.

    Args:
        shown: text of one clause or of a whole answer, without expression tags.
        language: BCP 47 tag of the voice's language.
        emotes: names that are pictures in chat ("Kappa") and stay silent.
    """
    voice = _Voice(language.partition("-")[0].casefold(), frozenset(emotes))
    text, places = _visible(shown)
    words: list[_Word] = []
    for start, end in _tokens(text, voice.language):
        spoken, mark = voice.say(text[start:end])
        if not mark and _ends_line(text, end):
            mark = ","
        if spoken and _CJK.search(spoken):
            is_joined = bool(words) and places[start] == words[-1].end
            words.extend(_characters(text, (start, end), places, is_joined=is_joined))
        elif spoken:
            words.append(_Word(_marked(spoken, mark), places[start], places[end - 1] + 1))
        elif mark and words:
            words[-1] = replace(words[-1], spoken=_marked(words[-1].spoken, mark))
    return _assembled(words)


@dataclass(frozen=True, slots=True)
class _Voice:
    language: str
    emotes: frozenset[str]

    def say(self, token: str) -> tuple[str, str]:
        """What is said for `token` and the punctuation after it; both may be empty."""
        if _SHORTCODE.fullmatch(token) or EMOTICON.fullmatch(token) or _FACE.fullmatch(token):
            return "", ""
        if _CJK.search(token):
            return token, ""
        core = _LEAD.sub("", token).rstrip(_TRAIL)
        trail = token[token.rindex(core) + len(core) :] if core else token
        if core in self.emotes or not core:
            return "", _punctuation(trail)
        if trail[:1] == "." and (_DOTTED.fullmatch(core) or drops_its_dot(core, self.language)):
            trail = trail[1:]
            spoken = say_word(core, self.language)
            return (f"{core}." if spoken == core else spoken), _punctuation(trail)
        return self._read(core), _punctuation(trail)

    def _read(self, core: str) -> str:
        if _ADDRESS.fullmatch(core):
            return say_address(core, self.language)
        if self.language != "en" and _FIGURE.fullmatch(core):
            return core
        figures = read_figures(core) if self.language == "en" else None
        if figures is not None:
            return figures
        if _NAME.fullmatch(core):
            return say_name(core[1:])
        if is_slang(core, self.language):
            return say_word(core, self.language)
        return self._read_compound(core)

    def _read_compound(self, core: str) -> str:
        """A word, or several that symbols join."""
        words: list[str] = []
        for part in _PARTS.findall(core):
            if any(map(str.isalnum, part)):
                inner = part.strip("-'’")
                figures = read_figures(inner) if self.language == "en" else None
                words.append(say_word(inner, self.language) if figures is None else figures)
            elif part in ("&", "+", "=") and self.language == "en":
                words.append(say_word(part, self.language))
            elif words:
                words[-1] = _marked(words[-1], _punctuation(part))
        return " ".join(words)


def _visible(shown: str) -> tuple[str, list[int]]:
    """`shown` without markup and what stays silent, and the place in `shown` of each of its characters."""
    characters: list[str] = list(shown)
    for found in (*_SILENT.finditer(shown), *EMOJI.finditer(shown)):
        characters[found.start() : found.end()] = " " * (found.end() - found.start())
    for found in _STARRED.finditer(shown):
        if is_direction(found[1]):
            characters[found.start() : found.end()] = " " * (found.end() - found.start())
    for found in _INVISIBLE.finditer(shown):
        characters[found.start()] = ""
    for found in _LINK.finditer(shown):
        for start, end in ((found.start(), found.start(1)), (found.end(1), found.end())):
            characters[start:end] = [""] * (end - start)
    places = [at for at, char in enumerate(characters) if char]
    return "".join(characters), places


def _tokens(text: str, language: str) -> list[tuple[int, int]]:
    """Where the tokens of `text` are; a number and the unit after it are one."""
    rules = stop_rules(language)
    spans: list[tuple[int, int]] = []
    for found in _TOKEN.finditer(text):
        inner = (found.start() + offset for offset in inner_breaks(found[0], rules))
        for start, end in pairwise([found.start(), *inner, found.end()]):
            if language == "en" and spans and _is_one_figure(text, *spans[-1], start, end):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
    return spans


def _is_one_figure(text: str, start: int, end: int, next_start: int, next_end: int) -> bool:
    """Whether two neighbouring tokens are a number and its unit."""
    is_near = text[end - 1].isdigit() and "\n" not in text[end:next_start]
    if not is_near or not belongs_to_number(text[next_start:next_end]):
        return False
    joined = f"{text[start:end]} {text[next_start:next_end]}"
    return read_figures(_LEAD.sub("", joined).rstrip(_TRAIL)) is not None


def _characters(text: str, token: tuple[int, int], places: list[int], *, is_joined: bool) -> Iterator[_Word]:
    """The words of a token with Han or kana: a character each, with the marks that follow it."""
    for found in _SPOKEN.finditer(text, *token):
        spoken = _EMPHASIS.sub("", found[0])
        yield _Word(spoken, places[found.start()], places[found.end() - 1] + 1, is_joined)
        is_joined = True


def _assembled(words: list[_Word]) -> Speakable:
    pieces: list[str] = []
    spans: list[Span] = []
    size = 0
    for word in words:
        if pieces and not word.is_joined:
            pieces.append(" ")
            size += 1
        spans += [
            Span(size + found.start(), size + found.end(), word.start, word.end)
            for found in _TOKEN.finditer(word.spoken)
        ]
        pieces.append(word.spoken)
        size += len(word.spoken)
    return Speakable("".join(pieces), tuple(spans))


def _ends_line(text: str, end: int) -> bool:
    found = _TOKEN.search(text, end)
    return "\n" in text[end : found.start() if found else len(text)]


def _marked(spoken: str, mark: str) -> str:
    """`spoken` with `mark` after it, unless it has a mark already; the dot of an abbreviation is none."""
    is_open = spoken[-1].isalnum() or (spoken[-1] == "." and spoken[-3:-2] in ("", ".", " ") and mark != ".")
    return f"{spoken}{mark}" if is_open else spoken


def _punctuation(trail: str) -> str:
    """The one mark that a run of punctuation comes to for the voice."""
    if "?" in trail:
        return "?"
    if "!" in trail:
        return "!"
    if "…" in trail or ".." in trail:
        return "..."
    for char in trail:
        if char in ".,;:":
            return char
        if char in "–—―" or trail in ("-", "--", "---"):
            return ","
    return ""
