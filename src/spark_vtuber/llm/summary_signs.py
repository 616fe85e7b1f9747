"""What a sentence that is worth remembering holds, as patterns, and what each is worth; and what speaks against it."""

import re
from typing import Final


def _any(words: str) -> str:
    return "|".join(words.split())


def _sign(worth: float, *patterns: str) -> tuple[float, re.Pattern[str]]:
    return worth, re.compile("|".join(patterns), re.IGNORECASE)


COMMON: Final = frozenset(
    "a about after again all also always am an and any anyway are as at away back be because been before being but by "
    "can can't cannot could did do does doing don't down ever every everybody for from get gets getting go goes going "
    "good got had has have having he her here hey hi him his how i i'd i'll i'm i've if in into is isn't it it's its "
    "just know let like lol look made make many maybe me mean more most much my never new next no not now of off oh ok "
    "okay on once one only or other our out over own people please really right said say see she should so some "
    "something still such take tell than that that's the their them then there there's they thing things think this "
    "those thought though time to today too try until up us very wait want was way we we're well were what what's when "
    "where which while who why will with would yes yet you you're your yourself".split()
)
"""Words that tell nothing of what a sentence is about."""

_KIN: Final = _any(
    "sister brother mom mum mother dad father parents grandma grandpa grandmother grandfather granny aunt uncle cousin "
    "niece nephew wife husband boyfriend girlfriend partner fiancee? daughter son kids? child children baby twins? "
    "family roommate boss"
)
_PETS: Final = _any(
    "dogs? cats? pupp(?:y|ies) kitten rabbit hamster parrots? birds? horse snake turtle lizard gecko fish ferret pets? "
    "axolotls? guinea"
)
_DAYS: Final = _any("mondays? tuesdays? wednesdays? thursdays? fridays? saturdays? sundays? weekends?")
_MONTHS: Final = _any(
    "january february march april june july august september october november december autumn christmas easter"
)
_COUNTS: Final = _any(
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand"
)
_GOALS: Final = _any("followers subs points people wins? favou?rs deaths locks euros dollars")

COUNTED: Final = re.compile(rf"\b(?:{_COUNTS}|first|second|third|number one)\b", re.IGNORECASE)

