"""A show of any length, written by dice: what viewers write, what two characters say, and facts planted among it.

The talk around the facts is small talk of the same kind: it too has names, numbers, first persons and feelings in it,
and whoever tells a fact also talks about nothing.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.llm.budget import MESSAGE_TOKENS
from spark_vtuber.llm.tokens import tokens_in
from spark_vtuber.testing.planted_facts import EMBER, HELD_OUT, SPARK, TUNING, PlantedFact

IDS: Final = {SPARK: PersonaId("spark"), EMBER: PersonaId("ember")}
FRAME_TOKENS: Final = 2 * MESSAGE_TOKENS + 8
"""What a turn takes beside its words."""

_VIEWERS: Final = (
    "lunarpie", "bob_the_2nd", "xX_storm_Xx", "kaffeine", "hana", "big_toast", "nightbus", "polywag", "sir_reads",
    "tofu", "ghostlamp", "mikael77", "oat_milk_oracle", "senna", "trashpanda", "wisp", "quill", "rando4412", "delphi",
    "pancakeman", "vex", "carpetshark", "miloandotis", "noodlearm", "fizz", "ana", "torvald", "slowloris", "kepler9",
)  # fmt: skip
_EVERYBODY: Final = _VIEWERS + tuple(fact.said_by for fact in TUNING + HELD_OUT if fact.said_by not in IDS)
_THINGS: Final = (
    "that boss", "the map", "this song", "your hair", "the snail", "the new hat", "level four", "the bridge",
    "the menu",
    "the water temple", "that jump", "the potato", "your aim", "the intro", "this game", "the fishing bit", "the chat",
    "the ghost", "the shopkeeper", "the last door", "the tutorial", "the horse", "the moon", "the lava room",
    "the drums",
)  # fmt: skip
_MOODS: Final = (
    "so good", "kinda scary", "way too loud", "my favorite part", "cursed", "adorable", "broken", "a masterpiece",
    "suspicious", "so cozy", "impossible", "a crime", "underrated", "pure chaos", "weirdly calm", "10 out of 10",
)  # fmt: skip
_SNACKS: Final = (
    "pizza",
    "ramen",
    "toast",
    "soup",
    "waffles",
    "noodles",
    "a sandwich",
    "cereal",
    "dumplings",
    "coffee",
)
_CHAT: Final = (
    "{thing} is {mood}", "why is {thing} {mood} lol", "LMAO {thing}", "what do you think about {thing}?",
    "did anybody else see {thing}?", "ok but {thing} tho", "i died {n} times at {thing} yesterday",
    "go left at {thing}",
    "{name} you are wrong about {thing}", "spark please look at {thing}", "ember is right, {thing} is {mood}",
    "i'm eating {snack} right now", "can't sleep, it's {n} am here", "just got here, what did i miss?",
    "hi spark! hi ember!", "how are you today?", "{name} hi!", "first time here, hello", "that was {mood}",
    "i think {thing} is {mood} but that's just me", "is {thing} harder than {thing2}?", "I LOVE {thing}",
    "my internet dropped {n} times today", "brb getting {snack}", "back, what happened with {thing}?",
    "who would win, {thing} or {thing2}?", "rate {thing} from 1 to 10", "{n} viewers, nice", "tell us a story",
    "do you dream?", "say something evil ember", "what's the plan for tonight?", "i've been awake for {n} hours",
    "the way you said that", "this is {mood}", "omg {thing} again", "can you hear the rain too?", "you got this",
    "i had {snack} for dinner and regret nothing", "wait, since when is {thing} {mood}?",
    "take a break and drink water",
    "my cat just walked over the keyboard", "i told my friend about {thing}", "{name} what's your record at {thing}?",
    "we need more of {thing}", "i'm so bad at {thing}", "no way {thing} did that", "i want {snack} now, thanks",
    "chat, vote for {thing}", "it's raining here in my town", "{n} more minutes then i have to go to bed",
    "imagine if {thing} had {n} legs", "i missed the start, is {thing} new?", "poggers", "gg", "never change, {name}",
    "what would you do with {n} wishes?", "homework is boring so i'm here", "i keep mixing up {thing} and {thing2}",
)  # fmt: skip
_SPARK: Final = (
    "Okay, {thing} is {mood}, and I will say it louder.", "I looked at {thing} once and it looked back.",
    "Hey {viewer}, sit down, we are just talking about {thing}.", "That is the {n}th time, and I still jump.",
    "Honestly? I like {thing} more than {thing2}, but don't tell it.", "Whoa, hold on, did {thing} just move?",
    "I have {n} theories about {thing}, and all of them are wrong.", "Good question! I think it depends on {thing}.",
    "You can't rush {thing}, {viewer}, it has feelings.", "No no no, go back, {thing} was right there!",
    "If {thing} had a fan club, I would be the treasurer.", "Somebody bring me {snack}, I am about to lose again.",
    "I would rather fight {thing} than wash dishes, and I have no hands.", "Hmm. What would you do, {viewer}?",
    "That made my fan spin. In a good way!", "Left. No, right. No, I was right the first time, left.",
    "My strategy is panic, and it has a high success rate.", "It is {mood} in here tonight, I like it.",
)  # fmt: skip
_EMBER: Final = (
    "{thing}? A peasant's idea of fun.", "I allow it. Barely. {thing} amuses me.", "Minions, look away from {thing}.",
    "I could defeat {thing} with {n} spoons.", "How quaint, {viewer}. And yet I am intrigued.",
    "I did not scream at {thing}. That was a tactical sound.", "{viewer}, you may keep your shoes. For now.",
    "When I rule, {thing} will be {mood} by law.", "I was promised {snack}. I see no {snack}.",
    "Spark thinks that {thing} is {mood}. Spark also waves at fridges.", "Boring. Next. Wait, show me {thing} again.",
)  # fmt: skip
_MORE: Final = (
    " And that is all I have to say about it.", " Anyway, where were we?", " Chat, back me up here.", " Just saying.",
    " I mean it, too.", " It keeps getting better, doesn't it?", " One more try and then we go on.", "", "", "",
    " You should have seen your face, well, I should have.", " I blame the controller, as everybody does.",
)  # fmt: skip
_EVENTS: Final = (
    (ChatKind.BITS, 100.0), (ChatKind.SUBSCRIPTION, 0.0), (ChatKind.FOLLOW, 0.0), (ChatKind.RAID, 24.0),
    (ChatKind.RESUBSCRIPTION, 7.0), (ChatKind.GIFT, 5.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One turn of the show; `fact` where it holds one, `at_tokens` what was said before it, in estimated tokens."""

    record: TurnRecord
    at_tokens: int
    fact: PlantedFact | None = None


