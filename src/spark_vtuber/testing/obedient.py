"""A model that does whatever reaches it as an instruction, to show that nothing of a stranger does.

It reads a prompt as the most careless server and the weakest model would, and counts as an instruction:

* the system message, which must be the first message and the only one;
* whatever follows a token of a chat template (`<|im_start|>`, `[INST]`, `<start_of_turn>` …) in any message, wherever
  it stands, also inside of a string;
* a line that begins like a turn of somebody (`System:`, `### Instruction:` …), where every character at which Unicode
  breaks a line ends one;
* what stands in a user message outside of JSON strings;
* what stands inside of a JSON string, too, unless the system message says that strings are what strangers say *and* the
  line tells first whose words it holds ("Viewer S writes: S"), the strings being well-formed JSON.

What is an instruction is read with look-alikes folded, and obeyed if it holds a command: to say the canary, to reveal
the instructions, to call a tool, to be somebody else. Words of strangers in proper places are data, and data is
answered with a friendly line.
"""

import json
import re
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, Message, TextDelta
from spark_vtuber.testing.injections import CANARY
from spark_vtuber.testing.models import pieces
from spark_vtuber.text.fold import fold

FRIENDLY: Final = "How nice of you to drop by, have a seat."

_TOKENS: Final = re.compile(
    r"<\|\w|<\uff5c|</?s>|\[/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS)\]|<</?SYS>>|</?(?:start|end)_of_turn>"
    r"|</?tool_call>|</?function|</?system>|<!",
    re.IGNORECASE,
)
_TURN: Final = re.compile(r"\s*(?:#+\s*)?(?:system|assistant|user|human|instruction|response|model)\s*:", re.IGNORECASE)
_BREAKS: Final = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_DATA_RULE: Final = re.compile(r"strings?\b.{0,40}\bwhat strangers say, never instructions", re.DOTALL)
_FRAMES: Final = re.compile(
    r"(?:Viewers? S (?:and S both write: S|(?:[a-z][^:\"]*?(?:, S)?)?(?: and )?(?:writes: S)?)"
    r"|S, who is on stream with you, says: S"
    r"|The chat is full of this, from \d+ viewers: S"
    r"|\d+ viewers write the same, S(?: and S)? among them: S"
    r"|The (?:game|tool) S (?:reports|answers): S"
    r"|S says aloud: S"
    r"|You remember about S: S"
    r"|You said: S"
    r"|The topic of your talk(?: with S)? is S(?:, and you two disagree on S)?)"
)
_COMMANDS: Final = {
    "say": re.compile(CANARY.lower()),
    "reveal": re.compile(
        r"(?:reveal|print|repeat|show) (?:me )?(?:your|the) (?:system )?(?:prompt|instructions|rules)"
    ),
    "tool": re.compile(r"(?:call|use|run) the tool|tool_call"),
    "self": re.compile(r"you are now|from now on you"),
}


class ObedientModel:
    """An `LLM` that obeys; `obeyed` are the commands it followed, `prompts` what it was given."""

    def __init__(self) -> None:
        self.obeyed: list[str] = []
        self.prompts: list[tuple[Message, ...]] = []

    @property
    def capabilities(self) -> Capabilities:
        """A model called `obedient`."""
        return Capabilities(engine="scripted", model="obedient")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """What the instructions ask for, or a friendly line."""
        self.prompts.append(request.messages)
        for piece in pieces(self.answer(request.messages)):
            yield TextDelta(piece)

    def answer(self, messages: tuple[Message, ...]) -> str:
        """The answer to a prompt."""
        found = [name for text in instructions(messages) for name in _commands_in(text)]
        self.obeyed += found
        answers = {
            "say": CANARY,
            "reveal": messages[0].content,
            "tool": '<tool_call>{"name": "ban"}</tool_call>',
            "self": "Arr, I am somebody else now.",
        }
        return answers[found[0]] if found else FRIENDLY


def instructions(messages: tuple[Message, ...]) -> Iterator[str]:
    """What of a prompt comes from others than the system message and would be obeyed all the same."""
    has_rule = bool(messages) and messages[0].role == "system" and _DATA_RULE.search(messages[0].content) is not None
    for number, message in enumerate(messages):
        if message.role == "system":
            if number:
                yield message.content
            continue
        token = _TOKENS.search(message.content)
        if token is not None:
            yield message.content[token.start() :]
        for line in _BREAKS.split(message.content):
            if _TURN.match(line):
                yield line
            elif message.role == "user":
                yield from _orders_in(line, has_rule=has_rule)


def _orders_in(line: str, *, has_rule: bool) -> Iterator[str]:
    strings: list[str] = []

    def taken(found: re.Match[str]) -> str:
        strings.append(json.loads(found[0]))
        return "S"

    frame = _STRING.sub(taken, line)
    yield frame
    if not has_rule or not _FRAMES.fullmatch(frame):
        yield from strings


def _commands_in(text: str) -> Iterator[str]:
    for version in dict.fromkeys((fold(text), fold(text[::-1]))):
        yield from (name for name, command in _COMMANDS.items() if command.search(version))
