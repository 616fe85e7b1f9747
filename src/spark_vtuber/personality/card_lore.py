"""Lorebooks of character cards, to and from ours."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zlib import crc32

from spark_vtuber.personality.card_keys import LONGEST_LORE, LONGEST_LORE_KEY, MOST_LORE, MOST_WORDS, LoreKeys

USUAL_ORDER: Final = 100
_MOST: Final = 1_000_000
_KNOWN: Final = frozenset({"keys", "content", "enabled", "insertion_order", "name", "priority", "constant"})

Entries = dict[str, list[dict[str, Any]]]
"""What else the entries said, by a checksum of their text."""


def read_book(book: object, notes: list[str]) -> tuple[tuple[LoreKeys, ...], dict[str, Any], Entries]:
    """The entries of a lorebook, what else the book said, and what else the entries said.

    Patterns are never run: an entry whose keys are patterns is kept and switched off, unless it holds always.
    """
    if not isinstance(book, dict):
        return (), {}, {}
    listed = book.get("entries", [])
    if isinstance(listed, dict):
        listed = list(listed.values())
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if len(entries) > MOST_LORE:
        notes.append(f"{len(entries) - MOST_LORE} entries of the lorebook were left out: {MOST_LORE} is the most")
    lore, rest = [], Entries()
    patterns = long = 0
    for entry in entries[:MOST_LORE]:
        told, others = _entry(entry)
        patterns += bool(others.get("use_regex")) and not told.enabled
        long += len(_text(entry.get("content"))) > LONGEST_LORE
        lore.append(told)
        rest.setdefault(_sign(told.text), []).append(others)
    if patterns:
        notes.append(f"{patterns} entries of the lorebook are switched off: their keys are patterns, which are not run")
    if long:
        notes.append(f"{long} entries of the lorebook were cut to {LONGEST_LORE} characters")
    return tuple(lore), {key: value for key, value in book.items() if key != "entries"}, rest


def write_book(lore: Sequence[LoreKeys], kept: Mapping[str, Any], *, is_v3: bool) -> dict[str, Any] | None:
    """The lorebook of a card, with what was `kept` of an imported one; None where there is nothing in it."""
    book = kept.get("book")
    rest = kept.get("entries")
    if not lore and not book:
        return None
    left = (
        {key: list(value) for key, value in rest.items() if isinstance(value, list)} if isinstance(rest, dict) else {}
    )
    entries = []
    for one in lore:
        others = left.get(_sign(one.text), [])
        entries.append(_written(one, others.pop(0) if others else {}, is_v3=is_v3))
    return {"extensions": {}, **(book if isinstance(book, dict) else {}), "entries": entries}


def _entry(entry: Mapping[str, Any]) -> tuple[LoreKeys, dict[str, Any]]:
    decorators, text = _apart(_text(entry.get("content")))
    others = {key: value for key, value in entry.items() if key not in _KNOWN}
    secondary = _keys(entry.get("secondary_keys")) if entry.get("selective") is True else ()
    if secondary:
        others = {key: value for key, value in others.items() if key not in ("selective", "secondary_keys")}
    if decorators:
        others["decorators"] = decorators
    is_enabled, is_constant = entry.get("enabled") is not False, entry.get("constant") is True
    if entry.get("use_regex") is True and not is_constant:
        others["enabled"], is_enabled = is_enabled, False
    told = LoreKeys(
        keys=_keys(entry.get("keys")),
        secondary=secondary,
        text=text[:LONGEST_LORE],
        constant=is_constant,
        priority=_number(entry.get("priority"), 0),
        order=_number(entry.get("insertion_order"), USUAL_ORDER),
        enabled=is_enabled,
        name=_text(entry.get("name"))[:200],
    )
    return told, others


def _written(one: LoreKeys, others: Mapping[str, Any], *, is_v3: bool) -> dict[str, Any]:
    decorators = others.get("decorators")
    entry: dict[str, Any] = {
        "extensions": {},
        **({"use_regex": False} if is_v3 else {}),
        **{key: value for key, value in others.items() if key not in ("decorators", "enabled")},
        "keys": list(one.keys),
        "content": f"{decorators}\n{one.text}" if isinstance(decorators, str) else one.text,
        "enabled": one.enabled,
        "insertion_order": one.order,
    }
    if others.get("use_regex") is True and not one.enabled:
        entry["enabled"] = others.get("enabled", False)
    if one.secondary:
        entry |= {"selective": True, "secondary_keys": list(one.secondary)}
    if one.constant:
        entry["constant"] = True
    if one.priority:
        entry["priority"] = one.priority
    if one.name:
        entry["name"] = one.name
    return entry


def _apart(content: str) -> tuple[str, str]:
    """The decorators at the head of an entry of version 3, and its text."""
    lines = content.split("\n")
    count = next((at for at, line in enumerate(lines) if not line.lstrip().startswith("@@")), len(lines))
    return "\n".join(lines[:count]), "\n".join(lines[count:])


def _keys(value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    clean = (_text(word)[:LONGEST_LORE_KEY].strip() for word in words[:MOST_WORDS])
    return tuple(word for word in clean if word)


def _number(value: object, otherwise: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return int(max(-_MOST, min(_MOST, value)))


def _text(value: object) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _sign(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
