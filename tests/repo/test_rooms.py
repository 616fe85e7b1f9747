"""The rules about rooms that import-linter cannot express."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "spark_vtuber"
DOMAINS = (
    *("chat", "moderation", "personality", "memory", "llm", "tts", "stt", "stage", "avatar", "obs", "game"),
    *("serving", "weights", "training"),
)
TRAINERS = {"torch", "transformers", "peft", "safetensors", "numpy", "gguf"}
"""Libraries that only work together, and count as one engine."""

WORKERS = sorted(path for path in PACKAGE.glob("*/workers/*.py") if path.name != "__init__.py")


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it runs; those for type checking are left out."""
    tree = ast.parse(path.read_text("utf-8"))
    idle = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def foreign(path: Path, *ours: str) -> set[str]:
    """What a file imports beyond the standard library and these modules of ours."""
    found = {name for name in imports(path) if name.partition(".")[0] not in sys.stdlib_module_names}
    return {name for name in found if not any(name == room or name.startswith(f"{room}.") for room in ours)}


def test_every_domain_package_is_under_contract() -> None:
    present = {f"spark_vtuber.{name}" for name in DOMAINS if (PACKAGE / name / "__init__.py").exists()}
    found = contracts()
    assert set(found["domains"]["modules"]) == present
    assert set(found["ports"]["forbidden_modules"]) == present


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda path: path.stem)
def test_core_needs_the_standard_library_alone(path: Path) -> None:
    assert foreign(path, "spark_vtuber.core") == set()


@pytest.mark.parametrize("path", WORKERS, ids=lambda path: path.stem)
def test_a_worker_imports_frames_and_one_engine(path: Path) -> None:
    beyond = foreign(path, "spark_vtuber.core", f"spark_vtuber.{path.parent.parent.name}.workers")
    assert not any(name.startswith("spark_vtuber") for name in beyond)
    engines = {name.partition(".")[0] for name in beyond}
    assert engines <= TRAINERS if path.parent.parent.name == "training" else len(engines) <= 1


def test_package_inits_are_empty() -> None:
    assert [path for path in PACKAGE.rglob("__init__.py") if path.stat().st_size] == []


def test_a_port_asks_for_four_methods_at_most() -> None:
    wide = [
        f"{path.parent.name}.{node.name}"
        for path in PACKAGE.glob("*/port.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).startswith("Protocol") for base in node.bases)
        and sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body) > 4
    ]
    assert wide == []
