"""The guard's facet: what it makes of a text and why, the streamer's own phrases, the ledger and the strikes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final, get_args

import anyio

from spark_vtuber.app.equipment import CurrentGuard
from spark_vtuber.app.house import House
from spark_vtuber.app.journal import JournalRecords
from spark_vtuber.app.keepsake import FileKeepsake
from spark_vtuber.app.ledger import Clerk, LedgerBook, installation_key
from spark_vtuber.app.strikes import KeptStrikes
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.guarding import (
    NO_LISTS,
    Guarding,
    ListName,
    Opinion,
    Remedy,
    Stance,
    Switch,
    bad_phrase,
)
from spark_vtuber.core.settings import SettingsDesk
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.moderation.chain import Chain, ChainOptions, Level
from spark_vtuber.moderation.ledger import Ledger, trace
from spark_vtuber.moderation.meanings import CATEGORIES, LEVELS, meaning
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.ruling import FLOOR, Category

LONGEST_PHRASE: Final = 200
MOST_PHRASES: Final = 2_000
MOST_TRIALS: Final = 12
"""Changes of the options that are tried to find one that lets a text pass; each takes a few milliseconds."""


@dataclass(frozen=True, slots=True)
class GuardRoom:
    """What the composition root gets: the facet, and the strikes that the gates ask."""

    facet: Guarding
    strikes: KeptStrikes


def open_guarding(
    house: House, guard: CurrentGuard, settings: SettingsDesk, records: JournalRecords | None
) -> GuardRoom:
    """Have everything written down that the guard does not let through, for as long as the house is open."""
    clock, log, folder = house.around.clock, house.around.log, Path(house.config.data.dir)
    key = installation_key(folder, log)
    ledger = Ledger(key, clock)
    keepsake = FileKeepsake(folder / "strikes.json", log, house.around.aside)
    strikes = KeptStrikes(keepsake, clock, house.events, lambda: house.config.strikes)
    house.stack.push_async_callback(strikes.finish)
    house.supervise(house.board.reporter("strikes", "guard"), strikes.run)
    clerk = guard.told = Clerk(ledger, strikes, house.events)
    house.events.tap(clerk.hear)
    words = Words(house, guard, settings, key)
    return GuardRoom(Guarding(LedgerBook(ledger, records, clock), words, strikes), strikes)


class Words:
    """Implements `core.guarding.GuardWords` over the guard in place and the settings of the panel."""

    def __init__(self, house: House, guard: CurrentGuard, settings: SettingsDesk, key: bytes) -> None:
        self._house = house
        self._guard = guard
        self._settings = settings
        self._key = key
        self._editing = anyio.Lock()

    def stance(self) -> Stance:
        """What the guard goes by; of any guard but the chain only the lists are known."""
        engine, options = self._chosen
        allow, block = _phrases(options, "allow"), _phrases(options, "block")
        if not isinstance(options, ChainOptions):
            return Stance(engine, allow=allow, block=block)
        levels = tuple(
            Switch(level, LEVELS[level].title, LEVELS[level].text, level == options.level) for level in LEVELS
        )
        return Stance(engine, levels, tuple(_switches(options)), allow, block)

    async def check(self, text: str, direction: Direction) -> Opinion:
        """The verdict of the guard in place; the ledger does not hear of it."""
        _, options = self._chosen
        position = Position.CHAT if direction is Direction.IN else Position.CLAUSE
        began = perf_counter()
        verdict = await self._guard.look(text, direction, GuardContext(position=position))
        microseconds = (perf_counter() - began) * 1e6
        remedies: tuple[Remedy, ...] = ()
        if verdict.is_blocked and isinstance(options, ChainOptions):
            remedies = await self._house.around.aside(partial(_remedies, options, text, direction, verdict))
        return Opinion(
            decision=verdict.decision,
            text=verdict.text,
            category=verdict.category,
            rule=verdict.rule,
            reason=verdict.reason,
            score=verdict.score,
            spans=verdict.spans,
            language=verdict.language,
            level=options.level if isinstance(options, ChainOptions) else "",
            microseconds=microseconds,
            meaning="" if verdict.decision is Decision.ALLOW else _meaning(verdict),
            remedies=remedies,
        )

    async def edit(self, name: ListName, phrase: str, *, is_in: bool) -> bool:
        """Change a list as the panel changes any setting: the user's file stays as it is."""
        wanted = " ".join(phrase.split())
        if not wanted:
            raise bad_phrase("there is nothing in the phrase")
        if len(wanted) > LONGEST_PHRASE:
            raise bad_phrase(f"the phrase is longer than {LONGEST_PHRASE} characters")
        async with self._editing:
            engine, options = self._chosen
            phrases = _phrases(options, name)
            if phrases is None:
                fix = 'set [guard] use = "chain"'
                raise SparkError(f"the guard {engine} has no list of phrases to {name}", code=NO_LISTS, fix=fix)
            others = [one for one in phrases if one.casefold() != wanted.casefold()]
            if is_in == (len(others) < len(phrases)):
                return False
            if is_in and len(others) >= MOST_PHRASES:
                raise bad_phrase(f"the list holds {MOST_PHRASES} phrases already")
            await self._settings.change(f"guard.{name}", [*others, wanted] if is_in else others)
            return True

    def trace(self, text: str) -> str:
        """The hash by which the ledger knows a text."""
        return trace(self._key, text)

    @property
    def _chosen(self) -> tuple[str, Any]:
        choice = self._house.settings.engines[self._house.personas[0].id]["guard"]
        return choice.name, choice.options


