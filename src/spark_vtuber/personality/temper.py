"""What a temper means: for the prompt, for the length of answers, for the voice, and for whom is answered.

| Talkativeness | Ordinary lines that nobody is named in | Length of answers |
|---|---|---|
| below 0.2 | 15 % are answered | at most 35 % |
| below 0.4 | 50 % | at most 60 % |
| from 0.4 on | all | as configured |

Energy changes the speed of the voice by up to a tenth. Which of the ordinary lines are answered depends on the line
alone, so that looking twice gives the same decision.
"""

from dataclasses import replace
from typing import Final
from zlib import crc32

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import PAID_KINDS, ChatKind
from spark_vtuber.core.personas import PersonaView, Preset, Temper
from spark_vtuber.core.turns import Reason
from spark_vtuber.personality.arbiter import Decision

ORDINARY: Final = 0.5
TACITURN: Final = 0.2
RESERVED: Final = 0.4
TALKATIVE: Final = 0.8
"""From here on a character may talk at some length, and talks by itself unless that was switched off."""

RATE_SPAN: Final = 0.2

PRESETS: Final = (
    Preset(
        "calm",
        "Calm",
        "Slow and friendly; answers everybody.",
        {"mood": "neutral", "energy": 0.25, "talkativeness": 0.5, "idle_talk": False},
    ),
    Preset(
        "hype",
        "Hype",
        "Fast and loud; talks by itself when it is quiet.",
        {"mood": "happy", "energy": 0.95, "talkativeness": 0.9, "idle_talk": True},
    ),
    Preset(
        "quiet",
        "Quiet",
        "Short answers, and only now and then to lines that name nobody.",
        {"mood": "neutral", "energy": 0.3, "talkativeness": 0.15, "idle_talk": False},
    ),
    Preset(
        "reading-donations",
        "Reading donations",
        "Answers only lines with which something was given.",
        {"mood": "happy", "energy": 0.6, "talkativeness": 0.5, "idle_talk": False, "paid_only": True},
    ),
)
"""The presets everybody has."""

_ENERGIES: Final = (
    (0.15, "very calm and a little sleepy"),
    (0.35, "calm"),
    (0.65, ""),
    (0.85, "lively"),
    (1.01, "bursting with energy"),
)


def tempered(persona: PersonaView, temper: Temper, leanings: str = "") -> PersonaView:
    """The character as it is with this temper; `leanings` say what else is not as on its card."""
    voice = persona.voice
    rate = voice.rate * (1 + RATE_SPAN * (temper.energy - ORDINARY))
    return replace(
        persona,
        mood=temper.mood,
        manner=" ".join(part for part in (manner(persona, temper), leanings) if part),
        reply_share=reply_share(temper.talkativeness),
        voice=voice if temper.energy == ORDINARY else replace(voice, rate=rate),
    )


def manner(persona: PersonaView, temper: Temper) -> str:
    """How the character is right now, in words; empty where it is as its card says."""
    energy = next(words for limit, words in _ENERGIES if temper.energy < limit)
    mood = temper.mood if temper.mood != persona.mood else ""
    feelings = " and ".join(word for word in (mood, energy) if word)
    parts = [f"Right now you are {feelings}."] if feelings else []
    if temper.talkativeness < RESERVED:
        parts.append("Answer in one short sentence.")
    elif temper.talkativeness >= TALKATIVE:
        parts.append("You feel like talking: up to five sentences are fine.")
    return " ".join(parts)


def reply_share(talkativeness: float) -> float:
    """The share of the longest answer that an answer may take."""
    if talkativeness < TACITURN:
        return 0.35
    return 0.6 if talkativeness < RESERVED else 1.0


def answered_share(talkativeness: float) -> float:
    """The share of ordinary lines, in which nobody is named, that is answered."""
    if talkativeness < TACITURN:
        return 0.15
    return 0.5 if talkativeness < RESERVED else 1.0


def refusal(cue: Cue, decision: Decision, temper: Temper) -> Reason | None:
    """Why the character that was decided on does not answer a cue, or None."""
    if cue.kind is not CueKind.CHAT or cue.event is None or cue.event.kind in PAID_KINDS:
        return None
    if temper.paid_only:
        return Reason.UNPAID
    if decision.is_addressed or cue.event.kind not in (ChatKind.MESSAGE, ChatKind.ACTION):
        return None
    is_answered = crc32(cue.event.id.encode()) % 1_000 < answered_share(temper.talkativeness) * 1_000
    return None if is_answered else Reason.RESERVED
