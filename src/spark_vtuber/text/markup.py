"""What a model writes beside its answer: thoughts, expression tags, stage directions, its name, chat-template tokens.

The filter is incremental: it takes deltas as they come and holds back only text that may still turn out to be markup.
The parts, with adjoining texts joined, are the same for any chunking.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Text:
    """Text to be shown and, in its speakable form, spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """An expression tag: `name` as the caller spelled it, before the character `at` of all the text that came out."""

    name: str
    at: int


Part = Text | Tag

_THOUGHTS: Final = ("think", "thinking", "thought", "reasoning")
_OPENING: Final = frozenset(f"<{name}>" for name in _THOUGHTS)
_CLOSING: Final = frozenset(f"</{name}>" for name in _THOUGHTS)
_TURN_STARTS: Final = frozenset({"<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "<|start|>", "<|turn>"})
_TURN_ENDS: Final = frozenset(
    {"<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "<|eom_id|>", "<|return|>"}
    | {"</s>", "<eos>", "<end_of_turn>", "<turn|>", "<｜end▁of▁sentence｜>"}
)
_NOISE: Final = frozenset({"<s>", "<bos>", "<pad>", "<unk>"})
_KNOWN: Final = _OPENING | _CLOSING | _TURN_STARTS | _TURN_ENDS | _NOISE
_LONGEST: Final = max(map(len, _KNOWN))
_TEMPLATE: Final = re.compile(r"<[|｜][\w▁]{1,32}[|｜]>")
_TEMPLATE_BEGUN: Final = re.compile(r"<[|｜](?:[\w▁]{1,32}[|｜]?)?")
_DIRECTION: Final = re.compile(r"\[\s?([^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)?)\s?(?::\s?([^\[\]\n]{1,60}))?\]")
_DIRECTION_BEGUN: Final = re.compile(
    r"\[\s?(?:[^\W\d_][\w'’-]*(?: (?:[^\W\d_][\w'’-]*)?)?\s?(?::\s?[^\[\]\n]{0,60})?)?"
)
_HEADER_CHARS: Final = 24


class Markup:
    """Splits the deltas of one answer into `Text` and `Tag` parts.

    Removed: thoughts (`<think>` … `</think>`, to the end when they stay open), bracketed stage directions of one or
    two words (`[laughs]`, `[action: waves]`), the prefix "Name:" at the start of the answer, chat-template tokens,
    and all that comes after a token that ends the turn. White space at the start of the answer and doubled spaces
    around what was removed go with it.

    Args:
        tags: names of the expressions, matched without case; `[name]` becomes a `Tag`.
        name: the speaker's name, as the model would prefix it.
        starts_in_thought: the prompt has already opened the thought, so all is thought up to the first closing tag.
    """

    def __init__(self, tags: Collection[str], *, name: str = "", starts_in_thought: bool = False) -> None:
        self._tags = {tag.casefold(): tag for tag in tags}
        self._prefixes = _prefixes(name.lower()) if name else ()
        self._buffer = ""
        self._is_thinking = starts_in_thought
        self._is_in_header = False
        self._is_over = False
        self._follows_markup = False
        self._last = ""
        self._length = 0
        self.has_unopened_thought = False
        """Whether a closing tag came that nothing had opened: read the next answer with `starts_in_thought`."""

    def feed(self, delta: str) -> list[Part]:
        """The parts that are certain now, in order; often empty."""
        self._buffer += delta
        return _joined(self._drain(is_closed=False))

    def close(self) -> list[Part]:
        """What was held back, now that no more text comes."""
        return _joined(self._drain(is_closed=True))

    def _drain(self, *, is_closed: bool) -> Iterator[Part]:
        while self._buffer and not self._is_over:
            before = (len(self._buffer), self._is_in_header)
            yield from self._step(is_closed)
            if (len(self._buffer), self._is_in_header) == before:
                break
        if self._is_over or is_closed:
            self._buffer = ""

    def _step(self, is_closed: bool) -> Iterator[Part]:
        """Consume some of the buffer; consuming nothing means that more text must come first."""
        if self._is_thinking:
            self._skip_thought()
        elif self._is_in_header:
            self._skip_header()
        elif not self._length and self._skip_start(is_closed):
            return
        elif self._buffer[0] == "<":
            yield from self._read_angle(is_closed)
        elif self._buffer[0] == "[":
            yield from self._read_bracket(is_closed)
        else:
            found = re.search(r"[<\[]", self._buffer)
            yield from self._release(found.start() if found else len(self._buffer))

    def _skip_thought(self) -> None:
        found = re.search(rf"</(?:{'|'.join(_THOUGHTS)})>", self._buffer, re.IGNORECASE)
        if found:
            self._is_thinking = False
            self._drop(found.end())
        else:
            keep = self._buffer.rfind("<", -_LONGEST)
            self._buffer = self._buffer[keep:] if keep >= 0 else ""

    def _skip_header(self) -> None:
        """The role between a token that starts a turn and the text: up to the end of the line or the next token."""
        found = re.search(r"\n|(?=<)", self._buffer[:_HEADER_CHARS])
        if found:
            self._buffer = self._buffer[found.end() :]
        if found or len(self._buffer) >= _HEADER_CHARS:
            self._is_in_header = False

    def _skip_start(self, is_closed: bool) -> bool:
        """Skip white space and the speaker's name; True while the start is not settled."""
        stripped = self._buffer.lstrip()
        if stripped != self._buffer:
            self._buffer = stripped
            return True
        lowered = self._buffer.lower()
        for prefix in self._prefixes:
            if lowered.startswith(prefix):
                self._drop(len(prefix))
                return True
        return not is_closed and any(prefix.startswith(lowered) for prefix in self._prefixes)

    def _read_angle(self, is_closed: bool) -> Iterator[Part]:
        lowered = self._buffer.lower()
        found = _TEMPLATE.match(lowered)
        token = found[0] if found else next((known for known in _KNOWN if lowered.startswith(known)), "")
        if token:
            self._apply(token)
        elif is_closed or not self._may_become_token(lowered):
            yield from self._release(1)

    def _may_become_token(self, lowered: str) -> bool:
        return _TEMPLATE_BEGUN.fullmatch(lowered) is not None or any(known.startswith(lowered) for known in _KNOWN)

    def _apply(self, token: str) -> None:
        self._drop(len(token))
        if token in _OPENING:
            self._is_thinking = True
        elif token in _CLOSING:
            self.has_unopened_thought = True
        elif token in _TURN_STARTS:
            self._is_in_header = True
            self._is_over = self._length > 0
        elif token in _TURN_ENDS:
            self._is_over = self._length > 0

    def _read_bracket(self, is_closed: bool) -> Iterator[Part]:
        found = _DIRECTION.match(self._buffer)
        if not found:
            is_begun = not is_closed and _DIRECTION_BEGUN.fullmatch(self._buffer)
            if not is_begun:
                yield from self._release(1)
            return
        words = [word.strip().casefold() for word in found.groups() if word]
        name = next((self._tags[word] for word in words if word in self._tags), None)
        if name is not None:
            self._drop(found.end())
            yield Tag(name, self._length)
        elif self._buffer[found.end() : found.end() + 1] == "(":
            yield from self._release(found.end())
        elif is_closed or len(self._buffer) > found.end():
            self._drop(found.end())

    def _drop(self, size: int) -> None:
        self._buffer = self._buffer[size:]
        self._follows_markup = True

    def _release(self, size: int) -> Iterator[Part]:
        text, self._buffer = self._buffer[:size], self._buffer[size:]
        if self._follows_markup and (not self._length or self._last.isspace()):
            text = text.lstrip(" ")
        if text:
            self._follows_markup = False
            self._last = text[-1]
            self._length += len(text)
            yield Text(text)


def _prefixes(name: str) -> tuple[str, ...]:
    marks = ("", "*", "**", "__")
    forms = [f"{mark}{name}{mark}{colon}" for mark in marks for colon in (":", " :", "：")]
    return (*forms, *(f"{mark}{name}:{mark}" for mark in marks[1:]), f"[{name}]:", f"<{name}>:")


def _joined(parts: Iterator[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and joined and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + part.text)
        else:
            joined.append(part)
    return joined
