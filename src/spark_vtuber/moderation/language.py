"""Which language a line is in: by script, then by its commonest words; a few microseconds.

A library would weigh megabytes and milliseconds for the same answer to "which word list reads this"; a short line that
two languages could have is left undecided, and counts as the stream's.
"""

import re
from typing import Final

_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_ARABIC: Final = re.compile("[\u0620-\u06cc]")
_SCRIPTS: Final = (
    ("ja", re.compile("[\u3040-\u30ff]"), re.compile("[\u3040-\u30ff\u4e00-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]"), re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]"), re.compile("[\u4e00-\u9fff]")),
    ("uk", re.compile("[іїєґ]", re.IGNORECASE), _CYRILLIC),
    ("ru", re.compile("[а-яё]", re.IGNORECASE), _CYRILLIC),
    ("el", re.compile("[α-ωά-ώ]", re.IGNORECASE), re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u05d0-\u05ea]"), re.compile("[\u05d0-\u05ea]")),
    ("fa", re.compile("[پچژگ]"), _ARABIC),
    ("ar", re.compile("[\u0620-\u064a]"), _ARABIC),
    ("hi", re.compile("[\u0904-\u0939]"), re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e01-\u0e2e]"), re.compile("[\u0e01-\u0e3a]")),
)
"""A language, a sign of it, and the letters of its script."""

_COMMON: Final = {
    "en": "the and is are you that it was for of this have with what i'm don't not be can they he she my your we do "
    "how just like i to in on at so no me all get if out about know would who why",
    "de": "der die das und ist nicht ich du ein eine wie was mit auf für mir auch wir aber noch schon den dem sie es "
    "bin hast kann mal ja nein warum sehr heute",
    "es": "de el la los las que es no en por un una con para como está yo tú mi muy pero más qué cómo hola eres bien "
    "porque esto eso hoy",
    "fr": "de le la les des est pas je tu un une que qui dans pour avec mais sur c'est ça et vous nous il elle très "
    "bien j'ai bonjour pourquoi",
    "pt": "de o os as que é não em um uma com para por você eu muito mas como está isso meu minha bem também hoje são "
    "porque obrigado",
    "it": "il lo gli che è non di un una con per sono come ma più ciao questo della mi ti bene perché anche io sei "
    "molto oggi",
    "nl": "de het een en is niet ik je van dat met voor maar ook op zijn hoe wat er nog al heeft weer dan wel aan geen "
    "ben deze",
    "pl": "nie jest to się w na co jak że ja ty jestem dla ale czy tak mam bardzo dzień",
    "sv": "och är det jag inte en ett på som för med har du vad hur kan vi av till mycket",
    "da": "og er det jeg ikke en et på som for med har du hvad hvordan kan vi af til meget",
    "no": "og er det jeg ikke en et på som for med har du hva hvordan kan vi av til veldig",
    "fi": "ja on ei se että minä sinä mitä mutta niin kuin ole hän nyt olen",
    "tr": "ve bir bu ne için çok ben sen değil mi var yok nasıl evet hayır da",
    "cs": "je to a se na že jsem co jak ale tak není pro dobrý já",
    "hu": "a az és nem hogy van ez egy mi de én is meg vagy",
    "id": "yang dan di itu ini aku kamu tidak ada apa dengan untuk saya bisa",
}
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LANGUAGES_OF: Final[dict[str, tuple[str, ...]]] = {}
for _code, _words in _COMMON.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _code)

_READ: Final = 200
_SHARE: Final = 2
"""One letter in so many must be of a script to tell the language."""

_LEAST_HITS: Final = 1.5
_WORDS_A_HIT: Final = 8


def language_of(text: str) -> str:
    """The language's code, or "" where the text is too short or too mixed to tell."""
    text = text[:_READ]
    if not text.isascii():
        letters = sum(map(str.isalpha, text))
        for code, sign, script in _SCRIPTS:
            if sign.search(text) and len(script.findall(text)) * _SHARE > letters:
                return code
    hits: dict[str, float] = {}
    words = _WORD.findall(text.lower())
    for word in set(words):
        codes = _LANGUAGES_OF.get(word.replace("’", "'"), ())
        for code in codes:
            hits[code] = hits.get(code, 0) + 1 / len(codes) ** 0.5
    ranked = sorted(hits.items(), key=lambda hit: -hit[1])[:2]
    if not ranked or ranked[0][1] < _LEAST_HITS or ranked[0][1] * _WORDS_A_HIT < len(words):
        return ""
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] * 1.3 else ""
