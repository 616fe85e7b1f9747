"""Scenarios of turn-taking, written as data and played through the real director and arbiter.

A scenario is a TOML table: `name`; `do`, a list of acts, each at second `at`; and what is expected of the evening. See
`Act` and `Expected` for the words. Lines are numbered in the order in which they are written, from 1. Whatever is
expected, what holds for every show is checked too (`broken_rules`).
"""

import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import anyio
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.duets import DuetOrigin, DuetPhase, DuetPlan
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Expression, Temper
from spark_vtuber.core.turns import Mark, Reason, TurnRecord
from spark_vtuber.pipeline.interjection import WINDOW_S
from spark_vtuber.testing.duets import NOVA, RUST, Theatre

Who = Literal["Nova", "Rust"]
_IDS = {"Nova": NOVA.id, "Rust": RUST.id}
_NAMES = {NOVA.id: "Nova", RUST.id: "Rust"}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Act(_Table):
    """One thing that happens, `at` seconds after the beginning.

    `write` is a line `by` a viewer, of a `kind` and an `amount`, for `persona` where it asks for one, as a reply to the
    line of number `reply_to`. `duet` is a topic, of `exchanges`, wished for by `origin`.
    """

    at: Annotated[float, Field(ge=0)] = 0.0
    write: str | None = None
    by: str = ""
    kind: ChatKind = ChatKind.MESSAGE
    amount: float = 0.0
    reply_to: int | None = None
    persona: Who | None = None
    duet: str | None = None
    tension: str = ""
    opener: Who = "Nova"
    exchanges: int = 2
    origin: DuetOrigin = DuetOrigin.PANEL
    stop_duet: bool = False
    interrupt: Who | Literal["anybody"] | None = None
    panic: bool = False
    resume: bool = False
    hold: bool | None = None
    mute: Who | None = None
    say: str | None = None
    ban: str | None = None


class TemperOf(_Table):
    """How a character is set; what is left out is ordinary."""

    mood: Expression = "neutral"
    energy: float = 0.5
    talkativeness: float = 0.5
    paid_only: bool = False


class Expected(_Table):
    """What the evening must have come to.

    `answers` says who answers a line, `because` what must stand among the reasons of the choice, `unanswered` which
    lines nobody answers, `within` how many seconds after it was written an answer must be heard. `speaks` is who is
    heard, turn by turn. `steps` counts the steps of duets that were heard, `duets` is how each duet ended. `remarks`
    counts remarks.
    """

    answers: Mapping[str, Who] = {}
    because: Mapping[str, str] = {}
    unanswered: tuple[int, ...] = ()
    within: Mapping[str, float] = {}
    speaks: tuple[Who, ...] | None = None
    steps: int | None = None
    duets: tuple[str, ...] | None = None
    remarks: int | None = None
    remarks_at_most: int | None = None
    idle_talk: int | None = None


class Scenario(_Table):
    """A few minutes of a show. `said` are the models' lines by kind of cue; `silence` lets idle talk become a duet."""

    name: str
    do: tuple[Act, ...]
    expect: Expected
    seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    temper: Mapping[Who, TemperOf] = {}
    said: Mapping[CueKind, tuple[str, ...]] = {}
    slow: Mapping[Who, float] = {}
    remembered: tuple[str, ...] = ()
    talkers: tuple[Who, ...] = ()
    silence: bool = False
    remarks_per_minute: int = 0
    eagerness: float = 1.0
    seed: int = 1


def scenarios(folder: Path) -> Iterator[tuple[str, Scenario]]:
    """All scenarios of a folder, each with the name of its file."""
    for path in sorted(folder.glob("*.toml")):
        with path.open("rb") as file:
            for table in tomllib.load(file)["scenario"]:
                yield path.stem, Scenario.model_validate(table)


async def play(scenario: Scenario) -> Theatre:
    """Run a scenario to its end."""

    def of_silence(talker: PersonaId) -> DuetPlan | None:
        other = next(name for name in _NAMES if name != talker)
        return DuetPlan("socks", talker, other, exchanges=2, origin=DuetOrigin.SILENCE) if scenario.silence else None

    theatre = Theatre(
        seed=scenario.seed,
        remarks_per_minute=scenario.remarks_per_minute,
        talkers=tuple(_IDS[name] for name in scenario.talkers),
        idle=of_silence,
        eagerness=scenario.eagerness,
    )
    theatre.model.said = dict(scenario.said)
    theatre.model.slow = {_IDS[name]: wait_s for name, wait_s in scenario.slow.items()}
    theatre.set = {
        _IDS[name]: Temper(one.mood, one.energy, one.talkativeness, paid_only=one.paid_only)
        for name, one in scenario.temper.items()
    }
    theatre.casting.surrounds.remembered = lambda _: scenario.remembered
    async with theatre.open():
        start_s = anyio.current_time()
        for act in sorted(scenario.do, key=lambda one: one.at):
            await anyio.sleep_until(start_s + act.at)
            await perform(theatre, act)
        await anyio.sleep_until(start_s + scenario.seconds)
    return theatre


