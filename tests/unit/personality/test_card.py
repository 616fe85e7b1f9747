import itertools
import random
from pathlib import Path

import pytest

from spark_vtuber.core.errors import ConfigError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import EXPRESSIONS, Adapter, Lore, PersonaView, Sampling
from spark_vtuber.personality import card
from spark_vtuber.personality.deflect import PLAIN, deflector
from spark_vtuber.text.markup import Markup, Tag

MAIN = PersonaId("main")


@pytest.mark.parametrize("name", card.shipped())
def test_every_shipped_character_loads_and_uses_only_known_expressions(name: str) -> None:
    view = card.load(MAIN, name)
    tags = set()
    for _, reply in view.examples:
        markup = Markup(EXPRESSIONS)
        tags |= {part.name for part in [*markup.feed(reply), *markup.close()] if isinstance(part, Tag)}
        assert "[" not in "".join(part.text for part in Markup(EXPRESSIONS).feed(reply) if not isinstance(part, Tag))
    assert tags
    assert view.description
    assert dict(view.deflections)["any"]


def test_the_two_shipped_characters_differ_in_look_and_voice() -> None:
    spark, ember = card.load(MAIN, "main"), card.load(MAIN, "ember")
    assert spark.look != ember.look
    assert spark.voice != ember.voice


def test_a_character_file_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "Nova"\nmood = "smug"\n[voice]\nrate = 1.2\n')
    view = card.load(MAIN, str(file))
    assert (view.name, view.mood, view.voice.rate) == ("Nova", "smug", 1.2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('name = "A"\nvoice = 3', "voice"),
        ('name = "A"\ncolour = "red"', "colour"),
        ("name = ", "not valid TOML"),
        ("", "name"),
        ('name = "A"\ndescription = "' + "x" * 1_100_000 + '"', "larger than"),
    ],
)
def test_a_bad_character_file_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        card.load(MAIN, str(file))


def test_a_missing_character_names_the_shipped_ones() -> None:
    with pytest.raises(ConfigError, match="ember, main"):
        card.load(MAIN, "nobody")


def test_a_deflection_fits_the_reason_and_never_comes_twice_in_a_row() -> None:
    view = card.load(MAIN, "main")
    deflect = deflector(random.Random(3))
    lines = [deflect(view, "profanity") for _ in range(20)]
    assert set(lines) == set(dict(view.deflections)["profanity"])
    assert all(one != other for one, other in itertools.pairwise(lines))
    assert deflect(view, "something else") in dict(view.deflections)["any"]


def test_a_character_without_deflections_has_plain_ones() -> None:
    deflect = deflector(random.Random(3))
    assert deflect(PersonaView(MAIN, "Plain"), "profanity") in PLAIN
    single = PersonaView(MAIN, "Single", deflections=(("any", ("Only this.",)),))
    assert [deflect(single, "x"), deflect(single, "x")] == ["Only this."] * 2


WHOLE = """
name = "Nova"
personality = "Precise."
likes = ["tides"]
dislikes = ["small talk about rain"]
facts = ["She was a navigation computer."]
expertise = ["orbits"]
triggers = ["moon"]

[traits.patience]
value = 0.6
low = 0.4
high = 0.8
daily = 0.05
meaning = "How long she puts up with things."
less = "You are short of patience."
rises = ["thanks", "gift"]
falls = ["insult", "interrupted"]

[[lore]]
keys = ["harbour"]
secondary = ["night"]
text = "The harbour is closed at night."
priority = 5
order = 2

[[lore]]
text = "It is the year 3000."
constant = true
order = 1

[[lore]]
keys = ["secret"]
text = "Not yet."
enabled = false

[adapter]
name = "nova-lora"
scale = 0.8

[sampling]
temperature = 0.7
min_p = 0.05
"""


def test_a_card_fills_everything_the_show_knows_of_a_character(tmp_path: Path) -> None:
    file = tmp_path / "nova.toml"
    file.write_text(WHOLE)
    view = card.load(MAIN, str(file))
    assert (view.likes, view.dislikes) == (("tides",), ("small talk about rain",))
    assert (view.facts, view.expertise, view.triggers) == (("She was a navigation computer.",), ("orbits",), ("moon",))
    assert view.lore == (
        Lore((), "It is the year 3000.", is_constant=True),
        Lore(("harbour",), "The harbour is closed at night.", priority=5, secondary=("night",)),
    )
    assert (view.adapter, view.sampling) == (Adapter("nova-lora", 0.8), Sampling(temperature=0.7, min_p=0.05))
    (patience,) = view.traits
    assert (patience.low, patience.value, patience.high, patience.daily) == (0.4, 0.6, 0.8, 0.05)
    assert (patience.rises, patience.falls) == (("thanks", "gift"), ("insult", "interrupted"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[traits.calm]\nvalue = 0.9\nhigh = 0.5", "between its low and its high"),
        ('[traits.calm]\nrises = ["weather"]', "rises"),
        ("[traits.calm]\nvalue = nan", "value"),
        ('[traits."Not a name"]', "traits"),
        ("[sampling]\ntemperature = 9", "temperature"),
        ('[adapter]\nname = "x"\nscale = 3', "scale"),
        ('[[lore]]\nkeys = ["x"]', "text"),
    ],
)
def test_a_value_out_of_its_range_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(f'name = "A"\n{text}\n')
    with pytest.raises(ConfigError, match=complaint):
        card.load(MAIN, str(file))


@pytest.mark.parametrize("name", ["x" * 5_000, "~nobody-of-that-name/x"])
def test_a_card_that_no_file_can_be_called_is_not_found(name: str) -> None:
    assert card.find(name) is None


def test_a_key_that_is_not_known_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('name = "A"\ndescripton = "x"\n[voice]\nspeed = 1\n')
    with pytest.raises(ConfigError) as caught:
        card.load(MAIN, str(file))
    assert {(one.key, one.reason, one.fix) for one in caught.value.mistakes} == {
        ("bad.toml: descripton", "is not a known key", 'did you mean "description"?'),
        ("bad.toml: voice.speed", "is not a known key", ""),
    }