SIGNS: Final = (
    _sign(1.2, rf"\b(?:my|our|her|his)\s+(?:\w+\s+){{0,2}}(?:{_KIN})\b"),
    _sign(1.0, rf"\b(?:my|our|have|keeps?|adopted|old|new)\s+(?:an?\s+)?(?:[\w-]+\s+){{0,2}}(?:{_PETS})\b"),
    _sign(1.6, r"\b(?:my|her|his|its|their) (?:\w+ )?name(?:'s| is)\b", r"\bcall(?:ed)? (?:me|him|her|it|them|us)\b"),
    _sign(1.2, r"\b(?:is|was|are|it's) (?:now )?(?:called|named|pronounced)\b", r"\bnamed \w+\b", r"\bpronounced\b"),
    _sign(1.6, r"\bi go by\b", r"\bmy pronouns\b", r"\b(?:don't|do not) call me\b", r"\bjust call me\b"),
    _sign(1.3, r"\b(?:i|we) (?:work|teach|study|drive|build|run|own|live|grew up|come|volunteer|serve)\b(?! out\b)"),
    _sign(1.3, r"\bfor a living\b", r"\bmy (?:new )?job\b", r"\b(?:got|lost|quit|for) (?:a|the|my) (?:new )?job\b"),
    _sign(1.1, r"\bi(?:'m| am) (?:actually |also |now )?an? (?!bit\b|little\b|mess\b|fan\b|wreck\b|genius\b)\w+"),
    _sign(0.8, r"\bi(?:'m| am) from\b", r"\bin my (?:country|village)\b", r"\bwhere (?:my family|i) (?:is|am) from\b"),
    _sign(1.5, r"\ballerg", r"\bdiabet", r"\bpregnan", r"\bdeaf\b", r"\bblind\b", r"\bcolou?r-?blind"),
    _sign(1.5, r"\bwheelchair\b", r"\bdyslexi", r"\bautis", r"\badhd\b"),
    _sign(1.3, r"\bsurgery\b", r"\bhospital\b", r"\bcancer\b", r"\btherap", r"\bpanic\b", r"\banxiety\b"),
    _sign(1.3, r"\bmotion sick", r"\bmigraine", r"\bdepress"),
    _sign(
        1.4, r"\bsober\b", r"\bquit (?:smoking|drinking)\b", r"\bvegan\b", r"\bvegetarian\b", r"\bdon't (?:drink|eat)\b"
    ),
    _sign(1.6, r"\bbirthday\b", r"\banniversary\b", r"\bturn(?:ing|ed|s) \d+\b", r"\b(?:years?|days?) old\b"),
    _sign(1.6, r"\bgot (?:engaged|married|accepted|promoted|divorced|fired)\b", r"\bproposed\b", r"\bwedding\b"),
    _sign(1.6, r"\bengaged\b"),
    _sign(1.5, r"\b(?:was|were|been) born\b", r"\bdied\b(?! \d)", r"\bpassed away\b", r"\bput .{0,30}\bdown\b"),
    _sign(1.5, r"\bfuneral\b", r"\bbroke up\b"),
    _sign(
        1.3, r"\b(?:moving|moved|move) to\b", r"\baccepted (?:at|to|into)\b", r"\bgraduat", r"\bopen(?:ing|ed) an?\b"
    ),
    _sign(1.3, r"\bpassed my\b", r"\bexams?\b", r"\binterview\b", r"\btest\b", r"\bfinals?\b", r"\bmarathon\b"),
    _sign(1.3, r"\btournament\b", r"\btraining for\b"),
    _sign(1.1, r"\bgot a (?:new )?\w+\b", r"\badopted\b", r"\bbought\b", r"\bmy first\b"),
    _sign(1.1, r"\bfirst (?:ever|stream|time i)\b"),
    _sign(
        1.0, r"\b(?:drew|painted|wrote|made|built|composed|knitted|baked) (?:you|a|an|my|us)\b", r"\brestor(?:ing|ed)\b"
    ),
    _sign(1.0, rf"\b(?:{_DAYS})\b"),
    _sign(1.0, rf"\b(?:in|on|until|next|last|since|this|of|may) (?:{_MONTHS})\b", rf"\b(?:{_MONTHS}|may) \d+\b"),
    _sign(0.7, r"\btomorrow\b", r"\bnext (?:week|month|year|stream)\b", r"\blast (?:week|night|month|year)\b"),
    _sign(0.7, r"\bthis (?:week|morning)\b"),
    _sign(0.8, rf"\b(?:\d+|{_COUNTS}) (?:years?|months?|weeks?|days?)\b"),
    _sign(0.7, r"\b\d[\d,.]*\s?(?:euros?|dollars?|pounds|points|followers|subs|people|%|percent|km|miles|kg)"),
    _sign(0.7, rf"\b(?:{_COUNTS}) (?:{_COUNTS} )?(?:{_GOALS})\b"),
    _sign(1.3, rf"(?<!from )\b(?:\d+|{_COUNTS}) ?(?:to|:|–|-) ?(?:\d+|{_COUNTS})\b(?! (?:\d|minutes|people))"),
    _sign(1.1, r"\bpromise[ds]?\b", r"\bswear\b", r"\bdeal\b", r"\bowes?\b", r"\b(?:the|a|our) (?:bet|wager)\b"),
    _sign(1.2, r"\bfrom (?:now|tomorrow|today) on\b", r"\buntil (?:the|next|then|i|we)\b", r"\bsettled\b"),
    _sign(1.2, r"\bdecided\b", r"\bagreed\b"),
    _sign(1.1, r"\bif (?:we|you|chat) (?:reach|hit|get|win|make)\b", r"\bat \w+ (?:\w+ )?(?:points|followers|subs)\b"),
    _sign(0.9, r"\brematch\b", r"\bfinal score\b", r"\b(?:won|wins|lost|lose|beat)\b", r"\bthe winner\b"),
    _sign(0.9, r"\brecord is\b", r"\braised\b"),
    _sign(
        0.9, r"\bnext (?:time|game)\b", r"\bthe (?:law|rule|plan)\b", r"\bsecret\b", r"\bpassword\b", r"\bmeet(?:up)?\b"
    ),
    _sign(1.8, r"\bfavou?rite (?!part\b)\w+", r"\ball[ -]time\b", r"\bmy favou?rite\b(?! part)"),
    _sign(
        1.2, r"\b(?:i|we) (?:really |always |absolutely )?(?:hate|prefer|can't stand|don't like|do not like|dislike)\b"
    ),
    _sign(
        0.7, r"\b(?:i|we) (?:really |always |much )?(?:love|like[ds]?|adore|enjoy|want|wish|miss)\b", r"\bmore than\b"
    ),
    _sign(0.7, r"\bi (?:used to|once|never|always)\b", r"\bwhen i was\b", r"\btaught me\b", r"\bback then\b"),
    _sign(
        0.8, r"\bi(?:'ve| have) been \w+ing (?:since|for \w+ (?:years|months))\b", r"\bfound you\b", r"\bsince the\b"
    ),
    _sign(0.6, r"\bcan't (?:hear|see|eat|walk|read|play)\b", r"\bget sick\b", r"\b(?:scared|afraid) of\b"),
    _sign(
        0.5, r"\b(?:i|we|he|she|they) (?:was|were|had|did|got|found|saw|met|went|built|won|lost|made|took|wrote|drew)\b"
    ),
)

AGAINST: Final = (
    _sign(1.5, r"\?\W*$"),
    _sign(
        1.0, r"^(?:imagine|what if|would you|could you|can you|please|tell us|say|rate|look|vote|go|take|show|bring)\b"
    ),
    _sign(0.3, r"\b(?:would|could|might|imagine)\b"),
    _sign(
        0.8, r"\bright now\b", r"\bbrb\b", r"\bjust got here\b", r"\bfirst time here\b", r"\bgo to bed\b", r"\bback,"
    ),
    _sign(0.8, r"\bawake\b", r"\bcan't sleep\b"),
    _sign(0.6, r"\bi think\b", r"\bi guess\b", r"\blol\b", r"\blmao\b"),
)

SUBJECTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bmy (favou?rite (?:\w+ )?\w+) is\b",
        r"\bmy (?:real )?(name) is\b|\bjust (call) me\b",
        r"\b(final score|grudge list|record is)\b",
    )
)
"""What there is only one of: whoever tells it anew takes back what was told before."""
