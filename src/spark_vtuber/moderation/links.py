"""Links: those of trusted hosts stay, others are masked or block the text, as the policy says."""

import re
from collections.abc import Collection, Iterator
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.ruling import Category, Match

SCORE: Final = 0.7
MASK: Final = "[link]"

_TOP: Final = (
    "com|org|net|tv|io|gg|dev|app|ai|co|uk|de|jp|fr|eu|me|us|info|xyz|live|chat|ru|cn|top|site|online|shop|club|"
    "link|ly|gift|gifts|click|store|cc|to|biz|ws|win|vip|pro|stream|icu|su|tk|ml|ga|cf|pw|finance|bet|casino|porn|xxx"
)
_LINK: Final = re.compile(
    r"(?<![\w@.])(?:(?:https?|hxxps?|ftp)://|www\.)(?P<full>[^\s/?#<>\"]{1,253})[^\s<>\"]{0,400}"
    rf"|(?<![\w@.-])(?P<bare>(?:[\w-]{{1,63}}\.){{1,4}}(?:{_TOP}))(?![\w-])(?:[/?#:][^\s<>\"]{{0,400}})?"
    rf"|(?<![\w@.-])(?P<spelled>[\w-]{{2,63}}\s?(?:\(dot\)|\[dot\]|\sdot\s)\s?(?:{_TOP}))(?![\w-])"
)
_RISKY: Final = re.compile(r"(?:javascript|data|vbscript|file):[^\s]{3,}")


def links(reading: Reading, trusted: Collection[str]) -> Iterator[Match]:
    """Every link whose host is none of `trusted` or below one of them."""
    text = reading.folded
    if "." in text or "dot" in text:
        for found in _LINK.finditer(text):
            host = found["full"] or found["bare"] or found["spelled"]
            host = host.rpartition("@")[2].partition(":")[0].removeprefix("www.")
            if not any(host == name or host.endswith("." + name) for name in trusted):
                yield Match(Category.LINK, "host", SCORE, *reading.span(*found.span()), MASK)
    for found in _RISKY.finditer(text) if ":" in text else ():
        yield Match(Category.LINK, "scheme", SCORE, *reading.span(*found.span()), MASK)
