"""From the configuration to what a model server shall run."""

from dataclasses import replace
from pathlib import Path

import pytest

from spark_vtuber import engines
from spark_vtuber.app.serving import asked, order_of
from spark_vtuber.app.serving_places import ADAPTERS, adapter_place, model_place
from spark_vtuber.config.environment import hugging_face_cache
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Adapter, PersonaView
from spark_vtuber.serving.budget import Demand
from spark_vtuber.serving.quantisation import Family, Server
from spark_vtuber.testing.model_files import LLAMA_70B, adapter_gguf, folder, llama_gguf, peft_adapter

SPARK = PersonaView(PersonaId("main"), "Spark", adapter=Adapter("spark"))
EMBER = PersonaView(PersonaId("twin"), "Ember", adapter=Adapter("ember"))


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies in the cache of who runs the tests."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(llama_gguf() + bytes(1_000))
    return file


def settings(tmp_path: Path, **engine: object) -> Settings:
    file = tmp_path / "spark.toml"
    text = f'[data]\ndir = "{tmp_path.as_posix()}"\n[persona.main]\n[persona.twin]\ncard = "ember"\n'
    file.write_text(text, encoding="utf-8")
    return asked(load(engines.spec, file, environ={}), **engine)


def adapter(tmp_path: Path, name: str, rank: int = 8) -> Path:
    (tmp_path / ADAPTERS).mkdir(exist_ok=True)
    file = tmp_path / ADAPTERS / f"{name}.gguf"
    file.write_bytes(adapter_gguf(rank))
    return file


def test_there_is_a_sequence_for_each_character_and_their_adapters_stay_resident(tmp_path: Path, gguf: Path) -> None:
    adapter(tmp_path, "spark")
    adapter(tmp_path, "ember", rank=32)
    order = order_of(settings(tmp_path, use="llamacpp", model=str(gguf)), (SPARK, EMBER))
    assert order.demand.sequences == 2
    assert {one.name: one.rank for one in order.demand.adapters} == {"spark": 8, "ember": 32}
    assert (order.server, order.model) == (Server.LLAMACPP, str(gguf))


def test_an_adapter_can_lie_anywhere_when_the_configuration_says_where(tmp_path: Path, gguf: Path) -> None:
    own = tmp_path / "spark.gguf"
    own.write_bytes(adapter_gguf(4))
    order = order_of(settings(tmp_path, use="llamacpp", model=str(gguf), adapters={"spark": str(own)}), (SPARK,))
    assert order.adapters["spark"].path == own
    with pytest.raises(SparkError, match="by its file") as refused:
        order_of(settings(tmp_path, use="llamacpp", model=str(gguf), adapters={"ember": str(own)}), ())
    assert "ember.gguf" in refused.value.fix


def test_a_rank_above_the_limit_is_refused_before_the_start(tmp_path: Path, gguf: Path) -> None:
    adapter(tmp_path, "spark", rank=128)
    with pytest.raises(SparkError, match="rank 128") as refused:
        order_of(settings(tmp_path, use="llamacpp", model=str(gguf)), (SPARK,))
    assert refused.value.code == "rank_too_high"
    assert "max_rank = 128" in refused.value.fix
    order_of(settings(tmp_path, use="llamacpp", model=str(gguf), max_rank=128), (SPARK,))


def test_an_adapter_of_the_other_kind_is_refused(tmp_path: Path, gguf: Path) -> None:
    peft = peft_adapter(tmp_path / "peft")
    with pytest.raises(SparkError, match="takes a GGUF file") as refused:
        order_of(settings(tmp_path, use="llamacpp", model=str(gguf), adapters={"a": str(peft)}), ())
    assert "convert_lora_to_gguf" in refused.value.fix
    model = folder(tmp_path / "m", LLAMA_70B, 10**9)
    with pytest.raises(SparkError, match="takes a folder that PEFT wrote"):
        order_of(settings(tmp_path, use="vllm", model=str(model), adapters={"a": str(adapter(tmp_path, "a"))}), ())
    order_of(settings(tmp_path, use="vllm", model=str(model), adapters={"a": str(peft)}), ())


@pytest.mark.parametrize("name", ["missing", "../tiny", "a/b"])
def test_an_adapter_that_is_not_there_is_told_and_no_name_leads_out_of_the_folder(
    tmp_path: Path, gguf: Path, name: str
) -> None:
    (tmp_path / ADAPTERS).mkdir()
    with pytest.raises(SparkError) as refused:
        order_of(settings(tmp_path, use="llamacpp", model=str(gguf)), (replace(SPARK, adapter=Adapter(name)),))
    assert refused.value.code == "no_adapter"


def test_what_was_trained_or_pulled_is_found_by_its_name(tmp_path: Path) -> None:
    config = settings(tmp_path).config
    trained = tmp_path / ADAPTERS / "spark"
    peft_adapter(trained / "adapter")
    (trained / "spark.gguf").write_bytes(adapter_gguf())
    assert adapter_place(config, "spark", Family.GGUF) == trained / "spark.gguf"
    assert adapter_place(config, "spark", Family.SAFETENSORS) == trained / "adapter"
    pulled = tmp_path / "weights" / "model" / "qwen3-8b-q4"
    pulled.mkdir(parents=True)
    (pulled / "Qwen3-8B.Q4_K_M.gguf").write_bytes(llama_gguf())
    assert model_place(config, "qwen3-8b-q4") == pulled / "Qwen3-8B.Q4_K_M.gguf"
    assert order_of(settings(tmp_path, use="llamacpp", model="qwen3-8b-q4"), ()).demand.model.measured_bytes
    for name in ("..", "../model/qwen3-8b-q4", "", "a/b/c"):
        assert adapter_place(config, name, Family.GGUF) is None
        assert model_place(config, name, tmp_path) in {None, Path(name)}


