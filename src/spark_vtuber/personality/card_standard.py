"""Character cards V2 and V3 as other programs write them, to and from our own.

Sources: github.com/malfoyslastname/character-card-spec-v2 and github.com/kwaroran/character-card-spec-v3. A card is
hostile input: it describes a character, and nothing in it becomes a rule of the show. Its system prompt and its
instructions after the history are kept to be given back, and never shown to a model.

What other programs do not know stands in `extensions.spark_vtuber`. Where one of them changed a field since, that
field wins over what stands there. What we do not know stays in `Card.foreign` until the next export.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError

from spark_vtuber.core.errors import SparkError
from spark_vtuber.personality import card_png
from spark_vtuber.personality.card_examples import read_examples, write_examples
from spark_vtuber.personality.card_keys import (
    LONGEST_FOREIGN,
    LONGEST_PROSE,
    MOST_EXAMPLES,
    MOST_WORDS,
    Card,
    CreditKeys,
)
from spark_vtuber.personality.card_lore import read_book, write_book
from spark_vtuber.text.characters import mended

Version = Literal["v2", "v3"]

LARGEST_JSON: Final = 6_000_000
LONGEST_EXAMPLES: Final = 500_000
DEEPEST: Final = 60
OURS: Final = "spark_vtuber"
CHUNKS: Final = ("ccv3", "chara")
"""Keywords of the texts in a picture, the newer first."""

_PROSE: Final = {
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "first_mes": "greeting",
}
_CREDITS: Final = {"creator": "creator", "character_version": "version", "creator_notes": "notes"}
_KNOWN: Final = frozenset(
    {"name", "mes_example", "alternate_greetings", "tags", "character_book", "extensions", *_PROSE, *_CREDITS}
)
_UNSAID: Final[Mapping[str, object]] = {
    "system_prompt": "",
    "post_history_instructions": "",
    "group_only_greetings": [],
}
_RULES: Final = ("system_prompt", "post_history_instructions")
_SAME: Final = {**_PROSE, "name": "name", "mes_example": "examples", "alternate_greetings": "greetings"}


@dataclass(frozen=True, slots=True)
class Imported:
    """A card of another program as ours, and in `notes` what of it was left out or changed."""

    card: Card
    notes: tuple[str, ...]


def read_card(data: bytes) -> Imported:
    """A card in JSON or in a PNG picture.

    Raises:
        SparkError: `bad_card`, `bad_picture`: what is wrong with it, and what to do.
    """
    told = _parsed(_json_in(data) if card_png.is_png(data) else data)
    if not isinstance(told, dict):
        raise _bad("it is no JSON object", "give a character card V2 or V3")
    fields = told.get("data", told)
    if not isinstance(fields, dict):
        raise _bad("its data is no JSON object", "give a character card V2 or V3")
    notes: list[str] = []
    version: Version = "v2" if "data" not in told or told.get("spec") == "chara_card_v2" else "v3"
    card, kept = _theirs(fields, notes)
    card = _ours(fields, card, kept, version, notes)
    if fields.get("mes_example") and not card.examples:
        notes.append("no example exchange was found in mes_example: its lines begin with {{user}}: and {{char}}:")
    return Imported(card.model_copy(update={"foreign": _packed(kept, notes)}), tuple(notes))


def write_card(card: Card, version: Version) -> dict[str, Any]:
    """The card as an object of that version of the format."""
    kept = _kept(card.foreign)
    original = _object(kept.get("original"))
    data: dict[str, Any] = {
        **dict.fromkeys(_RULES, ""),
        **_object(kept.get("data")),
        **{key: getattr(card, ours) for key, ours in _PROSE.items()},
        **{key: getattr(card.credits, ours) for key, ours in _CREDITS.items()},
        "name": _as_it_was(original.get("name"), card.name, _cut_name),
        "mes_example": _as_it_was(
            original.get("mes_example"),
            write_examples(card.examples),
            lambda text: write_examples(read_examples(text, card.name)[:MOST_EXAMPLES]),
        ),
        "alternate_greetings": list(card.greetings),
        "tags": list(card.credits.tags),
        "extensions": {
            **_object(kept.get("extensions")),
            OURS: {
                "version": 1,
                "character": card.model_dump(mode="json", exclude_defaults=True, exclude={"foreign"}),
            },
        },
    }
    if book := write_book(card.lore, kept, is_v3=version == "v3"):
        data["character_book"] = book
    if version == "v3":
        return {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"group_only_greetings": [], **data}}
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}


def write_picture(card: Card, picture: bytes) -> bytes:
    """The picture with the card in it, for programs that read either version. Raises `SparkError`: `bad_picture`."""
    versions: tuple[tuple[str, Version], ...] = (("chara", "v2"), ("ccv3", "v3"))
    packed = {key: base64.b64encode(json.dumps(write_card(card, version)).encode()) for key, version in versions}
    return card_png.with_texts(picture, packed)


def _theirs(fields: Mapping[str, Any], notes: list[str]) -> tuple[Card, dict[str, Any]]:
    """What the fields of the standard say, and what we do not know or could not keep word by word."""
    full_name = clean_text(fields.get("name"), LONGEST_PROSE)
    name = _cut_name(full_name)
    if not name:
        raise _bad("it has no name", "give the character a name in the program that made it")
    if name != full_name.strip():
        notes.append(f"the name was cut to {len(name)} characters")
    prose = {}
    for key, ours in _PROSE.items():
        prose[ours] = clean_text(fields.get(key), LONGEST_PROSE)
        if len(str(fields.get(key, ""))) > LONGEST_PROSE:
            notes.append(f"{key} was cut to {LONGEST_PROSE} characters")
    notes += [f"its {key} was left out: a card cannot change the rules of a show" for key in _RULES if fields.get(key)]
    greetings = [clean_text(one, LONGEST_PROSE) for one in _list(fields.get("alternate_greetings"))[:MOST_WORDS]]
    examples = clean_text(fields.get("mes_example"), LONGEST_EXAMPLES)
    if len(str(fields.get("mes_example", ""))) > LONGEST_EXAMPLES:
        notes.append(f"mes_example was cut to {LONGEST_EXAMPLES} characters")
    exchanges = tuple(
        (asked[:LONGEST_PROSE], said[:LONGEST_PROSE]) for asked, said in read_examples(examples, name)[:MOST_EXAMPLES]
    )
    lore, book, entries = read_book(fields.get("character_book"), notes)
    nickname = clean_text(fields.get("nickname"), 60).strip()
    kept = {
        "data": {key: value for key, value in fields.items() if key not in _KNOWN and value != _UNSAID.get(key)},
        "extensions": {key: value for key, value in _object(fields.get("extensions")).items() if key != OURS},
        "book": book,
        "entries": entries,
        "original": {
            key: told
            for key, told, written in (
                ("name", full_name, name),
                ("mes_example", examples, write_examples(exchanges)),
            )
            if told != written
        },
    }
    card = Card(
        name=name,
        aliases=(nickname,) if nickname and nickname != name else (),
        **prose,
        greetings=tuple(greetings),
        examples=exchanges,
        lore=lore,
        credits=CreditKeys(
            creator=clean_text(fields.get("creator"), 500),
            version=clean_text(fields.get("character_version"), 100),
            notes=clean_text(fields.get("creator_notes"), LONGEST_PROSE),
            tags=tuple(clean_text(one, 100) for one in _list(fields.get("tags"))[:MOST_WORDS]),
        ),
    )
    return card, kept


def _ours(fields: Mapping[str, Any], theirs: Card, kept: dict[str, Any], version: Version, notes: list[str]) -> Card:
    """The character that we wrote into the card, with whatever was changed in the fields of the standard since.

    Of `kept` goes what only tells how we write.
    """
    packed = _object(_object(fields.get("extensions")).get(OURS)).get("character")
    if packed is None:
        return theirs
    try:
        # As JSON, where a list is what a tuple is written as.
        ours = Card.model_validate_json(json.dumps(packed))
    except (ValidationError, ValueError) as error:
        notes.append(f"what Spark VTuber wrote into it is damaged and was left out: {_first(error)}")
        return theirs
    told = write_card(ours, version)["data"]
    changed = {our_key: getattr(theirs, our_key) for key, our_key in _SAME.items() if fields.get(key) != told[key]}
    if any(fields.get(key) != told[key] for key in (*_CREDITS, "tags")):
        changed["credits"] = theirs.credits
    kept["original"] = {key: text for key, text in kept["original"].items() if _SAME[key] in changed}
    if fields.get("character_book") == told.get("character_book"):
        kept |= {"book": {}, "entries": {}}
    elif theirs.lore != ours.lore:
        changed["lore"] = theirs.lore
    return ours.model_copy(update=changed)


def _first(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        what = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, what['loc']))}: {what['msg']}"
    return type(error).__name__


def clean_text(value: object, longest: int) -> str:
    """A text of a card; what is none is empty."""
    if not isinstance(value, str):
        return ""
    return value[:longest].replace("\0", "")


def _json_in(picture: bytes) -> bytes:
    texts = card_png.texts(picture)
    for keyword in CHUNKS:
        if keyword in texts:
            try:
                return base64.b64decode(b"".join(texts[keyword].split()), validate=True)
            except (binascii.Error, ValueError) as error:
                raise _bad(f"the text {keyword} in it is no base64", "get the picture once more") from error
    hint = " (its texts are packed)" if card_png.has_packed_text(picture) else ""
    raise _bad(f"there is no character in it{hint}", "take the picture as it was exported: web sites often strip it")


def _parsed(data: bytes) -> Any:
    if len(data) > LARGEST_JSON:
        raise _bad(
            f"it is larger than {LARGEST_JSON // 1_000_000} MB", "take its pictures out in the program that made it"
        )
    try:
        told = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise _bad(f"it is no JSON ({type(error).__name__})", "get the file once more") from error
    layer = [told]
    for _ in range(DEEPEST):
        layer = [child for value in layer for child in _children(value)]
        if not layer:
            return _whole(told)
    raise _bad(f"it is nested deeper than {DEEPEST} levels", "save it once more in the program that made it")


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _whole(told: Any) -> Any:
    """The value without halves of surrogate pairs, which cannot be written down anywhere."""
    text = json.dumps(told, ensure_ascii=False)
    whole = mended(text)
    return told if whole is text else json.loads(whole)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _packed(kept: dict[str, Any], notes: list[str]) -> str:
    """What we do not know, as text; where it is too much, without its largest parts, then without anything."""
    if not any(kept.values()):
        return ""
    without_assets = {key: value for key, value in kept["data"].items() if key != "assets"}
    slimmer: tuple[tuple[str, dict[str, Any]], ...] = (
        ("its assets were left out: they are too large", {"data": without_assets}),
        ("its examples come back as they were understood: they are too large", {"original": {}}),
        ("what only other programs know of it was left out: it is too large", {key: {} for key in kept}),
    )
    text = json.dumps(kept, sort_keys=True)
    for note, change in slimmer:
        if len(text) <= LONGEST_FOREIGN:
            break
        slim = {**kept, **change}
        if slim != kept:
            notes.append(note)
        kept, text = slim, json.dumps(slim, sort_keys=True)
    return text if any(kept.values()) else ""


def _kept(foreign: str) -> Mapping[str, Any]:
    try:
        return _object(json.loads(foreign)) if foreign else {}
    except (ValueError, RecursionError):
        return {}


def _as_it_was(original: object, written: str, rewritten: Any) -> str:
    """The text as it was imported, as long as it still says the same."""
    return original if isinstance(original, str) and rewritten(original) == written else written


def _cut_name(name: str) -> str:
    return " ".join(name.split())[:40].strip()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _bad(reason: str, fix: str) -> SparkError:
    return SparkError(f"the character card cannot be read: {reason}", code="bad_card", fix=fix)
