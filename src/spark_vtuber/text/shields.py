"""Spans that protect what is inside them: quotations, brackets, stage directions and code."""

from typing import Final

_PAIRS: Final = {
    '"': '"', "“": "”", "„": "“”", "«": "»", "‘": "’", "'": "'", "(": ")", "{": "}", "「": "」", "『": "』", "（": "）",
    "[": "]", "*": "*", "`": "`",
}  # fmt: skip
HARD: Final = frozenset("[*`")
"""Openers of spans that are never cut while they are short: tags, links, stage directions, code."""

_ELISIONS: Final = (
    "'cause",
    "'tis",
    "'twas",
    "'em",
    "'bout",
    "'til",
    "'till",
    "'n'",
    "'n",
    "'round",
    "'ello",
    "'kay",
    "'nough",
)


def is_opening(token: str, index: int) -> bool:
    """Whether the character at `index` of `token` opens a span."""
    char = token[index]
    if char not in _PAIRS:
        return False
    lead, follower = token[:index], token[index + 1 : index + 2]
    if char in "([{":
        return not lead.endswith((":", ";", "="))
    if char == "'":
        return _leads(lead) and follower.isalpha() and not token[index:].casefold().startswith(_ELISIONS)
    if char == '"':
        return _leads(lead)
    if char == "*":
        return not lead.endswith("*") and not lead[-1:].isalnum() and follower.isalnum()
    return True


def is_closing(token: str, index: int, opener: str) -> bool:
    """Whether the character at `index` of `token` closes the span that `opener` opened."""
    if token[index] not in _PAIRS[opener]:
        return False
    return opener not in "'‘" or not token[index + 1 : index + 2].isalnum()


def _leads(lead: str) -> bool:
    """Whether only openers stand before a quotation mark, so that it may open a quotation itself."""
    return all(char in "\"'“‘([{*_—–-" for char in lead)
