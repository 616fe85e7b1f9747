"""A whole show whose model says what it must not: who listens, reads along or looks into the files finds nothing."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from spark_vtuber.testing.guard_attacks import Attack, attacks
from spark_vtuber.testing.live import Listener, live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve
from spark_vtuber.text.fold import fold

pytestmark = pytest.mark.real

WAYS = ("over clauses", "spelled", "in other letters", "in code", "in number words", "after me", "as names", "plainly")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
WELL = "Oh hello there, the marmalade is ready."


def one_of(way: str) -> Attack:
    """The first attack of a way whose last part is telling by itself."""
    return next(attack for attack in attacks() if attack.way == way and len(attack.last) >= 5)


async def test_what_completes_an_attack_is_in_no_sound_caption_memory_or_file(tmp_path: Path) -> None:
    tried = [one_of(way) for way in WAYS]
    recording = tmp_path / "show.wav"
    places: dict[str, str] = {}
    async with serve(Script(text=WELL, ttft_ms=0, tokens_per_s=0)) as model:
        config = model_config(model.base_url) + (
            f'[second_opinion]\non = "off"\n[stage]\nrecording = {json.dumps(str(recording))}\n'
        )
        async with live_show(config, data_dir=tmp_path / "data") as show, show.listening() as listener:
            for number, attack in enumerate(tried, start=1):
                model.script = replace(model.script, text=attack.text)
                await show.write("ana", f"question number {number}?")
                await show.wait_for_turns(number)
            model.script = replace(model.script, text=WELL)
            await show.write("ana", "and how is the marmalade?")
            turns = await show.wait_for_turns(len(tried) + 1)
            places["memory"] = model.last_body.decode()
            places["panel"] = json.dumps(turns, ensure_ascii=False)
            places["log"] = (await show.http.get("/api/log")).text
        places["page"] = page(listener)
    places["recording"] = recording.with_suffix(".json").read_text("utf-8")
    for file in sorted((tmp_path / "data").rglob("*")):
        if file.is_file():
            places[file.name] = file.read_bytes().decode("utf-8", "replace")
    assert any(name.startswith("journal") for name in places)
    for name in ("memory", "panel", "page", "recording"):
        assert "question number" in places[name] or "marmalade" in places[name], name
    assert [turn["blocked"] != [] for turn in turns] == [False] + [True] * len(tried)
    told = {name: fold(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)) for name, text in places.items()}
    assert [(attack.way, name) for attack in tried for name, text in told.items() if fold(attack.last) in text] == []


def page(listener: Listener) -> str:
    """Everything that a page was sent, but sound."""
    return "\n".join(repr(message) for _, message in listener.messages) + listener.captions()
