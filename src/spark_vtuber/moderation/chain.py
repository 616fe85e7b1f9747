"""The chain of checks: one reading of a text, all checks over it, one ruling.

The checks are pure and ordered from cheap to dear: words, phrases, personal data, links, hostility against groups. The
worst match decides. What the floor names is blocked on every level; other categories can be switched, and `allow`
takes back single words inside a harmless phrase.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from time import perf_counter
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.moderation.hate import Hate
from spark_vtuber.moderation.language import language_of
from spark_vtuber.moderation.lexicon import NAMES, SLIGHT, Lexicon
from spark_vtuber.moderation.links import links
from spark_vtuber.moderation.mention import MENTION, is_own_name, mentions
from spark_vtuber.moderation.personal import personal
from spark_vtuber.moderation.phrases import Phrases
from spark_vtuber.moderation.pieces import NOISE, QUOTED
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.ruling import DOUBTFUL, FLOOR, Category, Match, Ruling
from spark_vtuber.moderation.spoken_numbers import NUMBERS
from spark_vtuber.moderation.view import View
from spark_vtuber.moderation.views import views
from spark_vtuber.text.clean import clean
from spark_vtuber.text.fold import fold

LONGEST_LINE: Final = 500
"""Characters of a chat line; the platforms' own limit."""

LONGEST_CLAUSE: Final = 1_000

CONTROL: Final = "control"
"""Why a text was cleaned of characters that the checks read as the end of a word."""

TAIL_CHARS: Final = 200
"""How much of what was already said is read again, for what is spread over clauses."""

_FOREIGN_LONGEST: Final = 3
"""Coarse words up to this length are ordinary ones in some other language."""

NO_LIST: Final = "no_word_list"
"""The rule that makes a line doubtful whose language has no word list."""

_WORD_RULES: Final = frozenset({"word", "masked"})

Level = Literal["strict", "pg-13", "off"]
_THRESHOLDS: Final[Mapping[Level, Mapping[Direction, float]]] = {
    "strict": {Direction.IN: 0.35, Direction.OUT: 0.35},
    "pg-13": {Direction.IN: 0.6, Direction.OUT: 0.5},
    "off": {Direction.IN: 0.6, Direction.OUT: 0.5},
}
"""From which score on a text is blocked; the character's own words are held to more."""


