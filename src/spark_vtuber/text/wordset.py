"""Word lists written as prose: one string instead of hundreds of quotation marks."""


def word_set(text: str) -> frozenset[str]:
    """The words of `text`, which are separated by white space."""
    return frozenset(text.split())
