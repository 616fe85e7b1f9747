"""Cleaning of what strangers write, before it is shown, spoken or put into a prompt."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from spark_vtuber.text.characters import ZWJ, ZWNJ, is_safe_cut
from spark_vtuber.text.fold import INVISIBLE_CLASS

MAX_CHARS: Final = 500
"""The longest chat line that Twitch accepts."""

_MAX_MARKS: Final = 3
_ELLIPSIS: Final = "…"
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE: Final = re.compile(f"[{INVISIBLE_CLASS}]")
_JOINING_SCRIPTS: Final = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\ua8ff\ufb50-\ufefc]")
_PICTURE: Final = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_EMOJI_TAILS: Final = frozenset("\ufe0e\ufe0f")
_BLACK_FLAG: Final = "\U0001f3f4"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The text that is left and why it differs.

    `reasons` are codes, each at most once, in this order: `control` (control characters, halves of surrogates,
    private use), `bidi` (direction overrides), `invisible` (zero-width and tag characters), `marks` (piled combining
    marks), `cut` (longer than the limit). Collapsed white space alone has no code.
    """

    text: str
    reasons: tuple[str, ...] = ()


def clean(text: str, limit: int = MAX_CHARS) -> Cleaned:
    """`text` on one line, without what cannot be seen, and no longer than `limit` characters with the "…" of a cut.

    Emoji keep their joiners, and Arabic, Indic and similar scripts keep theirs. A cut never parts a character from
    its marks.
    """
    reasons: set[str] = set()
    kept: list[str] = []
    marks = 0
    for index, char in enumerate(text):
        reason = _reason(text, index, kept)
        if reason is None:
            is_mark = unicodedata.category(char) in ("Mn", "Me") and char not in _EMOJI_TAILS
            marks = marks + 1 if is_mark else 0
            if marks > _MAX_MARKS:
                reason = "marks"
        if reason is None:
            kept.append(char)
        else:
            reasons.add(reason)
    cleaned = " ".join("".join(kept).split())
    if len(cleaned) > limit:
        reasons.add("cut")
        cleaned = _cut(cleaned, limit - len(_ELLIPSIS)) + _ELLIPSIS
    order = ("control", "bidi", "invisible", "marks", "cut")
    return Cleaned(cleaned, tuple(reason for reason in order if reason in reasons))


def _reason(text: str, index: int, kept: list[str]) -> str | None:
    """Why the character at `index` must go, given the characters kept so far, or None."""
    char = text[index]
    if char.isascii():
        return None if char.isprintable() or char.isspace() else "control"
    if char in _BIDI:
        return "bidi"
    if _INVISIBLE.match(char):
        return None if _is_needed(char, kept, text[index + 1 : index + 2]) else "invisible"
    return "control" if unicodedata.category(char) in ("Cc", "Cs", "Co") else None


def _is_needed(char: str, kept: list[str], following: str) -> bool:
    """Whether an invisible character does its proper work: in an emoji, or between letters of a script that joins."""
    before = kept[-1] if kept else ""
    if char in (ZWJ, ZWNJ) and _JOINING_SCRIPTS.match(before):
        return True
    if char == ZWJ:
        is_after_emoji = before in _EMOJI_TAILS or _PICTURE.match(before) is not None
        return is_after_emoji and _PICTURE.match(following) is not None
    if char in _EMOJI_TAILS:
        return _PICTURE.match(before) is not None or (
            before != "" and before in "0123456789#*" and following == "\u20e3"
        )
    return char >= "\U000e0020" and (before == _BLACK_FLAG or before >= "\U000e0020")


def _cut(text: str, size: int) -> str:
    at = size
    while at > 0 and not is_safe_cut(text[at - 1], text[at]):
        at -= 1
    return text[: at or size].rstrip()


def whole(text: str) -> str:
    """The text as it is. JSON can escape half of a surrogate pair; such a text can be neither spoken nor written.

    Raises:
        ValueError: it holds half a character.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    return text
