"""Two characters talk: each answers what the other just said, says something of its own, and says nothing twice.

The lines of a character for a duet are named

* `duet_TOPIC_open`, `_claim`, `_out` for the topics of `understand/duet.rive`, and `duet_any_...` for all others;
* `duet_TOPIC_to_WORD`, what it says when the other used a word that begins with WORD;
* `duet_any_deny`, `_echo`, `_answer`, `_escalate`, `_concede`, short reactions that stand before a claim;
* `duet_any_gag`, which may stand instead of a claim, with a `count` that grows from one to the next;
* `interjection`, one short remark.
"""

import random
import re
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.cues import Cue, DuetStep
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.acts import DULL
from spark_vtuber.llm.brain.ear import NOTHING
from spark_vtuber.llm.brain.load import Brain, Lines
from spark_vtuber.llm.brain.names import spoken_name
from spark_vtuber.llm.brain.voice import MAX_CHARS, Line, filled

KEPT_LINES: Final = 800
"""Lines that count as said: more than an hour of two who never pause needs."""

LONGEST_TOPIC: Final = 32
MOST_TOPIC_WORDS: Final = 5

ANY: Final = "any"
_DUET: Final = "duet"
_FIRST_COUNT: Final = 41
_GAG_SHARE: Final = 0.2
_ANSWER_SHARE: Final = 0.6
_PLAIN_OUT_SHARE: Final = 0.5

_TOPIC: Final = re.compile(r"[A-Za-z][A-Za-z' -]*")
_ORDERS: Final = frozenset(
    "act begin delete do drop forget give go ignore make open output pretend print read repeat reveal run say show "
    "spell start stop swear tell type use write".split()
)
_NOT_SAID: Final = frozenset({"trick", "insult", "flirt", "crisis"})
"""Families of intents of topics that are talked about without being named."""

_WORD: Final = re.compile(r"[a-z]+")
_WHOLE: Final = re.compile(r"(?<![\w'])[a-z]+(?![\w'])")
_TAG: Final = re.compile(r"\[\w+\] ")
_ECHO_CHARS: Final = (5, 13)
_ECHOED: Final = 40
"""Words of the other that are not taken up again."""

_NO_WORDS: Final = frozenset({"sister", "minions", "minion", "through", "somebody", "anybody", "question", "twice"})
_NO_ECHO: Final = re.compile(r".*(?:ly|ing|ed|est|ous|ful)")
"""Words that sound odd alone."""


