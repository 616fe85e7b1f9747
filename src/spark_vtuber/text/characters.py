"""Classes of characters that several text modules ask about: scripts without spaces, emoji, quotes, safe places to cut.

Emoji are recognised by their blocks and by the joiners of UTS #51; no Unicode table beyond `unicodedata` is needed.
"""

import re
import unicodedata
from typing import Final

ZWNJ: Final = "\u200c"
ZWJ: Final = "\u200d"

CJK_CLASS: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U000323af"
)
"""Han and kana, scripts written without spaces, as the inside of a regular expression's class."""

_EMOJI_CLASS: Final = (
    "\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\u00a9\u00ae\u2122"
)
_EMOJI_TAIL: Final = "\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"

EMOJI: Final = re.compile(rf"(?:[0-9#*]\ufe0f?\u20e3|[{_EMOJI_CLASS}])[{_EMOJI_CLASS}{_EMOJI_TAIL}]*")
"""One or more adjoining emoji, pictographs and arrows with their joiners, skin tones, keycaps and flag letters."""

EMOTICON: Final = re.compile(
    r"[:;=][-o^'’]?[)(\]\[DPpOo3/\\|*cSs$]+|[:;]'\(|[xX]D+|D[:;=]|</?3|\^[_.\-o]*\^|[oO0][_.]+[oO0]|T[_.]+T|>[_.]+<|-[_.]+-|>:[()]|\\[oO]/|¯\\_\(ツ\)_/¯"
)
"""A Western emoticon, to be matched against a whole token (`fullmatch`)."""

OPENERS: Final = "\"'“‘„‚«‹([{¿¡「『（〔【《〈*_~`"
CLOSERS: Final = "\"'”’“»›)]}」』）〕】》〉*_~`"
WIDE_CLOSERS: Final = CLOSERS.replace("“", "")
"""What may close a sentence of an unspaced script, where “ always opens."""

BULLETS: Final = "•⁃◦▪‣●"

_CJK: Final = re.compile(f"[{CJK_CLASS}]")
_TAIL: Final = re.compile(f"[{_EMOJI_TAIL}]")


def is_cjk(char: str) -> bool:
    """Whether `char` is Han or kana, so that the word it stands in is not bounded by spaces."""
    return char >= "\u2e80" and _CJK.match(char) is not None


def half_words(token: str) -> int:
    """What `token` counts as words, in halves: two for a spaced word, one for each Han or kana character, else none."""
    if token.isascii():
        return 2 if any(map(str.isalnum, token)) else 0
    return len(_CJK.findall(token)) or (2 if any(map(str.isalnum, token)) else 0)


def is_safe_cut(left: str, right: str) -> bool:
    """Whether a text may be cut between the adjoining characters `left` and `right` without breaking a grapheme."""
    if left == ZWJ or _TAIL.match(right) or unicodedata.category(right) in ("Mn", "Mc", "Me"):
        return False
    return not (_is_flag_letter(left) and _is_flag_letter(right))


def mended(text: str) -> str:
    """The text with the halves of surrogate pairs put together; one that stands alone becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
