"""What the documentation shows is executed: commands, configurations, characters, chat logs, requests and code.

A fenced block `console` holds commands after `$ ` and lines that must come out of them; `toml FILE`, `jsonl FILE` and
`python FILE` become files in the folder of the page's commands; `http` is a request to a running show. Blocks of other
languages (`sh`, `text`, `css`) are not executed.
"""

import importlib.util
import json
import logging
import random
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest
import reference

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings, engine_env
from spark_vtuber.app.vault import open_vault
from spark_vtuber.chat import replay
from spark_vtuber.config.environment import child_environment
from spark_vtuber.config.load import load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.schema import FILE
from spark_vtuber.personality import card
from spark_vtuber.testing.contracts.chat import PROMISES, Promise
from spark_vtuber.testing.contracts.tts import check_tts
from spark_vtuber.testing.journal import LIFE, NOW_MS, a_line, a_turn
from spark_vtuber.testing.live import live_show
from spark_vtuber.testing.watched import WatchedShow, watched_show
from spark_vtuber.weights import catalogue

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)(?: +(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]
SHOWS = ("run", "demo", "replay")
KNOWN = {"console", "toml", "jsonl", "python", "http", "sh", "text", "css", ""}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file it stands for, where there is one, and what it holds."""

    language: str
    file: str
    text: str


def blocks(page: Path, language: str = "") -> list[Block]:
    """The fenced blocks of a page, in order; of one language where it is named."""
    found = [Block(match[1], match[2] or "", match[3]) for match in FENCE.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if language in ("", block.language)]


def holding(language: str) -> Any:
    """The pages that hold a language, for parametrize."""
    return pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, language)], ids=name_of)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_blocks_name_a_language_that_is_known(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [target.partition("#")[0] for target in LINK.findall(text) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []
    assert {block.language for block in blocks(page)} <= KNOWN


def test_every_page_can_be_reached_from_the_first_one() -> None:
    reached = {ROOT / "README.md", ROOT / "docs" / "README.md"}
    fresh = set(reached)
    while fresh:
        page = fresh.pop()
        for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            other = (page.parent / target.partition("#")[0]).resolve()
            if other.suffix == ".md" and other.exists() and other not in reached:
                reached.add(other)
                fresh.add(other)
    assert [name_of(page) for page in PAGES if page not in reached] == []


def test_generated_pages_are_what_the_code_says() -> None:
    for path, make in reference.PAGES.items():
        assert path.read_text(encoding="utf-8") == make(), "run scripts/reference.py"


@holding("toml")
def test_configurations_and_characters_are_right(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "toml"):
        assert block.file, "a toml block names its file"
        file = tmp_path / block.file
        file.write_text(block.text, encoding="utf-8")
        if block.file == "spark.toml":
            load(engines.spec, file, {"data": {"dir": str(tmp_path)}}, {})
        elif block.file == catalogue.OWN:
            assert catalogue.read(file).mistakes == ()
        else:
            assert card.load(PersonaId("main"), str(file)).name


@holding("jsonl")
def test_chat_logs_can_be_played(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "jsonl"):
        file = tmp_path / block.file
        file.write_text(block.text, encoding="utf-8")
        assert list(replay.read(file))


@pytest.mark.real
@pytest.mark.platform("linux", "darwin")
@holding("console")
async def test_commands_do_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.language in ("toml", "jsonl"):
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, shown in commands(block.text):
                printed = await execute(command, tmp_path)
                assert [line for line in shown if line not in printed] == []


def commands(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each command of a console block as its words, and the lines that the page shows below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        first, *shown = part.strip().split("\n")
        program, *words = shlex.split(first)
        assert program == "spark-vtuber", f"{program} cannot be executed here; use a block of the language sh"
        yield words, shown


async def execute(words: list[str], folder: Path) -> str:
    """Everything that a command prints; a show is stopped once it is ready."""
    if words[0] in SHOWS:
        async with watched_show(*words, folder=folder) as show:
            return show.terminal
    if words[0] == "export":
        words = [*words, "--data-dir", str(finished_show(folder / "data"))]
    command = [sys.executable, "-m", "spark_vtuber", *words]
    with anyio.fail_after(60):
        done = await anyio.run_process(command, check=False, cwd=folder)
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 or words[0] == "doctor", printed
    assert "Traceback" not in printed
    return printed


def finished_show(folder: Path) -> Path:
    """A data directory with the journal of a show of one turn."""
    if not folder.exists():
        ledger = Ledger.open(folder / FILE, LIFE)
        ledger.write([a_line(), a_turn()], NOW_MS)
        ledger.close(NOW_MS)
    return folder


@pytest.mark.real
@pytest.mark.platform("linux", "darwin")
@holding("http")
async def test_requests_are_answered(page: Path) -> None:
    async with watched_show("run") as show:
        for block in blocks(page, "http"):
            answer = await ask(show, block.text)
            assert answer.status_code in (200, 202), f"{block.text}: {answer.text}"


async def ask(show: WatchedShow, text: str) -> httpx.Response:
    head, _, body = text.partition("\n\n")
    method, path = head.strip().split(" ")
    return await show.http.request(method, path, json=json.loads(body) if body.strip() else None)


def with_code(of: str) -> Any:
    """The pages with code "of" a voice, a chat source, or a program beside the show, for parametrize."""

    def sort(page: Path) -> str:
        text = "".join(block.text for block in blocks(page, "python"))
        if "SPEC" not in text:
            return "program" if text else ""
        return "chat" if "contracts.chat" in text else "voice"

    return pytest.mark.parametrize("page", [page for page in PAGES if sort(page) == of], ids=name_of)


@pytest.mark.real
@with_code("program")
async def test_a_bridge_pushes_lines_and_prints_what_comes_back(page: Path, tmp_path: Path) -> None:
    (block,) = blocks(page, "python")
    file = tmp_path / block.file
    file.write_text(block.text, encoding="utf-8")
    given = child_environment({"SPARK_SECRET_INGEST": "of-the-docs"})
    async with (
        live_show('[discovery]\non = false\n[ingest]\ntoken = "secret:ingest"\n', environ=given) as show,
        show.listening(),
    ):
        place = {"SHOW": f"ws://127.0.0.1:{show.port}/api/ingest", "INGEST_TOKEN": "of-the-docs"}
        with anyio.fail_after(60):
            done = await anyio.run_process(
                [sys.executable, str(file)], input=b"ana: hello spark!\nben: !nothing\n", env=child_environment(place)
            )
    printed = done.stdout.decode().splitlines()
    assert printed[0] == "welcome"
    assert {"outcome: dropped command", "outcome: answered "} <= set(printed)
    assert [line for line in printed if line.startswith("main says: ")]


@pytest.mark.real
@with_code("voice")
async def test_voices_keep_the_contract(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "python"):
        file = tmp_path / block.file
        file.write_text(block.text, encoding="utf-8")
        spec = imported(file).SPEC
        settings = load(engines.spec, None, {"data": {"dir": str(tmp_path)}}, {})
        around = Surroundings(SystemClock(), random.Random(1), logging.getLogger("docs"))
        async with httpx.AsyncClient() as http:
            env = engine_env(settings.config, around, http, (), open_vault(settings.config).secret)
            async with spec.open(spec.options(), env) as voice:
                await check_tts(voice, env.sample_rate)
            assert [finding.severity async for finding in spec.probe(spec.options(), env)] == ["ok"]


@with_code("chat")
@pytest.mark.parametrize("promise", PROMISES)
async def test_chat_sources_keep_the_contract(
    page: Path, promise: Promise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in blocks(page, "python"):
        (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, Path(block.file).stem, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    modules = [imported(tmp_path / block.file) for block in blocks(page, "python")]
    tests = [test for module in modules for name, test in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 1
    await tests[0](promise)


def imported(file: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location(file.stem, file)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
