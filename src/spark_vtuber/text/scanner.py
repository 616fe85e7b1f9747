"""Generated text in, settled boundaries out: the incremental half of the clause splitter.

The scanner sees each character once. It keeps the token before the current gap and the token after it, and asks
`boundaries.judge` twice at most for each gap: when the token after has begun and when it is whole. Both moments are
fixed by the text alone, so the boundaries are the same for any chunking.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from spark_vtuber.text.abbreviations import stop_rules
from spark_vtuber.text.boundaries import TERMINALS, Gap, Strength, inner_ends, judge, sentence_end
from spark_vtuber.text.characters import BULLETS, CLOSERS, WIDE_CLOSERS, half_words, is_cjk, is_safe_cut
from spark_vtuber.text.lists import is_marker, next_markers
from spark_vtuber.text.shields import HARD, is_closing, is_opening

_HARD_LIMIT: Final = 160
_SOFT_LIMIT: Final = 800
_UNBROKEN_LIMIT: Final = 500
_CJK_STRIDE: Final = 24
_CJK_COMMAS: Final = "、，；："
_CJK_TERMINALS: Final = "。！？．｡"
_PARTICLES: Final = "はがをにへとでもの"
_ASCII_MARKS: Final = "!?—―"
_SWIFT_COMMAS: Final = ",、，"
_WORD_JOINERS: Final = str.maketrans("", "", "'’-")


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place where the text may be cut.

    `at` counts characters from the start of the text, `half_words` the words before it (see `characters.half_words`).
    `is_swift`: the comma is known, the white space after it is not yet. `is_end`: nothing follows.
    """

    at: int
    strength: Strength
    half_words: int
    is_swift: bool = False
    is_end: bool = False


