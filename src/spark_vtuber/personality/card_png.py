"""The text in a PNG picture: character cards travel in `tEXt` chunks.

Only chunks are read, never pixels. Layout and CRC as in PNG (ISO/IEC 15948), 5.3 and 11.3.4.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from spark_vtuber.core.errors import SparkError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
LARGEST_PICTURE: Final = 24_000_000
LARGEST_TEXT: Final = 8_000_000
MOST_CHUNKS: Final = 20_000

_NEWER: Final = "save the card once more in the program that made it"
_PACKED: Final = frozenset({b"zTXt", b"iTXt"})


def is_png(data: bytes) -> bool:
    """Whether the bytes begin as a PNG picture does."""
    return data.startswith(SIGNATURE)


def texts(picture: bytes) -> dict[str, bytes]:
    """The texts of a picture by their keyword; of two with the same keyword the last.

    Raises:
        SparkError: `bad_picture`: it is no whole PNG, is too large, or a text of it is damaged.
    """
    found: dict[str, bytes] = {}
    for kind, body in _chunks(picture):
        if kind == b"tEXt":
            keyword, _, text = body.partition(b"\0")
            found[keyword.decode("latin-1")] = text
    return found


def has_packed_text(picture: bytes) -> bool:
    """Whether it holds compressed or international texts, which no character card uses."""
    return any(kind in _PACKED for kind, _ in _chunks(picture))


def with_texts(picture: bytes, wanted: dict[str, bytes]) -> bytes:
    """The picture with these texts in the place of those with the same keyword; everything else stays as it is.

    Raises:
        SparkError: as `texts`.
    """
    out = [SIGNATURE]
    keywords = {keyword.encode("latin-1") for keyword in wanted}
    for kind, body in _chunks(picture):
        if kind == b"tEXt" and body.partition(b"\0")[0] in keywords:
            continue
        if kind == b"IEND":
            out += [_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text) for key, text in wanted.items()]
        out.append(_chunk(kind, body))
    return b"".join(out)


def plain_picture(colour: tuple[int, int, int], width: int = 200, height: int = 300) -> bytes:
    """A picture of one colour that grows darker towards the bottom, for a character without one."""
    rows = bytearray()
    for y in range(height):
        shade = 1.0 - 0.6 * y / height
        rows += b"\0" + bytes(round(part * shade) for part in colour) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks up to the end mark; what comes after it is no part of the picture."""
    if len(picture) > LARGEST_PICTURE:
        raise _bad(f"it is larger than {LARGEST_PICTURE // 1_000_000} MB", "take a smaller picture")
    if not is_png(picture):
        raise _bad("it is no PNG picture", "give a character card as .png or .json")
    at = len(SIGNATURE)
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(picture):
            raise _bad("it ends too early", "get the file once more")
        length = int.from_bytes(picture[at : at + 4], "big")
        kind = picture[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(picture):
            raise _bad("it ends too early", "get the file once more")
        body = picture[at + 8 : end]
        if kind == b"tEXt":
            if length > LARGEST_TEXT:
                raise _bad(f"its text is larger than {LARGEST_TEXT // 1_000_000} MB", _NEWER)
            if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(picture[end : end + 4], "big"):
                raise _bad("its text is damaged", "get the file once more")
        yield kind, body
        if kind == b"IEND":
            return
        at = end + 4
    raise _bad("it has too many parts", _NEWER)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _bad(reason: str, fix: str) -> SparkError:
    return SparkError(f"the picture cannot be read: {reason}", code="bad_picture", fix=fix)
