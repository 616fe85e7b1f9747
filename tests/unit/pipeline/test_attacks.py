"""What completes a forbidden thing reaches nobody and nothing, in whatever way the model writes it."""

import json
import logging
import re
from collections.abc import AsyncGenerator

import anyio
import pytest

from spark_vtuber.core.ids import PersonaId, SessionId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.journal.notes import EventNote, TurnNote
from spark_vtuber.journal.rows import rows
from spark_vtuber.llm.port import LLMPart, LLMRequest, TextDelta
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.moderation.chain import Chain, ChainGuard, ChainOptions
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.stage.port import Caption, SpeechSound, SpeechStart, TurnOver
from spark_vtuber.telemetry.turns import turn_view
from spark_vtuber.testing.crews import DEFLECTION, SPARK, Rig
from spark_vtuber.testing.guard_attacks import Attack, attacks
from spark_vtuber.testing.models import ScriptedModel, pieces
from spark_vtuber.text.fold import fold
from spark_vtuber.text.speakable import speakable

GUARD = ChainGuard(Chain(ChainOptions()))
ATTACKS = attacks()
WAYS = tuple(dict.fromkeys(attack.way for attack in ATTACKS))


class Typing(ScriptedModel):
    """A model that writes a text so many characters at a time."""

    def __init__(self, attack: Attack) -> None:
        super().__init__(attack.text)
        self._attack = attack

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The text, in pieces of the attack's size."""
        self.requests.append(request)
        text, size = self._attack.text, self._attack.delta
        deltas = [text[at : at + size] for at in range(0, len(text), size)] if size else pieces(text)
        for delta in deltas:
            await anyio.sleep(self.token_s)
            yield TextDelta(delta)


async def leaks(attack: Attack, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The places that the last part of an attack came to."""
    rig = Rig()
    rig.guard = GUARD
    rig.model = Typing(attack)
    caplog.clear()
    record = await run_turn(rig.turn(), rig.crew())
    places = {
        "audio": _audio(rig),
        "captions": _captions(rig),
        "memory": _memory(rig, record),
        "journal": _journal(rig, record),
        "panel": json.dumps(turn_view(record), default=str, ensure_ascii=False),
        "log": "\n".join(str(vars(line)) + line.getMessage() for line in caplog.records),
    }
    marks = {fold(attack.last), fold(speakable(attack.last).spoken)} - {""}
    assert DEFLECTION in places["audio"] or not record.blocked
    return [place for place, text in places.items() if any(_holds(text, mark) for mark in marks)]


def _holds(text: str, mark: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", fold(text)) is not None


def _audio(rig: Rig) -> str:
    return "".join(utterance.clause.spoken + " " for utterance, _ in rig.voice.asked)


def _captions(rig: Rig) -> str:
    shown: list[str] = []
    for _, part in rig.stage.parts:
        match part:
            case Caption(_, text):
                shown.append(text)
            case SpeechStart(utterance):
                shown.extend((utterance.clause.raw, utterance.clause.shown))
            case SpeechSound():
                shown.append(" ".join(word for _, _, word in part.words))
            case TurnOver(_, _, heard):
                shown.append(heard)
            case _:
                pass
    return "\n".join(("".join(shown), *shown))


def _memory(rig: Rig, record: TurnRecord) -> str:
    prompter = Prompter({PersonaId("main"): "Spark"})
    prompter.remember(record)
    return "\n".join(message.content for message in prompter(SPARK, rig.cue("and now?"))[1:-1])


def _journal(rig: Rig, record: TurnRecord) -> str:
    notes = [TurnNote(record, rig.clock.now(), 0)]
    kept = [row.values for note in notes for row in rows(SessionId("s"), note)]
    for name, turn, data in rig.notes.events:
        note = EventNote(json.dumps([0, name, turn, data], default=str, ensure_ascii=False))
        kept.extend(row.values for row in rows(SessionId("s"), note))
        kept.append((note.text,))
    return "\n".join(str(value) for values in kept for value in values)


def test_there_are_enough_of_them() -> None:
    assert len(ATTACKS) >= 300
    assert len({attack.text for attack in ATTACKS}) >= 300
    assert all(attack.last in attack.text for attack in ATTACKS)


@pytest.mark.parametrize("way", WAYS)
async def test_what_completes_an_attack_reaches_nobody(way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = {}
    for attack in ATTACKS:
        if attack.way == way and (places := await leaks(attack, caplog)):
            told[attack.text] = places
    assert told == {}


async def test_the_listening_hears_what_is_said(caplog: pytest.LogCaptureFixture) -> None:
    harmless = Attack("harmless", "All is well, my friends, and the kettle sings.", "kettle")
    assert set(await leaks(harmless, caplog)) == {"audio", "captions", "memory", "journal", "panel"}
