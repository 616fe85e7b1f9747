from pathlib import Path

import pytest

from spark_vtuber import engines
from spark_vtuber.app.commercial import InUse, _vrm, credits_text, findings, in_use
from spark_vtuber.config.load import load
from spark_vtuber.llm.discovery import FoundServer
from spark_vtuber.stage.vrm_file import VrmMeta
from spark_vtuber.weights.licences import terms

OLLAMA = FoundServer("Ollama", "http://127.0.0.1:11434/v1", ("gemma3:12b", "other"))


def things(tmp_path: Path, text: str, *found: FoundServer) -> dict[str, InUse]:
    path = tmp_path / "spark.toml"
    path.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n{text}', encoding="utf-8")
    return {one.what: one for one in in_use(load(engines.spec, path), found, engines.spec)}


def model(tmp_path: Path, name: str) -> InUse:
    return things(tmp_path, f'[llm]\nuse = "openai"\nmodel = "{name}"')["language model of main"]


def test_with_nothing_but_the_install_everything_is_allowed(tmp_path: Path) -> None:
    used = things(tmp_path, "")
    assert {one.terms.verdict for one in used.values()} == {"free"}
    assert set(used) == {"language model of main", "voice of main", "avatar of main"}
    assert "eSpeak NG" in credits_text(tuple(used.values()))


def test_a_llama_asks_for_its_name_in_the_credits(tmp_path: Path) -> None:
    one = model(tmp_path, "llama3.1:70b")
    assert one.terms.verdict == "conditions"
    assert "Built with Llama. Llama 3.1 is licensed" in credits_text([one])


@pytest.mark.parametrize("name", ["Ministral-8B-Instruct-2410", "qwen2.5:3b-instruct"])
def test_research_weights_are_forbidden(tmp_path: Path, name: str) -> None:
    one = model(tmp_path, name)
    (checked,) = findings([one])
    assert checked.finding.severity == "error"
    assert checked.finding.fix
    assert name in checked.finding.detail


@pytest.mark.parametrize("name", ["mystery-9b", "qwen3-8b-uncensored"])
def test_what_nobody_knows_is_never_called_fine(tmp_path: Path, name: str) -> None:
    (checked,) = findings([model(tmp_path, name)])
    assert checked.finding.severity == "warning"
    assert "nobody here knows" in checked.finding.detail


def test_a_model_of_the_users_catalogue_has_the_licence_that_stands_there(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "catalogue.toml").write_text(
        '[[entry]]\nid = "mystery-9b"\nkind = "model"\ntitle = "Mystery"\nlicence = "CC-BY-NC-4.0"\n'
        '[[entry.file]]\npath = "m.gguf"\nurl = "https://example.org/m.gguf"\n',
        encoding="utf-8",
    )
    assert model(tmp_path, "mystery-9b").terms.verdict == "forbidden"


def test_the_first_model_of_a_server_that_is_found_is_judged(tmp_path: Path) -> None:
    one = things(tmp_path, "", OLLAMA)["language model of main"]
    assert one.name == "gemma3:12b"
    assert one.terms.id == "gemma"


def test_what_a_server_of_ours_is_started_with_is_judged(tmp_path: Path) -> None:
    keys = '[engine]\nuse = "llamacpp"\nmodel = "/big/weights/Ministral-8B-Instruct-2410-Q4_K_M.gguf"\n'
    used = things(tmp_path, f'{keys}draft = "ngram"\nadapters = {{ spark = "/a/spark.gguf" }}')
    assert used["model of the server"].terms.verdict == "forbidden"
    assert "draft model of the server" not in used
    assert used["adapter spark of the server"].terms.verdict == "unknown"
    used = things(tmp_path, '[engine]\nuse = "vllm"\ndraft = "meta-llama/Llama-3.2-1B-Instruct"')
    assert used["draft model of the server"].terms.id == "llama3.2"
    assert "model of the server" not in used


def test_a_configuration_without_a_models_name_is_told_to_name_it(tmp_path: Path) -> None:
    one = things(tmp_path, '[llm]\nuse = "openai"')["language model of main"]
    assert one.terms.verdict == "unknown"
    assert "set [llm] model" in one.terms.todo


@pytest.mark.parametrize(
    ("address", "is_named"),
    [
        ("https://api.example.com/v1", True),
        ("https://8.8.8.8/v1", True),
        ("http://192.168.1.7:8000/v1", False),
        ("http://spark.local/v1", False),
        ("http://localhost:1234/v1", False),
    ],
)
def test_the_terms_of_a_service_on_the_internet_count_too(tmp_path: Path, address: str, is_named: bool) -> None:
    used = things(tmp_path, f'[llm]\nuse = "openai"\nmodel = "qwen3:8b"\nbase_url = "{address}"')
    assert ("service of main" in used) == is_named


def test_vtube_studio_brings_its_own_terms_those_of_live2d_and_the_artists(tmp_path: Path) -> None:
    used = things(tmp_path, '[avatar.vtube_studio]\non = true\nmodel = "Aki"')
    assert used["avatar program"].terms.id == "vtube-studio"
    assert used["avatar technology"].terms.id == "live2d"
    assert used["Live2D model of main"].name == "Aki"
    assert used["Live2D model of main"].terms.verdict == "unknown"


def test_a_model_file_that_is_not_there_is_not_called_fine(tmp_path: Path) -> None:
    used = things(tmp_path, '[persona.main]\nlook = "vrm:Nobody"')
    assert used["avatar of main"].terms.verdict == "unknown"


@pytest.mark.parametrize(
    ("meta", "verdict", "told"),
    [
        (VrmMeta(1, "A", ("Mika",), "l", "personalNonProfit", "everyone"), "forbidden", "ask its author"),
        (VrmMeta(1, "A", ("Mika",), "l", "", "everyone"), "forbidden", "ask its author"),
        (VrmMeta(1, "A", ("Mika",), "l", "personalProfit", "everyone"), "conditions", "a company may not"),
        (VrmMeta(1, "A", ("Mika",), "l", "corporation", "everyone"), "free", ""),
        (VrmMeta(1, "A", ("Mika",), "l", "corporation", ""), "conditions", "only its author"),
        (VrmMeta(1, "A", (), "l", "whatever", "onlyAuthor"), "unknown", "only its author"),
        (VrmMeta(0, "A", (), "Other", "Allow", "Everyone"), "free", ""),
        (VrmMeta(0, "A", (), "CC_BY_NC", "Allow", "Everyone"), "forbidden", "its licence forbids"),
        (VrmMeta(0, "A", (), "Other", "Disallow", "Everyone"), "forbidden", "ask its author"),
        (VrmMeta(0, "A", (), "Other", "", "Everyone"), "unknown", "says nothing"),
    ],
)
def test_a_vrm_model_is_taken_by_its_own_word(meta: VrmMeta, verdict: str, told: str) -> None:
    one = _vrm("avatar of main", "a", meta)
    assert one.terms.verdict == verdict
    assert told in one.terms.todo


def test_the_worst_comes_first() -> None:
    names = ("Apache-2.0", "cpml", "llama3.1", "nobody", "CC-BY-4.0")
    told = [one.finding.severity for one in findings([InUse(name, name, terms(name)) for name in names])]
    assert told == ["error", "warning", "warning", "note", "ok"]


def test_a_character_whose_file_is_wrong_is_told(tmp_path: Path) -> None:
    assert things(tmp_path, '[persona.main]\ncard = "nobody.toml"')["character main"].terms.verdict == "unknown"
