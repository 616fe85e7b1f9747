"""Names and amounts as they are spoken."""

import re
import unicodedata
from typing import Final

from spark_vtuber.core.events import ChatEvent, ChatKind

MAX_NAME_CHARS: Final = 20

_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
_NOT_SPOKEN: Final = re.compile(r"[^\w'’]|_")
_EDGES: Final = re.compile(r"^(?:[xX]{2}|x(?=[A-Z]))|(?:(?<=[a-z])[xX]{2})$|\d+$|^\d+(?=[^\W\d]{3})")
_MONEY: Final = {
    "USD": ("dollar", "dollars"), "CAD": ("Canadian dollar", "Canadian dollars"), "EUR": ("euro", "euros"),
    "AUD": ("Australian dollar", "Australian dollars"), "GBP": ("pound", "pounds"), "JPY": ("yen", "yen"),
    "INR": ("rupee", "rupees"), "BRL": ("real", "reais"), "KRW": ("won", "won"), "MXN": ("peso", "pesos"),
}  # fmt: skip
_UNITS: Final = {
    ChatKind.BITS: ("bit", "bits"),
    ChatKind.RESUBSCRIPTION: ("month", "months"),
    ChatKind.GIFT: ("gift sub", "gift subs"),
    ChatKind.RAID: ("viewer", "viewers"),
}


def spoken_name(name: str) -> str:
    """A display name as a person would say it, or "" where nothing of it can be said.

    Only letters, digits, apostrophes and single spaces are left: "xX_Dark<star>Lord_99" is "Dark star Lord".
    """
    plain = unicodedata.normalize("NFKC", name[: 4 * MAX_NAME_CHARS])
    words = _NOT_SPOKEN.sub(" ", plain).split()
    trimmed = [_EDGES.sub("", _EDGES.sub("", word)) for word in words]
    said = " ".join(word for word in trimmed if word)[:MAX_NAME_CHARS].strip(" '’")
    return said if _LETTERS.search(said) else ""


def spoken_amount(event: ChatEvent) -> str:
    """What was given, with its unit ("500 bits", "one month", "5 dollars"), or "" where nothing was said of it."""
    if not 0 < event.amount < 1e12:
        return ""
    if event.kind is ChatKind.SUPER_CHAT:
        one, many = _MONEY.get(event.currency.upper(), ("", ""))
    elif event.kind in _UNITS:
        one, many = _UNITS[event.kind]
    else:
        return ""
    number = f"{event.amount:,.2f}".removesuffix(".00")
    unit = one if number == "1" else many
    return f"{'one' if number == '1' and unit else number} {unit}".strip()
