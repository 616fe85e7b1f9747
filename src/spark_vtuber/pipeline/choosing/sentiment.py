"""How the room feels: words and emotes of the last minute, as one number from -1 to 1.

A small word list of our own in a few languages. It judges the room, not a line: single lines are often misread, the
average of many is not.
"""

import math
from typing import Final

from spark_vtuber.text.fold import unstretch

HALF_LIFE_S: Final = 45.0
INERTIA: Final = 4.0
"""So many neutral lines are mixed in, so that one line alone does not swing the room."""

LONGEST: Final = 200
_STRENGTH: Final = 1.5


def _listed(words: str, worth: float) -> dict[str, float]:
    return dict.fromkeys(words.split(), worth)


_WORTH: Final = (
    _listed(
        "love loved lovely amazing awesome great perfect beautiful brilliant fantastic wonderful best hype legend pog "
        "poggers pogchamp pogu catjam peepohappy widepeepohappy <3 ❤ ❤️ 😍 🥰 🎉 🔥 liebe wunderbar genial super "
        "amor increible hermoso incroyable adore magnifique bellissimo 최고 最高 すごい 大好き 好き 可愛い かわいい "
        "люблю круто obrigado lindo",
        1.0,
    )
    | _listed(
        "good nice cool fun funny haha hahaha lol lul lulw lmao rofl xd kekw omegalul glad happy yay wow thanks thank "
        "ty thx gg wp cute sweet clap bloodtrail heyguys :) :-) :d ;) ^^ 😂 🤣 😊 😄 👍 👏 gut toll schon danke lustig "
        "bien bueno gracias genial merci cool bravo bello grazie legal 笑 草 www ㅋㅋ ㅋㅋㅋ спасибо хорошо класс",
        0.6,
    )
    | _listed(
        "bad boring sad meh bored lag laggy cringe annoying tired miss residentsleeper notlikethis biblethump sadge "
        "pepehands failfish :( :-( :/ 😢 😭 👎 😴 langweilig schlecht traurig schade aburrido malo triste ennuyeux nul "
        "noioso brutto chato ruim つまらない 悲しい ㅠㅠ скучно плохо грустно",
        -0.6,
    )
    | _listed(
        "hate hated awful terrible trash garbage worst stupid dumb sucks suck scam disgusting horrible pathetic idiot "
        "wutface swiftrage babyrage madge 😡 🤬 🤮 hasse furchtbar scheisse mull odio horrible basura peor deteste "
        "pire orribile odeio lixo 嫌い 最悪 クソ ненавижу отстой ужасно",
        -1.0,
    )
)
_NEGATIONS: Final = frozenset(
    "not no never dont doesnt isnt aint cant nicht kein keine pas jamais nunca no não non не".split()
)
_APART: Final = str.maketrans(dict.fromkeys(",.!?\"'’…", " ") | {"'": "", "’": ""})


def feeling(text: str) -> float:
    """What a line sounds like, -1..1; 0 where nothing is known."""
    words = text[:LONGEST].casefold().split()
    total = weight = 0.0
    is_negated = False
    for raw in words:
        worth = _WORTH.get(raw)
        if worth is None:
            plain = raw.translate(_APART).strip()
            worth = _WORTH.get(plain)
            if worth is None and len(plain) > 3:
                worth = _WORTH.get(unstretch(plain))
            if worth is None:
                is_negated = plain in _NEGATIONS or (is_negated and len(plain) <= 4)
                continue
        total += -worth if is_negated else worth
        weight += abs(worth)
        is_negated = False
    return max(-1.0, min(1.0, total / max(weight, 1.0) * min(1.0, weight * _STRENGTH))) if weight else 0.0


class Sentiment:
    """The room's feeling, rolling: every line fades with `HALF_LIFE_S`."""

    def __init__(self) -> None:
        self._total = 0.0
        self._weight = 0.0
        self._at_s = 0.0

    def hear(self, text: str, now_s: float) -> float:
        """Take a line into account; gives what it alone sounds like."""
        self._fade(now_s)
        felt = feeling(text)
        self._total += felt
        self._weight += abs(felt)
        return felt

    def at(self, now_s: float) -> float:
        """The room's feeling now, -1..1; 0 for a quiet one."""
        fading = _fading(now_s - self._at_s)
        return self._total * fading / (self._weight * fading + INERTIA)

    def _fade(self, now_s: float) -> None:
        fading = _fading(now_s - self._at_s)
        self._total *= fading
        self._weight *= fading
        self._at_s = now_s


def _fading(passed_s: float) -> float:
    return math.exp2(-max(0.0, passed_s) / HALF_LIFE_S)
