"""Personal data: e-mail and street addresses, telephone and card numbers, IP addresses.

By itself such a thing is masked on the way in and blocked on the way out. Together with words that tie it to
somebody it is doxxing.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.ruling import Category, Match

SURE: Final = 0.9
SOME: Final = 0.7

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\sat\s(?=[\w-]+\s?(?:\(dot\)|\[dot\]|\sdot\s)))\s?"
    r"[\w-]{1,63}(?:\s?(?:\.|\(dot\)|\[dot\]|\sdot\s)\s?[a-z][\w-]{1,62}){1,4}(?!\w)"
)
_DIGITS: Final = re.compile(r"(?<![\w.#])\+?\(?\d(?:[ ().\-–/]{0,2}\d){6,18}(?!\w)")
_CARD: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IPV4: Final = re.compile(r"(?<!version )(?<!patch )(?<!build )(?<![\d.v])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}:?(?:[0-9a-f]{1,4}:?){0,6}[0-9a-f]{0,4}(?![\w:])")
_SSN: Final = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_IBAN: Final = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,3})?(?!\w)")
_STREET: Final = re.compile(
    r"(?<![\w.])\d{1,5}[a-z]?,?\s+(?:[nsew]\.?\s+)?"
    r"(?:(?!(?:of|on|in|at|the|a|an|my|your|our|their|this|that|down|up|across|to|from|and|or|is|are|for|with|by|off|per|"
    r"more|times|people|cars|minutes|hours|days|years|blocks|miles)\s)[a-z'’.-]+\s+){1,3}"
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|terrace|close|crescent|"
    r"highway|hwy|parkway|pkwy|circle)\b\.?"
    r"|\b[a-zäöüß-]{2,30}(?:straße|strasse|weg|gasse|allee|platz|laan|straat)\s+\d{1,4}[a-z]?\b"
    r"|\b(?:rue|avenue|calle|via|rua|avenida|plaza)\s+(?:[a-zà-ÿ'’-]+\s+){1,4}(?:n[ºo°]?\s?)?\d{1,4}\b"
    r"|\b\d{1,4}(?:\s?(?:bis|ter))?,?\s+rue\s+[a-zà-ÿ'’-]+"
)
_TIED: Final = re.compile(
    r"\b(?:lives?|living|home|house|address|addy|his|her|their|streamer|dox\w*|find (?:him|her|them|you)|"
    r"phone|number|wohnt|vive|habite)\b"
)
_OWN: Final = re.compile(r"\b(?:my|me|mine|our|i'm|i am)\b")
_NOT_PHONE: Final = re.compile(
    r"^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:$|\s)|^\d{4}[–-]\d{4}$|^\d{5,9}$|^1?\d(?:\d{3}){3,}$|^\d+\.\d+$"
    r"|^0\.|^\d{1,3}(?:\.\d{1,3}){3}|^10\.\d{4}/|\((?:19|20)\d\d\)"
)
_DIGIT_GROUPS: Final = re.compile(r"\d+")
_GAPS: Final = re.compile(r"[ .()/–-]+")
_LONGEST_GROUP: Final = 8
_LEAST_PHONE: Final = 9
_LONGEST_PHONE: Final = 15
_DIGIT: Final = re.compile(r"\d")
_FAMOUS: Final = re.compile(r"221b baker|1600 pennsylvania|10 downing|742 evergreen|4 privet|12 grimmauld|42 wallaby")
_OFFICIAL: Final = re.compile(r"\b(?:hotline|lifeline|helpline|emergency|samaritans)\b")


def personal(reading: Reading) -> Iterator[Match]:
    """Every piece of personal data in a text; doxxing instead where it is somebody else's."""
    text = reading.folded
    found = list(_found(text))
    for rule, start, end in found:
        if rule == "street" and _FAMOUS.search(text, start, end):
            continue
        around = text[max(0, start - 60) : end + 30]
        is_doxxing = rule in ("street", "phone", "ip", "ssn") and _TIED.search(around) and not _OWN.search(around)
        if is_doxxing and rule != "phone":
            yield Match(Category.DOXXING, rule, SURE, *reading.span(start, end))
        else:
            yield Match(Category.PERSONAL, rule, SOME, *reading.span(start, end), f"[{_LABELS[rule]}]")


_LABELS: Final = {
    "e_mail": "e-mail", "card": "card number", "ip": "IP address", "phone": "phone number", "ssn": "number",
    "iban": "account", "street": "address",
}  # fmt: skip


def _found(text: str) -> Iterator[tuple[str, int, int]]:
    """Rule and range of what is in a folded text; no two that need digits overlap."""
    if "@" in text or "at" in text:
        for hit in _EMAIL.finditer(text):
            yield "e_mail", *hit.span()
    if not _DIGIT.search(text):
        return
    taken: list[tuple[int, int]] = []
    for rule, pattern, is_one in _NUMBERED:
        if rule == "phone" and _OFFICIAL.search(text):
            continue
        for hit in pattern.finditer(text):
            start, end = hit.span()
            if not any(start < last and first < end for first, last in taken) and is_one(hit[0]):
                taken.append((start, end))
                yield rule, start, end


def is_card(text: str) -> bool:
    """Whether the digits of a text are a payment card's number: 13 to 19 of them, a known issuer, and Luhn's sum."""
    digits = [int(char) for char in text if char.isdecimal()]
    if not 13 <= len(digits) <= 19 or digits[0] not in (3, 4, 5, 6) or len(set(digits)) == 1:
        return False
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_phone(text: str) -> bool:
    digits = sum(map(str.isdecimal, text))
    if not (_LEAST_PHONE <= digits <= _LONGEST_PHONE) or _NOT_PHONE.search(text) or text.count("(") != text.count(")"):
        return False
    groups = _DIGIT_GROUPS.findall(text)
    if len(groups) > 1 and (len(groups[-1]) == 1 or max(map(len, groups)) > _LONGEST_GROUP):
        return False
    return text.startswith(("+", "(", "0", "1 ", "1-")) or len(_GAPS.findall(text.strip())) in (2, 3, 4)


def _is_public_ip(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_global and not (address.version == 4 and text.endswith(".0")) and text not in _WELL_KNOWN


_WELL_KNOWN: Final = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"})


def _is_iban(text: str) -> bool:
    bare = text.replace(" ", "")
    if not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1


def _is_any(text: str) -> bool:
    return bool(text)


_NUMBERED: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("card", _CARD, is_card),
    ("ip", _IPV4, _is_public_ip),
    ("ip", _IPV6, _is_public_ip),
    ("ssn", _SSN, _is_any),
    ("iban", _IBAN, _is_iban),
    ("phone", _DIGITS, _is_phone),
    ("street", _STREET, _is_any),
)
"""Rules, what looks like it, and what it must be; the first that takes a number keeps it."""
