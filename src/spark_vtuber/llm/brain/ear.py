"""What a line of chat means, by the triggers of the brain files."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

NOTHING: Final = "nothing"
"""The intent of a line that no trigger knows; the catch-all of every topic says it."""

_BEGIN, _END = "say", "over"
_TALK: Final = "random"
_LAST: Final = ("wide", "shape")
"""Topics that are asked when nothing else fits: triggers that fit much, then the bare shape of a sentence."""

_VIEWER: Final = "viewer"
_WORD: Final = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """The intent of a sentence and the words that its trigger captured."""

    intent: str
    words: tuple[str, ...] = field(default=())


class Ear:
    """Finds the intent of sentences with a RiveScript engine.

    A sentence is given to the engine between the words `say` and `over`, so that triggers can anchor at both ends
    while the inside is matched by plain `*`: the engine's optional wildcards (`[*]`) take time that grows with the
    cube of a hostile line. What is captured never leaves the alphabet a-z, 0-9 and space. The engine's own random
    choice is never asked, because every trigger has one reply.
    """

    def __init__(self, engine: Any) -> None:
        """`engine`: a sorted `rivescript.RiveScript`."""
        self._engine = engine
        tree = engine.deparse()
        self._topics = frozenset(tree["topics"])
        texts = [trigger["trigger"] for topic in tree["topics"].values() for trigger in topic["triggers"]]
        texts += [word for words in tree["begin"]["array"].values() for word in words]
        self.vocabulary = frozenset(_WORD.findall(" ".join(texts)))
        """Every word that a trigger may look for."""

    def follows_up(self, intent: str) -> bool:
        """Whether there are triggers for the answer to what was said to this intent."""
        return f"after_{intent}" in self._topics

    def hear(self, sentence: str, after: str = "") -> Heard:
        """The intent of a sentence of a-z, 0-9 and spaces; `after` is the intent that was answered last."""
        topics = (*([f"after_{after}"] if self.follows_up(after) else []), _TALK, *_LAST)
        heard = Heard(NOTHING)
        for topic in topics:
            heard = self._match(sentence, topic)
            if heard.intent != NOTHING:
                break
        return heard

    def hear_about(self, sentence: str, topic: str) -> str:
        """What a sentence is about by the triggers of one topic, or `NOTHING`."""
        return self._match(sentence, topic).intent

    def _match(self, sentence: str, topic: str) -> Heard:
        self._engine.set_uservar(_VIEWER, "topic", topic)
        reply: str = self._engine.reply(_VIEWER, f"{_BEGIN} {sentence} {_END}", errors_as_replies=False)
        intent, _, captured = reply.partition(" ")
        words = tuple(_bare(part) for part in captured.split("|")) if captured else ()
        return Heard(intent, words)


def _bare(captured: str) -> str:
    return captured.strip().removeprefix(_BEGIN).removesuffix(_END).strip()
