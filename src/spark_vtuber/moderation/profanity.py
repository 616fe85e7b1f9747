"""Profanity by word lists; a thin layer over glin-profanity (MIT)."""

from collections.abc import Sequence

from glin_profanity import Filter


class Profanity:
    """Finds profane words, also leet, spaced, doubled and with look-alikes, except inside phrases of `allow`."""

    def __init__(self, languages: Sequence[str], allow: Sequence[str] = (), block: Sequence[str] = ()) -> None:
        self._filter = Filter({"languages": list(languages), "custom_words": list(block)})
        self._allow = tuple(phrase.casefold() for phrase in allow)

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Character ranges of what was found; the whole text where the filter cannot tell the place."""
        found = self._filter.check_profanity(self._without_allowed(text))
        if not found["contains_profanity"]:
            return ()
        spans = tuple(
            (match["index"], match["index"] + len(match["word"]))
            for match in found.get("matches", ())
            if text[match["index"] : match["index"] + len(match["word"])].casefold() == match["word"].casefold()
        )
        return spans or ((0, len(text)),)

    def _without_allowed(self, text: str) -> str:
        """The text with allowed phrases blanked out; same length."""
        lowered = text.lower()
        if len(lowered) != len(text):
            return text
        for phrase in self._allow:
            at = lowered.find(phrase)
            while at >= 0:
                text = text[:at] + " " * len(phrase) + text[at + len(phrase) :]
                at = lowered.find(phrase, at + 1)
        return text
