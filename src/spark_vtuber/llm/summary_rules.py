"""Which sentences of a show are worth remembering, told by rules: no model, the same answer every time.

A sentence is worth more the more it tells about people: who they are, whom they have, what happened to them, what they
like, what was promised, decided, won or lost, and when. What everybody says again and again is worth less than words
that hardly came up. The patterns are English; in other languages names, numbers and rare words count.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.events import ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.llm.lines import deed_of
from spark_vtuber.llm.summary import KEPT, Note
from spark_vtuber.llm.summary_signs import AGAINST, COMMON, COUNTED, SIGNS, SUBJECTS

LEAST_WORTH: Final = 0.7
"""A sentence below this is small talk."""

LONGEST_SENTENCE: Final = 240
MOST_KNOWN_WORDS: Final = 3_000
RECENT_TURNS: Final = 160
_RECENCY: Final = 0.6
_NOVELTY: Final = 1.4
_BESIDE: Final = 0.5
_OTHER_LANGUAGE: Final = 0.5
_OTHER_SCRIPT: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]{8}")
"""Scripts without spaces between words."""

_TWICE: Final = 0.35
_SAME: Final = 0.6

_END: Final = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD: Final = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")
_FILLER: Final = re.compile(
    r"^(?:(?:omg|oh my god|lol|lmao|haha+|hey|hi|hello|yo|oh|ok(?:ay)?|well|so|btw|also|and|but|um+|hmm+|wow|sorry"
    r"|anyway|honestly|guys|chat|yes|no|fine|alright|then)\b[\s,.!:-]*)+",
    re.IGNORECASE,
)
_DEEDS: Final = {ChatKind.RAID: 1.8, ChatKind.GIFT: 1.5, ChatKind.SUPER_CHAT: 1.5, ChatKind.BITS: 1.0}
"""What is worth telling of those who gave something or brought others."""

_NAME: Final = re.compile(r"(?<![.!?…]\s)(?<!^)(?<!\w)([^\W\d_][\w'’-]+)")
_NUMBER: Final = re.compile(r"\b\d[\d,.]*\b")


class NoteTaker:
    """Takes notes of turns, and chooses among them by what is rare in this show.

    `names` are those of the characters, whose being named tells nothing.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(word for name in names for word in _words_in(name))
        self._seen: dict[str, int] = {}
        self._sentences = 0

    @property
    def known_words(self) -> int:
        """How many words are told apart now."""
        return len(self._seen)

    def notes(self, record: TurnRecord, name: str, at: int) -> tuple[Note, ...]:
        """What of a turn is worth keeping; `name` is its character's, `at` its number. Only what was heard counts."""
        found = []
        if record.cue.kind is CueKind.CHAT and record.cue.author and record.cue.text:
            found.append(self._note(record.cue.author, record.cue.text, at, None))
        found.append(self._note(name, record.heard, at, record.persona))
        event = record.cue.event
        line = event.id if event is not None else ""
        if event is not None and event.kind in _DEEDS:
            words = frozenset({f"{event.kind} of {event.author.name}"})
            found.append(Note(record.cue.author, "", _DEEDS[event.kind], words, at, deed=deed_of(event)))
        return tuple(replace(note, line=line) for note in found if note is not None)

    def _note(self, name: str, text: str, at: int, speaker: PersonaId | None) -> Note | None:
        sentences = [part.strip() for part in _END.split(text[: 8 * LONGEST_SENTENCE]) if part.strip()]
        for sentence in sentences:
            self._learn(sentence)
        if not sentences:
            return None
        worths = [self._worth(sentence) for sentence in sentences]
        best = max(worths)
        if best < LEAST_WORTH:
            return None
        first = worths.index(best)
        kept = [sentence for place, sentence in enumerate(sentences) if place == first or worths[place] >= _BESIDE]
        told = " ".join(kept) if len(" ".join(kept)) <= LONGEST_SENTENCE else sentences[first]
        told = _FILLER.sub("", told)[:LONGEST_SENTENCE] or told[:LONGEST_SENTENCE]
        return Note(name, told, best, self._rare_words(told), at, speaker, _subject(told))

    def choose(self, notes: Sequence[Note], now: int) -> tuple[Note, ...]:
        """The notes, those first that should stay: of what is told twice or no longer true only the newest."""
        values = {id(note): self._value(note, now) for note in notes}
        newest = {(note.name, note.speaker, note.subject): note for note in sorted(notes, key=lambda note: note.at)}
        true = [note for note in notes if not note.subject or newest[note.name, note.speaker, note.subject] is note]
        ranked = sorted(true, key=lambda note: (-values[id(note)], -note.at))
        told: dict[tuple[str, PersonaId | None], list[Note]] = {}
        known: set[frozenset[str]] = set()
        chosen: list[tuple[float, Note]] = []
        for note in ranked:
            others = told.setdefault((note.name, note.speaker), [])
            if note.words in known or any(_repeats(other, note) for other in others):
                continue
            known.add(note.words)
            chosen.append((values[id(note)] - _TWICE * len(others), note))
            others.append(note)
        return tuple(note for _, note in sorted(chosen, key=lambda pair: -pair[0])[:KEPT])

    def _value(self, note: Note, now: int) -> float:
        rare = sorted((self._rarity(word) for word in note.words), reverse=True)[:4]
        recency = _RECENCY if now - note.at < RECENT_TURNS else 0.0
        return note.worth + _NOVELTY * sum(rare) / 4 + recency

    def _rarity(self, word: str) -> float:
        """From 0, in every tenth sentence or oftener, to 1, hardly ever."""
        often = self._seen.get(word, 0) / max(self._sentences, 1)
        return min(1.0, max(0.0, -math.log10(often + 1e-4) - 1) / 2)

    def _worth(self, sentence: str) -> float:
        told = _FILLER.sub("", sentence)
        words = _words_in(told)
        is_dense = _OTHER_SCRIPT.search(told) is not None
        if len(words) < 2 and not is_dense:
            return 0.0
        worth = _OTHER_LANGUAGE if _is_foreign(words) else 0.0
        worth += sum(value for value, sign in SIGNS if sign.search(told))
        worth -= sum(value for value, sign in AGAINST if sign.search(told))
        names = {found for found in _NAME.findall(told) if found[0].isupper() and not found.isupper()}
        worth += 0.6 * min(2, sum(self._is_name(name) for name in names))
        worth += 0.3 * min(2, len(_NUMBER.findall(told)) + len(COUNTED.findall(told)))
        return worth - (0.8 if len(words) < 4 and not is_dense else 0.0) + (0.3 if is_dense else 0.0)

    def _is_name(self, word: str) -> bool:
        lower = word.lower()
        return lower not in COMMON and lower not in self._names and lower.split("'")[0] != "i"

    def _rare_words(self, text: str) -> frozenset[str]:
        return frozenset(word for word in _words_in(text) if word not in COMMON)

    def _learn(self, sentence: str) -> None:
        self._sentences += 1
        for word in set(_words_in(sentence)):
            self._seen[word] = self._seen.get(word, 0) + 1
        if len(self._seen) > MOST_KNOWN_WORDS:
            self._seen = {word: count // 2 for word, count in self._seen.items() if count > 1}
            self._sentences //= 2


def _words_in(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _is_foreign(words: list[str]) -> bool:
    """Whether hardly a word is one of those without which nothing is said in English."""
    return 5 * sum(word in COMMON for word in words) < len(words)


def _subject(text: str) -> str:
    for pattern in SUBJECTS:
        if found := pattern.search(text):
            return next(group for group in found.groups() if group).lower()
    return ""


def _repeats(other: Note, note: Note) -> bool:
    """Whether `other` of the same speaker says what `note` says."""
    both = len(note.words & other.words)
    return both > _SAME * max(1, min(len(note.words), len(other.words)))
