from pathlib import Path
from typing import Any

import pytest

from spark_vtuber import engines
from spark_vtuber.config.environment import child_environment, given_secrets, passphrase, secrets
from spark_vtuber.config.keys import AUTO, Config
from spark_vtuber.config.load import load, schema
from spark_vtuber.config.section import Section
from spark_vtuber.core.errors import ConfigError


def config(tmp_path: Path, text: str = "", env: dict[str, str] | None = None, **flags: Any) -> Config:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n' + text, encoding="utf-8")
    return load(engines.spec, file, flags, env or {}).config


def complaint(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text, env)
    return caught.value.message


def test_without_a_file_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(engines.spec, environ={"SPARK_DATA__DIR": str(tmp_path)})
    assert settings.config.server.port == 8080
    assert settings.engines["main"]["llm"].name == AUTO
    assert settings.engines["main"]["tts"].name == "espeak"


def test_a_file_in_the_working_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spark.toml").write_text("[server]\nport = 9000\n")
    monkeypatch.chdir(tmp_path)
    settings = load(engines.spec, environ={"SPARK_DATA__DIR": str(tmp_path)})
    assert settings.config.server.port == 9000


def test_the_environment_names_a_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("[server]\nport = 9001\n")
    settings = load(engines.spec, environ={"SPARK_CONFIG": str(file), "SPARK_DATA__DIR": str(tmp_path)})
    assert settings.config.server.port == 9001
    with pytest.raises(ConfigError, match="no such file"):
        load(engines.spec, environ={"SPARK_CONFIG": str(tmp_path / "missing.toml")})


def test_later_layers_win(tmp_path: Path) -> None:
    text = "[server]\nport = 1111\n"
    assert config(tmp_path, text).server.port == 1111
    (tmp_path / "overrides.toml").write_text("[server]\nport = 2222\n")
    assert config(tmp_path, text).server.port == 2222
    env = {"SPARK_SERVER__PORT": "3333"}
    assert config(tmp_path, text, env).server.port == 3333
    assert config(tmp_path, text, env, server={"port": 4444}).server.port == 4444


def test_the_source_of_a_key_is_known(tmp_path: Path) -> None:
    (tmp_path / "overrides.toml").write_text("[replies]\nmax_tokens = 99\n")
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n')
    settings = load(engines.spec, file, {"server": {"port": 1}}, {"SPARK_LLM__USE": "understudy"})
    assert settings.sources["replies.max_tokens"] == "overrides"
    assert settings.sources["server.port"] == "flag"
    assert settings.sources["llm.use"] == "environment"
    assert settings.sources["data.dir"] == "file"


def test_all_mistakes_come_at_once_with_the_nearest_key(tmp_path: Path) -> None:
    text = complaint(tmp_path, '[server]\nprot = 1\nhost = 5\n[inbox]\ncapacity = "many"\n[twich]\nx = 1\n')
    assert 'server.prot: is not a known key (did you mean "port"?)' in text
    assert "server.host" in text
    assert "inbox.capacity" in text
    assert "twich" in text
    assert "4 mistakes" in text


def test_an_engine_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    text = complaint(tmp_path, '[llm]\nuse = "opnai"\n[tts]\nuse = "siri"\n')
    assert 'no llm engine called "opnai"' in text
    assert "openai" in text
    assert 'no tts engine called "siri"' in text


@pytest.mark.parametrize("address", ["https://[::1", "https://", "https://a]b/x", "http://example.com/x"])
@pytest.mark.parametrize("key", ["twitch", "youtube"])
def test_an_address_that_no_client_could_ask_is_a_mistake(tmp_path: Path, key: str, address: str) -> None:
    assert "id_url" in complaint(tmp_path, f'[chat.{key}]\nid_url = "{address}"')


@pytest.mark.parametrize("address", ["https://id.example.com/x", "https://[::1]:8443/x", "http://127.0.0.1:9/x"])
def test_addresses_of_platforms_may_be_of_this_machine(tmp_path: Path, address: str) -> None:
    assert config(tmp_path, f'[chat.twitch]\nid_url = "{address}"').chat.twitch.id_url == address


def test_an_engines_own_keys_are_checked_by_its_options(tmp_path: Path) -> None:
    text = complaint(tmp_path, '[llm]\nuse = "openai"\nbase_ulr = "http://127.0.0.1:1/v1"\n')
    assert 'llm.base_ulr: is not a known key (did you mean "base_url"?)' in text


