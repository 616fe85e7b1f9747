"""What licences say about a monetised stream, and which licence a model or voice of a known name has."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

Verdict = Literal["free", "credit", "conditions", "forbidden", "unknown"]
"""Nothing to do; names are to be shown; conditions to keep; not on a stream that earns money; nobody here knows."""

WORST: Final[tuple[Verdict, ...]] = ("forbidden", "unknown", "conditions", "credit", "free")

_UNKNOWN_TODO: Final = "find its licence and read whether it allows commercial use; until then take it that it does not"


@dataclass(frozen=True, slots=True)
class Terms:
    """A licence as a streamer needs it: may I, what must I do, what must viewers be told, where does it stand."""

    id: str
    title: str
    verdict: Verdict
    todo: str = ""
    credit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Models or voices that are known by their names; `name` fits on `normal` names."""

    kind: str
    name: re.Pattern[str]
    title: str
    licence: str


def terms(licence: str) -> Terms:
    """The terms of a licence by its SPDX name or ours. One that is not known is unknown, never fine."""
    known = _tables()[0]
    if found := known.get(licence.lower()):
        return found
    return Terms(licence, licence or "no licence is named", "unknown", _UNKNOWN_TODO)


def family(kind: str, name: str) -> Family | None:
    """What a name of a model or voice belongs to; None where it tells nothing."""
    plain = normal(name)
    return next((one for one in _tables()[1] if one.kind == kind and one.name.search(plain)), None)


def normal(name: str) -> str:
    """A name for comparing: small letters, and dashes for everything that is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


@cache
def _tables() -> tuple[Mapping[str, Terms], tuple[Family, ...]]:
    text = files("spark_vtuber.weights").joinpath("licences.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    known = {name.lower(): Terms(id=name, **one) for name, one in data["licence"].items()}
    families = (Family(one["kind"], re.compile(one["name"]), one["title"], one["licence"]) for one in data["family"])
    return known, tuple(families)


_PLAIN: Final = re.compile(
    r"(llama|instruct|it|chat|base|latest|text|thinking|vl?|gguf|awq|gptq|fp8|nvfp4|mxfp4|bf16|f?p?16|fp?32|i?q\d|k|m|s|l|xs|xl|xxs|"
    r"int[48]|\d?bit|bnb|qat|hf|meta|google|qwen|mistralai|openai|hexgrad|rhasspy|piper|low|medium|high|onnx|x|"
    r"[0-9]+[bm]?|a[0-9]+b|e[0-9]b|v[0-9]+|[0-9]+x[0-9]+b)"
)
"""Parts of a name that say how weights are packed, not that somebody changed them."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a name tells: the family, its terms, and whether nothing in the name hints at a derivative of somebody."""

    title: str
    terms: Terms
    is_plain: bool


def recognise(kind: str, name: str) -> Recognised | None:
    """What is known of a model or voice by its name alone; None where it tells nothing."""
    if (found := family(kind, name)) is None:
        return None
    rest = found.name.sub("", normal(name.replace("/", "-")), count=1)
    is_plain = all(_PLAIN.fullmatch(part) for part in rest.split("-") if part)
    return Recognised(found.title, terms(found.licence), is_plain)
