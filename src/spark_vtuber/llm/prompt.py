"""The prompt: who the character is, what was heard, and what to react to now.

The order serves the model server's cache: what never changes comes first, then notes of the long past, which change
only when the history is pruned, then the past, which grows at its end, and last what changes with every turn. A cue
reads the same now as it will in the past of the next turn, so the prompt of one turn up to its cue is the beginning of
the next one's. What is named, remembered or played right now, the time, how the character feels and which language it
answers in stand around the cue and are not kept.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.core.verdicts import Position
from spark_vtuber.llm.budget import MESSAGE_TOKENS, PromptBudget
from spark_vtuber.llm.history import History, join
from spark_vtuber.llm.lines import cue_line, cue_task, plain, quote, report_line, topic_line
from spark_vtuber.llm.lore import LoreBook, as_many_as_fit
from spark_vtuber.llm.port import Message
from spark_vtuber.llm.prompt_character import LANGUAGE_TOKENS, opening, rules, system_text
from spark_vtuber.llm.summary import Note
from spark_vtuber.llm.summary_rules import NoteTaker
from spark_vtuber.llm.tokens import Ruler
from spark_vtuber.text.recital import Recital

NAMED_TURNS: Final = 2
"""Lore is looked for in the cue and in so many turns before it."""

_HINT_TOKENS: Final = 30
_MANNER_TOKENS: Final = 100
_REPORT_TOKENS: Final = 100


@dataclass(frozen=True, slots=True)
class Report:
    """Something that is so right now and comes from elsewhere than the chat: a memory, a game, a tool."""

    position: Position
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a character may know at the instant of a turn: reports, the most important first, and the time in words."""

    reports: tuple[Report, ...] = ()
    time: str = ""


def _any_moment(_persona: PersonaId, _cue: Cue) -> Moment:
    return Moment()


def _own_language_only() -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class _Character:
    """What was made of a card: its system message and its lore."""

    made_of: tuple[object, ...]
    system: Message
    lore: LoreBook


