"""Numbered and lettered lists inside running text: which token is a marker, and which markers may come next."""

import re
from typing import Final

from spark_vtuber.text.characters import BULLETS

_MARKER: Final = re.compile(r"(\(?)(\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})(\.\)|\.|\))")
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")


def is_marker(token: str) -> bool:
    """Whether `token` looks like the number or letter of a list item: 1. 2) 3.) (a) b. (iv)."""
    return _MARKER.fullmatch(token) is not None


def starts_list(token: str) -> bool:
    """Whether `token` is the first marker of a list."""
    found = _MARKER.fullmatch(token)
    return found is not None and found[2].casefold() in ("1", "a", "i") and (found[2] != "I" or found[3] != ".")


def next_markers(token: str) -> frozenset[str]:
    """The markers that would continue the list whose marker is `token`; empty if it is none."""
    found = _MARKER.fullmatch(token.lstrip(BULLETS))
    if not found:
        return frozenset()
    before, label, after = found.groups()
    return frozenset(f"{before}{following}{after}" for following in _following(label))


def _following(label: str) -> list[str]:
    if label.isdigit():
        return [str(int(label) + 1)]
    following = []
    folded = label.casefold()
    if len(label) == 1 and folded != "z":
        following.append(chr(ord(label) + 1))
    if folded in _ROMAN[:-1]:
        numeral = _ROMAN[_ROMAN.index(folded) + 1]
        following.append(numeral.upper() if label.isupper() else numeral)
    return following
