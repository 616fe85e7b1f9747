"""A conversation without a model: what was said becomes an intent, the intent one fresh line."""

import random
from collections.abc import Mapping
from typing import Final, assert_never

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.acts import Acts, Meaning
from spark_vtuber.llm.brain.banter import Banter
from spark_vtuber.llm.brain.ear import NOTHING
from spark_vtuber.llm.brain.load import Brain
from spark_vtuber.llm.brain.memory import Viewer, Viewers
from spark_vtuber.llm.brain.names import spoken_amount, spoken_name
from spark_vtuber.llm.brain.opinions import as_asked, is_about
from spark_vtuber.llm.brain.sums import find_sum
from spark_vtuber.llm.brain.voice import MAX_CHARS, Voice

SMALL_TALK: Final = frozenset(
    {"greet", "laugh", "hype", "love", "yes", "no", "okay", "agree", "wow", "confused", "dots", "called", "mourn",
     "suspense", "sad_face", "happy_face", "joking"}
)  # fmt: skip
"""Intents of sentences that only lead in: another sentence of the same line is answered instead."""

EARNEST: Final = frozenset({"crisis", "sad", "trick", "sum", "recall"})
"""Families of intents beside which an opinion is not asked for."""

STRANGER: Final = "mystery guest"

LANGUAGE: Final = "en"
"""The language of the lines; words of another one are not looked for among its own, where they mean something else."""

_THANKS: Final[Mapping[ChatKind, str]] = {
    ChatKind.BITS: "event_bits",
    ChatKind.SUPER_CHAT: "event_super_chat",
    ChatKind.SUBSCRIPTION: "event_subscription",
    ChatKind.RESUBSCRIPTION: "event_resubscription",
    ChatKind.GIFT: "event_gift",
    ChatKind.RAID: "event_raid",
    ChatKind.FOLLOW: "event_follow",
    ChatKind.REWARD: "event_reward",
}


class Talk:
    """Answers cues in the voice of any character, and remembers what viewers told."""

    def __init__(self, brain: Brain, rng: random.Random) -> None:
        self._brain = brain
        self._random = rng
        self._acts = Acts(rng)
        self._banter = Banter(brain, rng)
        self._viewers = Viewers()
        self._voices: dict[PersonaId, Voice] = {}

    def answer(self, persona: PersonaView, cue: Cue) -> str:
        """What the character says to a cue: one to three sentences of at most `MAX_CHARS`, with expression tags."""
        voice = self._voice(persona)
        slots = {"name": spoken_name(persona.name) or "me"}
        match cue.kind:
            case CueKind.SAY:
                return cue.text
            case CueKind.IDLE:
                return voice.say("idle", slots)
            case CueKind.BRIDGE:
                return voice.say("bridge", slots)
            case CueKind.INTERJECTION:
                return self._banter.remark(persona, cue)
            case CueKind.DUET if cue.duet is not None:
                return self._banter.step(persona, cue, cue.duet) or voice.say("crisis", slots)
            case CueKind.CHAT | CueKind.DUET:
                return self._reaction(voice, persona, cue, slots)
        assert_never(cue.kind)

    def understand(self, text: str, viewer: Viewer, own_names: tuple[str, ...] = ()) -> Meaning:
        """What a line of chat is about: the first sentence that says more than a greeting, else the first at all."""
        worked_out = find_sum(text)
        if worked_out is not None:
            return Meaning("sum", (worked_out.answer,)) if worked_out.answer is not None else Meaning("sum_impossible")
        sentences = self._brain.reader.read(text, own_names)
        meanings = [
            Meaning(heard.intent, heard.words, sentence)
            for sentence in sentences
            for heard in (self._brain.ear.hear(sentence.text, viewer.last_intent),)
        ]
        known = [meaning for meaning in meanings if meaning.intent != NOTHING]
        weighty = [meaning for meaning in known if meaning.intent not in SMALL_TALK]
        return next(iter(weighty or known or meanings), Meaning("dots"))

    def _reaction(self, voice: Voice, persona: PersonaView, cue: Cue, slots: dict[str, str]) -> str:
        viewer = self._viewers.of(cue.event.author.id if cue.event else cue.author)
        name = viewer.facts.get("name") or spoken_name(cue.author or (cue.event.author.name if cue.event else ""))
        slots |= viewer.facts | ({"who": name} if name else {})
        own_names = (persona.name, *persona.aliases)
        thanks = self._thanks(voice, cue.event, slots) if cue.event else ""
        if thanks and not cue.text.strip():
            return thanks
        is_foreign = cue.language not in ("", LANGUAGE)
        meaning = Meaning("want_language") if is_foreign else self.understand(cue.text, viewer, own_names)
        if thanks and (meaning.intent == NOTHING or meaning.intent in SMALL_TALK):
            return thanks
        if not is_foreign and meaning.intent.partition("_")[0] not in EARNEST:
            meaning = self._opinion(persona, cue.text) or meaning
        meaning = self._acts.done(meaning, viewer, slots)
        if cue.kind is CueKind.DUET and meaning.intent.startswith("fallback"):
            meaning = Meaning("duet")
        viewer.lines += 1
        viewer.last_intent = meaning.intent
        said = voice.say(meaning.intent, slots)
        both = f"{thanks} {said}".strip()
        return both if len(both) <= MAX_CHARS else (thanks or said)

    def _opinion(self, persona: PersonaView, text: str) -> Meaning | None:
        """What she is asked about by the likes and dislikes of her card."""
        for sentence in self._brain.reader.read(text, (persona.name, *persona.aliases)):
            if self._brain.ear.hear_about(sentence.text, "opinion") == NOTHING:
                continue
            for intent, things in (("opinion_for", persona.likes), ("opinion_against", persona.dislikes)):
                for thing in things:
                    if is_about(sentence.text, thing):
                        return Meaning(intent, (as_asked(thing),), sentence)
        return None

    def _thanks(self, voice: Voice, event: ChatEvent, slots: Mapping[str, str]) -> str:
        """The line for what the platform reports, or "" for an ordinary message."""
        intent = _THANKS.get(event.kind)
        if intent is None:
            return ""
        amount = spoken_amount(event)
        known = {"who": STRANGER, **slots} | ({"amount": amount} if amount else {})
        return voice.say(intent, known, must="amount")

    def _voice(self, persona: PersonaView) -> Voice:
        if persona.id not in self._voices:
            self._voices[persona.id] = Voice(self._brain.lines_for(persona.look, persona.name), self._random)
        return self._voices[persona.id]
