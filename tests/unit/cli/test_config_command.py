import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli.main import app


def run(tmp_path: Path, command: str, text: str = "", **environ: str) -> Result:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n{text}', encoding="utf-8")
    return CliRunner().invoke(app, ["config", *command.split(), "--config", str(file)], env=environ)


def shown(tmp_path: Path, text: str, **environ: str) -> dict[str, dict[str, Any]]:
    result = run(tmp_path, "show --json", text, **environ)
    assert result.exit_code == 0, result.output
    return {".".join((*key["table"], key["name"])): key for key in json.loads(result.stdout)["keys"]}


def test_a_right_configuration_is_ok(tmp_path: Path) -> None:
    result = run(tmp_path, "check", "[server]\nport = 9000\n")
    assert result.exit_code == 0
    assert result.stdout == f"OK: {tmp_path / 'spark.toml'}\n"
    assert json.loads(run(tmp_path, "check --json").stdout)["ok"] is True


def test_every_mistake_is_listed_with_its_fix(tmp_path: Path) -> None:
    text = '[server]\nprot = 1\n[inbox]\ncapacity = "many"\n[llm]\nuse = "opnai"\n'
    result = run(tmp_path, "check", text)
    assert result.exit_code == 2
    assert "3 mistakes" in result.stderr
    assert 'did you mean "port"?' in result.stderr
    assert "inbox.capacity" in result.stderr
    found = json.loads(run(tmp_path, "check --json", text).stdout)
    assert found["ok"] is False
    assert [one["key"] for one in found["mistakes"]] == ["server.prot", "inbox.capacity", "llm.use"]


def test_a_missing_file_is_a_mistake_and_no_traceback() -> None:
    for command in ("check", "show"):
        result = CliRunner().invoke(app, ["config", command, "--config", "nowhere.toml"])
        assert result.exit_code == 2
        assert "no such file" in result.stderr
        assert "Traceback" not in result.output


def test_what_is_shown_is_toml_and_means_the_same(tmp_path: Path) -> None:
    text = '[llm]\nuse = "openai"\nmodel = "a \\"quoted\\" name"\n[llm.extra_body]\n"top k" = [1, 2]\n'
    first = run(tmp_path, "show", text).stdout
    assert tomllib.loads(first)["llm"]["model"] == 'a "quoted" name'
    assert tomllib.loads(first)["llm"]["extra_body"]["top k"] == [1, 2]
    again = tmp_path / "again.toml"
    again.write_text(first, encoding="utf-8")
    second = CliRunner().invoke(app, ["config", "show", "--config", str(again)]).stdout
    assert tomllib.loads(second) == tomllib.loads(first)


def test_each_key_names_the_layer_that_set_it(tmp_path: Path) -> None:
    (tmp_path / "overrides.toml").write_text("[replies]\nmax_tokens = 99\n", encoding="utf-8")
    keys = shown(tmp_path, "[server]\nport = 9000\n", SPARK_SERVER__HOST="::1")
    assert keys["server.port"] | {"table": 0} == {"table": 0, "name": "port", "value": 9000, "source": "file"}
    assert keys["server.host"]["source"] == "environment"
    assert keys["replies.max_tokens"]["source"] == "overrides"
    assert keys["inbox.capacity"]["source"] == "default"


def test_an_engines_own_keys_are_shown_with_their_defaults(tmp_path: Path) -> None:
    keys = shown(tmp_path, '[llm]\nmodel = "big"\n')
    assert keys["llm.use"]["value"] == "openai"
    assert keys["llm.model"]["source"] == "file"
    assert keys["llm.connect_timeout_s"]["source"] == "default"


@pytest.mark.parametrize(
    "text",
    [
        '[server]\ndesk_token = "hunter2"\n',
        '[llm]\nuse = "openai"\n[llm.extra_headers]\nX-Api = "hunter2"\n',
        '[llm]\nuse = "openai"\n[llm.extra_body]\ninner = {deep = ["hunter2"]}\n',
        '[llm]\nuse = "openai"\nextra_body = {"hunter2" = "hunter2"}\n'.replace('"hunter2" =', "mine ="),
        '[persona.main]\nllm = {api_key = "hunter2"}\n',
    ],
)
def test_a_secret_that_was_written_down_is_never_printed(tmp_path: Path, text: str) -> None:
    for command in ("show", "show --json", "check"):
        assert "hunter2" not in run(tmp_path, command, text).output


def test_the_name_of_a_secret_is_shown(tmp_path: Path) -> None:
    keys = shown(tmp_path, '[llm]\nuse = "openai"\napi_key = "secret:openai"\n', SPARK_SECRET_OPENAI="hunter2")
    assert keys["llm.api_key"]["value"] == "secret:openai"


def test_the_schema_is_json_and_knows_the_engines() -> None:
    result = CliRunner().invoke(app, ["config", "schema"])
    assert "base_url" in json.loads(result.stdout)["$engines"]["llm"]["openai"]["properties"]


def test_the_files_of_the_characters_are_read_and_all_their_mistakes_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "X"\nmood = "purple"\nfoo = 1\n', encoding="utf-8")
    text = f'[persona.main]\ncard = "{bad.as_posix()}"\n[persona.twin]\ncard = "nobody"\n'
    result = run(tmp_path, "check", text)
    assert (result.exit_code, "3 mistakes" in result.stderr) == (2, True)
    found = json.loads(run(tmp_path, "check --json", text).stdout)["mistakes"]
    assert {one["key"] for one in found} == {"bad.toml: mood", "bad.toml: foo", "persona.twin.card"}