def test_a_repository_in_the_cache_of_hugging_face_tells_how_it_is_stored(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--Qwen--Qwen3-14B-AWQ" / "snapshots" / "abc"
    folder(snapshot, LLAMA_70B | {"quantization_config": {"quant_method": "gptq", "bits": 4}}, 10**9)
    assert model_place(settings(tmp_path).config, "Qwen/Qwen3-14B-AWQ", tmp_path) == snapshot
    assert model_place(settings(tmp_path).config, "Qwen/Qwen3-8B", tmp_path) is None


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"HF_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    ],
)
def test_the_cache_of_hugging_face_is_where_its_own_programs_look(environ: dict[str, str], place: str) -> None:
    assert hugging_face_cache(environ) == Path(place)
    assert hugging_face_cache({}) == Path.home() / ".cache" / "huggingface" / "hub"


def test_what_the_files_say_wins_over_what_was_written_down(tmp_path: Path, gguf: Path) -> None:
    order_of(settings(tmp_path, use="llamacpp", model=str(gguf), quantisation="Q4_K_M"), ())
    with pytest.raises(SparkError, match="is a Q4_K_M GGUF model") as refused:
        order_of(settings(tmp_path, use="llamacpp", model=str(gguf), quantisation="q8_0"), ())
    assert 'quantisation = "q4_k_m"' in refused.value.fix


@pytest.mark.parametrize(
    ("name", "stored"), [("Qwen/Qwen3-14B-AWQ", "awq"), ("Qwen3-14B-FP8", "fp8"), ("Qwen/Qwen3-14B", "awq")]
)
def test_a_name_says_how_its_weights_are_stored(tmp_path: Path, name: str, stored: str) -> None:
    demand = order_of(settings(tmp_path, use="vllm", model=name), ()).demand
    assert demand.model.quantisation.name == stored
    assert demand.model.name == name


def test_a_draft_is_a_model_or_n_grams(tmp_path: Path, gguf: Path) -> None:
    ngrams = order_of(settings(tmp_path, use="llamacpp", model=str(gguf), draft="ngram"), ())
    assert (ngrams.demand.draft, ngrams.demand.is_drafting_ngrams) == (None, True)
    small = order_of(settings(tmp_path, use="llamacpp", model=str(gguf), draft=str(gguf)), ())
    assert small.demand.draft is not None
    with pytest.raises(SparkError, match="does not take that"):
        order_of(settings(tmp_path, use="vllm", model="qwen3-14b", draft=str(gguf)), ())


def test_a_draft_of_another_family_is_refused(tmp_path: Path) -> None:
    order_of(settings(tmp_path, use="vllm", model="qwen3-14b", draft="qwen3-0.6b"), ())
    with pytest.raises(SparkError, match="cannot draft for it") as refused:
        order_of(settings(tmp_path, use="vllm", model="qwen3-14b", draft="llama-3.2-1b"), ())
    assert refused.value.code == "wrong_draft"


def test_an_adapter_that_was_made_for_another_model_is_refused(tmp_path: Path) -> None:
    own = peft_adapter(tmp_path / "own", base_model_name_or_path="Qwen/Qwen3-14B")
    other = peft_adapter(tmp_path / "other", base_model_name_or_path="meta-llama/Llama-3.1-8B-Instruct")
    silent = peft_adapter(tmp_path / "silent", base_model_name_or_path="/home/you/base")
    order_of(settings(tmp_path, use="vllm", model="qwen3-14b", adapters={"a": str(own), "b": str(silent)}), ())
    with pytest.raises(SparkError, match=r"was made for meta-llama/Llama-3\.1-8B") as refused:
        order_of(settings(tmp_path, use="vllm", model="qwen3-14b", adapters={"a": str(other)}), ())
    assert "llama-3.1-8b" in refused.value.fix


LOCAL = "http://127.0.0.1:11434/v1"


def two_models(tmp_path: Path, twin: dict[str, str] | None = None, **llm: str) -> Demand:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n[engine]\nuse = "ollama"\n', encoding="utf-8")
    other = {"card": "ember", "llm": {"model": "llama3.1:8b", **(twin or {})}}
    own = {"use": "openai", "base_url": LOCAL, "model": "qwen3:8b", **llm}
    flags = {"llm": own, "persona": {"main": {}, "twin": other}}
    return order_of(load(engines.spec, file, flags, {}), ()).demand


def test_two_characters_with_a_model_each_are_planned_together(tmp_path: Path) -> None:
    demand = two_models(tmp_path)
    assert (demand.model.name, demand.sequences) == ("qwen3:8b", 1)
    assert [one.shape.name for one in demand.others] == ["llama-3.1-8b"]


def test_two_models_that_take_turns_in_one_slot_or_are_elsewhere_are_not_counted_twice(tmp_path: Path) -> None:
    assert two_models(tmp_path, slot="gpu0").others == ()
    assert two_models(tmp_path, {"base_url": "http://10.0.0.5:8000/v1"}).others == ()


def test_a_start_without_a_model_or_with_too_long_a_context_is_refused(tmp_path: Path, gguf: Path) -> None:
    with pytest.raises(SparkError, match="no model is named"):
        order_of(settings(tmp_path, use="llamacpp"), ())
    with pytest.raises(SparkError, match="8,192 tokens at most"):
        order_of(settings(tmp_path, use="llamacpp", model=str(gguf), context=8_193), ())
