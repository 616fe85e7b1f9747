"""What a turn does to the character that spoke: thanks, a gift, an insult, a cut in mid-sentence."""

import re
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind, Flood
from spark_vtuber.core.events import PAID_KINDS, ChatKind
from spark_vtuber.core.personas import PersonaView, Stir
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.personality.growth import Happening
from spark_vtuber.text.fold import fold
from spark_vtuber.text.mentions import first_mention
from spark_vtuber.text.wordset import word_set

CROWD: Final = 4
"""So many who ask the same are a crowd."""
STRONG: Final = 0.4
"""A feeling of a line that counts as praise, or as an insult where the line is about somebody."""
LONGEST_TOPIC: Final = 40
LEAST_TOPIC: Final = 6

_NOBODYS: Final = frozenset({Reason.SHUTDOWN, Reason.PANIC, Reason.MUTED, Reason.CRASH, Reason.MISHEARD})
"""Reasons for which an answer was cut that nobody in the room is behind."""

_TALK: Final[frozenset[Stir]] = frozenset({"chat", "question", "crowd"})
_THANKS: Final = word_set(
    "thanks thank thx ty tysm danke dankeschon gracias merci grazie obrigado obrigada arigato arigatou dzieki "
    "spasibo спасибо ありがとう 고마워 谢谢"
)
_INSULTS: Final = word_set(
    "stupid dumb idiot boring cringe trash garbage sucks suck worst annoying useless pathetic terrible lame hate "
    "langweilig doof blod nervig aburrida tonta ennuyeuse nulle"
)
_YOU: Final = word_set("you your youre ur u du dich dein deine tu te toi vous eres")
_WORD: Final = re.compile(r"\w+")


def happening(record: TurnRecord, persona: PersonaView, at_ms: int, bond: str, feeling: float) -> Happening | None:
    """What a turn of `persona` did to it; None where it did nothing.

    `bond` stands for whoever the cue comes from, as in `Disposition.bonds`; `feeling` is what the cue sounds like,
    -1..1.
    """
    stirs = _stirs(record, persona, feeling)
    if not stirs:
        return None
    cue = record.cue
    topic = _topic(cue, persona, is_talk=bool(_TALK & set(stirs))) if record.is_answered else ""
    if not bond or record.outcome is Outcome.FAILED:
        return Happening(at_ms, stirs, topic=topic)
    name = cue.event.author.name if cue.event is not None else cue.author
    return Happening(at_ms, stirs, bond, name, topic)


def _stirs(record: TurnRecord, persona: PersonaView, feeling: float) -> tuple[Stir, ...]:
    if record.outcome is Outcome.SUPERSEDED:
        return ()
    if record.outcome is Outcome.FAILED:
        return ("failed",)
    is_cut = record.outcome is Outcome.INTERRUPTED and record.reason not in _NOBODYS
    cut: tuple[Stir, ...] = ("interrupted",) if is_cut else ()
    return (*(_of_cue(record.cue, persona, feeling) if record.is_answered else ()), *cut)


def _of_cue(cue: Cue, persona: PersonaView, feeling: float) -> tuple[Stir, ...]:
    match cue.kind:
        case CueKind.IDLE:
            return ("silence",)
        case CueKind.DUET | CueKind.INTERJECTION:
            return ("duet", *_of_words(cue.text, persona, feeling, is_banter=True))
        case CueKind.CHAT:
            return _of_line(cue, persona, feeling)
        case CueKind.SAY | CueKind.BRIDGE:
            return ()


def _of_line(cue: Cue, persona: PersonaView, feeling: float) -> tuple[Stir, ...]:
    stirs: list[Stir] = []
    if cue.event is not None and cue.event.kind in PAID_KINDS:
        stirs.append("gift")
    elif cue.event is not None and cue.event.kind in (ChatKind.RAID, ChatKind.HYPE_TRAIN):
        stirs.append("raid")
    stirs += _of_words(cue.text, persona, feeling)
    if cue.asked_by >= CROWD or cue.flood is not Flood.NONE:
        stirs.append("crowd")
    if not stirs:
        stirs.append("question" if "?" in cue.text else "chat")
    return tuple(stirs)


def _of_words(text: str, persona: PersonaView, feeling: float, *, is_banter: bool = False) -> tuple[Stir, ...]:
    """What the words do. Characters tease each other: in banter only a rude word that sounds rude is an insult."""
    folded = fold(text)
    words = set(_WORD.findall(folded))
    if words & _THANKS:
        return ("thanks",)
    is_meant = bool(words & _YOU) or first_mention(folded, (persona.name, *persona.aliases)) is not None
    is_rude, sounds_rude = bool(words & _INSULTS), feeling <= -STRONG
    if is_meant and ((is_rude and sounds_rude) if is_banter else (is_rude or sounds_rude)):
        return ("insult",)
    return ("praise",) if is_meant and feeling >= STRONG else ()


def _topic(cue: Cue, persona: PersonaView, *, is_talk: bool) -> str:
    """What a cue is about: a duet's topic, what the card knows of, else its longest word; one short phrase.

    Thanks and insults, which are no talk, have no subject of their own.
    """
    if cue.duet is not None:
        return " ".join(cue.duet.topic.split())[:LONGEST_TOPIC]
    folded = fold(cue.text)
    known = (*persona.expertise, *persona.triggers, *(key for lore in persona.lore for key in lore.keys))
    at = first_mention(folded, known)
    if at is not None:
        return max((phrase for phrase in known if folded.startswith(fold(phrase), at)), key=len)[:LONGEST_TOPIC]
    words = [word for word in _WORD.findall(folded) if word.isalpha() and LEAST_TOPIC <= len(word) <= LONGEST_TOPIC]
    return max(words, key=len, default="") if is_talk else ""
