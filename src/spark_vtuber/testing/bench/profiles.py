"""What is measured: a model's pace, a voice, an answer, and the promise that goes with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from spark_vtuber.testing.llm_script import Script, plan
from spark_vtuber.text.clauses import split

REPLY_P95_MS: Final = 500.0
"""The promise of the project: a viewer's line is answered within this time, 95 times of 100."""

HOLE_MS: Final = 50.0
"""A pause in the middle of an answer that a listener does not notice."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to measure.

    `voice_first_ms` is stated for the voice `paced` and None for one that is measured. With `is_aloud` the client
    plays in real time, otherwise it takes what arrives as heard. `reply_p95_ms` is what the run fails beyond.
    """

    name: str
    meaning: str
    ttft_ms: float
    tokens_per_s: float
    voice: Literal["espeak", "paced", "espeak-program"]
    voice_first_ms: float | None = None
    text: str = "comma"
    is_aloud: bool = False
    reply_p95_ms: float | None = None

    def script(self, tokens: int | None) -> Script:
        """What the model server says; `tokens` cuts or repeats the answer to that many."""
        return Script(text=self.text, tokens=tokens, ttft_ms=self.ttft_ms, tokens_per_s=self.tokens_per_s)

    def clause_due_ms(self) -> float:
        """From the request to the token that completes the first clause, by the schedule of the server."""
        gap_ms = 1000 / self.tokens_per_s if self.tokens_per_s else 0.0
        return self.ttft_ms + plan(self.script(None)).clause_at * gap_ms

    def first_clause(self) -> str:
        """The words the listener hears first."""
        return split("".join(self.script(None).pieces()), "live")[0]

    def arithmetic(self, voice_ms: float) -> str:
        """The floor as a sum."""
        number = plan(self.script(None)).clause_at
        total_ms = self.clause_due_ms() + voice_ms
        rest_ms = self.clause_due_ms() - self.ttft_ms
        return (
            f"{self.ttft_ms:g} (first token) + {rest_ms:g} ({number} more tokens to the end of the first clause, "
            f"{self.tokens_per_s:g}/s) + {voice_ms:.1f} (voice) = {total_ms:.1f} ms"
        )


_ALL: Final = (
    Profile(
        "embedded",
        "300 ms, 40 tokens/s, espeak-ng",
        300,
        40,
        "espeak",
        reply_p95_ms=REPLY_P95_MS,
    ),
    Profile(
        "spark",
        "200 ms, 40 tokens/s, a voice of 150 ms",
        200,
        40,
        "paced",
        150.0,
        reply_p95_ms=REPLY_P95_MS,
    ),
    Profile("seed", "300 ms, 40 tokens/s, a voice of 150 ms", 300, 40, "paced", 150.0),
    Profile("slow", "400 ms, 8 tokens/s, a voice of 150 ms, played aloud", 400, 8, "paced", 150.0, is_aloud=True),
    Profile("own-delay", "200 ms, 40 tokens/s, espeak-ng", 200, 40, "espeak"),
    Profile("no-comma", "200 ms, 40 tokens/s, espeak-ng, an answer without a comma", 200, 40, "espeak", text="nocomma"),
    Profile("instant", "a model that costs no time, espeak-ng", 0, 0, "espeak"),
)

PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in _ALL}
