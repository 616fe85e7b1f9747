"""Example talks of character cards, and the macros in their texts.

A card writes its examples as one text: talks begin with `<START>`, a line that begins with `{{user}}:` or `{{char}}:`
begins what somebody says, other lines go on with it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

START: Final = "<START>"
USER: Final = "{{user}}"
CHAR: Final = "{{char}}"
VIEWER: Final = "the viewer"
"""What stands for whoever the character talks with: in a show that is always somebody else."""

_USER: Final = re.compile(r"\{\{user\}\}|<user>", re.IGNORECASE)
_CHAR: Final = re.compile(r"\{\{char\}\}|<bot>|<char>", re.IGNORECASE)
_START: Final = re.compile(r"^[ \t]*<START>[ \t]*$", re.IGNORECASE | re.MULTILINE)
_COMMENT: Final = re.compile(r"\{\{(?://|hidden_key:|comment:)[^{}]*\}\}", re.IGNORECASE)


def expanded(text: str, name: str) -> str:
    """A text of a card with the names in the place of the macros; comments in it are left out."""
    return _USER.sub(VIEWER, _CHAR.sub(lambda _: name, _COMMENT.sub("", text)))


def read_examples(text: str, name: str) -> tuple[tuple[str, str], ...]:
    """The exchanges in the examples of a card: what was asked, and the answer of character `name`.

    Whatever the character says without being asked is left out; several lines of one side in a row are one.
    """
    found: list[tuple[str, str]] = []
    for talk in _START.split(text.replace("\r\n", "\n")):
        asked = ""
        for is_hers, words in _sayings(talk, name):
            if not is_hers:
                asked = words
            elif asked:
                found.append((asked, words))
                asked = ""
    return tuple(found)


def write_examples(examples: Sequence[tuple[str, str]]) -> str:
    """Exchanges as the examples of a card."""
    return "\n".join(f"{START}\n{USER}: {asked}\n{CHAR}: {said}" for asked, said in examples)


def _sayings(talk: str, name: str) -> Iterator[tuple[bool, str]]:
    """Who says what in a talk, in turns: whether it is the character, and its words."""
    speaker = re.compile(
        rf"(?:(\{{\{{user\}}\}}|<user>|you|user)|(\{{\{{char\}}\}}|<bot>|<char>|{re.escape(name)}))\s*:", re.IGNORECASE
    )
    is_hers: bool | None = None
    words: list[str] = []
    for line in talk.split("\n"):
        begun = speaker.match(line.lstrip())
        if begun is None:
            words.append(line)
            continue
        if is_hers is not None and is_hers != bool(begun[2]):
            yield is_hers, "\n".join(words).strip()
            words = []
        elif is_hers is None:
            words = []
        is_hers = bool(begun[2])
        words.append(line.lstrip()[begun.end() :].lstrip())
    if is_hers is not None:
        yield is_hers, "\n".join(words).strip()
