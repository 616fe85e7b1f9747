"""What the gap between two tokens is worth: pure rules, no state.

A token is a run without white space; symbols that stand alone ("!", "😊", "—", the dots of ". . .") are counted to the
token before them. The rules look at the token before the gap, at what came before it in its sentence and at the token
after it, never at how the text arrived.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from spark_vtuber.text.abbreviations import StopRules
from spark_vtuber.text.characters import BULLETS, CLOSERS, EMOJI, EMOTICON, OPENERS, WIDE_CLOSERS
from spark_vtuber.text.lists import is_marker, starts_list
from spark_vtuber.text.units import DAY_HALVES, belongs_to_number
from spark_vtuber.text.wordset import word_set


class Strength(IntEnum):
    """How good a place is for a cut, weakest first. `ATTACH`: what follows belongs to what is before. `GLUE`: none."""

    ATTACH = -1
    GLUE = 0
    SOFT = 1
    WORD = 2
    CLAUSE = 3
    SENTENCE = 4


@dataclass(frozen=True, slots=True)
class Gap:
    """White space after a token, with all that the rules may ask about its left side.

    `previous` is the token before `before` in the same sentence or "", `opening` the first word of that sentence.
    `words` counts the words of the sentence before `before`, list markers excepted. `space` is the white space
    itself. `expected`: the markers that would go on with the list that is running.
    """

    before: str
    previous: str = ""
    opening: str = ""
    words: int = 0
    space: str = " "
    expected: frozenset[str] = frozenset()


TERMINALS: Final = ".!?…‽⁇⁈⁉‼。！？．｡।॥؟۔։።፧။᙮᠃"
_COMMAS: Final = ",;:、，；：،؛፣၊–—―"
_DASHES: Final = "-–—"
_LONE_OPENERS: Final = "“„«‹‘([{「『（¿¡"
_EXCLAIMING_NAMES: Final = word_set("yahoo jeopardy yum joomla oklahoma mamma kapow")
_ALTERNATIVES: Final = word_set(
    "plan vitamin group option type class part section grade team appendix exhibit hepatitis and or than"
)
_AFTER_TIME: Final = re.compile(
    r"[A-Z]{2,5}$|(?:Eastern|Pacific|Central|Mountain|Greenwich|UTC|GMT)$|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$"
)
_ELLIPSIS: Final = re.compile(r"(?:\.\.+|…|(?:\s?\.){3,})$")
_CUT_OFF: Final = re.compile(r"[\[(](?:\.\.+|…)[\])]\W*$")
_SPACED_THREE: Final = re.compile(r"\s\.\s\.\s\.$")
_STOP_THEN_DOTS: Final = re.compile(r"(?<=\w)\.(?=\s\.\s\.\s\.$)")
_RUN_TOGETHER: Final = re.compile(r"(?<=[^\W\d_][^\W\dA-Z_]|\d\d)([.!?])(?=([A-Z][a-z’']*)(?![A-Za-z’']))")
_JOINT: Final = re.compile(r"(?<=[^\W\d_])(?:[—―](?=\w)|,)")
_WIDE_MARK: Final = re.compile(rf"(?<!\d)[。！？．｡、，；：][{re.escape(WIDE_CLOSERS + TERMINALS)}]*")
_SOURCES: Final = re.compile(r"(?<=[.!?])(?:\[\d{1,3}\])+$")
_DOTTED: Final = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_TIME_PREPOSITIONS: Final = word_set("about after around at before by from since until")
_NEWLINES: Final = frozenset("\n\r\v\f\x85\u2028\u2029")
_IMMEDIATE: Final = "\"“„«‘'「『¿¡"


def judge(gap: Gap, after: str, *, is_whole: bool, rules: StopRules) -> Strength | None:
    """The worth of `gap` before a token that begins with (or, if `is_whole`, is) `after`.

    Returns:
        None while more of that token must be seen; never None when `is_whole`.
    """
    first = after[0]
    if _ends_line(gap.space, first):
        return Strength.SENTENCE
    if first in BULLETS:
        return Strength.SENTENCE if gap.words or _is_wordy(gap.before) else Strength.GLUE
    if not is_whole and (_may_attach(first) or any(marker.startswith(first) for marker in gap.expected)):
        return None
    if is_whole and _attaches(after):
        return Strength.ATTACH
    if after in gap.expected:
        return Strength.SENTENCE
    if gap.before[-1] == ":" and first in "(1aAiI":
        if not is_whole:
            return None
        if starts_list(after):
            return Strength.SENTENCE
    return _judge_words(gap, after, is_whole, rules)


def sentence_end(before: str) -> int:
    """Where inside the token `before` its sentence ends: its end, or after the first dot of "word. . . ."."""
    found = _STOP_THEN_DOTS.search(before)
    return found.end() if found else len(before)


def inner_ends(token: str, rules: StopRules) -> list[int]:
    """Where sentences end inside a token because a space was forgotten ("world.Today"), as offsets."""
    if "@" in token or "/" in token:
        return []
    ends = []
    for found in _RUN_TOGETHER.finditer(token):
        word = found[2].casefold().replace("’", "'").partition("'")[0]
        if found[1] != "." or word in rules.starters or word in rules.binding:
            ends.append(found.end(1))
    return ends


def inner_breaks(token: str, rules: StopRules) -> list[int]:
    """Where the splitter may cut inside a token, not counting the inside of unspaced scripts, as offsets.

    That is where a space was forgotten, after a long dash or a comma between words, and after full-width marks.
    """
    breaks = {*inner_ends(token, rules), *(found.end() for found in _WIDE_MARK.finditer(token))}
    breaks.update(found.end() for found in _JOINT.finditer(token) if "://" not in token[: found.start()])
    return sorted(at for at in breaks if at < len(token))


def _judge_words(gap: Gap, after: str, is_whole: bool, rules: StopRules) -> Strength | None:
    before = _without_trimmings(gap.before)
    core = before.rstrip(CLOSERS)
    if core.endswith((*TERMINALS, *rules.marks)):
        if not gap.words and is_marker(before.lstrip(BULLETS)):
            return Strength.GLUE
        if _CUT_OFF.search(before):
            return Strength.WORD
        return _after_terminal(gap, core, before[len(core) :], after, is_whole, rules)
    if not _is_wordy(before) or (not gap.words and is_marker(before.lstrip(BULLETS))):
        return Strength.GLUE
    if core.endswith((*_COMMAS, " -", "--")):
        return Strength.GLUE if core[-1] in _DASHES and _is_count(core, after) else Strength.CLAUSE
    if before[-1].isdigit() and after[0].isalpha():
        if not is_whole:
            return None
        return Strength.GLUE if belongs_to_number(after) else Strength.WORD
    return Strength.WORD


def _after_terminal(gap: Gap, core: str, closed: str, after: str, is_whole: bool, rules: StopRules) -> Strength | None:
    if core[-1] not in ".…":
        return _after_exclamation(gap, core, closed, after, is_whole, rules)
    if _ELLIPSIS.search(core):
        return _after_ellipsis(core, after)
    return _after_stop(gap, core[:-1], closed, after, is_whole, rules)


def _after_exclamation(
    gap: Gap, core: str, closed: str, after: str, is_whole: bool, rules: StopRules
) -> Strength | None:
    if after[0].islower() and (closed or not (gap.opening or gap.before)[:1].islower()):
        return Strength.CLAUSE
    if after[0] == "(" and closed:
        return Strength.CLAUSE
    if core[-1] == "!" and core[:-1].lstrip(OPENERS).casefold() in _EXCLAIMING_NAMES:
        return _before_starter(after, is_whole, rules, Strength.WORD)
    return Strength.SENTENCE


def _after_ellipsis(core: str, after: str) -> Strength:
    if _SPACED_THREE.search(core) and not _STOP_THEN_DOTS.search(core) and not core.endswith(" . . . ."):
        return Strength.CLAUSE
    first = after.lstrip(OPENERS)[:1]
    return Strength.SENTENCE if first.isalpha() and not first.islower() else Strength.CLAUSE


def _after_stop(gap: Gap, core: str, closed: str, after: str, is_whole: bool, rules: StopRules) -> Strength | None:
    word = core.lstrip(OPENERS)
    folded = word.casefold()
    first = after[0]
    if folded in rules.counting and first.isdigit():
        return Strength.GLUE
    if folded in rules.proper and not word[0].isupper():
        folded = ""
    if folded in rules.binding:
        return Strength.GLUE
    if folded in rules.trailing:
        return _before_capital(after, is_whole)
    if folded in DAY_HALVES and "." in folded:
        return _after_day_half(gap, after, is_whole)
    if len(word) == 1 and word.isalpha():
        return _after_letter(gap, word, after, is_whole, rules)
    is_ordinal = rules.has_ordinals and word.isdigit() and len(word) <= 2
    if folded in rules.closing or is_ordinal or _DOTTED.fullmatch(word):
        return _after_abbreviation(after, is_whole, rules)
    if first.islower() and closed:
        return Strength.CLAUSE
    return Strength.SENTENCE


def _after_abbreviation(after: str, is_whole: bool, rules: StopRules) -> Strength | None:
    first = after.lstrip(OPENERS)[:1]
    if first.isupper():
        return _before_starter(after, is_whole, rules, Strength.GLUE)
    if not first and not is_whole:
        return None
    return Strength.GLUE if first.isdigit() else Strength.WORD


def _before_capital(after: str, is_whole: bool) -> Strength | None:
    word = after.lstrip(OPENERS)
    if not word and not is_whole:
        return None
    return Strength.SENTENCE if word[:1].isupper() else Strength.WORD


def _after_day_half(gap: Gap, after: str, is_whole: bool) -> Strength | None:
    """A sentence may open with the time ("At 5 a.m. Mr. Smith") or go on after it ("at 6 p.m. EST")."""
    if not after.lstrip(OPENERS)[:1].isupper():
        return Strength.WORD
    if gap.words == 2 and gap.opening.casefold() in _TIME_PREPOSITIONS:
        return Strength.GLUE
    if not is_whole:
        return None
    return Strength.WORD if _AFTER_TIME.match(after.strip(OPENERS + CLOSERS + ".,;:!?")) else Strength.SENTENCE


def _after_letter(gap: Gap, letter: str, after: str, is_whole: bool, rules: StopRules) -> Strength | None:
    """An initial ("J. R. R. Tolkien"), unless the letter is a word of its own ("you and I.", "plan B.")."""
    if letter.islower() or not letter.isupper():
        return Strength.GLUE if after[0].isdigit() or not after[0].isupper() else Strength.SENTENCE
    is_alone = gap.previous[:1].islower() or gap.previous.casefold() in _ALTERNATIVES
    if not is_alone:
        return Strength.GLUE
    if letter == "I":
        return Strength.SENTENCE
    return _before_starter(after, is_whole, rules, Strength.GLUE)


def _before_starter(after: str, is_whole: bool, rules: StopRules, otherwise: Strength) -> Strength | None:
    word = after.strip(OPENERS + CLOSERS + TERMINALS + _COMMAS)
    if not word[:1].isupper() and word:
        return otherwise
    if not is_whole:
        return None
    folded = word.casefold().replace("’", "'")
    return Strength.SENTENCE if folded in rules.starters or folded.partition("'")[0] in rules.starters else otherwise


def _ends_line(space: str, first: str) -> bool:
    """Whether a line ends here. A space before the break and a small letter after it make a wrapped line."""
    breaks = sum(char in _NEWLINES for char in space)
    return breaks > 1 or (breaks == 1 and not (space[0] == " " and first.islower()))


def _may_attach(first: str) -> bool:
    return not first.isalnum() and first not in _IMMEDIATE


def _attaches(token: str) -> bool:
    """Whether `token` is made of symbols that belong to what stands before them."""
    if _is_wordy(token):
        return EMOTICON.fullmatch(token) is not None
    return not _CUT_OFF.fullmatch(token) and token.strip(_LONE_OPENERS) != ""


def _without_trimmings(token: str) -> str:
    """`token` without emoji, emoticons and the numbers of sources ("so.[1]") at its end."""
    bare = _SOURCES.sub("", EMOJI.sub("", token).rstrip())
    head, _, tail = bare.rpartition(" ")
    while head and EMOTICON.fullmatch(tail):
        bare = head.rstrip()
        head, _, tail = bare.rpartition(" ")
    return bare


def _is_wordy(token: str) -> bool:
    return any(map(str.isalnum, token))


def _is_count(core: str, after: str) -> bool:
    """Whether a dash stands between two numbers ("3 - 5")."""
    return core.rstrip(" -–—")[-1:].isdigit() and after[:1].isdigit()
