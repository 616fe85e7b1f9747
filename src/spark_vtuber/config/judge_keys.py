"""Keys of second opinions, and of what becomes of an answer after a clause that was blocked."""

from typing import Literal

from spark_vtuber.config.section import Section, key


class SecondOpinionSettings(Section):
    """The language model is asked about texts of which the guard's rules cannot tell."""

    on: Literal["auto", "off"] = key(
        "auto", '"auto" asks where a language model is configured; "off" leaves it to the rules.', "live"
    )
    deadline_in_s: float = key(
        4.0, "A doubtful line of the chat is not answered if there is no opinion by then.", "live", gt=0, le=60
    )
    deadline_out_s: float = key(
        1.5, "A doubtful clause of an answer is not said if there is no opinion by then.", "live", gt=0, le=10
    )
    cache: int = key(1_000, "Opinions that are remembered, by a hash of the text.", "live", ge=1, le=100_000)


class GuardPolicy(Section):
    """What becomes of an answer that holds something blocked."""

    after_block: Literal["stop", "go_on"] = key(
        "stop",
        '"stop" ends the answer with a deflection; "go_on" says one and goes on with the next sentence.',
        "live",
    )
    deflections: int = key(
        2, 'Deflections that an answer may hold with "go_on"; the next block ends it.', "live", ge=1, le=10
    )
    prompt_words: int = key(
        10, "So many words in a row of the character's own instructions are not said.", "live", ge=5, le=100
    )
