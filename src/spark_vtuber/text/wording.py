"""How single words are said: shouting, drawn-out letters, acronyms, chat slang, addresses and names."""

import re
from typing import Final

from spark_vtuber.text.abbreviations import stop_rules
from spark_vtuber.text.wordset import word_set

_PRONOUNCED: Final = {
    "AI": "A.I.", "AIS": "A.I.s", "OBS": "O.B.S.", "GPU": "G.P.U.", "GPUS": "G.P.U.s", "CPU": "C.P.U.",
    "CPUS": "C.P.U.s", "GG": "good game", "GGS": "good games", "VTUBER": "V tuber", "VTUBERS": "V tubers",
    "NPC": "N.P.C.", "NPCS": "N.P.C.s", "RPG": "R.P.G.", "MMO": "M.M.O.", "FPS": "F.P.S.", "DLC": "D.L.C.",
    "HP": "H.P.", "XP": "X.P.", "PC": "P.C.", "TTS": "T.T.S.", "LLM": "L.L.M.", "LLMS": "L.L.M.s",
    "API": "A.P.I.", "URL": "U.R.L.", "USB": "U.S.B.", "HTML": "H.T.M.L.", "PVP": "P.V.P.", "PVE": "P.V.E.",
    "UI": "U.I.", "IRL": "in real life", "AFK": "A.F.K.", "DJ": "D.J.", "TV": "T.V.", "ID": "I.D.",
    "USA": "U.S.A.", "UK": "U.K.", "EU": "E.U.", "UFO": "U.F.O.", "DIY": "D.I.Y.", "FAQ": "F.A.Q.",
    "CEO": "C.E.O.", "NASA": "Nasa", "LOL": "lol", "OMG": "oh my god", "MVP": "M.V.P.", "VIP": "V.I.P.",
    "POV": "P.O.V.", "OC": "O.C.", "RNG": "R.N.G.", "ASMR": "A.S.M.R.", "GPT": "G.P.T.", "NVIDIA": "Nvidia",
    "RTX": "R.T.X.", "WIFI": "wifi", "YT": "YouTube",
}  # fmt: skip
_SLANG: Final = {
    "w/": "with", "w/o": "without", "b/c": "because", "bc": "because", "brb": "be right back",
    "idk": "I don't know", "imo": "in my opinion", "imho": "in my humble opinion", "tbh": "to be honest",
    "btw": "by the way", "omg": "oh my god", "omw": "on my way", "gg": "good game", "ggs": "good games",
    "gl": "good luck", "hf": "have fun", "glhf": "good luck, have fun", "wp": "well played",
    "irl": "in real life", "afk": "A.F.K.", "ngl": "not gonna lie", "ty": "thank you",
    "tysm": "thank you so much", "thx": "thanks", "np": "no problem", "pls": "please", "plz": "please",
    "u": "you", "ur": "your", "rn": "right now", "dm": "D.M.", "lmao": "haha", "lmfao": "haha", "rofl": "haha",
    "lol": "lol", "jk": "just kidding", "nvm": "never mind", "ppl": "people", "smth": "something",
    "fr": "for real", "ikr": "I know, right", "ily": "I love you", "wtf": "what the", "vs": "versus",
    "dr": "Doctor", "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor", "e.g": "for example",
    "i.e": "that is", "etc": "et cetera", "approx": "approximately", "&": "and", "+": "plus", "=": "equals",
    "@": "at", "%": "percent", "vtuber": "V tuber", "vtubers": "V tubers", "p.s": "P.S.",
}  # fmt: skip
_SHORT_WORDS: Final = word_set(
    "a ah aha all am an and any are as ask at aw bad bag be bet big boo boy but by bye can car cat cry cut dad day "
    "did die do dog eat eh end eww far few fix for fun get go god got guy ha had has hat he her hey hi him his hit "
    "hm hot how huh i if in is it its job joy key kid let lie lot mad man may me men met mom my new no nom not now "
    "of off oh ok old omg on one ooh oops or our out ow own pay pet play put ran red rip run sad said sat saw say "
    "see set she shh sit so son sun ten the tip to too top try two ugh um up us use very wait want was way we were "
    "wet who why win wow ya yay yes yet yo you"
)
_VOWEL: Final = re.compile(r"[aeiouyàáâäãåæèéêëìíîïòóôöõøùúûüý]", re.IGNORECASE)
_RUN: Final = re.compile(r"([^\W\d_])\1{2,}")
_DRAWN: Final = re.compile(r"([^\W\d_])\1+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|[_-]+")
_APOSTROPHES: Final = str.maketrans("’`", "''")


def say_word(word: str, language: str) -> str:
    """`word` (letters, perhaps with figures and apostrophes) as the voice should get it."""
    if language == "en":
        known = _SLANG.get(word.lower()) if not word.isupper() else None
        if known is not None:
            return known
    calm = _undraw(word.translate(_APOSTROPHES))
    letters = calm.rstrip("'")
    if not letters.isupper() or len(letters) < 2:
        return calm
    if language == "en" and letters in _PRONOUNCED:
        return _PRONOUNCED[letters]
    return calm.lower() if _is_shouted(letters) else calm


def say_address(address: str, language: str) -> str:
    """A URL as its domain, an e-mail address in full; in English with its dots spoken."""
    if "@" in address:
        name, _, domain = address.partition("@")
        return f"{_dotted(name)} at {_dotted(domain)}" if language == "en" else address
    domain = re.sub(r"^(?:\w+://)?(?:www\.)?", "", address, flags=re.IGNORECASE)
    domain = re.split(r"[/?#:]", domain, maxsplit=1)[0]
    return _dotted(domain) if language == "en" else domain


def say_name(name: str) -> str:
    """A user name or hashtag as words: `SparkFan_42` as "Spark Fan 42"."""
    return " ".join(part for part in _CAMEL.split(name) if part)


def is_slang(word: str, language: str) -> bool:
    """Whether `word` has a spoken form of its own."""
    return language == "en" and word.lower() in _SLANG


def drops_its_dot(word: str, language: str) -> bool:
    """Whether the dot after `word` belongs to an abbreviation that is spoken in full within its sentence."""
    folded = word.lower()
    return is_slang(word, language) and folded in stop_rules(language).binding


def _dotted(name: str) -> str:
    return " dot ".join(part.replace("_", " underscore ").replace("-", " ") for part in name.split("."))


def _undraw(word: str) -> str:
    """Letters repeated three times and more, tamed: "soooo" as "so", "coool" as "cool"."""
    if not _RUN.search(word):
        return word
    plain = _DRAWN.sub(r"\1", word)
    return plain if plain.lower() in _SHORT_WORDS else _RUN.sub(r"\1\1", word)


def _is_shouted(word: str) -> bool:
    folded = word.lower()
    return folded in _SHORT_WORDS or (len(word) >= 4 and _VOWEL.search(word) is not None)
