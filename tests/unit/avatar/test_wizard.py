from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from spark_vtuber.avatar.faces import Face
from spark_vtuber.avatar.vts_link import Link, linked
from spark_vtuber.avatar.vts_session import discover
from spark_vtuber.avatar.wizard import Enough, showable, walk
from spark_vtuber.core.personas import Expression
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.vts_server import FakeVTubeStudio, fake_studio
from spark_vtuber.testing.vts_studio import Hotkey


@asynccontextmanager
async def let_in() -> AsyncIterator[tuple[FakeVTubeStudio, Link]]:
    names = {"pluginName": "Test", "pluginDeveloper": "Tester"}
    async with fake_studio(VirtualClock()) as fake, linked(fake.connect, lambda _event: None) as link:
        token = (await link.ask("AuthenticationToken", names))["authenticationToken"]
        await link.ask("Authentication", names | {"authenticationToken": token})
        yield fake, link


class Person:
    """Somebody who watches the model and says what the script says."""

    def __init__(self, fake: FakeVTubeStudio, **says: Expression | None) -> None:
        self.seen: list[tuple[str, set[str]]] = []
        self.guesses: dict[str, Expression | None] = {}
        self._fake = fake
        self._says = says

    async def ask(self, face: Face, guess: Expression | None) -> Expression | None:
        self.seen.append((face.name, self._fake.studio.active()))
        self.guesses[face.name] = guess
        if face.name not in self._says:
            raise Enough
        return self._says[face.name]


async def test_everything_is_shown_once_and_taken_off_again() -> None:
    async with let_in() as (fake, link):
        person = Person(fake, Smile="happy", Anger="angry", EyesCry="sad", Glasses=None, Shocked="surprised")
        found = await walk(link, await discover(link), person.ask)
        shown = dict(person.seen)
        await anyio.sleep(0.2)

        assert shown["Smile"] == {"Smile.exp3.json", "Glasses.exp3.json"}
        assert shown["EyesCry"] == {"EyesCry.exp3.json", "Glasses.exp3.json"}
        assert fake.studio.pressed == ["Shocked"]
        assert found == {
            "happy": "Smile.exp3.json",
            "angry": "Angry.exp3.json",
            "sad": "EyesCry.exp3.json",
            "surprised": "8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f",
        }
        assert fake.studio.active() == {"Glasses.exp3.json"}, "what was on stays on"


async def test_names_are_offered_as_guesses_and_a_denied_one_is_noted() -> None:
    async with let_in() as (fake, link):
        person = Person(fake, Smile=None, Anger="smug", EyesCry="sad", Glasses=None, Shocked="surprised")
        found = await walk(link, await discover(link), person.ask)

        assert person.guesses["Smile"] == "happy"
        assert person.guesses["Glasses"] is None
        assert found["happy"] == "-"
        assert found["angry"] == "-"
        assert found["smug"] == "Angry.exp3.json"


async def test_whoever_has_seen_enough_keeps_what_was_said() -> None:
    async with let_in() as (fake, link):
        person = Person(fake, Smile="happy")
        found = await walk(link, await discover(link), person.ask)

        assert found == {"happy": "Smile.exp3.json"}
        assert len(person.seen) == 2


async def test_a_hotkey_that_must_wait_is_pressed_again() -> None:
    async with let_in() as (fake, link):
        fake.fail("HotkeyTrigger", 203, times=3)
        person = Person(fake, Smile=None, Anger=None, EyesCry=None, Glasses=None, Shocked="surprised")
        found = await walk(link, await discover(link), person.ask)
        await anyio.sleep(0.2)

        assert found["surprised"] == "8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f"
        assert fake.studio.pressed == ["Shocked"]


async def test_hotkeys_that_change_the_scene_are_not_pressed() -> None:
    async with let_in() as (fake, link):
        assert fake.studio.loaded is not None
        fake.studio.loaded.hotkeys.append(Hotkey("9", "To the owl", "ChangeVTSModel", "owl.vtube.json"))

        assert "To the owl" not in {face.name for face in showable(await discover(link))}
