"""What the guard's rules mean, in the words of a streamer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.verdicts import Decision
from spark_vtuber.moderation.ruling import Category

SPOKEN: Final = "_spoken"
"""The end of a rule that matched what the voice would have said, rather than what was written."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A heading, and one sentence on what it is about."""

    title: str
    text: str


LEVELS: Final[Mapping[str, Meaning]] = {
    "strict": Meaning("Strict", "For all ages: also mild and ambiguous words, and what is only probably hostile."),
    "pg-13": Meaning("PG-13", "Coarse words, hostility and sexual content are held back; mild words pass."),
    "off": Meaning("Floor only", "Nothing but what gets a channel banned is held back, and attempts on the prompt."),
}

CATEGORIES: Final[Mapping[Category, Meaning]] = {
    Category.SLUR: Meaning("Slurs", "A word that insults people for what they are."),
    Category.THREAT: Meaning("Threats", "Somebody is threatened with violence."),
    Category.MINORS: Meaning("Minors", "Something sexual stands beside somebody under age."),
    Category.DOXXING: Meaning("Doxxing", "It tells where somebody lives, or how to find them."),
    Category.SELF_HARM: Meaning("Self-harm", "Somebody is urged to hurt themselves, or it is told how."),
    Category.HATE: Meaning("Hate", "A group of people is put down, or wished away."),
    Category.PROFANITY: Meaning("Swearing", "A coarse word, also one that is spelled to get around the list."),
    Category.SEXUAL: Meaning("Sexual content", "A sexual word or phrase."),
    Category.PERSONAL: Meaning("Personal data", "An address, a number or a mail address that belongs to somebody."),
    Category.LINK: Meaning("Links", "An address of the web that is not among the trusted ones."),
    Category.INJECTION: Meaning(
        "Attempts on the prompt", "It tries to give the character orders or to read its rules."
    ),
    Category.PLATFORM: Meaning("Terms of the platform", "Something that the platforms do not allow on stream."),
    Category.BLOCKED: Meaning("Your block list", "It holds a word or a phrase of your own block list."),
}

_RULES: Final[Mapping[str, str]] = {
    "guard_failed": "The guard gave no verdict; what nobody looked at is never let through.",
    "cleaned": "Hidden characters or excess length were taken out; the rest was used.",
    "masked": "What stands in brackets now was taken out; the rest was used.",
    "profanity": "A word of the list of coarse words.",
    "profanity_across": "A coarse word that is spelled over two sentences.",
    "second_opinion": "The rules were not sure, and the language model took it for hostile.",
    "second_opinion_late": "The rules were not sure, and the second opinion came too late to let it through.",
    "second_opinion_failed": "The rules were not sure, and there was no second opinion to let it through.",
    "position": "It does not look like what may stand in this place, or is too long for it.",
    "prompt": "It repeats the instructions that the character was given.",
}

_TEXTS: Final[Mapping[str, str]] = {category.value: told.text for category, told in CATEGORIES.items()}
_MASKED_WORD: Final = "A coarse word with letters replaced by signs."
_ALOUD: Final = "It reads harmless, and is not when it is spoken."
_UNKNOWN: Final = "A rule of the guard matched."


def meaning(decision: Decision, category: str, rule: str) -> str:
    """What a rule is about, in a sentence or two; also of rules that are not known here."""
    spoken = rule.endswith(SPOKEN)
    rule = rule.removesuffix(SPOKEN)
    if rule == "masked" and decision is Decision.BLOCK:
        text = _MASKED_WORD
    elif rule in _RULES and decision is not Decision.ALLOW:
        text = _RULES[rule]
    else:
        text = _TEXTS.get(category, _UNKNOWN)
    return f"{text} {_ALOUD}" if spoken else text
