"""What a `.vrm` file says about itself: its name, its authors and its licence. Does no I/O and draws nothing.

A VRM model is a binary glTF (Khronos glTF 2.0, "GLB File Format Specification") whose JSON chunk, the first one, has
the extension `VRMC_vrm` (VRM 1.0) or `VRM` (0.x). Files come from anywhere: nothing in one is believed, and `VrmError`
is all that can come of it.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from spark_vtuber.core.errors import SparkError

HEAD_BYTES: Final = 20
"""The header of the file and that of its first chunk."""

MAX_JSON_BYTES: Final = 32 * 1024 * 1024
"""The longest description of a model that is read; real ones have one or two megabytes."""

_HEAD: Final = struct.Struct("<4sIIII")
_GLB: Final = b"glTF"
_JSON: Final = 0x4E4F534A
_LONGEST_TEXT: Final = 200


class VrmError(SparkError):
    """A file is no VRM model, or not one that is shown here."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="model_broken", fix="export it again as VRM 1.0, all in one file")


@dataclass(frozen=True, slots=True)
class VrmMeta:
    """What a model says of itself; texts are cut and printable, and empty where it says nothing.

    `version` is 0 or 1. `commercial` and `avatar` say who may use it, in the words of its version.
    """

    version: int
    name: str
    authors: tuple[str, ...] = ()
    licence: str = ""
    commercial: str = ""
    avatar: str = ""


def json_size(head: bytes) -> int:
    """The length of the JSON chunk in bytes, by the first `HEAD_BYTES` of a file. Raises `VrmError`."""
    if len(head) < HEAD_BYTES:
        raise VrmError("the file is too short for a model")
    magic, version, _length, size, kind = _HEAD.unpack_from(head)
    if magic != _GLB or version != 2 or kind != _JSON:
        raise VrmError("the file is no binary glTF 2.0")
    if size > MAX_JSON_BYTES:
        raise VrmError(f"its description is longer than {MAX_JSON_BYTES // 1024 // 1024} MB")
    return int(size)


def read_meta(chunk: bytes) -> VrmMeta:
    """What the JSON chunk of a file says. Raises `VrmError`, also for a model that needs other files."""
    try:
        gltf = json.loads(chunk)
    except (ValueError, RecursionError) as error:
        raise VrmError("its description is not JSON") from error
    if not isinstance(gltf, dict):
        raise VrmError("its description is not a JSON object")
    if any(_elsewhere(gltf)):
        raise VrmError("it wants to load other files")
    extensions = _table(gltf, "extensions")
    if isinstance(extensions.get("VRMC_vrm"), dict):
        return _version_1(_table(extensions["VRMC_vrm"], "meta"))
    if isinstance(extensions.get("VRM"), dict):
        return _version_0(_table(extensions["VRM"], "meta"))
    raise VrmError("it is a glTF without a VRM model in it")


def _version_1(meta: Mapping[str, Any]) -> VrmMeta:
    """VRMC_vrm 1.0, `meta`: https://github.com/vrm-c/vrm-specification."""
    authors = _list(meta, "authors")
    return VrmMeta(
        version=1,
        name=_text(meta, "name"),
        authors=tuple(_printable(one) for one in authors[:5] if isinstance(one, str)),
        licence=_text(meta, "licenseUrl"),
        commercial=_text(meta, "commercialUsage"),
        avatar=_text(meta, "avatarPermission"),
    )


def _version_0(meta: Mapping[str, Any]) -> VrmMeta:
    author = _text(meta, "author")
    return VrmMeta(
        version=0,
        name=_text(meta, "title"),
        authors=(author,) if author else (),
        licence=_text(meta, "otherLicenseUrl") or _text(meta, "licenseName"),
        # The key is written so in the specification of 0.x.
        commercial=_text(meta, "commercialUssageName"),
        avatar=_text(meta, "allowedUserName"),
    )


def _elsewhere(gltf: Mapping[str, Any]) -> Iterator[bool]:
    """For every buffer and picture with an address, whether it lies outside the file."""
    for kind in ("buffers", "images"):
        for one in _list(gltf, kind):
            if isinstance(one, dict) and "uri" in one:
                yield not isinstance(one["uri"], str) or _scheme(one["uri"]) != "data"


def _scheme(uri: str) -> str:
    try:
        return urlsplit(uri).scheme
    except ValueError:
        return ""


def _list(of: Mapping[str, Any], key: str) -> list[Any]:
    value = of.get(key)
    return value if isinstance(value, list) else []


def _table(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def _text(of: Mapping[str, Any], key: str) -> str:
    value = of.get(key)
    return _printable(value) if isinstance(value, str) else ""


def _printable(text: str) -> str:
    """One line that a terminal can take: escapes and line breaks of a stranger do not belong there."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_TEXT]).strip()