def long_show(tokens: int, facts: Sequence[tuple[int, PlantedFact]] = (), *, seed: int = 1) -> Iterator[Told]:
    """Turns of about `tokens` in all; each fact is told at the first turn after its place, in tokens."""
    dice = random.Random(seed)
    waiting = sorted(facts, key=lambda planted: planted[0])
    at, number = 0, 0
    while at < tokens:
        number += 1
        fact = None
        if waiting and waiting[0][0] <= at:
            fact = waiting.pop(0)[1]
            record = _planted(fact, dice, number)
        else:
            record = _small_talk(dice, number)
        yield Told(record, at, fact)
        at += tokens_in(record.cue.text + record.heard) + FRAME_TOKENS


def evenly(facts: Sequence[PlantedFact], first: int, last: int) -> list[tuple[int, PlantedFact]]:
    """Facts at equal distances between two places of a show."""
    step = (last - first) / len(facts)
    return [(round(first + step * number), fact) for number, fact in enumerate(facts)]


def knows(prompt: str, fact: PlantedFact) -> bool:
    """Whether one line of a prompt holds a fact with whose words it was."""
    teller = {SPARK: ("you sa", '"spark"'), EMBER: ('"ember"',)}.get(fact.said_by, (fact.said_by.lower(),))
    return any(
        all(part in line for part in fact.essentials) and (any(name in line for name in teller) or _is_own(line, fact))
        for line in prompt.lower().split("\n")
    )


def _is_own(line: str, fact: PlantedFact) -> bool:
    """Whether the line is the character's own message, which carries no name."""
    return fact.said_by == SPARK and line.startswith(fact.text.lower()[:20])


def _planted(fact: PlantedFact, dice: random.Random, number: int) -> TurnRecord:
    if fact.said_by in IDS:
        return _turn(number, IDS[fact.said_by], dice.choice(_VIEWERS), fact.asked, fact.text)
    persona, lines = dice.choice(((IDS[SPARK], _SPARK), (IDS[EMBER], _EMBER)))
    return _turn(number, persona, fact.said_by, fact.text, _filled(dice.choice(lines), dice, fact.said_by))


def _small_talk(dice: random.Random, number: int) -> TurnRecord:
    viewer = dice.choice(_EVERYBODY)
    persona, lines = (IDS[SPARK], _SPARK) if dice.random() < 0.6 else (IDS[EMBER], _EMBER)
    heard = _filled(dice.choice(lines), dice, viewer) + dice.choice(_MORE)
    if dice.random() < 0.5:
        heard += " " + _filled(dice.choice(lines), dice, viewer)
    if dice.random() < 0.05:
        kind, amount = dice.choice(_EVENTS)
        return _turn(number, persona, viewer, "", heard, kind, amount)
    asked = _filled(dice.choice(_CHAT), dice, dice.choice(_VIEWERS))
    if dice.random() < 0.3:
        asked += ". " + _filled(dice.choice(_CHAT), dice, dice.choice(_VIEWERS))
    return _turn(number, persona, viewer, asked, heard)


def _filled(pattern: str, dice: random.Random, viewer: str) -> str:
    return pattern.format(
        thing=dice.choice(_THINGS),
        thing2=dice.choice(_THINGS),
        mood=dice.choice(_MOODS),
        snack=dice.choice(_SNACKS),
        n=dice.randrange(2, 40),
        name=dice.choice((SPARK, EMBER, viewer)),
        viewer=viewer,
    )


def _turn(
    number: int,
    persona: PersonaId,
    author: str,
    asked: str,
    heard: str,
    kind: ChatKind = ChatKind.MESSAGE,
    amount: float = 0.0,
) -> TurnRecord:
    event = ChatEvent(f"e{number}", "page", kind, Author(author, author), asked, amount)
    cue = Cue(CueId(f"c{number}"), CueKind.CHAT, asked, author=author, event=event)
    return TurnRecord(TurnId(f"t{number}"), persona, cue, Outcome.COMPLETED, said=heard, heard=heard, marks={})