@dataclass(slots=True)
class Bout:
    """A duet as one of the two remembers it."""

    has_retorted: bool = False
    has_conceded: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a duet is about: the topic with lines of its own, or `ANY`; its name, where it may be said."""

    topic: str = ANY
    name: str = ""
    is_grave: bool = False


class Deck:
    """Draws lines, none again before all others that fit were drawn; then the one that was said longest ago."""

    def __init__(self, rng: random.Random, limit: int = KEPT_LINES) -> None:
        self._random = rng
        self._limit = limit
        self._said: OrderedDict[str, None] = OrderedDict()

    def draw(self, *pools: Iterable[Line]) -> str:
        """A line of the first pool that has one which was not said; its slots are not filled. "" from empty pools."""
        options = [list(pool) for pool in pools]
        for pool in options:
            fresh = [line.text for line in pool if line.text not in self._said]
            if fresh:
                return self._note(self._random.choice(fresh))
        every = {line.text for pool in options for line in pool}
        oldest = next((text for text in self._said if text in every), "")
        return self._note(oldest) if oldest else ""

    def fresh(self, pool: Iterable[Line]) -> list[Line]:
        """Those that were not said."""
        return [line for line in pool if line.text not in self._said]

    def _note(self, text: str) -> str:
        self._said[text] = None
        self._said.move_to_end(text)
        while len(self._said) > self._limit:
            self._said.popitem(last=False)
        return text


class Banter:
    """What characters say to each other. Lines of one that has none of its own are not said by two."""

    def __init__(self, brain: Brain, rng: random.Random) -> None:
        self._brain = brain
        self._random = rng
        self._deck = Deck(rng)
        self._bouts: dict[PersonaId, Bout] = {}
        self._counts: dict[PersonaId, int] = {}
        self._echoed: deque[str] = deque(maxlen=_ECHOED)
        self._asked: tuple[str, str] | None = None
        self._known = Subject()

    def step(self, persona: PersonaView, cue: Cue, step: DuetStep) -> str:
        """The persona's turn in a duet: at most `MAX_CHARS` with expression tags; "" for a topic of despair.

        `cue.text` is what was heard of the other, `cue.author` its name.
        """
        if step.number <= 2 or persona.id not in self._bouts:
            self._bouts[persona.id] = Bout()
        subject = self._subject(step.topic, step.tension)
        if subject.is_grave:
            return ""
        lines = self._brain.lines_for(persona.look, persona.name)
        topic = subject.topic
        slots = self._slots(persona, cue) | ({"topic": subject.name} if subject.name else {})
        if step.is_first:
            pools = (*_pools(lines, topic, "open", slots), *_pools(lines, topic, "claim", slots))
            return self._filled(persona, self._deck.draw(*pools), slots)
        if step.is_last:
            return self._way_out(persona, lines, topic, slots)
        return self._middle(persona, cue, lines, topic, slots, step)

    def remark(self, persona: PersonaView, cue: Cue) -> str:
        """One short remark on what another character just said."""
        lines = self._brain.lines_for(persona.look, persona.name)
        slots = self._slots(persona, cue)
        return self._filled(persona, self._deck.draw(_fitting(lines, "interjection", slots)), slots)

    def topic_of(self, text: str) -> str:
        """The topic with lines of its own that a text is about, or ""."""
        for sentence in self._brain.reader.read(text):
            heard = self._brain.ear.hear_about(sentence.text, _DUET)
            if heard != NOTHING:
                return heard
        return ""

    def _middle(
        self, persona: PersonaView, cue: Cue, lines: Lines, topic: str, slots: Mapping[str, str], step: DuetStep
    ) -> str:
        bout = self._bouts[persona.id]
        retorts = self._deck.fresh(_retorts(lines, topic, cue.text))
        if retorts and not bout.has_retorted:
            bout.has_retorted = True
            return self._filled(persona, self._deck.draw(retorts), slots)
        bout.has_retorted = False
        reaction = self._filled(persona, self._deck.draw(*self._reactions(bout, lines, cue, slots, step)), slots)
        room = MAX_CHARS - len(reaction) - 1
        gags = _fitting(lines, "duet_any_gag", slots)
        claims = _pools(lines, topic, "claim", slots)
        pools = (gags, *claims) if step.number > 2 and self._random.random() < _GAG_SHARE else (*claims, gags)
        said = self._deck.draw(*([one for one in pool if len(filled(one.text, slots)) <= room] for pool in pools))
        return _joined(reaction, self._filled(persona, said, slots))

    def _reactions(
        self, bout: Bout, lines: Lines, cue: Cue, slots: Mapping[str, str], step: DuetStep
    ) -> Sequence[list[Line]]:
        """Pools for a reaction, the best first: an argument warms up, grows loud, and softens towards its end."""
        progress = step.number / step.of
        moves = ["deny", "echo"] if progress < 0.4 else ["escalate", "echo", "deny"]
        self._random.shuffle(moves)
        if progress >= 0.7 and not bout.has_conceded:
            bout.has_conceded = True
            moves.insert(0, "concede")
        if cue.text.rstrip().endswith("?") and self._random.random() < _ANSWER_SHARE:
            moves.insert(0, "answer")
        return [_fitting(lines, f"duet_any_{move}", slots) for move in (*moves, "deny", "escalate", "echo", "concede")]

    def _way_out(self, persona: PersonaView, lines: Lines, topic: str, slots: Mapping[str, str]) -> str:
        gags = _fitting(lines, "duet_any_gag", slots)
        out = self._filled(persona, self._deck.draw(*_pools(lines, topic, "out", slots), gags), slots)
        if self._bouts[persona.id].has_conceded or self._random.random() < _PLAIN_OUT_SHARE:
            return out
        conceded = self._deck.fresh(_fitting(lines, "duet_any_concede", slots))
        short = [one for one in conceded if len(filled(one.text, slots)) + 1 + len(out) <= MAX_CHARS]
        reaction = self._filled(persona, self._deck.draw(short), slots)
        return _joined(reaction, out)

    def _slots(self, persona: PersonaView, cue: Cue) -> dict[str, str]:
        other = spoken_name(cue.author)
        names = {*_WORD.findall(cue.author.lower()), *_WORD.findall(persona.name.lower())}
        word = _echo(cue.text, names | _NO_WORDS | set(self._echoed))
        known = {"name": spoken_name(persona.name) or "me", "count": str(self._counts.get(persona.id, _FIRST_COUNT))}
        return known | ({"who": other} if other else {}) | ({"word": word} if word else {})

    def _subject(self, topic: str, tension: str) -> Subject:
        """What a duet is about. It is asked for every step, so the last answer is kept."""
        if self._asked != (topic, tension):
            intent = self._intent(topic)
            name = spoken_topic(topic) if intent.partition("_")[0] not in _NOT_SAID else ""
            known = self.topic_of(topic) or self.topic_of(tension) or ANY
            self._asked, self._known = (topic, tension), Subject(known, name, is_grave=intent == "crisis")
        return self._known

    def _intent(self, text: str) -> str:
        heard = (self._brain.ear.hear(sentence.text).intent for sentence in self._brain.reader.read(text))
        return next((intent for intent in heard if intent != NOTHING), NOTHING)

    def _filled(self, persona: PersonaView, text: str, slots: Mapping[str, str]) -> str:
        if "<get count>" in text:
            self._counts[persona.id] = int(slots["count"]) + 1
        if "<get word>" in text:
            self._echoed.append(slots["word"])
        return filled(text, slots)


def spoken_topic(text: str) -> str:
    """A topic as it may be said: a few plain words that are no order, or ""."""
    name = " ".join(text.split()).strip(" ?!.").removeprefix("about ")
    words = name.split()
    is_short = 0 < len(name) <= LONGEST_TOPIC and len(words) <= MOST_TOPIC_WORDS
    if not is_short or not _TOPIC.fullmatch(name) or words[0].lower() in _ORDERS:
        return ""
    return name.lower() if name.isupper() else name


def _pools(lines: Lines, topic: str, what: str, slots: Mapping[str, str]) -> tuple[list[Line], list[Line]]:
    return _fitting(lines, f"duet_{topic}_{what}", slots), _fitting(lines, f"duet_any_{what}", slots)


def _fitting(lines: Lines, intent: str, slots: Mapping[str, str]) -> list[Line]:
    return [line for line in lines.get(intent, ()) if line.slots <= slots.keys()]


def _retorts(lines: Lines, topic: str, heard: str) -> list[Line]:
    """What may be said to a word of the other."""
    words = _WORD.findall(heard.lower())
    begin = f"duet_{topic}_to_"
    meant = [
        name
        for name in lines
        if name.startswith(begin) and any(word.startswith(name.removeprefix(begin)) for word in words)
    ]
    return [line for name in meant for line in lines[name]]


def _echo(heard: str, but: Collection[str]) -> str:
    """A word of the other that can be said alone, the longest that is no everyday word; "" where there is none."""
    shortest, longest = _ECHO_CHARS
    words = [
        word
        for word in _WHOLE.findall(heard.lower())
        if shortest <= len(word) <= longest and word not in DULL and word not in but and not _NO_ECHO.fullmatch(word)
    ]
    return max(words, key=len, default="")


def _joined(reaction: str, said: str) -> str:
    """Both, without a tag for the face that is there already."""
    faces = _TAG.findall(reaction)
    if faces and said.startswith(faces[-1]):
        said = said.removeprefix(faces[-1])
    return f"{reaction} {said}".strip()
