"""Stage directions between asterisks: which `*words*` are something done rather than something stressed."""

from typing import Final

from spark_vtuber.text.wordset import word_set

_ACTIONS: Final = word_set(
    "adjust applaud blink blow blush boop bounce bow breathe cackle cheer chuckle clap clear cough cower cringe "
    "cross cry curtsy dance drink eat facepalm fidget flail flip flop freeze frown gasp gesture giggle glance glare "
    "grin groan growl grumble gulp hide hiss huff hug hum hyperventilate jump kick kiss laugh lean leap lick lie "
    "look meow mumble munch mutter nod pant pat pause peek pet play poke point pose pounce pout pretend puff purr "
    "raise roll rub run salute scoff scratch scream shake shiver shout shrug shudder shuffle sigh sing sip sit slap "
    "sleep slump smile smirk snap sneeze sniff sniffle snicker snore snort sob spin sputter squeak squeal squint "
    "stand stare step stomp stretch strike stumble swallow sway tap tear think throw tilt tip touch tremble tug "
    "turn twirl twist type walk wave whimper whine whisper whistle wiggle wink wipe yawn yell zoom"
)
_STATES: Final = word_set("awkward crickets mic silence static")
_NOT_ACTIONS: Final = word_set(
    "always as besides does has his hers its is less news nights perhaps series sometimes species this thus us was "
    "yes yours theirs ours"
)


def is_direction(words: str) -> bool:
    """Whether the text between two asterisks describes an action: `waves`, `softly giggles`, `looks around the room`.

    Only these words decide, so that a piece of an answer is judged as the whole answer is.
    """
    parts = [part.strip(".,!?…~") for part in words.casefold().split()]
    if parts and parts[0] in _STATES:
        return True
    if any(_is_action(part) for part in parts[:1]) or any(
        _is_action(part) for part in parts[1:2] if parts[0].endswith("ly")
    ):
        return True
    return len(parts) >= 2 and parts[0].endswith("s") and parts[0] not in _NOT_ACTIONS and not parts[0].endswith("'s")


def _is_action(word: str) -> bool:
    return any(stem in _ACTIONS for stem in _stems(word))


def _stems(word: str) -> list[str]:
    """The forms that `word` may be an inflection of: waves, waved, waving, nodding, cries."""
    stems = [word]
    for ending in ("s", "es", "ed", "ing", "d"):
        stem = word.removesuffix(ending)
        if stem != word:
            stems += [stem, f"{stem}e"]
            if stem[-1:] == stem[-2:-1]:
                stems.append(stem[:-1])
    if word.endswith("ies"):
        stems.append(f"{word[:-3]}y")
    return stems
