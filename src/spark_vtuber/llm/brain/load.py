"""Reads the brain files: what lines of chat mean, and what each character says.

Two kinds of RiveScript files stand beside this module:

* `understand/*.rive` hold the triggers. A trigger has exactly one reply, which is no sentence but the name of an
  intent, with what was captured behind it (`pet_name <star1> | <star2>`). `words.rive` holds nothing but `! sub`
  lines (slang, spellings, emotes) and `! array` lists of words that `Reader` uses.
* `<character>/*.rive` hold the lines: each trigger is the name of an intent, its replies are what may be said. They
  are only parsed. A line is chosen and filled by `Voice`, so text of strangers never passes an interpreter.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from spark_vtuber.llm.brain.ear import Ear
from spark_vtuber.llm.brain.reader import Reader
from spark_vtuber.llm.brain.voice import Line, line

COMMON: Final = "common"
"""The folder of the lines that every character may say; a character's own lines of an intent replace them."""

DEFAULT: Final = "spark"

_UNDERSTAND: Final = "understand"
_WORDS: Final = "words.rive"

_ARRAY: Final = re.compile(r"\(@([a-z_]+)\)")

Lines = Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True, slots=True)
class Brain:
    """Everything that was read: how to read a line, what it means, and what each character may say."""

    reader: Reader
    ear: Ear
    voices: Mapping[str, Lines]

    def lines_for(self, *names: str) -> Lines:
        """The lines of the first of `names` that has a folder, or of the default character."""
        known = [name.casefold() for name in names if name.casefold() in self.voices]
        return self.voices[known[0] if known else DEFAULT]


def load_brain() -> Brain:
    """Read all brain files of the package; takes some tens of milliseconds, so call it in a thread.

    The engine comes with its handler for Python code, which is removed before anything is read.
    """
    with warnings.catch_warnings():
        # rivescript 1.15 has invalid escapes in string literals, a warning wherever it was not compiled at install.
        warnings.simplefilter("ignore")
        from rivescript import RiveScript
        from rivescript.parser import Parser
    root = files("spark_vtuber.llm.brain")
    parser = Parser(strict=True, utf8=True)
    words = parser.parse(_WORDS, _source(root / _UNDERSTAND / _WORDS))["begin"]
    engine = RiveScript(strict=True)
    engine.set_handler("python", None)
    for file in _scripts(root / _UNDERSTAND):
        if file.name != _WORDS:
            engine.stream(_with_arrays(_source(file), words["array"]))
    engine.sort_replies()
    ear = Ear(engine)
    reader = Reader(words["sub"], words["array"], ear.vocabulary)
    folders = [child for child in root.iterdir() if child.is_dir() and child.name not in (_UNDERSTAND, "__pycache__")]
    own = {folder.name: dict(_lines(parser, folder)) for folder in folders}
    common = own.pop(COMMON)
    return Brain(reader, ear, {name: {**common, **lines} for name, lines in own.items()})


def _lines(parser: Any, folder: Traversable) -> Iterator[tuple[str, tuple[Line, ...]]]:
    for file in _scripts(folder):
        tree = parser.parse(file.name, _source(file))
        for trigger in tree["topics"]["random"]["triggers"]:
            yield trigger["trigger"], tuple(map(line, trigger["reply"]))


def _with_arrays(source: list[str], arrays: Mapping[str, list[str]]) -> list[str]:
    """The source with `(@name)` written out: the engine compiles a trigger with an array anew for every message."""
    return [_ARRAY.sub(lambda found: f"({'|'.join(arrays[found[1]])})", text) for text in source]


def _scripts(folder: Traversable) -> list[Traversable]:
    found = [file for file in folder.iterdir() if file.name.endswith(".rive")]
    return sorted(found, key=lambda file: file.name)


def _source(file: Traversable) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
