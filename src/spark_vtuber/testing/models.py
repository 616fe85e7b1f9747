"""A model with a script, for tests on the virtual clock."""

import re
from collections.abc import AsyncGenerator, Sequence

import anyio

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, Message, TextDelta, Usage


class ScriptedModel:
    """Gives the `answers` in order, the last one for ever, token by token on an exact schedule.

    The first token comes `first_token_s` after the request, every further one `token_s` later. Before the token with
    index `fail_at` the stream raises `error`; before the one with index `hang_at` it waits for ever. `requests` are
    the requests so far, `left_early` those whose answer was not taken to its end, `open_streams` counts those under
    way.
    """

    def __init__(
        self,
        answers: str | Sequence[str] = "Hello there, my friend. How are you?",
        *,
        first_token_s: float = 0.2,
        token_s: float = 0.025,
        fail_at: int | None = None,
        hang_at: int | None = None,
        error: EngineError | None = None,
    ) -> None:
        self.answers = (answers,) if isinstance(answers, str) else tuple(answers)
        self.first_token_s = first_token_s
        self.token_s = token_s
        self.fail_at = fail_at
        self.hang_at = hang_at
        self.error = error or EngineError("dropped", "the script breaks the answer off", retryable=True)
        self.requests: list[LLMRequest] = []
        self.left_early: list[LLMRequest] = []
        self.open_streams = 0

    @property
    def capabilities(self) -> Capabilities:
        """A model called `script`."""
        return Capabilities(engine="scripted", model="script")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The next answer of the script; the token counts come last."""
        start_s = anyio.current_time()
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        self.open_streams += 1
        is_whole = False
        try:
            tokens = pieces(answer)[: request.max_tokens]
            for index, token in enumerate(tokens):
                await anyio.sleep_until(start_s + self.first_token_s + index * self.token_s)
                if index == self.hang_at:
                    await anyio.sleep_forever()
                if index == self.fail_at:
                    raise self.error
                yield TextDelta(token)
            yield Usage(tokens_in=sum(len(message.content) for message in request.messages), tokens_out=len(tokens))
            is_whole = True
        finally:
            self.open_streams -= 1
            if not is_whole:
                self.left_early.append(request)


def pieces(text: str) -> tuple[str, ...]:
    """`text` in pieces as a model would give it: words with the space before them, and marks."""
    return tuple(re.findall(r"\s*\w+|\s*[^\w\s]|\s+$", text))


def a_request(text: str = "hello!", *, history: int = 0, max_tokens: int = 300) -> LLMRequest:
    """A request to answer `text`, said by a viewer after `history` earlier messages."""
    past = tuple(
        Message("assistant" if index % 2 else "user", f"Line {index} of an evening with a good deal of talk in it.")
        for index in range(history)
    )
    return LLMRequest(
        persona=PersonaView(PersonaId("main"), "Spark"),
        cue=Cue(CueId("c1"), CueKind.CHAT, text, author="viewer"),
        messages=(*past, Message("user", text)),
        max_tokens=max_tokens,
    )