def _phrases(options: Any, name: ListName) -> tuple[str, ...] | None:
    found = getattr(options, name, None)
    return found if isinstance(found, tuple) else None


def _switches(options: ChainOptions) -> Iterator[Switch]:
    """Every category, the floor first, as it counts now."""
    for category in sorted(CATEGORIES, key=lambda category: category not in FLOOR):
        told = CATEGORIES[category]
        is_fixed = category in FLOOR or category is Category.BLOCKED
        default = options.level != "off" or category is Category.INJECTION
        is_on = is_fixed or options.categories.get(category, default)
        is_set = not is_fixed and category in options.categories
        yield Switch(category.value, told.title, told.text, is_on, is_fixed, is_set)


def _meaning(verdict: Verdict) -> str:
    return meaning(verdict.decision, verdict.category, verdict.rule)


def _remedies(options: ChainOptions, text: str, direction: Direction, verdict: Verdict) -> tuple[Remedy, ...]:
    """Single changes of the options with which the chain lets a text pass, each tried."""
    passing = []
    for number, (remedy, changed) in enumerate(_trials(options, text, verdict)):
        if number == MOST_TRIALS:
            break
        if Chain(changed).rule(text, direction).decision is not Decision.BLOCK:
            passing.append(remedy)
    return tuple(passing)


def _trials(options: ChainOptions, text: str, verdict: Verdict) -> Iterator[tuple[Remedy, ChainOptions]]:
    folded = text.casefold()
    for phrase in options.block:
        if phrase.casefold() in folded:
            rest = tuple(one for one in options.block if one != phrase)
            yield Remedy("unblock", phrase), options.model_copy(update={"block": rest})
    for phrase in _allowable(text, verdict):
        yield Remedy("allow", phrase), options.model_copy(update={"allow": (*options.allow, phrase)})
    if verdict.category in CATEGORIES and verdict.category not in FLOOR and verdict.category != Category.BLOCKED:
        categories = {**options.categories, Category(verdict.category): False}
        yield Remedy("category", verdict.category), options.model_copy(update={"categories": categories})
    levels: tuple[Level, ...] = get_args(Level)
    for level in levels[levels.index(options.level) + 1 :]:
        yield Remedy("level", level), options.model_copy(update={"level": level})


def _allowable(text: str, verdict: Verdict) -> list[str]:
    """What matched, and the same with the words around it, which allows less."""
    phrases: dict[str, None] = {}
    for start, end in verdict.spans[:2]:
        left, right = text[:start].split()[-1:], text[end:].split()[:1]
        matched = text[start:end].strip()
        for words in ([matched], [*left, matched, *right]):
            phrase = " ".join(words)
            if phrase and len(phrase) <= LONGEST_PHRASE:
                phrases.setdefault(phrase)
    return list(phrases)
