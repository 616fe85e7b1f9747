"""What an intent does beside being answered: facts are kept, dice are rolled, a choice is made."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from spark_vtuber.llm.brain.ear import NOTHING
from spark_vtuber.llm.brain.memory import Viewer
from spark_vtuber.llm.brain.reader import Sentence

_SWAPPED: Final = {"my": "your", "i": "you", "me": "you", "mine": "yours", "am": "are", "your": "my", "you": "me"}
DULL: Final = frozenset(
    "about after again always anything because been before being could does doing done dont even ever everyone "
    "everything from going gonna good have here into just know like make many maybe more most much need never only "
    "other over people please really same should some someone something still stuff such sure take than that their "
    "them then there these they thing things think this those though time today tonight very want well were what "
    "when where which while will with without would yeah your yours callname chat stream".split()
)
_CONNECTING: Final = frozenset(
    "and but so because since for last this that where when while with if who which now today yesterday tomorrow "
    "tonight always sometimes ago can do you i we he she it they is are was".split()
)
"""Words that end what a fact is about: "norway last month" is Norway."""

_MIN_WORD: Final = 4
_NO_NAMES: Final = ("ed", "ing", "ish", "less", "ful", "ous", "ic")
"""Ends of words that say what somebody is, not what they are called."""

_PLURAL_PETS: Final = ("cats", "dogs", "rats", "chickens")
_PLACES: Final = re.compile(r"\b(usa?|uk|uae|nyc|la)\b")


@dataclass(frozen=True, slots=True)
class Meaning:
    """An intent, the words that came with it, and the sentence it was found in."""

    intent: str
    words: tuple[str, ...] = field(default=())
    sentence: Sentence = field(default=Sentence("", False))


@dataclass(frozen=True, slots=True)
class Scene:
    """What an act works on: the viewer and the slots of the line to come; both are changed in place."""

    meaning: Meaning
    viewer: Viewer
    slots: dict[str, str]

    def becomes(self, intent: str) -> Meaning:
        """The meaning, to be answered as another intent."""
        return replace(self.meaning, intent=intent)


class Acts:
    """Carries intents out. `done` gives the intent to be answered and fills `slots` for its lines."""

    def __init__(self, rng: random.Random) -> None:
        self._random = rng
        self._acts: dict[str, Callable[[Scene], Meaning]] = {
            NOTHING: self._fall_back,
            "greet": self._greet,
            "name_set": self._learn_name,
            "name_maybe": self._learn_name,
            "pet": self._learn_pet,
            "pet_name": self._learn_pet,
            "like": self._learn_like,
            "home": self._learn_home,
            "job": self._learn_job,
            "recall_name": self._recall("name"),
            "recall_pet": self._recall("pet"),
            "recall_home": self._recall("home"),
            "recall_me": self._recall("pet", "like", "home", "job", "name"),
            "coin": self._toss,
            "dice": self._roll,
            "number": self._pick_number,
            "choose": self._choose,
        }

    def done(self, meaning: Meaning, viewer: Viewer, slots: dict[str, str]) -> Meaning:
        """The meaning after its act; `slots` and the viewer's facts are changed in place."""
        for index, words in enumerate(meaning.words, start=1):
            if words:
                slots[f"star{index}"] = _seen_from_here(words)
        act = self._acts.get(meaning.intent)
        return act(Scene(meaning, viewer, slots)) if act else meaning

    def _fall_back(self, scene: Scene) -> Meaning:
        words = [word for word in scene.meaning.sentence.text.split() if len(word) >= _MIN_WORD and word not in DULL]
        if words and (word := max(words, key=len)).isalpha():
            scene.slots["word"] = word
        return scene.becomes("fallback_question" if scene.meaning.sentence.is_question else "fallback")

    def _greet(self, scene: Scene) -> Meaning:
        return scene.becomes("greet_again") if scene.viewer.lines else scene.meaning

    def _learn_name(self, scene: Scene) -> Meaning:
        name = " ".join(word.capitalize() for word in scene.meaning.words[0].split()[:2])
        is_name = name.replace(" ", "").isalpha() and not name.endswith(_NO_NAMES)
        if not is_name or not scene.viewer.learn("name", name):
            return scene.becomes("shape_me")
        scene.slots["who"] = scene.slots["star1"] = scene.viewer.facts["name"]
        return scene.meaning

    def _learn_pet(self, scene: Scene) -> Meaning:
        kind, name = (*scene.meaning.words, "", "")[:2]
        if kind:
            kind = kind.removesuffix("s") if kind.endswith(_PLURAL_PETS) else kind
            scene.slots["star1"] = kind
            scene.viewer.learn("pet_kind", kind)
        if name and scene.viewer.learn("pet", " ".join(word.capitalize() for word in name.split()[:2])):
            scene.viewer.facts.setdefault("pet_kind", "pet")
            scene.slots.update(scene.viewer.facts)
            return scene.becomes("pet_name")
        scene.slots.update(scene.viewer.facts)
        return scene.becomes("pet" if kind else "fallback")

    def _learn_like(self, scene: Scene) -> Meaning:
        if scene.viewer.learn("like", scene.slots.get("star1", "")):
            scene.slots["like"] = scene.viewer.facts["like"]
            return scene.meaning
        return scene.becomes("fallback")

    def _learn_home(self, scene: Scene) -> Meaning:
        place = " ".join(word.capitalize() for word in _first_phrase(scene.meaning.words[0]).split()[:3])
        place = _PLACES.sub(lambda found: found[0].upper(), place.lower()) if len(place) <= 3 else place
        if scene.viewer.learn("home", place):
            scene.slots["home"] = scene.slots["star1"] = scene.viewer.facts["home"]
            return scene.meaning
        return scene.becomes("fallback")

    def _learn_job(self, scene: Scene) -> Meaning:
        scene.viewer.learn("job", scene.meaning.words[0])
        scene.slots.update(scene.viewer.facts)
        return scene.meaning

    def _recall(self, *facts: str) -> Callable[[Scene], Meaning]:
        def recall(scene: Scene) -> Meaning:
            is_known = any(fact in scene.viewer.facts for fact in facts)
            return scene.meaning if is_known else scene.becomes(f"{scene.meaning.intent}_unknown")

        return recall

    def _toss(self, scene: Scene) -> Meaning:
        scene.slots["star1"] = self._random.choice(("heads", "tails"))
        return scene.meaning

    def _roll(self, scene: Scene) -> Meaning:
        sides = next((int(word) for word in scene.meaning.words if word.isdigit() and 2 <= int(word) <= 1_000), 6)
        scene.slots["star1"] = str(self._random.randint(1, sides))
        return scene.meaning

    def _pick_number(self, scene: Scene) -> Meaning:
        low, high = (
            int(word) if word.isdigit() and len(word) < 7 else 0 for word in (*scene.meaning.words, "1", "10")[:2]
        )
        scene.slots["star1"] = str(self._random.randint(min(low, high), max(low, high)))
        return scene.meaning

    def _choose(self, scene: Scene) -> Meaning:
        chosen, other = self._random.sample([scene.slots.get("star1", "this"), scene.slots.get("star2", "that")], 2)
        scene.slots.update({"star1": chosen, "star2": other})
        return scene.meaning


def _seen_from_here(words: str) -> str:
    """Captured words as the character says them back: "my cat" is "your cat"; at most a few words."""
    return " ".join(_SWAPPED.get(word, word) for word in _first_phrase(words).split()[:5])[:32].strip()


def _first_phrase(words: str) -> str:
    """The words up to the first one that begins something else."""
    kept: list[str] = []
    for word in words.split():
        if kept and word in _CONNECTING:
            break
        kept.append(word)
    return " ".join(kept)