class Scanner:
    """Reads text and appends what it settles to `boundaries`, in order.

    With `shields_sentences` nothing inside quotations and brackets ends a sentence; else only tags, stage directions
    and code are shielded. A span that stays open for too long shields nothing.
    """

    def __init__(self, language: str, *, shields_sentences: bool) -> None:
        self.boundaries: deque[Boundary] = deque()
        self._rules = stop_rules(language)
        self._shields_sentences = shields_sentences
        self._at = 0
        self._half_words = 0
        self._left = ""
        self._space = ""
        self._right = ""
        self._right_at = 0
        self._is_judged = True
        self._inner = Strength.GLUE
        self._previous = ""
        self._opening = ""
        self._words = 0
        self._expected: frozenset[str] = frozenset()
        self._shield = ""
        self._shield_at = 0
        self._suspended: list[Boundary] = []

    def feed(self, text: str) -> None:
        """Read the next characters."""
        for char in text:
            if not char.isspace():
                if self._right:
                    self._extend(char)
                else:
                    self._open(char)
            elif self._right:
                self._finish_token()
                self._space = char
            else:
                self._space += char
            self._at += 1

    def close(self) -> None:
        """Settle what was open: no more text comes."""
        if self._right:
            self._finish_token()
        self._release()
        self.boundaries.append(Boundary(self._at, Strength.SENTENCE, self._half_words, is_end=True))

    def _open(self, char: str) -> None:
        self._right = char
        self._right_at = self._at
        self._is_judged = not self._left
        self._judge(is_whole=False)
        self._inner = self._mark_of(char)

    def _extend(self, char: str) -> None:
        if self._inner:
            if char in WIDE_CLOSERS or char in TERMINALS:
                self._right += char
                return
            if self._right[-1] not in _ASCII_MARKS or char.isalnum():
                self._break(Strength.CLAUSE if self._right[-1] in CLOSERS and _is_hiragana(char) else self._inner)
        elif is_cjk(char) and is_cjk(self._right[-1]):
            self._break_unspaced(char)
        elif self._at - self._right_at >= _UNBROKEN_LIMIT and is_safe_cut(self._right[-1:], char):
            self._break(Strength.SOFT)
        self._inner = self._mark_of(char)
        self._right += char
        if char in _SWIFT_COMMAS:
            self._offer_swiftly()

    def _break_unspaced(self, char: str) -> None:
        if self._right[-1] in _PARTICLES and not _is_hiragana(char):
            self._break(Strength.WORD)
        elif self._at - self._right_at >= _CJK_STRIDE:
            self._break(Strength.SOFT)

    def _break(self, strength: Strength) -> None:
        """End the token before the current character although no white space stands there."""
        self._finish_token()
        self._settle(strength, self._at)
        self._left = self._space = ""
        self._right_at = self._at
        self._is_judged = True

    def _mark_of(self, char: str) -> Strength:
        """The boundary that `char`, standing inside a token, will make before the next character, or GLUE."""
        before = self._right[-1:]
        if before.isdigit():
            return Strength.GLUE
        if char in _CJK_TERMINALS:
            return Strength.SENTENCE
        if char in _CJK_COMMAS:
            return Strength.CLAUSE
        if char in "!?" and is_cjk(before):
            return Strength.SENTENCE
        if char in "—―" and before.isalpha() and "://" not in self._right:
            return Strength.CLAUSE
        return Strength.GLUE

    def _offer_swiftly(self) -> None:
        """A comma after a plain word is a boundary before the next character is known."""
        word = self._right[:-1]
        if self._is_judged and not self._shield and word.translate(_WORD_JOINERS).isalpha():
            self._emit(Boundary(self._at + 1, Strength.CLAUSE, self._half_words + half_words(word), is_swift=True))

    def _finish_token(self) -> None:
        strength = None if self._is_judged else self._judge(is_whole=True)
        if strength is Strength.ATTACH and len(self._left) > _UNBROKEN_LIMIT:
            strength = Strength.SOFT
            self._settle(strength, self._right_at)
        if strength is Strength.ATTACH:
            self._pass_over(f"{self._left}{self._space}{self._right}", self._right)
        else:
            self._split_run_together()
            self._pass_over(self._right, self._right)
        self._right = self._space = ""

    def _split_run_together(self) -> None:
        done = 0
        for end in inner_ends(self._right, self._rules):
            part = self._right[done:end]
            self._pass_over(part, part)
            self._settle(Strength.SENTENCE, self._right_at + end)
            done = end
        self._right = self._right[done:]
        self._right_at += done

    def _pass_over(self, left: str, token: str) -> None:
        """Go past `token`: `left` is now what stands before the next gap."""
        self._left = left
        self._track(token)
        self._half_words += half_words(token)

    def _judge(self, *, is_whole: bool) -> Strength | None:
        if self._is_judged:
            return None
        gap = Gap(self._left, self._previous, self._opening, self._words, self._space, self._expected)
        strength = judge(gap, self._right, is_whole=is_whole, rules=self._rules)
        if strength is None or strength is Strength.ATTACH:
            return strength
        self._is_judged = True
        at = self._right_at
        if strength is Strength.SENTENCE:
            rest = self._left[sentence_end(self._left) :]
            if rest:
                at -= len(self._space) + len(rest.lstrip())
        self._settle(strength, at)
        return strength

    def _settle(self, strength: Strength, at: int) -> None:
        if strength is not Strength.GLUE:
            self._emit(Boundary(at, strength, self._half_words))
        if not self._words:
            self._expected = next_markers(self._left) or self._expected
        if strength is Strength.SENTENCE:
            self._previous = self._opening = ""
            self._words = 0
            return
        self._previous = self._left
        if half_words(self._left) and (self._words or not is_marker(self._left.lstrip(BULLETS))):
            self._words += 1
            self._opening = self._opening or self._left

    def _emit(self, boundary: Boundary) -> None:
        if self._shield and boundary.at - self._shield_at > (_HARD_LIMIT if self._shield in HARD else _SOFT_LIMIT):
            self._release()
        if self._shield and (self._shields_sentences or self._shield in HARD):
            self._suspended.append(boundary)
        else:
            self.boundaries.append(boundary)

    def _track(self, token: str) -> None:
        """Open and close shields by the characters of `token`."""
        if token.isalnum():
            return
        for index, char in enumerate(token):
            if self._shield and is_closing(token, index, self._shield):
                self._shield = ""
                self._suspended.clear()
            elif is_opening(token, index) and (not self._shield or self._outranks(char)):
                self._shield = char
                self._shield_at = self._right_at

    def _outranks(self, opener: str) -> bool:
        return not self._shields_sentences and opener in HARD and self._shield not in HARD

    def _release(self) -> None:
        self.boundaries.extend(self._suspended)
        self._suspended.clear()
        self._shield = ""


def _is_hiragana(char: str) -> bool:
    return "\u3040" <= char <= "\u309f"