def test_keys_without_a_name_mean_the_openai_engine(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n[llm]\nbase_url = "http://127.0.0.1:9/v1"\n')
    assert load(engines.spec, file, environ={}).engines["main"]["llm"].name == "openai"


def test_a_persona_overlays_the_shared_engine_or_replaces_it(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text(
        f"""
        data.dir = "{tmp_path.as_posix()}"
        llm = {{use = "openai", model = "base", max_tokens = 50}}
        persona.main = {{card = "main"}}
        persona.twin = {{card = "ember", llm = {{model = "adapter"}}}}
        persona.third = {{card = "ember", llm = {{use = "understudy"}}}}
        """
    )
    chosen = {name: ports["llm"] for name, ports in load(engines.spec, file, environ={}).engines.items()}
    assert [choice.name for choice in chosen.values()] == ["openai", "openai", "understudy"]
    assert chosen["twin"].options.model_dump()["model"] == "adapter"
    assert chosen["twin"].options.model_dump()["max_tokens"] == 50


def test_another_engine_in_a_later_layer_starts_its_table_anew(tmp_path: Path) -> None:
    text = '[llm]\nuse = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
    assert config(tmp_path, text, {"SPARK_LLM__USE": "understudy"}).llm == {"use": "understudy"}
    assert config(tmp_path, text, llm={"use": "understudy"}).llm == {"use": "understudy"}
    assert config(tmp_path, text, {"SPARK_LLM__USE": "openai"}).llm["base_url"]
    assert config(tmp_path, '[llm]\nmodel = "m"\n', {"SPARK_LLM__USE": "openai"}).llm["model"] == "m"


def test_overrides_may_be_given_instead_of_those_on_disk_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "overrides.toml").write_text("[server]\nport = 2222\n")
    settings = load(engines.spec, flags={"data": {"dir": str(tmp_path)}}, environ={}, overrides={"server": {"port": 7}})
    assert settings.config.server.port == 7
    assert settings.origin is not None
    assert settings.origin.load().config.server.port == 2222
    assert settings.origin.load({}).config.server.port == 8080


def test_the_overrides_cannot_say_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "overrides.toml").write_text('[data]\ndir = "elsewhere"\n')
    assert "cannot stand in overrides.toml" in complaint(tmp_path, "")


def test_every_secret_is_known_to_what_keeps_them_out_of_logs() -> None:
    known = secrets({"SPARK_SECRET_A": "one", "SPARK_SECRET_B": "", "SPARK_PASSPHRASE": "two", "PATH": "x"})
    assert set(known) == {"one", "two"}


def test_a_show_needs_a_character(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one character"):
        config(tmp_path, "[persona]\n")


def test_lists_in_the_environment_are_json(tmp_path: Path) -> None:
    assert config(tmp_path, env={"SPARK_DISCOVERY__PORTS": "[1, 2]"}).discovery.ports == (1, 2)
    assert "is not valid JSON" in complaint(tmp_path, "", {"SPARK_DISCOVERY__PORTS": "[1, 2"})


def test_a_file_that_is_not_toml_is_one_clear_mistake(tmp_path: Path) -> None:
    assert "is not valid TOML" in complaint(tmp_path, "[server\n")


def test_a_secret_comes_from_the_environment_and_never_reaches_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given_secrets({"SPARK_SECRET_MY_KEY": "s3", "SPARK_SECRET_EMPTY": "", "PATH": "x"}) == {"my-key": "s3"}
    assert passphrase({"SPARK_PASSPHRASE": "correct horse"}) == "correct horse"
    monkeypatch.setenv("SPARK_SECRET_OPENAI", "s3")
    monkeypatch.setenv("SPARK_PASSPHRASE", "correct horse")
    assert {"SPARK_SECRET_OPENAI", "SPARK_PASSPHRASE"}.isdisjoint(child_environment())
    assert child_environment({"A": "b"})["A"] == "b"


def test_every_key_says_what_it_means_and_when_it_applies() -> None:
    def check(model: type[Section]) -> None:
        for name, field in model.model_fields.items():
            assert field.description, name
            assert isinstance(field.json_schema_extra, dict)
            assert field.json_schema_extra["applies"] in ("live", "component", "restart")
            if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
                check(field.annotation)

    check(Config)


def test_the_schema_holds_every_engines_options() -> None:
    whole = schema(engines.spec, engines.names)
    assert "base_url" in whole["$engines"]["llm"]["openai"]["properties"]
    assert "properties" in whole


def test_variables_that_contradict_each_other_are_a_mistake(tmp_path: Path) -> None:
    text = complaint(tmp_path, "", {"SPARK_LLM__EXTRA": "1", "SPARK_LLM__EXTRA__KEY": "hush"})
    assert "SPARK_LLM__EXTRA__KEY" in text
    assert "hush" not in text


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text("[server]\nport = 9002\n", encoding="utf-8-sig")
    assert load(engines.spec, file, {"data": {"dir": str(tmp_path)}}, {}).config.server.port == 9002


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "overrides.toml").write_text("")
    file = tmp_path / "spark.toml"
    file.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        with pytest.raises(ConfigError, match="cannot be read"):
            load(engines.spec, file, {}, {})


def refuse(*_: object, **__: object) -> str:
    raise PermissionError(13, "Permission denied")