async def perform(theatre: Theatre, act: Act) -> None:
    """Do one act of a scenario."""
    director = theatre.director
    if act.write is not None:
        _write(theatre, act, act.write)
    if act.duet is not None and director.duet.phase is DuetPhase.NONE:
        opener = _IDS[act.opener]
        second = next(name for name in _NAMES if name != opener)
        event = ChatEvent("wish", "test", ChatKind.MESSAGE, Author(act.by, act.by)) if act.by else None
        director.start_duet(DuetPlan(act.duet, opener, second, act.tension, act.exchanges, act.origin, event))
    if act.stop_duet:
        theatre.stop_duet()
    if act.say is not None:
        director.say(act.say, _IDS[act.persona or "Nova"])
    if act.ban is not None:
        theatre.reception.receive(ChatEvent("ban", "test", ChatKind.BAN, Author("mod", "mod"), target=act.ban))
    await _control(theatre, act)


def _write(theatre: Theatre, act: Act, text: str) -> None:
    theatre.write(
        text,
        act.by,
        kind=act.kind,
        amount=act.amount,
        reply_to=None if act.reply_to is None else str(act.reply_to),
        persona=None if act.persona is None else _IDS[act.persona],
    )


async def _control(theatre: Theatre, act: Act) -> None:
    director = theatre.director
    if act.interrupt is not None:
        await director.interrupt(_IDS.get(act.interrupt), Reason.OPERATOR)
    if act.hold is not None:
        director.hold(is_on=act.hold)
    if act.mute is not None:
        theatre.rig.muted.add(_IDS[act.mute])
        await director.interrupt(_IDS[act.mute], Reason.MUTED)
    if act.panic:
        await director.panic()
    if act.resume:
        director.resume()


def unmet(scenario: Scenario, theatre: Theatre) -> list[str]:
    """What was expected and did not come about, in words."""
    heard = sorted(
        (record for record in theatre.records if record.is_answered),
        key=lambda record: record.marks.get(Mark.FIRST_PLAYED, 0.0),
    )
    ends = tuple(note["reason"] for note in theatre.rig.notes.of("duet.ended"))
    return [*_unmet_lines(scenario.expect, theatre, heard), *_unmet_evening(scenario.expect, heard, ends)]


def _unmet_lines(expected: Expected, theatre: Theatre, heard: Sequence[TurnRecord]) -> Iterator[str]:
    by_line: dict[str, TurnRecord] = {}
    for record in heard:
        for event in (record.cue.event, *record.cue.also):
            if event is not None:
                by_line.setdefault(event.id, record)
    reasons = {note["id"]: note["reasons"] for note in theatre.rig.notes.of("chat.chosen")}
    for line, who in expected.answers.items():
        answer = by_line.get(line)
        if answer is None or _NAMES[answer.persona] != who:
            yield f"line {line} is answered by {_NAMES[answer.persona] if answer else 'nobody'}, not {who}"
    for line, word in expected.because.items():
        if not any(word in reason for reason in reasons.get(line, ())):
            yield f"line {line} is answered because {reasons.get(line)}, not {word!r}"
    yield from (f"line {line} is answered" for line in expected.unanswered if str(line) in by_line)
    for line, within_s in expected.within.items():
        answer = by_line.get(line)
        waited_s = answer.marks[Mark.FIRST_PLAYED] - answer.marks[Mark.RECEIVED] if answer else math.inf
        if waited_s > within_s:
            yield f"line {line} is answered after {waited_s:.1f} s, not within {within_s:g}"


def _unmet_evening(expected: Expected, heard: Sequence[TurnRecord], ends: tuple[str, ...]) -> Iterator[str]:
    kinds = [record.cue.kind for record in heard]
    for what, is_so, wanted in (
        ("speakers", tuple(_NAMES[record.persona] for record in heard), expected.speaks),
        ("steps", kinds.count(CueKind.DUET), expected.steps),
        ("ends of duets", ends, expected.duets),
        ("remarks", kinds.count(CueKind.INTERJECTION), expected.remarks),
        ("idle talk", kinds.count(CueKind.IDLE), expected.idle_talk),
    ):
        if wanted is not None and is_so != wanted:
            yield f"{what}: {is_so}, not {wanted}"
    most = expected.remarks_at_most
    if most is not None and kinds.count(CueKind.INTERJECTION) > most:
        yield f"{kinds.count(CueKind.INTERJECTION)} remarks, more than {most}"


def broken_rules(theatre: Theatre) -> list[str]:
    """Which of the rules that hold for every show a show broke."""
    broken = []
    voices = sorted(theatre.rig.stage.audible(), key=lambda one: one.start_s)
    for one, other in itertools.pairwise(voices):
        if other.turn != one.turn and other.start_s < one.end_s - 1e-6:
            broken.append(f"{one.turn} and {other.turn} are heard at once")
    broken += [
        f"nobody says why {note['persona']} answers {note['id']}"
        for note in theatre.rig.notes.of("chat.chosen")
        if not note["reasons"]
    ]
    began = sorted(record.marks[Mark.RECEIVED] for record in theatre.records if record.cue.kind is CueKind.INTERJECTION)
    for at_s in began:
        if sum(at_s <= other <= at_s + WINDOW_S for other in began) > theatre.remarks_per_minute:
            broken.append("more remarks within a minute than the cap allows")
    ids = [record.id for record in theatre.records]
    if len(ids) != len(set(ids)):
        broken.append("a turn is kept twice")
    return broken
