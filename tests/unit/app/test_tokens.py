import pytest

from spark_vtuber.app.tokens import token
from spark_vtuber.app.vault import open_vault
from spark_vtuber.config.keys import Config
from spark_vtuber.core.errors import SparkError


def nobody(name: str) -> str:
    raise AssertionError("no secret is asked for")


def test_a_key_that_is_empty_names_no_token() -> None:
    assert token("", nobody) is None


def test_a_token_that_stands_in_the_configuration_is_refused_without_repeating_it() -> None:
    with pytest.raises(SparkError) as caught:
        token("hunter2", nobody)
    assert caught.value.code == "plain_secret"
    assert "hunter2" not in caught.value.message + caught.value.fix


def test_a_token_that_is_named_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_SECRET_DESK", "hunter2")
    found = token("secret:desk", open_vault(Config()).secret)
    assert found is not None
    assert found.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(found)
