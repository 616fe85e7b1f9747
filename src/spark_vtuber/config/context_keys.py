"""Keys of what a character is told: how long a prompt is, and what becomes of what does not fit."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from spark_vtuber.config.section import Section, key

LEAST_TOKENS = 2_400


def _enough(tokens: int) -> int:
    if tokens and tokens < LEAST_TOKENS:
        raise ValueError(f"must be 0 or at least {LEAST_TOKENS}")
    return tokens


class ContextSettings(Section):
    """What a character is told with every turn."""

    tokens: Annotated[int, AfterValidator(_enough)] = key(
        0,
        "Longest prompt, in tokens; 0 = what the model has room for beside an answer, up to 16,000, and 8,000 where "
        "nobody says. More than the model has room for is never sent.",
        "live",
        ge=0,
        le=1_000_000,
    )
    changing_tokens: int = key(
        600, "Of these, for what is new with every turn: what was named, the time, the line.", "live", ge=400, le=4_000
    )
    summarise_after: int = key(
        10_000, "Tokens of talk after which the older half becomes a summary.", "live", ge=500, le=500_000
    )
    summariser: Literal["auto", "model", "rules"] = key(
        "auto",
        'Who writes it: "auto" asks the model when nobody speaks and does without it where there is none, "model" '
        'waits for it as long as there is room, "rules" never asks.',
        "live",
    )
    idle_s: float = key(4.0, "Seconds of quiet before the model is asked for a summary.", "live", ge=0, le=600)
    tell_time: bool = key(True, "Tell characters the day and the time of this machine.", "live")
    tokenizer: str = key(
        "",
        "The model's tokenizer.json, to count tokens exactly (extra `tokenizer`); empty = that of a model that is a "
        "folder of this machine, else an estimate.",
    )
