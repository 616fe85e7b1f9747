"""What every implementation of the facets of steering promises, as functions that check it.

In a test: `@pytest.mark.parametrize("promise", STEERING)`, then `await promise(scene)` with a scene in which two lines
wait and one answer is held; the same with LINES and a list that holds a line, with TEMPERS and characters as they
start. A broken promise raises `AssertionError` that says which one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.personas import Personas
from spark_vtuber.core.steering import ChatLines, Steering


@dataclass(frozen=True, slots=True)
class Scene:
    """A show in hold mode: the lines `first` and `second` wait, in this order, and the answer `held` for approval."""

    steering: Steering
    first: str
    second: str
    held: TurnId


async def tells_what_waits_without_taking_it(scene: Scene) -> None:
    """The queue is in order, cut to the limit, and the same a second time."""
    for _ in range(2):
        queue = scene.steering.queue(10)
        _hold([one.id for one in queue.next] == [scene.first, scene.second], "the queue is not what waits")
        _hold(queue.waiting == 2, "what waits is not counted")
        _hold([one.turn for one in queue.held] == [scene.held], "the held answer is not told")
        _hold(queue.is_held, "hold mode is not told")
    _hold(len(scene.steering.queue(1).next) == 1, "the limit does not count")


async def approves_once(scene: Scene) -> None:
    """An answer is approved once, and is held no more."""
    _hold(scene.steering.approve(scene.held), "a held answer cannot be approved")
    _hold(not scene.steering.approve(scene.held), "an answer is approved twice")
    _hold(not scene.steering.reject(scene.held), "an approved answer is rejected")
    _hold(scene.steering.queue(1).held == (), "an approved answer is held")


async def decides_nothing_about_other_turns(scene: Scene) -> None:
    """A turn that is not held can be neither approved nor rejected."""
    _hold(not scene.steering.approve(TurnId("nobody's")), "an unknown turn is approved")
    _hold(not scene.steering.reject(TurnId("nobody's")), "an unknown turn is rejected")


async def ends_hold_mode_as_often_as_it_is_told(scene: Scene) -> None:
    """Both ends of hold mode are idempotent, and its end holds nothing."""
    for is_on in (True, False, False):
        scene.steering.hold(is_on=is_on)
        _hold(scene.steering.queue(0).is_held is is_on, "hold mode is not as it was set")
    _hold(scene.steering.queue(0).held == (), "an answer is held without hold mode")


async def drops_by_id_or_the_next(scene: Scene) -> None:
    """A cue is dropped by its id, the next one without; nothing is dropped twice."""
    _hold(scene.steering.drop(scene.second) == scene.second, "a cue is not dropped by its id")
    _hold(scene.steering.drop(scene.second) is None, "a cue is dropped twice")
    _hold(scene.steering.drop(None) == scene.first, "the next cue is not dropped")
    _hold(scene.steering.drop(None) is None, "something is dropped from an empty queue")


async def answers_what_waits_before_all_others(scene: Scene) -> None:
    """A line that waits becomes the next; one that is unknown does not."""
    _hold(scene.steering.answer(scene.second), "a waiting line cannot be hurried")
    _hold([one.id for one in scene.steering.queue(2).next] == [scene.second, scene.first], "the line is not the next")
    _hold(not scene.steering.answer("nobody's"), "an unknown line is answered")


async def answers_what_was_dropped(scene: Scene) -> None:
    """A line that was dropped can be answered after all."""
    scene.steering.drop(scene.first)
    _hold(scene.steering.answer(scene.first), "a dropped line cannot be answered")


async def refuses_what_cannot_be_said(scene: Scene) -> None:
    """Blank texts and unknown characters are errors with a code."""
    for text, persona, code in ((" ", None, "nothing_to_say"), ("hi", PersonaId("nobody"), "unknown_persona")):
        try:
            scene.steering.say(text, persona)
        except SparkError as error:
            _hold(error.code == code, f"the code of {text!r} is not {code}")
        else:
            raise AssertionError(f"{code} is not refused")


async def ignores_and_forgives(lines: ChatLines) -> None:
    """The author of a line is ignored, listed, and answered again, once."""
    (line, *_), _ = lines.lines(1, None, "")
    viewer = await lines.ignore(line.id)
    _hold(viewer in lines.ignored(), "an ignored viewer is not listed")
    _hold(await lines.unignore(viewer.key), "a viewer cannot be answered again")
    _hold(not await lines.unignore(viewer.key), "a viewer is forgiven twice")
    _hold(viewer not in lines.ignored(), "a forgiven viewer is listed")


async def ignores_no_unknown_author(lines: ChatLines) -> None:
    """A line that is not there has no author."""
    try:
        await lines.ignore("nobody's")
    except SparkError as error:
        _hold(error.code == "unknown_line", "the code is not unknown_line")
    else:
        raise AssertionError("the author of no line is ignored")


async def pages_do_not_overlap(lines: ChatLines) -> None:
    """A page begins below the number it is asked for."""
    (line, *_), _ = lines.lines(1, None, "")
    before, _ = lines.lines(10, line.seq, "")
    _hold(all(other.seq < line.seq for other in before), "a page holds a line of the one before")


async def sets_one_or_all(personas: Personas) -> None:
    """A value is set for one character or for all, and the others stay."""
    first = personas.tempers()[0][0].id
    await personas.change(first, None, {"energy": 0.9})
    _hold(personas.tempers()[0][1].energy == 0.9, "a value is not set")
    _hold(all(temper.energy != 0.9 for _, temper in personas.tempers()[1:]), "the others are set too")
    await personas.change(None, None, {"energy": 0.1})
    _hold(all(temper.energy == 0.1 for _, temper in personas.tempers()), "not all are set")


async def sets_what_a_preset_says(personas: Personas) -> None:
    """Every preset that is listed can be set."""
    for preset in personas.presets():
        await personas.change(None, preset.name, {})
        for _, temper in personas.tempers():
            _hold(temper.preset == preset.name, "the preset is not named")
            _hold(all(getattr(temper, name) == value for name, value in preset.values.items()), "a value is missing")


async def refuses_who_or_what_is_not_there(personas: Personas) -> None:
    """Unknown characters and presets are errors that change nothing."""
    before = personas.tempers()
    for persona, preset, code in ((PersonaId("nobody"), None, "unknown_persona"), (None, "none", "unknown_preset")):
        try:
            await personas.change(persona, preset, {"energy": 0.77})
        except SparkError as error:
            _hold(error.code == code, f"the code is not {code}")
        else:
            raise AssertionError(f"{code} is not refused")
    _hold(personas.tempers() == before, "a refusal changes something")


async def keeps_what_was_set_until_it_is_given_back(personas: Personas) -> None:
    """Whoever sets mood or energy holds it; None makes it the character's own again."""
    first = personas.tempers()[0][0].id

    def held() -> tuple[str, ...]:
        return next(temper.held for view, temper in personas.tempers() if view.id == first)

    _hold(held() == (), "something is held from the start")
    await personas.change(first, None, {"energy": 0.9, "mood": "sad"})
    _hold(held() == ("mood", "energy"), "what was set is not held")
    await personas.change(first, None, {"energy": None})
    _hold(held() == ("mood",), "what was given back is held")
    await personas.change(first, None, {"idle_talk": True})
    _hold(held() == ("mood",), "another value changes what is held")


