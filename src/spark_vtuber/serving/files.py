"""Reads what a model or an adapter on the disk is. Nothing is loaded, nothing is asked of a network."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError, SparkError
from spark_vtuber.serving import gguf, hf_config
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.published import published
from spark_vtuber.serving.quantisation import QUANTISATIONS, Family, Quantisation
from spark_vtuber.serving.shape import Shape

LARGEST_CONFIG: Final = 4 << 20
LARGEST_INDEX: Final = 128 << 20
_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """A LoRA adapter on the disk: its rank, how large it is, and the model it was made for as it says itself."""

    path: Path
    rank: int
    bytes: int
    family: Family
    base: str = ""


def read_model(path: Path) -> Model:
    """The model in a folder with a `config.json`, or in a GGUF file (of several parts, the first).

    Raises:
        SparkError: `no_model`: nothing is there; `bad_model`: it cannot be made out.
    """
    if path.is_dir():
        return _from_folder(path)
    if path.is_file():
        return _from_gguf(path)
    raise SparkError(f"there is no model at {path}", code="no_model", fix="give the folder of a model, or a GGUF file")


def read_adapter(path: Path) -> AdapterFile:
    """The adapter in a folder with an `adapter_config.json` (PEFT), or in a GGUF file.

    Raises:
        SparkError: `no_adapter`: nothing is there; `bad_adapter`: it cannot be made out.
    """
    if path.is_dir():
        config = _json(path / "adapter_config.json", LARGEST_CONFIG, "bad_adapter")
        rank = config.get("r") if isinstance(config, dict) else None
        patterns = config.get("rank_pattern") if isinstance(config, dict) else None
        if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
            raise SparkError(f"{path} does not say the rank of its adapter", code="bad_adapter", fix=_ADAPTER_FIX)
        others = [one for one in patterns.values() if isinstance(one, int)] if isinstance(patterns, dict) else []
        base = config.get("base_model_name_or_path")
        return AdapterFile(
            path, max(rank, *others, 1), _bytes_of(path), Family.SAFETENSORS, base if isinstance(base, str) else ""
        )
    if not path.is_file():
        raise SparkError(f"there is no adapter at {path}", code="no_adapter", fix=_ADAPTER_FIX)
    header = _header(path, "bad_adapter")
    if not header.is_adapter or not header.adapter_rank:
        raise SparkError(f"{path.name} holds no LoRA adapter", code="bad_adapter", fix=_ADAPTER_FIX)
    base = header.values.get("general.base_model.0.name", "")
    return AdapterFile(path, header.adapter_rank, path.stat().st_size, Family.GGUF, str(base))


_ADAPTER_FIX: Final = "give a folder that PEFT wrote, or a GGUF file for llama.cpp"


def _from_folder(path: Path) -> Model:
    config = _json(path / "config.json", LARGEST_CONFIG, "bad_model")
    extra_file = path / "hf_quant_config.json"
    extra = _json(extra_file, LARGEST_CONFIG, "bad_model") if extra_file.is_file() else None
    index_file = path / "model.safetensors.index.json"
    size = hf_config.total_size_in(_json(index_file, LARGEST_INDEX, "bad_model")) if index_file.is_file() else None
    size = size or sum(file.stat().st_size for file in path.glob("*.safetensors"))
    if not size:
        raise SparkError(f"{path} holds no weights", code="bad_model", fix="download the model again")
    return Model(
        path.name,
        hf_config.shape_in(config, path.name),
        _known(hf_config.quantisation_in(config, extra), path.name),
        size,
        path=path,
    )


def _from_gguf(path: Path) -> Model:
    header = _header(path, "bad_model")
    shape = _shape(header, path.stem)
    part = _PART.search(path.name)
    files = [path]
    if part is not None:
        files = sorted(path.parent.glob(f"{_escaped(path.name[: part.start()])}-?????-of-{part[2]}.gguf"))
        if len(files) < int(part[2]):
            raise SparkError(
                f"of the {int(part[2])} parts of {path.name} there are {len(files)}",
                code="bad_model",
                fix="download the missing ones",
            )
    name = header.file_type or "f16"
    return Model(path.stem, shape, QUANTISATIONS[name], sum(file.stat().st_size for file in files), path=files[0])


def _shape(header: gguf.Header, name: str) -> Shape:
    """As the file says, or, where it has sizes of each layer that are not read, as is published."""
    try:
        return gguf.shape_of(header, name)
    except SparkError:
        shape = None if header.is_adapter else published(name)
        if shape is None:
            raise
        return shape


def _known(name: str, model: str) -> Quantisation:
    if name not in QUANTISATIONS:
        raise SparkError(
            f'{model} is stored in a way that is not known here: "{name[:40]}"',
            code="bad_model",
            fix="take it as awq, gptq, fp8, nvfp4 or GGUF",
        )
    return QUANTISATIONS[name]


def _header(path: Path, code: str) -> gguf.Header:
    try:
        with path.open("rb") as file:
            return gguf.read_header(file)
    except ProtocolError as error:
        raise SparkError(f"{path.name}: {error.message}", code=code, fix="download it again") from error
    except OSError as error:
        raise SparkError(f"{path} cannot be read: {error.strerror}", code=code) from error


def _json(path: Path, largest: int, code: str) -> Any:
    try:
        if path.stat().st_size > largest:
            raise SparkError(f"{path} is larger than {largest >> 20} MB", code=code)
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SparkError(f"{path} cannot be read: {error.strerror}", code=code) from error
    except (ValueError, RecursionError) as error:
        raise SparkError(f"{path} is not valid JSON", code=code, fix="download it again") from error


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def _escaped(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)
