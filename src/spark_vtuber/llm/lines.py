"""What happens in the room, as lines of a prompt in which nobody's words can pass for anything else.

Names and words of others stand in JSON strings, as `text.quoted` writes them. Sizes are estimated as one token for
three bytes of UTF-8, which is more than tokenizers of current models need for any common script.
"""

import re
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind, Flood
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.core.verdicts import Position
from spark_vtuber.text.quoted import TEMPLATE_TOKEN, quoted

BYTES_PER_TOKEN: Final = 3
NAME_TOKENS: Final = 24

_LONGEST_ESCAPE: Final = 6
_CURRENCY: Final = re.compile(r"[A-Za-z]{1,4}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_DEEDS: Final = {
    ChatKind.ACTION: "acts",
    ChatKind.REWARD: "redeems a reward of the channel{reward}",
    ChatKind.BITS: "cheers {amount} bits",
    ChatKind.SUPER_CHAT: "gives {amount} {currency}",
    ChatKind.SUBSCRIPTION: "subscribes",
    ChatKind.RESUBSCRIPTION: "stays subscribed, {amount} months by now",
    ChatKind.GIFT: "gives {amount} subscriptions to others",
    ChatKind.RAID: "raids with {amount} viewers",
    ChatKind.FOLLOW: "follows the channel",
    ChatKind.STICKER: "sends a sticker for {amount} {currency}",
    ChatKind.HYPE_TRAIN: "drives a hype train of level {amount}",
    ChatKind.POLL: "has asked the chat in a poll",
    ChatKind.PREDICTION: "has the chat predict something",
}
_REPORTS: Final = {
    Position.TRANSCRIPT: "{name} says aloud: {words}",
    Position.GAME: "The game {name} reports: {words}",
    Position.MEMORY: "You remember about {name}: {words}",
    Position.TOOL: "The tool {name} answers: {words}",
}


def tokens_in(text: str) -> int:
    """About how many tokens a model makes of `text`; rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def clip(text: str, tokens: int) -> str:
    """`text`, or as much of its beginning as fits into `tokens`, then with an ellipsis."""
    data = text.encode("utf-8", "replace")
    size = max(tokens, 0) * BYTES_PER_TOKEN
    if len(data) <= size:
        return data.decode()
    return data[: size - BYTES_PER_TOKEN].decode("utf-8", "ignore") + "…" if size else ""


def quote(text: str, tokens: int) -> str:
    """`text` as a JSON string of at most `tokens` + 1 tokens."""
    whole = quoted(clip(text, tokens))
    return whole if tokens_in(whole) <= tokens + 1 else quoted(clip(text, tokens // _LONGEST_ESCAPE))


def plain(text: str, tokens: int) -> str:
    """`text` on one line without template tokens, for words of the character itself."""
    return clip(TEMPLATE_TOKEN.sub("", _CONTROL.sub(" ", text)).strip(), tokens)


def lines(text: str) -> str:
    """`text` as somebody wrote it into a character's file, without template tokens and control characters."""
    return "\n".join(TEMPLATE_TOKEN.sub("", _CONTROL.sub(" ", line)).rstrip() for line in text.strip().split("\n"))


def cue_line(cue: Cue, tokens: int) -> str:
    """The one line, of at most `tokens` + 100 tokens, that tells a character what to react to."""
    words = quote(cue.text, tokens)
    name = quote(cue.author, NAME_TOKENS)
    match cue.kind:
        case CueKind.CHAT:
            if cue.asked_by > 1 and cue.text:
                return _crowd_line(cue, name, words)
            return _chat_line(name, words if cue.text else "", cue.event)
        case CueKind.DUET | CueKind.INTERJECTION:
            return f"{name}, who is on stream with you, says: {words}"
        case CueKind.SAY:
            return "(The streamer has you say a prepared line.)"
        case _:
            return "(Nobody has written for a while. Say something of your own.)"


def report_line(position: Position, name: str, text: str, tokens: int) -> str:
    """One line about what comes from elsewhere than the chat, of at most `tokens` + 50 tokens; quoted like the chat.

    Raises:
        KeyError: nothing is reported from there.
    """
    return _REPORTS[position].format(name=quote(name, NAME_TOKENS), words=quote(text, tokens))


def _crowd_line(cue: Cue, name: str, words: str) -> str:
    """What many wrote; at most two of them are named."""
    if cue.flood is not Flood.NONE:
        return f"The chat is full of this, from {cue.asked_by} viewers: {words}"
    other = quote(cue.also[0].author.name, NAME_TOKENS) if cue.also else ""
    if cue.asked_by == 2 and other:
        return f"Viewers {name} and {other} both write: {words}"
    named = f"{name} and {other}" if other else name
    return f"{cue.asked_by} viewers write the same, {named} among them: {words}"


def _chat_line(name: str, words: str, event: ChatEvent | None) -> str:
    deed = ""
    if event is not None and event.kind in _DEEDS:
        currency = event.currency if _CURRENCY.fullmatch(event.currency) else ""
        title = event.reward.title if event.reward is not None else ""
        reward = f", {quote(title, NAME_TOKENS)}" if title else ""
        deed = _DEEDS[event.kind].format(amount=f"{event.amount:g}", currency=currency, reward=reward).rstrip()
    said = f"writes: {words}" if words or not deed else ""
    return f"Viewer {name} " + " and ".join(part for part in (deed, said) if part)
