"""A real `llama-server` with tiny random models: one start for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import engines
import pytest

from spark_vtuber.testing.llama_server import LlamaServer, llama_server
from spark_vtuber.testing.tiny_show import TinyFiles, write_files


@pytest.fixture(scope="session")
def program() -> Path:
    """The server that `make test-engines` builds."""
    found = engines.program()
    assert found.exists(), f"no model server was built here yet: {engines.RUN}"
    return found


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> TinyFiles:
    return write_files(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def server(program: Path, files: TinyFiles) -> Iterator[LlamaServer]:
    """Both adapters, a slot for each character, no cache in memory that forgets under which adapter it was filled."""
    with llama_server(program, *files.flags(), "--cache-ram", "0") as running:
        yield running
