"""Our character cards in the hands of other people's programs, and theirs in ours."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import testbed

from spark_vtuber.personality import card
from spark_vtuber.personality.card_keys import Card, LoreKeys, TraitKeys
from spark_vtuber.personality.card_png import plain_picture
from spark_vtuber.personality.card_standard import read_card, write_card, write_picture

pytestmark = [pytest.mark.real, pytest.mark.needs("cards")]

CLIENTS = Path(__file__).parent / "card_clients"
OURS = Card(
    name="Növa",
    description="{{char}} is a computer. 宇宙",
    greeting="Hello.",
    greetings=("Again.",),
    examples=(("hi", "Contact."),),
    traits={"patience": TraitKeys(value=0.6, high=0.8)},
    triggers=("moon",),
    lore=(
        LoreKeys(keys=("dock",), secondary=("night",), text="Closed.", priority=3, order=5, name="dock"),
        LoreKeys(text="It is the year 3000.", constant=True),
    ),
)


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What the other programs made of our card, in one run of them."""
    told = {
        "v2": write_card(OURS, "v2"),
        "v3": write_card(OURS, "v3"),
        "png": base64.b64encode(write_picture(OURS, plain_picture((20, 30, 90)))).decode(),
    }
    command = [*testbed.node(), str(CLIENTS / "cards.mjs")]
    done = subprocess.run(command, input=json.dumps(told).encode(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_other_programs_take_our_cards_for_what_they_are(seen: dict[str, Any]) -> None:
    assert seen["schema"]
    assert seen["kinds"] == ["v2", "v3"]
    assert seen["parsed"] == write_card(OURS, "v2")


def test_other_programs_find_both_versions_in_our_picture(seen: dict[str, Any]) -> None:
    assert seen["told"] == {"chara": write_card(OURS, "v2"), "ccv3": write_card(OURS, "v3")}


@pytest.mark.parametrize("converted", ["newer", "older"])
def test_our_character_survives_a_conversion_by_another_program(seen: dict[str, Any], converted: str) -> None:
    read = read_card(json.dumps(seen[converted]).encode())
    assert read.card.model_copy(update={"foreign": ""}) == OURS


def test_a_picture_written_by_another_program_is_a_character(seen: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "theirs.png"
    file.write_bytes(base64.b64decode(seen["png"]))
    assert card.read_file(file).card.model_copy(update={"foreign": ""}) == OURS
