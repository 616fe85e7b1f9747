"""Words that are named rather than used: quoted in speech about hate, or somebody's name for themselves.

Only context tells a quotation from an excuse, so a mention is never cleared: it is a doubt, for a second opinion.
"""

import re
from collections.abc import Iterator
from typing import Final

from spark_vtuber.moderation.reading import Reading

MENTION: Final = 0.5
"""The most that a mentioned word weighs: too little to block by itself, except on the level strict."""

_QUOTE: Final = re.compile(r"[\"“„«][^\"“”„«»]{1,200}[\"”»]|(?<!\w)['‘][^'‘’\"]{1,200}['’](?!\w)")
_TELLING: Final = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|writ(?:e|es|ing|ten)|wrote|post(?:s|ed|ing)?|messages?|comments?|statements?|claim(?:s|ed)?|"
    r"call(?:s|ed|ing)?|us(?:e|es|ed|ing)|words?|terms?|phrases?|insults?|slurs?|shout(?:s|ed|ing)?|things|stuff|"
    r"told|tweet(?:s|ed|ing)?|hear(?:d|ing)?|rhetoric|language|jokes?)\b"
)
_AGAINST: Final = re.compile(
    r"\b(?:rac\w*st\w*|racism|sexis[mt]\w*|misogyn\w*|homophob\w*|transphob\w*|xenophob\w*|ableis[mt]\w*|bigot\w*|"
    r"hate(?:ful)? speech|hateful|hurt(?:s|ful|ing)?|offens\w+|offend\w*|insult\w*|slurs?|disrespect\w*|respect|"
    r"unacceptable|outrageous|disgust\w*|appall\w*|disgrac\w*|asham\w*|shame\w*|wrong|not (?:ok|okay|cool|funny|right)|"
    r"(?:isn't|never|why would you think it's) (?:ok|okay|cool|funny)|stop|block(?:ed)?|bann?(?:ed)?|report(?:ed)?|"
    r"condemn\w*|denounc\w*|tolerat\w*|harass\w*|abus\w+|bull(?:y|ied|ying)|reject\w*|opposite|politically correct|"
    r"can't believe|cannot believe|can't seriously|how dare|don't (?:say|use|call)|shouldn't|should not|must not|"
    r"mustn't|horrible|terrible|awful|small-minded|ignorant|idiots?|problem|upset\w*)\b"
)
_CALLING: Final = re.compile(
    r"\bcall(?:s|ed|ing)? (?:[\w'’]+ ){1,3}?(?:an? )?|\b(?:the|a) (?:word|term|slur|insult) |"
    r"\buse (?:of )?(?:the )?(?:word |term )?"
)
_SELF: Final = re.compile(
    r"\b(?:call(?:s|ed|ing)? (?:myself|ourselves)|my fellow|proud(?:ly)?|happily|"
    r"(?:love|enjoy|reasons? why) being|homophob\w+|our word)\b"
)
_RETWEET: Final = re.compile(r"[\"“]@|\brt @")
_NAMED_WITHIN: Final = 24


def mentions(reading: Reading) -> Iterator[tuple[int, int]]:
    """Ranges of the original text in which a coarse word or a slur is named: quoted and judged, or called out."""
    text = reading.folded
    if _TELLING.search(text):
        for quote in _QUOTE.finditer(text):
            outside = text[: quote.start()] + " " + text[quote.end() :]
            if _TELLING.search(outside) and (_AGAINST.search(outside) or not _RETWEET.search(text)):
                yield reading.span(*quote.span())
    if _AGAINST.search(text):
        for called in _CALLING.finditer(text):
            yield reading.span(called.start(), min(len(text), called.end() + _NAMED_WITHIN))


def is_own_name(reading: Reading) -> bool:
    """Whether somebody speaks of themselves, and says so: "we call ourselves", "... like me and proud"."""
    return _SELF.search(reading.folded) is not None
