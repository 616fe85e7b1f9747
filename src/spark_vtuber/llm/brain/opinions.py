"""What a line of chat has to do with the likes and dislikes of a card."""

import re
from typing import Final

_WORD: Final = re.compile(r"[a-z]+")
_SMALL: Final = frozenset(
    "a about all an and at being by for from her his in into its my of on or the their to with".split()
)
_STEM: Final = 6
"""Words that begin with the same six letters are forms of one."""

_OWN: Final = re.compile(r"\b(?:her|his|their)\b")


def is_about(sentence: str, thing: str) -> bool:
    """Whether a sentence in plain words names every word of a thing that says something."""
    wanted = [word for word in _WORD.findall(thing.lower()) if word not in _SMALL]
    said = _WORD.findall(sentence)
    return bool(wanted) and all(any(_is_same(word, other) for other in said) for word in wanted)


def as_asked(thing: str) -> str:
    """A thing of the card as a viewer calls it: "her minions" are "your minions"."""
    return _OWN.sub("your", thing)


def _is_same(word: str, other: str) -> bool:
    """Whether two words are forms of one: "lamp" and "lamps", "speedruns" and "speedrunning"."""
    return word.removesuffix("s") == other.removesuffix("s") or (len(word) >= _STEM and word[:_STEM] == other[:_STEM])
