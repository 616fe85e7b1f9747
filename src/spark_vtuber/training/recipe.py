"""How an adapter is trained, and the folder that holds a training from its first step to the finished adapter.

| File | What it is |
|---|---|
| `recipe.json` | the recipe and the name of the base model |
| `train.jsonl` | what it learns from: one conversation a line, the last message is the one to learn |
| `held_out.jsonl` | what tells whether it did |
| `checkpoints/` | from where a training that was cut goes on |
| `adapter/` | the finished adapter, as PEFT, vLLM and SGLang take it |
| `NAME.gguf` | the same for llama.cpp |
| `sheet.md` | answers before and after, to read |
| `result.json` | the losses and the time it took |
| `log.txt` | what the libraries said |
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.errors import SparkError

RECIPE: Final = "recipe.json"
TRAIN: Final = "train.jsonl"
HELD_OUT: Final = "held_out.jsonl"
CHECKPOINTS: Final = "checkpoints"
ADAPTER: Final = "adapter"
SHEET: Final = "sheet.md"
RESULT: Final = "result.json"

Conversation = Sequence[Mapping[str, str]]
"""Messages with `role` and `content`."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of a training. `rank` and `alpha` are those of LoRA, lengths are tokens.

    `is_four_bit` keeps the base model in four bits while the adapter learns (QLoRA), which needs an NVIDIA card.
    """

    base: str
    name: str
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.05
    epochs: float = 3.0
    learning_rate: float = 2e-4
    batch: int = 4
    accumulate: int = 1
    longest: int = 2_048
    is_four_bit: bool = False
    seed: int = 1
    samples: int = 6
    sample_tokens: int = 60


def write(folder: Path, recipe: Recipe, train: Iterable[Conversation], held_out: Iterable[Conversation]) -> None:
    """Make the folder of a new training.

    Raises:
        SparkError: `training_exists` where the folder holds one already, `no_folder` where it cannot be made.
    """
    if (folder / RECIPE).exists():
        fix = "go on with it: add --resume; or name another folder with --out"
        raise SparkError(f"{folder} holds a training already", code="training_exists", fix=fix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, conversations in ((TRAIN, train), (HELD_OUT, held_out)):
            lines = (json.dumps({"messages": list(one)}, ensure_ascii=False) + "\n" for one in conversations)
            (folder / name).write_text("".join(lines), encoding="utf-8")
        (folder / RECIPE).write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        what = f"{folder} cannot be written: {error.strerror}"
        raise SparkError(what, code="no_folder", fix="name another folder with --out") from error


def finish(folder: Path, result: Mapping[str, Any]) -> None:
    """Keep what came of it. Raises `SparkError`: `no_folder`."""
    try:
        (folder / RESULT).write_text(json.dumps(dict(result), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        what = f"the result of {folder} cannot be written: {error.strerror}"
        raise SparkError(what, code="no_folder", fix="free the disk; the adapter is in the folder") from error


def read(folder: Path) -> Recipe:
    """The recipe of a training that was begun.

    Raises:
        SparkError: `no_training`.
    """
    try:
        values: dict[str, Any] = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
        return Recipe(**{field.name: values[field.name] for field in fields(Recipe) if field.name in values})
    except (OSError, ValueError, TypeError) as error:
        what = f"{folder} holds no training that could go on"
        raise SparkError(what, code="no_training", fix="start one without --resume") from error
