"""What a gift is worth beside another: every kind and currency in one unit.

The unit is about a US dollar. Rates are rough on purpose: they only say which of two gifts is the larger one, by a
scale that is logarithmic anyway. A currency that is not listed counts as a tenth of a unit.
"""

import math
from typing import Final

from spark_vtuber.core.events import PAID_KINDS, ChatEvent, ChatKind

SUBSCRIPTION: Final = 5.0
BITS_A_UNIT: Final = 100.0
UNKNOWN: Final = 0.1

_RATES: Final = {
    "USD": 1.0, "EUR": 1.1, "GBP": 1.3, "CHF": 1.1, "CAD": 0.73, "AUD": 0.66, "NZD": 0.6, "SGD": 0.75, "HKD": 0.13,
    "JPY": 0.0067, "KRW": 0.00073, "TWD": 0.031, "CNY": 0.14, "INR": 0.012, "IDR": 0.000063, "PHP": 0.018,
    "THB": 0.028, "MYR": 0.22, "VND": 0.00004, "BRL": 0.19, "MXN": 0.055, "ARS": 0.001, "CLP": 0.0011, "COP": 0.00025,
    "PEN": 0.27, "PLN": 0.26, "CZK": 0.044, "HUF": 0.0028, "RON": 0.22, "SEK": 0.096, "NOK": 0.094, "DKK": 0.15,
    "TRY": 0.03, "RUB": 0.011, "UAH": 0.025, "ZAR": 0.055, "ILS": 0.27, "AED": 0.27, "SAR": 0.27,
}  # fmt: skip


def value(event: ChatEvent) -> float:
    """What was given with an event, in units; 0 for an event nobody paid for. Never negative, never infinite."""
    if event.kind not in PAID_KINDS:
        return 0.0
    amount = event.amount if math.isfinite(event.amount) else 0.0
    amount = min(max(amount, 0.0), 1e9)
    match event.kind:
        case ChatKind.BITS:
            return amount / BITS_A_UNIT
        case ChatKind.GIFT:
            return SUBSCRIPTION * max(amount, 1.0)
        case ChatKind.SUBSCRIPTION | ChatKind.RESUBSCRIPTION:
            return SUBSCRIPTION
        case _:
            return amount * _RATES.get(event.currency.strip().upper(), UNKNOWN)