async def puts_the_main_one_first(personas: Personas) -> None:
    """Whoever leads comes first; nobody who is not there can lead."""
    last = personas.tempers()[-1][0].id
    await personas.lead(last)
    _hold(personas.tempers()[0][0].id == last, "the main one is not first")
    try:
        await personas.lead(PersonaId("nobody"))
    except SparkError as error:
        _hold(error.code == "unknown_persona", "the code is not unknown_persona")
    else:
        raise AssertionError("unknown_persona is not refused")
    _hold(personas.tempers()[0][0].id == last, "a refusal changes who leads")


STEERING: Final[tuple[Callable[[Scene], Awaitable[None]], ...]] = (
    tells_what_waits_without_taking_it,
    approves_once,
    decides_nothing_about_other_turns,
    ends_hold_mode_as_often_as_it_is_told,
    drops_by_id_or_the_next,
    answers_what_waits_before_all_others,
    answers_what_was_dropped,
    refuses_what_cannot_be_said,
)
LINES: Final[tuple[Callable[[ChatLines], Awaitable[None]], ...]] = (
    ignores_and_forgives,
    ignores_no_unknown_author,
    pages_do_not_overlap,
)
TEMPERS: Final[tuple[Callable[[Personas], Awaitable[None]], ...]] = (
    sets_one_or_all,
    sets_what_a_preset_says,
    refuses_who_or_what_is_not_there,
    keeps_what_was_set_until_it_is_given_back,
    puts_the_main_one_first,
)


def _hold(is_kept: bool, what: str) -> None:
    if not is_kept:
        raise AssertionError(what)
