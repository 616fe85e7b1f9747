import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.llm import prompt_json
from spark_vtuber.llm.port import Message
from spark_vtuber.llm.prompt_json import PromptEncoder

MESSAGES = st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=8)), max_size=6)


@settings(deadline=None)
@given(prompts=st.lists(st.tuples(st.sampled_from(["a", "b"]), MESSAGES), max_size=6))
def test_what_is_encoded_is_what_was_asked(prompts: list[tuple[str, list[Message]]]) -> None:
    encoder = PromptEncoder()

    for persona, messages in prompts:
        decoded = json.loads(encoder.encode(PersonaId(persona), tuple(messages)))
        assert decoded == [{"role": message.role, "content": message.content} for message in messages]


def test_only_messages_that_are_new_are_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Message] = []
    encode = prompt_json.encode_message
    monkeypatch.setattr(prompt_json, "encode_message", lambda message: (encoded.append(message), encode(message))[1])
    encoder = PromptEncoder()
    past = tuple(Message("user", f"line {number}") for number in range(600))
    encoder.encode(PersonaId("a"), past)
    encoder.encode(PersonaId("b"), (Message("user", "another's"),))
    encoded.clear()

    encoder.encode(PersonaId("a"), (*past, Message("assistant", "yes"), Message("user", "and now?")))

    assert [message.content for message in encoded] == ["yes", "and now?"]
