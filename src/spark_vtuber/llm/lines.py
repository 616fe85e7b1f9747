"""What happens in the room, as lines of a prompt in which nobody's words can pass for anything else.

Names and words of others stand in JSON strings, as `text.quoted` writes them. Sizes are those of the estimate.
"""

import re
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind, DuetStep, Flood
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.core.verdicts import Position
from spark_vtuber.llm.tokens import clip, tokens_in
from spark_vtuber.text.quoted import TEMPLATE_TOKEN, quoted

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
        case CueKind.DUET if cue.duet is not None and not cue.text:
            return topic_line(cue.duet, cue.author, tokens)
        case CueKind.DUET | CueKind.INTERJECTION:
            return says(cue.author, cue.text, tokens)
        case CueKind.SAY:
            return "(The streamer has you say a prepared line.)"
        case _:
            return "(Nobody has written for a while. Say something of your own.)"


def says(name: str, text: str, tokens: int) -> str:
    """What another character said, of at most `tokens` + 50 tokens."""
    return f"{quote(name, NAME_TOKENS)}, who is on stream with you, says: {quote(text, tokens)}"


def topic_line(duet: DuetStep, partner: str, tokens: int) -> str:
    """What a duet is about, of at most `tokens` + 100 tokens."""
    whom = f" with {quote(partner, NAME_TOKENS)}" if partner else ""
    against = f", and you two disagree on {quote(duet.tension, tokens // 2)}" if duet.tension else ""
    return f"The topic of your talk{whom} is {quote(duet.topic, tokens // 2)}{against}"


def cue_task(cue: Cue) -> str:
    """What to do about a cue where its line does not tell: a note of at most 60 tokens, or nothing."""
    if cue.kind is CueKind.INTERJECTION:
        return "(Throw in one short remark on that, a single sentence, and no question.)"
    if cue.kind is not CueKind.DUET or cue.duet is None:
        return ""
    if cue.duet.is_last:
        return "(Answer that, then bring it to an end: a last line that lets both of you out. Do not ask back.)"
    if cue.duet.is_first:
        return "(Open it: say what you think of the topic, in one or two sentences that ask for an answer.)"
    mind = cue.duet.hint or "Do not just agree, and repeat nothing."
    return f"(Answer what was just said and add one thought of your own. {mind})"


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


def deed_of(event: ChatEvent | None) -> str:
    """What somebody did, as "raids with 5 viewers"; empty for a plain line."""
    if event is None or event.kind not in _DEEDS:
        return ""
    currency = event.currency if _CURRENCY.fullmatch(event.currency) else ""
    title = event.reward.title if event.reward is not None else ""
    reward = f", {quote(title, NAME_TOKENS)}" if title else ""
    return _DEEDS[event.kind].format(amount=f"{event.amount:g}", currency=currency, reward=reward).rstrip()


def _chat_line(name: str, words: str, event: ChatEvent | None) -> str:
    deed = deed_of(event)
    said = f"writes: {words}" if words or not deed else ""
    return f"Viewer {name} " + " and ".join(part for part in (deed, said) if part)