class Prompter:
    """Builds the prompts of all characters of a show and keeps their pasts.

    `remember` is told every turn of every character once it is over; calling the object gives a prompt. A prompt is
    a function of the persona, of what was remembered in order, of the cue, and of the languages that are answered.
    Nothing is pruned while a prompt is built: `tidy` does that, when nobody waits for an answer, and `remember` only
    where the past would outgrow its bound.
    """

    def __init__(
        self,
        names: Mapping[PersonaId, str],
        budget: PromptBudget | None = None,
        *,
        languages: Callable[[], frozenset[str]] = _own_language_only,
        recital_words: Callable[[], int] = lambda: 10,
        moment: Callable[[PersonaId, Cue], Moment] = _any_moment,
    ) -> None:
        """`names`: every character that may speak, by id.

        `languages()` are those, beside a character's own, in which a line may be answered: somebody must be able to
        watch over the answer. `recital_words()` words in a row of its rules are too many for a character to say.
        `moment` is asked for every prompt and must be quick.
        """
        budget = budget or PromptBudget()
        self._share = 1.0
        self._ruler = Ruler()
        self._languages = languages
        self._recital_words = recital_words
        self._moment = moment
        self._recitals: dict[PersonaId, tuple[object, tuple[Recital, ...]]] = {}
        self._characters: dict[PersonaId, _Character] = {}
        self._taker = NoteTaker(names.values())
        self._names = names
        self._turns = 0
        self._pasts = {persona: History(persona, names, budget, budget.room()) for persona in names}

    def remember(self, record: TurnRecord) -> None:
        """Add a finished turn to the past of every character."""
        if not record.heard.strip():
            return
        self._turns += 1
        notes = self._taker.notes(record, self._names.get(record.persona, record.persona), self._turns)
        for persona, past in self._pasts.items():
            longer = past.after(record, notes)
            while longer.is_full and longer.turns:
                longer = longer.pruned(self._choose)
            self._pasts[persona] = longer

    def tidy(self, *, is_urgent: bool = False) -> bool:
        """Prune one past that is too long; False where there is none. An urgent call prunes before it must.

        Takes a few milliseconds, so call it while nobody waits for an answer.
        """
        for persona, past in self._pasts.items():
            if past.is_long and (not is_urgent or past.tokens > past.room.history_tokens * 9 // 10):
                self._pasts[persona] = past.pruned(self._choose)
                return True
        return False

    @property
    def pasts(self) -> Mapping[PersonaId, History]:
        """What every character remembers now."""
        return self._pasts

    def retell(self, persona: PersonaId, story: Sequence[str]) -> None:
        """Put what a model made of the past into the summary of a character, and prune."""
        past = self._pasts[persona]
        longer = past.pruned(self._choose) if past.is_long else past
        self._pasts[persona] = longer.retold(story, self._choose)

    def forget(self, lines: Collection[str]) -> None:
        """Forget what led from lines that were taken back, by their ids: turns, notes, and stories of the time."""
        for persona, past in self._pasts.items():
            self._pasts[persona] = past.without(lines, self._choose)

    def allow(self, share: float) -> None:
        """Let what grows take this share of its budget from now on; what does not fit becomes notes or is forgotten."""
        self._share = share
        for persona, past in self._pasts.items():
            self._pasts[persona] = past.within(past.budget, past.budget.room(share), self._choose)

    def resize(self, budget: PromptBudget, persona: PersonaId | None = None) -> None:
        """Keep to another budget from now on, for one character or all; what does not fit becomes notes."""
        for one in self._pasts if persona is None else (persona,):
            past = self._pasts[one]
            if past.budget != budget:
                self._pasts[one] = past.within(budget, budget.room(self._share), self._choose)

    def measure(self, ruler: Ruler) -> None:
        """Count with another tokenizer from now on. Counts everything anew, so not while anybody waits."""
        self._ruler = ruler
        self._characters.clear()
        for persona, past in self._pasts.items():
            self._pasts[persona] = past.measured(ruler).within(past.budget, past.room, self._choose)

    def __call__(self, persona: PersonaView, cue: Cue) -> tuple[Message, ...]:
        """The prompt for `persona`'s answer to `cue`."""
        answer_in = _answer_in(persona.language, cue.language, self._languages())
        past = self._pasts[persona.id]
        character = self._character(persona, past.budget.system_tokens)
        moment = self._moment(persona.id, cue)
        last = _last_lines(persona, past, cue, moment, character.lore, answer_in)
        return join((character.system, *past.messages), (Message("user", last),))

    def recites(self, persona: PersonaView, before: str, text: str) -> bool:
        """Whether `text`, said after `before`, gives the character's instructions away word for word.

        Of who it is a character may tell more than of its rules: twice as many words in a row. What it likes, what is
        so about it and what it knows of its world it may tell as it stands.
        """
        words = self._recital_words()
        made_of = (words, persona.name, persona.language, persona.description, persona.speech)
        known = self._recitals.get(persona.id)
        if known is None or known[0] != made_of:
            character = f"{persona.description}\n{persona.speech}"
            told = f"{opening(persona)}\n{rules(persona)}"
            known = self._recitals[persona.id] = made_of, (Recital(told, words), Recital(character, 2 * words))
        return any(recital.holds(before, text) for recital in known[1])

    def prepare(self, personas: Sequence[PersonaView]) -> None:
        """Make now what the first prompts of these characters would have to wait for."""
        for persona in personas:
            self._character(persona, self._pasts[persona.id].budget.system_tokens)

    def _character(self, persona: PersonaView, tokens: int) -> _Character:
        opinions = (persona.likes, persona.dislikes, persona.facts)
        made_of = (
            tokens, persona.name, persona.language, persona.description, persona.speech, persona.examples, persona.lore,
            *opinions,
        )  # fmt: skip
        known = self._characters.get(persona.id)
        if known is None or known.made_of != made_of:
            lore = LoreBook(persona.lore)
            system = Message("system", system_text(persona, lore, tokens, self._ruler))
            known = self._characters[persona.id] = _Character(made_of, system, lore)
        return known

    def _choose(self, notes: Sequence[Note]) -> tuple[Note, ...]:
        return self._taker.choose(notes, self._turns)


def prompt_tokens(messages: tuple[Message, ...], ruler: Ruler | None = None) -> int:
    """How many tokens a prompt takes, by the estimate where no ruler is given."""
    count = (ruler or Ruler()).count
    return sum(MESSAGE_TOKENS + count(message.content) for message in messages)


def _last_lines(persona: PersonaView, past: History, cue: Cue, moment: Moment, lore: LoreBook, answer_in: str) -> str:
    """What changes: what is so right now, the cue, and notes under it; within its budget whatever the tokenizer."""
    tokens, ruler = past.budget.recent_tokens, past.ruler
    core = partial(_core, persona, past, cue, answer_in)
    above, below = core(past.budget.cue_tokens, moment.time)
    for part in (2, 3):
        if ruler.fits("\n".join((*above, *below)), tokens - 1):
            break
        above, below = core(past.budget.cue_tokens // part, "")
    if not ruler.fits("\n".join((*above, *below)), tokens - 1):
        return "\n".join(below[:1]) or above[0]
    left = tokens - ruler.count("\n".join((*above, *below))) - 2
    named = lore.named_in(_lately(past, cue)) if past.room.lore_tokens else ()
    known = [f"(You know: {text})" for text in (" ".join(text.split()) for text in named)]
    room = min(left // 2 if moment.reports else left, past.room.lore_tokens)
    told = as_many_as_fit(known, room, ruler)
    left -= sum(ruler.count(line) + 1 for line in told)
    reports = (report_line(report.position, report.name, report.text, _REPORT_TOKENS) for report in moment.reports)
    return "\n".join((*told, *as_many_as_fit(reports, left, ruler), *above, *below))


def _core(
    persona: PersonaView, past: History, cue: Cue, answer_in: str, cue_tokens: int, time: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands above the cue, and the cue with the notes under it."""
    line = cue_line(cue, cue_tokens)
    is_topic_told = cue.kind is CueKind.DUET and cue.duet is not None and cue.text
    topic = topic_line(cue.duet, "", cue_tokens // 2) if is_topic_told and cue.duet is not None else ""
    task = cue_task(cue)
    said = "" if task and past.ends_with(line) else line
    language = ""
    if answer_in:
        code = quote(answer_in, LANGUAGE_TOKENS)
        language = f"(Answer in the language with the code {code}, whatever language the line is in.)"
    hint = cue.length.hint if cue.length is not None else ""
    notes = (plain(hint, _HINT_TOKENS), plain(persona.manner, _MANNER_TOKENS))
    manner = f"({aside})" if (aside := " ".join(note for note in notes if note)) else ""
    clock = f"(It is {plain(time, LANGUAGE_TOKENS)}.)" if time else ""
    above = tuple(part for part in (clock, topic) if part)
    return above, tuple(part for part in (said, task, language, manner) if part)


def _lately(past: History, cue: Cue) -> tuple[str, ...]:
    """The texts in which lore is looked for."""
    turns = past.turns[-NAMED_TURNS:]
    return (cue.text, *(message.content for turn in turns for message in turn.messages))


def _answer_in(own: str, of_the_line: str, languages: frozenset[str]) -> str:
    """The language that an answer must be told to be in; empty where it is the character's own anyway."""
    if not of_the_line or of_the_line == own:
        return ""
    return of_the_line if of_the_line in languages else own
