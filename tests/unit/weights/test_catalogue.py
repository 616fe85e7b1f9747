from pathlib import Path

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights import catalogue, licences
from spark_vtuber.weights.entry import Kind

OWN = """
[[entry]]
id = "kokoro-82m"
kind = "voice"
title = "mine"
[[entry.file]]
path = "a.bin"
url = "https://example.org/a.bin"

[[entry]]
id = "broken"
kind = "spoon"

[[entry]]
id = "my-lora"
kind = "adapter"
licence = "MIT"
[[entry.file]]
path = "a.safetensors"
url = "https://example.org/lora"
"""


def test_every_licence_of_our_catalogue_is_known() -> None:
    assert {one.id for one in catalogue.shipped().entries.values() if not licences.terms(one.licence).source} == set()


def test_our_catalogue_is_sorted_by_kind_and_names_the_source_of_every_entry() -> None:
    entries = catalogue.shipped().of_kind()
    assert [one.kind for one in entries] == sorted((one.kind for one in entries), key=list(Kind).index)
    assert all(one.page.startswith("https://") for one in entries)


def test_an_entry_of_the_user_stands_for_ours_and_a_wrong_one_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "catalogue.toml").write_text(OWN, encoding="utf-8")
    found = catalogue.read(tmp_path / "catalogue.toml")
    assert found.entry("kokoro-82m").title == "mine"
    assert found.entry("my-lora").kind is Kind.ADAPTER
    assert [one.message for one in found.mistakes] == [
        '"broken": `kind` is one of model, adapter, voice, ears, embedder'
    ]


@pytest.mark.parametrize("text", ["entry = 3", "[[entry", "\x00", "entry = []\n" + "#" * 1_100_000])
def test_a_damaged_file_leaves_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalogue.toml").write_text(text, encoding="utf-8")
    found = catalogue.read(tmp_path / "catalogue.toml")
    assert len(found.mistakes) == 1
    assert found.entries.keys() == catalogue.shipped().entries.keys()


def test_without_a_file_there_are_ours() -> None:
    assert catalogue.read(Path("/nowhere/catalogue.toml")) == catalogue.shipped()


def test_an_unknown_id_is_told_with_those_that_are_near() -> None:
    with pytest.raises(SparkError, match='no "kokoro"') as raised:
        catalogue.shipped().entry("kokoro")
    assert "kokoro-82m" in raised.value.fix


@pytest.mark.parametrize(
    "name", ["qwen3-8b-q4", "MaziyarPanahi/Qwen3-8B-GGUF", "Qwen3-8B.Q4_K_M", "/models/Qwen3-8B.Q4_K_M.gguf"]
)
def test_a_model_is_found_by_what_a_configuration_calls_it(name: str) -> None:
    found = catalogue.shipped().named(name, Kind.MODEL)
    assert found is not None
    assert found.id == "qwen3-8b-q4"


def test_nothing_is_found_by_no_name() -> None:
    assert catalogue.shipped().named("", Kind.MODEL) is None


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("llama3.1:70b", "llama3.1"),
        ("meta-llama/Llama-3.2-3B-Instruct", "llama3.2"),
        ("llama3:8b", "llama3"),
        ("llama-3.3-70b", "llama3.3"),
        ("gemma3:12b", "gemma"),
        ("google/gemma-4-E4B-it", "Apache-2.0"),
        ("qwen2.5:3b", "qwen-research"),
        ("Qwen/Qwen2.5-7B-Instruct-AWQ", "Apache-2.0"),
        ("qwen3:8b-q4_K_M", "Apache-2.0"),
        ("Ministral-8B-Instruct-2410", "mrl"),
    ],
)
def test_the_licence_of_a_known_model_is_told_by_its_name(name: str, licence: str) -> None:
    found = licences.recognise("model", name)
    assert found is not None
    assert found.terms.id == licence
    assert found.is_plain


@pytest.mark.parametrize("name", ["Hermes-3-Llama-3.1-8B", "qwen3-8b-abliterated", "somebody/mistral-7b-roleplay"])
def test_a_model_that_somebody_changed_is_not_taken_for_the_original(name: str) -> None:
    found = licences.recognise("model", name)
    assert found is not None
    assert not found.is_plain


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("xtts", "forbidden"),
        ("tts_models/multilingual/xtts_v2", "forbidden"),
        ("fish", "forbidden"),
        ("fishaudio/openaudio-s1-mini", "forbidden"),
        ("F5-TTS", "forbidden"),
        ("en_US-lessac-medium", "forbidden"),
        ("en_US-ljspeech-high", "free"),
        ("de_DE-thorsten-medium", "unknown"),
        ("styletts2", "conditions"),
        ("kokoro", "free"),
    ],
)
def test_the_terms_of_a_voice_are_told_by_its_name(name: str, verdict: str) -> None:
    found = licences.recognise("voice", name)
    assert found is not None
    assert found.terms.verdict == verdict


@pytest.mark.parametrize("name", ["", "mystery-9b", "gpt-5"])
def test_a_name_that_tells_nothing_is_not_guessed(name: str) -> None:
    assert licences.recognise("model", name) is None


def test_an_unknown_licence_is_never_fine() -> None:
    assert licences.terms("Beerware").verdict == "unknown"
    assert licences.terms("").verdict == "unknown"
    assert licences.terms("apache-2.0").verdict == "free"
