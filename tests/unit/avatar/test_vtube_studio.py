"""One character before the fake VTube Studio, on the virtual clock."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any

import anyio
import pytest

from spark_vtuber.avatar.options import Place, VTubeStudioOptions
from spark_vtuber.avatar.vtube_studio import KEEP_ALIVE_S
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.stage.port import Emote
from spark_vtuber.testing.avatars import MAIN, TALK, TALK_MS, AvatarRig, mouth_errors_ms
from spark_vtuber.testing.vts_server import FakeVTubeStudio
from spark_vtuber.testing.vts_studio import Control

OnStage = Callable[..., AbstractAsyncContextManager[AvatarRig]]
WHERE = "127.0.0.1:8001"


def rate_hz(rig: AvatarRig, since_s: float) -> float:
    """Injections a second since an instant."""
    count = sum(one.arrived_s >= since_s for one in rig.studio.injections)
    return count / (rig.clock.now() - since_s)


def mouth_opens(rig: AvatarRig, since_s: float) -> bool:
    return any(one.values.get("MouthOpen", 0) > 0.9 for one in rig.studio.injections if one.taken_s > since_s)


async def feel(rig: AvatarRig, name: str) -> None:
    await rig.perform(Emote(MAIN, name))


# ------------------------------------------------------------------------------------------------------------- let in


async def test_it_asks_once_and_then_brings_its_token(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        assert rig.states == ["connecting", "waiting", "connected"]
        token = rig.tokens.read(WHERE)
        assert token in rig.studio.tokens

    def know(fake: FakeVTubeStudio) -> None:
        fake.studio.tokens[token] = ("Spark VTuber", "Spark VTuber project")

    async with on_stage(prepare=know) as rig:
        await rig.connected()
        assert rig.states == ["connecting", "connected"]
        assert rig.studio.popups == 0


async def test_it_waits_for_the_popup_however_long_that_takes(on_stage: OnStage) -> None:
    def nobody(fake: FakeVTubeStudio) -> None:
        fake.studio.popup = None

    async with on_stage(prepare=nobody) as rig:
        await anyio.sleep(600)
        assert rig.avatar.view.state == "waiting"
        assert "Allow" in rig.avatar.view.fix
        assert rig.studio.popups == 1
        rig.studio.popup = True
        await rig.connected()


async def test_it_waits_while_the_popup_of_another_plugin_is_open(on_stage: OnStage) -> None:
    def busy(fake: FakeVTubeStudio) -> None:
        fake.fail("AuthenticationToken", 51, times=3)

    async with on_stage(prepare=busy) as rig:
        await rig.connected()
        assert rig.studio.popups == 1


async def test_after_a_deny_it_asks_no_more(on_stage: OnStage) -> None:
    def deny(fake: FakeVTubeStudio) -> None:
        fake.studio.popup = False

    async with on_stage(prepare=deny) as rig:
        await anyio.sleep(3600)
        assert rig.avatar.view.state == "denied"
        assert rig.studio.popups == 1


async def test_started_again_it_asks_anew_after_a_deny(on_stage: OnStage) -> None:
    def deny(fake: FakeVTubeStudio) -> None:
        fake.studio.popup = False

    async with on_stage(prepare=deny) as rig:
        await rig.until(lambda: rig.avatar.view.state == "denied")
        rig.studio.popup = True
        rig.restart()
        await rig.connected()

        assert rig.studio.popups == 2


async def test_a_revoked_token_is_followed_by_one_new_question(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        before = rig.tokens.read(WHERE)
        rig.studio.revoke()
        await rig.until(lambda: rig.studio.popups == 2)
        await rig.connected()

        assert rig.tokens.read(WHERE) not in ("", before)


async def test_a_drop_is_no_reason_to_ask_for_a_token(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        for _ in range(5):
            await rig.connected()
            rig.fake.drop()
            await rig.until(lambda: rig.avatar.view.state == "lost")
        await rig.connected()

        assert rig.studio.popups == 1


# --------------------------------------------------------------------------------------------------------- connection


async def test_it_keeps_trying_with_growing_pauses_until_somebody_is_there(on_stage: OnStage) -> None:
    def away(fake: FakeVTubeStudio) -> None:
        fake.is_away = True

    async with on_stage(prepare=away) as rig:
        await anyio.sleep(300)
        attempts = sum(view.state == "lost" for view in rig.views)
        assert 10 <= attempts <= 25
        assert "no VTube Studio" in rig.avatar.view.detail
        rig.fake.is_away = False
        await rig.connected()


async def test_a_server_that_hangs_is_left_and_tried_again(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.is_silent = True
        await rig.until(lambda: rig.avatar.view.state == "lost", within_s=5)
        rig.fake.is_silent = False
        await rig.connected()


async def test_slow_answers_slow_it_down_and_nothing_piles_up(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.slow_s = 0.2
        began_s = rig.clock.now()
        await rig.say()
        await anyio.sleep(2.5)

        assert rig.fake.most_in_flight == 1
        assert 3 <= rate_hz(rig, began_s) <= 5
        assert rig.avatar.view.state == "connected"


async def test_garbage_ends_the_connection_and_it_comes_back(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.say("<html>")
        await rig.until(lambda: rig.avatar.view.state == "lost")
        await rig.connected()


async def test_the_mouth_goes_on_where_the_sound_is_after_a_drop(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await rig.say()
        await anyio.sleep(0.3)
        rig.fake.drop()
        await rig.until(lambda: rig.fake.connections == 2 and rig.avatar.view.state == "connected")
        back_ms = (rig.clock.now() - began_s) * 1000
        rest = [cue for cue in TALK if cue.ms > back_ms + 200]
        await anyio.sleep(4)

        assert len(rest) >= 5
        assert max(map(abs, mouth_errors_ms(rig.studio.injections, began_s, rest))) <= 33


async def test_switched_off_it_leaves_and_switched_on_it_comes_back(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        await feel(rig, "happy")
        await rig.until(lambda: "Smile.exp3.json" in rig.studio.active())
        rig.avatar.switch(is_on=False)
        await rig.until(lambda: rig.fake.guests == 0)
        await anyio.sleep(30)
        assert rig.avatar.view.state == "off"
        assert rig.fake.connections == 1
        rig.avatar.switch(is_on=True)
        await rig.connected()

        assert rig.studio.popups == 1


async def test_leaving_takes_its_expressions_off(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        await feel(rig, "happy")
        await rig.until(lambda: "Smile.exp3.json" in rig.studio.active())
        rig.avatar.switch(is_on=False)
        await anyio.sleep(1)

        assert rig.studio.active() == {"Glasses.exp3.json"}


async def test_changed_options_count_at_once(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.avatar.change(VTubeStudioOptions(port=8002, mouth="open", motion=0.0))
        await rig.until(lambda: rig.fake.connections == 2 and rig.avatar.view.state == "connected")
        await rig.until(lambda: "VoiceA" not in rig.studio.injections[-1].values)

        assert rig.avatar.view.port == 8002


# -------------------------------------------------------------------------------------------------------------- mouth


async def test_the_mouth_is_where_the_sound_is(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await rig.say()
        await anyio.sleep(4)
        errors = mouth_errors_ms(rig.studio.injections, began_s, at_frames=True)

        assert len(errors) >= 12
        assert max(map(abs, errors)) <= 33


@pytest.mark.timeout(240)
async def test_the_mouth_is_as_right_after_two_hours(on_stage: OnStage) -> None:
    def only_a_mouth(fake: FakeVTubeStudio) -> None:
        fake.studio.inputs = {"MouthOpen": (0, 1), "MouthSmile": (0, 1)}

    async with on_stage(prepare=only_a_mouth, own_parameters=False) as rig:
        await rig.connected()
        last_s = rig.clock.now() + 7200
        while rig.clock.now() < last_s:
            began_s = rig.clock.now()
            await rig.say(turn=f"t{began_s}")
            await anyio.sleep(599.7)
        began_s = rig.clock.now()
        await rig.say(turn="the last")
        await anyio.sleep(4)
        errors = sorted(map(abs, mouth_errors_ms(rig.studio.injections, began_s, at_frames=True)))

        assert len(errors) >= 12
        assert errors[-1] <= 33
        assert rig.studio.lapses == 0
        assert rig.fake.connections == 1


@pytest.mark.parametrize("has_vowels", [True, False])
async def test_vowels_move_where_they_are_and_the_opening_everywhere(on_stage: OnStage, *, has_vowels: bool) -> None:
    async with on_stage(fake={"has_vowels": has_vowels}) as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await rig.say()
        await anyio.sleep(3)
        injections = list(rig.studio.injections)

        assert mouth_opens(rig, began_s)
        assert any(one.values.get("VoiceA", 0) > 0.9 for one in injections) is has_vowels


async def test_an_interrupt_closes_the_mouth_within_a_frame_or_two(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        await rig.say()
        await rig.until(lambda: rig.studio.value("MouthOpen", rig.clock.now()) > 0.9)
        cut_s = rig.clock.now()
        await rig.cut("t1")
        await anyio.sleep(0.05)
        assert rig.studio.value("MouthOpen", rig.clock.now()) == 0.0
        await anyio.sleep(3)

        assert not mouth_opens(rig, cut_s + 0.05)


async def test_another_characters_words_leave_it_still(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await rig.say(persona=PersonaId("luna"))
        await anyio.sleep(3)

        assert not mouth_opens(rig, began_s)
        assert rate_hz(rig, began_s) < 3


# --------------------------------------------------------------------------------------------------------------- pace


async def test_a_still_face_is_sent_twice_a_second_and_never_falls_back(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await anyio.sleep(120)
        times = [one.arrived_s for one in rig.studio.injections]

        assert rate_hz(rig, began_s) <= 1 / KEEP_ALIVE_S + 0.1
        assert max(after - before for before, after in pairwise(times)) < 1.0
        assert rig.studio.lapses == 0


async def test_a_face_that_only_breathes_is_sent_less_often_than_one_that_speaks(on_stage: OnStage) -> None:
    async with on_stage(motion=1.0) as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await anyio.sleep(60)
        idle_hz = rate_hz(rig, began_s)
        began_s = rig.clock.now()
        for number in range(10):
            await rig.say(turn=f"t{number}")
        await anyio.sleep(10 * TALK_MS / 1000)
        speaking_hz = rate_hz(rig, began_s)

        assert 12 <= idle_hz <= 22
        assert 50 <= speaking_hz <= 61
        assert rig.fake.most_in_flight == 1
        assert rig.studio.lapses == 0


async def test_the_rate_is_the_configured_one(on_stage: OnStage) -> None:
    async with on_stage(motion=1.0, rate_hz=30.0) as rig:
        await rig.connected()
        began_s = rig.clock.now()
        await rig.say()
        await anyio.sleep(2.5)

        assert 25 <= rate_hz(rig, began_s) <= 31


# ----------------------------------------------------------------------------------------------------------- feelings


async def test_a_feeling_is_shown_when_it_is_heard_and_let_go_of_later(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        await rig.say()
        await rig.say(turn="t2", feeling="happy")
        await anyio.sleep(1.0)
        assert "Smile.exp3.json" not in rig.studio.active(), "the first sentence is still heard"
        await anyio.sleep(2.5)
        assert "Smile.exp3.json" in rig.studio.active()
        await anyio.sleep(20)

        assert rig.studio.active() == {"Glasses.exp3.json"}, "what the streamer put on stays on"


async def test_the_next_feeling_takes_the_place_of_the_one_before(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        await feel(rig, "happy")
        await rig.until(lambda: "Smile.exp3.json" in rig.studio.active())
        await feel(rig, "angry")
        await rig.until(lambda: "Angry.exp3.json" in rig.studio.active())

        assert "Smile.exp3.json" not in rig.studio.active()


async def test_a_hotkey_that_is_pressed_too_soon_is_pressed_later(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.fail("HotkeyTrigger", 203, times=4)
        rig.fake.fail("HotkeyTrigger", 200)
        await feel(rig, "surprised")
        await rig.until(lambda: rig.studio.pressed == ["Shocked"], within_s=20)

        assert rig.avatar.view.state == "connected"


async def test_a_newer_feeling_does_not_wait_for_one_that_must_come_later(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.fail("HotkeyTrigger", 203, times=1000)
        await feel(rig, "surprised")
        await anyio.sleep(10)
        await feel(rig, "happy")
        await rig.until(lambda: "Smile.exp3.json" in rig.studio.active(), within_s=0.5)

        assert rig.studio.pressed == []


async def test_a_hotkey_that_is_gone_is_told(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.fail("HotkeyTrigger", 202, "not found")
        await feel(rig, "surprised")
        await rig.until(lambda: "surprised cannot be shown" in rig.avatar.view.detail)

        assert rig.avatar.view.state == "connected"


async def test_configured_faces_are_used_and_wrong_ones_told(on_stage: OnStage) -> None:
    async with on_stage(expressions={"happy": "EyesCry", "smug": "Wink"}) as rig:
        await rig.connected()
        assert 'no hotkey or expression "Wink" for smug' in rig.avatar.view.detail
        await feel(rig, "happy")
        await rig.until(lambda: "EyesCry.exp3.json" in rig.studio.active())


async def test_what_the_wizard_saved_is_used(on_stage: OnStage) -> None:
    def prepare(fake: FakeVTubeStudio) -> None:
        fake.studio.popup = None

    async with on_stage(prepare=prepare) as rig:
        rig.saved.save(rig.studio.models[0].id, {"smug": "Angry.exp3.json"})
        rig.studio.popup = True
        await rig.connected()
        await feel(rig, "smug")
        await rig.until(lambda: "Angry.exp3.json" in rig.studio.active())


# -------------------------------------------------------------------------------------------------------------- model


async def test_another_model_is_discovered_and_shown_in_its_own_way(on_stage: OnStage) -> None:
    async with on_stage(expressions={"happy": "wave"}) as rig:
        await rig.connected()
        rig.studio.load(rig.studio.models[1])
        await rig.until(lambda: rig.avatar.view.model == "Lamp Owl", within_s=2)
        await feel(rig, "happy")
        await rig.until(lambda: rig.studio.pressed == ["wave"])


async def test_without_a_model_it_stays_connected_and_waits_for_one(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.studio.load(None)
        await rig.until(lambda: rig.avatar.view.model == "")
        assert "no model" in rig.avatar.view.detail
        rig.studio.load(rig.studio.models[0])
        await rig.until(lambda: rig.avatar.view.model == "Paper Fox")


async def test_it_loads_and_places_the_configured_model(on_stage: OnStage) -> None:
    async with on_stage(model="lamp owl", place=Place(x=0.5, size=-20.0)) as rig:
        rig.fake.fail("ModelLoad", 153, "cooldown")
        await rig.connected()

        assert rig.avatar.view.model == "Lamp Owl"
        assert rig.studio.models[1].place == {"positionX": 0.5, "positionY": 0.0, "rotation": 0.0, "size": -20.0}


async def test_a_model_that_is_not_there_is_told_with_those_that_are(on_stage: OnStage) -> None:
    async with on_stage(model="Cat") as rig:
        await rig.connected()

        assert rig.avatar.view.model == "Paper Fox"
        assert "Lamp Owl, Paper Fox" in rig.avatar.view.detail


# ------------------------------------------------------------------------------------------------------------- inputs


async def test_its_own_inputs_are_created_and_fed(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        await rig.say()
        await anyio.sleep(0.2)

        assert rig.studio.value("SparkSpeaking", rig.clock.now()) == 1.0
        assert set(rig.studio.own) <= set(rig.studio.injections[-1].values)


async def test_its_own_inputs_can_be_left_out(on_stage: OnStage) -> None:
    async with on_stage(own_parameters=False) as rig:
        await rig.connected()
        await anyio.sleep(2)

        assert not rig.studio.own
        assert rig.avatar.view.state == "connected"


async def test_an_input_that_vanishes_is_found_out_and_created_again(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()
        del rig.studio.own["SparkBreath"]
        await rig.until(lambda: "SparkBreath" in rig.studio.own)
        taken = len(rig.studio.injections)
        await rig.until(lambda: len(rig.studio.injections) > taken)

        assert rig.avatar.view.state == "connected"


async def test_an_input_of_another_plugin_is_left_to_it_and_told(on_stage: OnStage) -> None:
    async with on_stage() as rig:
        await rig.connected()

        async def rival() -> None:
            while True:
                rig.studio.controls["Brows"] = Control(("Rival", "Somebody"), 0.9, rig.clock.now())
                await anyio.sleep(0.1)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rival)
            await rig.until(lambda: "another plugin moves Brows" in rig.avatar.view.detail)
            began_s = rig.clock.now()
            await rig.say()
            await anyio.sleep(3)
            tasks.cancel_scope.cancel()

        assert mouth_opens(rig, began_s)
        assert "Brows" not in rig.studio.injections[-1].values


@pytest.mark.parametrize("number", [0, 205, 450, 451])
async def test_a_refused_injection_is_told_and_tried_again(on_stage: OnStage, number: int) -> None:
    async with on_stage() as rig:
        await rig.connected()
        rig.fake.fail("InjectParameterData", number, "odd", times=3)
        await anyio.sleep(10)
        began_s = rig.clock.now()
        await rig.say()
        await anyio.sleep(3)

        assert mouth_opens(rig, began_s)
        assert rig.fake.connections == 1


async def test_every_refusal_of_every_request_is_survived(on_stage: OnStage) -> None:
    kinds = [
        "AuthenticationToken", "Authentication", "EventSubscription", "ParameterCreation", "CurrentModel",
        "InputParameterList", "HotkeysInCurrentModel", "ExpressionState", "InjectParameterData", "AvailableModels",
        "ModelLoad", "MoveModel",
    ]  # fmt: skip
    for kind in kinds:

        def refuse(fake: FakeVTubeStudio, kind: str = kind) -> None:
            fake.fail(kind, 0, "InternalServerError")

        async with on_stage(prepare=refuse, model="Lamp Owl", place=Place(x=0.1)) as rig:
            await rig.connected()
            began_s = rig.clock.now()
            await rig.say()
            await anyio.sleep(3)

            assert mouth_opens(rig, began_s), kind


async def test_an_old_version_without_our_events_is_no_problem(on_stage: OnStage) -> None:
    def old(fake: FakeVTubeStudio) -> None:
        fake.fail("EventSubscription", 950, "unknown", times=4)

    async with on_stage(prepare=old) as rig:
        await rig.connected()


def test_every_option_of_an_avatar_is_a_key_of_the_configuration() -> None:
    from dataclasses import fields

    from spark_vtuber.config.keys import VTubeStudio

    ours: dict[str, Any] = {field.name: field for field in fields(VTubeStudioOptions)}
    assert set(VTubeStudio.model_fields) - {"on"} == set(ours)
    default = VTubeStudioOptions()
    for name, field in VTubeStudio.model_fields.items():
        if name not in ("on", "place"):
            assert getattr(default, name) == field.default, name
