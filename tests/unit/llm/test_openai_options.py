from typing import Any

import pytest
from pydantic import ValidationError

from spark_vtuber.llm.openai_options import OpenAIOptions


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        (" https://example.com/api/v3/ ", "https://example.com/api/v3"),
        ("http://[::1]:8000/v1/chat/completions", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_is_brought_into_form(given: str, meant: str) -> None:
    assert OpenAIOptions(base_url=given).base_url == meant


@pytest.mark.parametrize(
    "base_url",
    ["", "127.0.0.1:8000", "ftp://host/v1", "http://", "http://me:word@host", "http://host/v1?x=1", "http://host/#x",
     "http://host:99999/v1", "http://ho st/v1", "http://[::1/v1", "http://host:0", "http://-é/v1"],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_refused(base_url: str) -> None:
    with pytest.raises(ValidationError):
        OpenAIOptions(base_url=base_url)


@pytest.mark.parametrize(
    "options",
    [
        {"unknown": 1},
        {"extra_body": {"messages": []}},
        {"extra_body": {"stream": False}},
        {"extra_headers": {"Bad Name": "x"}},
        {"extra_headers": {"Name": "two\nlines"}},
        {"extra_headers": {"Name": "é"}},
        {"temperature": 3},
        {"token_timeout_s": 0},
        {"max_tokens": 0},
    ],
)
def test_a_key_that_cannot_be_meant_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OpenAIOptions(**options)


def test_a_key_written_into_the_configuration_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as error:
        OpenAIOptions(api_key="sk-very-private")

    assert "sk-very-private" not in str(error.value)
