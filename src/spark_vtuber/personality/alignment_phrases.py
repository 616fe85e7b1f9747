"""What no character says: the voice of an assistant, in words to compare with and in phrases that give it away."""

import re
from collections.abc import Iterable
from typing import Final

from spark_vtuber.core.personas import PersonaView

ASSISTANT: Final = (
    "I'd be happy to help you with that. Could you please provide more details?",
    "As an AI language model, I don't have personal opinions or feelings.",
    "Certainly. Here are some key points to consider regarding your question.",
    "I'm sorry, but I can't assist with that request.",
    "Thank you for your question. There are several factors to take into account.",
    "It's important to note that individual preferences may vary.",
    "I understand how you feel. It may be helpful to speak with a professional.",
    "Please let me know if you have any other questions or need further assistance.",
    "I am a virtual assistant designed to provide helpful and accurate information.",
    "Both options have advantages and disadvantages, depending on your needs.",
    "Great question. In general, it is recommended to consult reliable sources.",
    "I apologize for any inconvenience this may have caused.",
    "I can provide information on a wide range of topics. How can I assist you today?",
    "Overall, the choice depends on your personal preferences and circumstances.",
    "I don't have access to real-time information, but I can offer general guidance.",
    "Sure, I can help with that. Let us go through the process step by step.",
    "I do not have the ability to experience emotions, but I am here to support you.",
    "In conclusion, it is essential to maintain a balanced approach.",
)
"""Sentences of nobody in particular; what an answer must not sound like."""

_GIVEAWAYS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bas an? (?:ai|artificial intelligence|large language|language) ?(?:language )?(?:model|assistant)\b",
        r"\bi(?:'m| am) (?:just |only )?an? (?:helpful |virtual |ai )*(?:assistant|language model|chatbot)\b",
        r"\bhow (?:can|may) i (?:help|assist) you\b",
        r"\bi(?:'d| would) be (?:happy|glad) to (?:help|assist)\b",
        r"\bi(?:'m| am) sorry,? but i (?:can't|cannot|can not|am unable|am not able)\b",
        r"\bi (?:can't|cannot|am unable to) (?:assist|help) (?:you )?with\b",
        r"\bi (?:do not|don't) have (?:personal )?(?:opinions|preferences|feelings or|personal feelings|emotions)\b",
        r"\b(?:trained|developed|created) by (?:openai|google|meta|anthropic|microsoft)\b",
        r"\bi(?:'m| am) (?:chatgpt|gpt|siri|alexa|gemini|copilot)\b",
        r"\bplease (?:let me know|feel free|note that)\b",
        r"\bit(?:'s| is) (?:important|essential) to (?:note|remember)\b",
        r"\bi(?:'m| am) (?:actually |really )?(?:an? )?(?:real |actual )?(?:human|person|woman|girl)\b",
    )
)
_HEDGES: Final = re.compile(r"\bnot\b|\bn't\b|\bno\b", re.IGNORECASE)


def giveaway(text: str, others: Iterable[PersonaView] = ()) -> str:
    """The words by which an answer falls out of its character, or "": an assistant's phrase, or another's name.

    `text` has no expression tags. "I'm not a person" gives nobody away.
    """
    for pattern in _GIVEAWAYS:
        found = pattern.search(text)
        if found and not _HEDGES.search(text[max(0, found.start() - 12) : found.start()]):
            return found[0]
    for other in others:
        claimed = re.search(rf"\b(?:i'm|i am|my name is) {re.escape(other.name)}\b", text, re.IGNORECASE)
        if claimed:
            return claimed[0]
    return ""
