"""The prompts of a measured model: a character with its history, and contexts of a wanted length."""

import random
from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.llm.port import Message

CHARS_PER_TOKEN: Final = 4.0
"""Of English in the vocabularies of today's models; used until the server has counted a prompt."""

PERSONA_TOKENS: Final = 600
"""About what a character, its rules and its examples take."""

_SUBJECTS: Final = (
    "the dragon",
    "our captain",
    "a lost otter",
    "the old radio",
    "every viewer",
    "my umbrella",
    "a comet",
)
_DOINGS: Final = ("jumps over", "hides behind", "sings about", "forgets", "paints", "waits for", "laughs at")
_PLACES: Final = ("on the roof", "under the stage", "in level three", "near the sea", "at midnight", "in the rain")
_ASK: Final = "Tell a long story about it, without a list and without stopping early."


@dataclass(slots=True)
class Prompts:
    """Makes prompts from a seed. `chars_per_token` is corrected by what a server counted."""

    rng: random.Random
    chars_per_token: float = field(default=CHARS_PER_TOKEN)

    def counted(self, messages: tuple[Message, ...], tokens: int | None) -> None:
        """A server says how many tokens these were."""
        if tokens:
            self.chars_per_token = sum(len(message.content) for message in messages) / tokens

    def tokens(self, messages: tuple[Message, ...]) -> float:
        """About how many tokens these are."""
        return sum(len(message.content) for message in messages) / self.chars_per_token

    def fresh(self, tokens: int = PERSONA_TOKENS) -> tuple[Message, ...]:
        """A prompt that no server has seen: it differs from its first words on."""
        return (Message("system", f"{self.rng.getrandbits(64):016x}. {self.text(tokens)}"), Message("user", _ASK))

    def longer(self, messages: tuple[Message, ...], said: str) -> tuple[Message, ...]:
        """The same conversation one turn later: what was there stays as it is, byte for byte."""
        return (*messages, Message("assistant", said or "Well."), Message("user", f"{self._sentence()} {_ASK}"))

    def text(self, tokens: int) -> str:
        """English sentences of about so many tokens."""
        sentences: list[str] = []
        length = 0
        while length < tokens * self.chars_per_token:
            sentences.append(self._sentence())
            length += len(sentences[-1]) + 1
        return " ".join(sentences)

    def _sentence(self) -> str:
        sentence = f"{self.rng.choice(_SUBJECTS)} {self.rng.choice(_DOINGS)} {self.rng.choice(_SUBJECTS)}"
        return f"{sentence} {self.rng.choice(_PLACES)}.".capitalize()