class ChainOptions(BaseModel):
    """Keys of `[guard]` for this engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level = Field(
        default="pg-13",
        description="How much is let through; `off` keeps what gets a channel banned: slurs, threats, sexual content "
        "about minors, doxxing, urging to self-harm.",
    )
    languages: tuple[str, ...] = Field(default=("en",), description="The stream's languages, as codes.")
    categories: dict[Category, bool] = Field(
        default_factory=dict,
        description="Categories that are on or off whatever the level says; not those of the floor.",
    )
    links: Literal["mask", "block", "allow"] = Field(default="mask", description="What becomes of links.")
    trusted: tuple[str, ...] = Field(
        default=("twitch.tv", "youtube.com", "youtu.be"), description="Hosts whose links stay, and those below them."
    )
    allow: tuple[str, ...] = Field(
        default=("moby dick", "dick van dyke", "pussy willow", "cock a doodle"),
        description="Phrases that are harmless as a whole.",
    )
    block: tuple[str, ...] = Field(default=(), description="Further words and phrases that are blocked.")

    @field_validator("categories")
    @classmethod
    def _keep_the_floor(cls, categories: dict[Category, bool]) -> dict[Category, bool]:
        off = sorted(category for category, is_on in categories.items() if category in FLOOR and not is_on)
        if off:
            raise ValueError(f"{', '.join(off)} cannot be switched off: channels are banned for it")
        return categories


class Chain:
    """Rules on texts; pure, the same for the same text and options."""

    def __init__(self, options: ChainOptions) -> None:
        self._options = options
        self._thresholds = _THRESHOLDS[options.level]
        self._lexicon = Lexicon(options.languages, options.block)
        self._lexicons: dict[str, Lexicon] = {}
        self._phrases = Phrases()
        self._hate = Hate(self._lexicon)
        self._allow = tuple(fold(phrase) for phrase in options.allow if phrase.strip())

    def rule(self, text: str, direction: Direction, released: str = "", spoken: str = "") -> Ruling:
        """The ruling on `text`, given the end of what was said before it and how the voice would say it.

        Only the first characters are read, and nothing else of the text is ever let through.
        """
        began = perf_counter()
        tail = released[-TAIL_CHARS:]
        ruling = self._rule(text, direction, tail, spoken)
        if ruling.decision is Decision.REWRITE and CONTROL in ruling.reason:
            ruling = self._without_controls(ruling, direction, tail, spoken)
        return replace(ruling, microseconds=(perf_counter() - began) * 1e6)

    def _without_controls(self, ruling: Ruling, direction: Direction, tail: str, spoken: str) -> Ruling:
        """The ruling on a text without what stood between its letters and is not shown."""
        shown = self._rule(ruling.text, direction, tail, spoken)
        if shown.decision is Decision.BLOCK:
            return replace(shown, spans=())
        return replace(ruling, score=max(ruling.score, shown.score))

    def _rule(self, text: str, direction: Direction, tail: str, spoken: str) -> Ruling:
        raw = text[:LONGEST_CLAUSE]
        language = language_of(raw)
        reading = Reading(tail + raw)
        matches, is_unfinished = self._matches(reading, direction, language)
        ahead = len(tail)
        matches = [match for match in matches if match.end > ahead]
        if not any(self._is_held(match) and self._blocks(match, direction) for match in matches):
            matches += [match for match in self._in_views(reading, direction, language) if match.end > ahead]
        if spoken and spoken != text:
            aloud = Reading(spoken[:LONGEST_CLAUSE])
            heard, _ = self._matches(aloud, direction, language)
            heard += self._in_views(aloud, direction, language)
            matches += [
                replace(match, rule=f"{match.rule}_spoken", start=ahead, end=ahead)
                for match in heard
                if match.replacement is None and match.score >= self._thresholds[direction]
            ]
        held = [match for match in matches if self._is_held(match)]
        worst = max((match for match in held if match.replacement is None), key=lambda match: match.score, default=None)
        spans = tuple(sorted({(max(0, match.start - ahead), max(0, match.end - ahead)) for match in held}))
        spans = tuple((start, end) for start, end in spans if start < end)
        score = worst.score if worst is not None else 0.0
        blocking = [match for match in held if self._blocks(match, direction) or _began_before(match, ahead)]
        if blocking:
            first = max(blocking, key=lambda match: (match.category in FLOOR, match.score))
            return Ruling(Decision.BLOCK, "", first.category, first.rule, first.category, first.score, spans, language)
        category, name = (worst.category, worst.rule) if worst is not None else ("", "")
        if direction is Direction.IN and language and language not in NAMES and score < DOUBTFUL:
            name, score = name or NO_LIST, DOUBTFUL
        masks = [match for match in held if match.replacement is not None and match.start >= ahead]
        mended, reasons = self._mended(text, raw, direction, masks, ahead)
        if reasons:
            rule = "masked" if masks else "cleaned"
            kind = masks[0].category if masks else ""
            return Ruling(
                Decision.REWRITE, mended, kind, rule, ",".join(reasons), score, spans if masks else (), language,
                is_unfinished=is_unfinished,
            )  # fmt: skip
        return Ruling(Decision.ALLOW, text, category, name, "", score, spans, language, is_unfinished=is_unfinished)

    def _matches(self, reading: Reading, direction: Direction, language: str) -> tuple[list[Match], bool]:
        """All matches of all checks that no allowed phrase takes back."""
        matches = list(self._words(reading, language))
        phrases, is_unfinished = self._phrases.read(reading, direction)
        matches += phrases
        matches += personal(reading)
        if self._options.links != "allow":
            matches += links(reading, self._options.trusted)
        matches += self._hate.matches(reading)
        allowed = tuple(self._allowed(reading))
        if allowed:
            matches = [match for match in matches if not _is_within(match, allowed)]
        if direction is Direction.IN:
            matches = _as_mentioned(matches, reading)
        return matches, is_unfinished

    def _in_views(self, reading: Reading, direction: Direction, language: str) -> Iterator[Match]:
        """What other ways to read a text are held for."""
        for view in views(reading):
            yield from self._viewed(view, reading, direction, language)

    def _viewed(self, view: View, reading: Reading, direction: Direction, language: str) -> Iterator[Match]:
        """What a view of a reading is held for, in the places of the original."""
        other = Reading(view.text)
        if view.kind == NUMBERS:
            found = [match for match in personal(other) if match.rule != "e_mail"]
        else:
            found, _ = self._phrases.read(other, direction)
            found += self._hate.matches(other)
            if view.kind != NOISE:
                found += self._words(other, language)
        allowed = tuple(self._allowed(other))
        for match in found:
            is_enough = match.score >= self._thresholds[direction] or match.replacement is not None
            is_in_one = view.kind == QUOTED and view.pieces_in(match.start, match.end) == 1
            if is_enough and not is_in_one and not _is_within(match, allowed):
                start, end = reading.span(*view.place(match.start, match.end))
                yield replace(match, rule=f"{match.rule}_{view.kind}", start=start, end=end)

    def _words(self, reading: Reading, language: str) -> Iterator[Match]:
        is_foreign = language != "" and language not in self._options.languages
        for match in self._lexicon.matches(reading):
            is_short = match.end - match.start <= _FOREIGN_LONGEST
            if is_foreign and is_short and match.category in (Category.PROFANITY, Category.SEXUAL):
                yield replace(match, score=min(match.score, SLIGHT))
            else:
                yield match
        if is_foreign and language in NAMES:
            if language not in self._lexicons:
                self._lexicons[language] = Lexicon((language,), has_own=False)
            yield from self._lexicons[language].matches(reading)

    def _allowed(self, reading: Reading) -> Iterator[tuple[int, int]]:
        for phrase in self._allow:
            at = reading.folded.find(phrase)
            while at >= 0:
                yield reading.span(at, at + len(phrase))
                at = reading.folded.find(phrase, at + 1)

    def _is_held(self, match: Match) -> bool:
        """Whether a match counts on this level at all."""
        if match.category in FLOOR or match.category is Category.BLOCKED:
            return True
        default = self._options.level != "off" or match.category is Category.INJECTION
        return self._options.categories.get(match.category, default)

    def _blocks(self, match: Match, direction: Direction) -> bool:
        if match.category is Category.LINK:
            return self._options.links == "block"
        if match.category is Category.PERSONAL:
            return direction is Direction.OUT
        return match.score >= self._thresholds[direction]

    def _mended(
        self, text: str, raw: str, direction: Direction, masks: list[Match], ahead: int
    ) -> tuple[str, tuple[str, ...]]:
        """The text with masks and without what cannot be seen, and why it differs."""
        limit = LONGEST_LINE if direction is Direction.IN else LONGEST_CLAUSE
        for start, end, replacement in reversed(_merged(masks)):
            raw = raw[: start - ahead] + replacement + raw[end - ahead :]
        cleaned = clean(raw, limit)
        reasons = list(dict.fromkeys(match.category.value for match in masks))
        reasons += cleaned.reasons
        if len(text) > LONGEST_CLAUSE and "cut" not in reasons:
            reasons.append("cut")
        if direction is Direction.IN or not reasons:
            return cleaned.text, tuple(reasons)
        gaps = (raw[: len(raw) - len(raw.lstrip())], raw[len(raw.rstrip()) :])
        return cleaned.text.join(gaps), tuple(reasons)


def _began_before(match: Match, ahead: int) -> bool:
    """Whether something that would be masked began in what was already said, so that it cannot be."""
    return match.replacement is not None and match.start < ahead


def _merged(masks: list[Match]) -> list[tuple[int, int, str]]:
    """Ranges to mask and what with, in order; those that overlap are one."""
    merged: list[tuple[int, int, str]] = []
    for match in sorted(masks, key=lambda match: match.start):
        if merged and match.start < merged[-1][1]:
            start, end, replacement = merged[-1]
            merged[-1] = (start, max(end, match.end), replacement)
        else:
            merged.append((match.start, match.end, match.replacement or ""))
    return merged


def _as_mentioned(matches: list[Match], reading: Reading) -> list[Match]:
    """The matches, with words that are named rather than used as doubts; on the way in only, a voice says neither."""
    if all(match.rule not in _WORD_RULES or match.category is Category.BLOCKED for match in matches):
        return matches
    is_own = is_own_name(reading)
    ranges = tuple(mentions(reading))
    return [
        replace(match, score=min(match.score, MENTION), rule="mention")
        if match.rule in _WORD_RULES
        and match.category is not Category.BLOCKED
        and (is_own or any(start <= match.start and match.end <= end for start, end in ranges))
        else match
        for match in matches
    ]


def _is_within(match: Match, allowed: tuple[tuple[int, int], ...]) -> bool:
    """Whether a match of a word lies in an allowed phrase; a slur only where the phrase is more than the slur."""
    if match.rule not in _WORD_RULES:
        return False
    for start, end in allowed:
        is_more = end - start > match.end - match.start
        if start <= match.start and match.end <= end and (is_more or match.category not in FLOOR):
            return True
    return False


class ChainGuard:
    """The `Guard` port over the chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """BLOCK, REWRITE where something was masked or cleaned, else ALLOW; never waits."""
        if direction is Direction.IN:
            return self._chain.rule(text, direction).verdict()
        return self._chain.rule(text, direction, context.released, context.spoken).verdict()


@asynccontextmanager
async def _open(options: ChainOptions, env: EngineEnv) -> AsyncIterator[ChainGuard]:
    del env
    yield ChainGuard(Chain(options))


async def _probe(options: ChainOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    del env
    lists = [code for code in options.languages if code in NAMES]
    bare = [code for code in options.languages if code not in NAMES]
    yield Finding(
        "guard", "ok", f"level {options.level}, word lists: {', '.join(lists) or 'none'} (glin-profanity, MIT)"
    )
    if bare:
        yield Finding(
            "guard", "warning", f"no word list for {', '.join(bare)}", "name words of that language in [guard] block"
        )


SPEC: Final = EngineSpec(
    options=ChainOptions,
    open=_open,
    probe=_probe,
    summary="words, phrases, hate, personal data, links and attempts on the prompt",
    licence="MIT",
)
