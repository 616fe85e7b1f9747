"""Preparing OBS."""

from dataclasses import replace
from typing import Any

import pytest

from spark_vtuber.obs.port import Address
from spark_vtuber.obs.setup import Step, Wanted, kind_for, prepare
from spark_vtuber.testing.obs_fake import KINDS, FakeObs, fake_obs

WANTED = Wanted("Live", "Safety", "Stage", "http://127.0.0.1:8080/stage/", "Captions")
BUILDS = {
    "debian": KINDS,
    "windows": ("browser_source", "text_gdiplus_v2", "text_gdiplus_v3", "color_source_v3"),
    "bare": (),
}


async def prepared(obs: FakeObs, wanted: Wanted = WANTED) -> list[Step]:
    async with obs.open_remote(Address("x", 1), lambda _event, _data: None) as remote:
        return [step async for step in prepare(remote, wanted)]


def outcomes(steps: list[Step]) -> dict[str, str]:
    return {step.what.partition('"')[2].partition('"')[0]: step.outcome for step in steps}


async def test_everything_is_made_once_and_kept_after_that() -> None:
    async with fake_obs(kinds=BUILDS["windows"]) as obs:
        first = outcomes(await prepared(obs))
        settings: dict[str, Any] = {name: dict(source.settings) for name, source in obs.sources.items()}
        second = outcomes(await prepared(obs))
        assert set(first.values()) == {"made", "kept"}
        assert set(second.values()) == {"kept"}
        assert obs.scenes["Live"] == ["Stage", "Captions"]
        assert obs.scenes["Safety"] == ["Safety background", "Safety text"]
        assert obs.overrides == {"Safety": "Cut"}
        assert {name: source.settings for name, source in obs.sources.items()} == settings


async def test_the_stage_shows_no_captions_where_they_have_a_source() -> None:
    async with fake_obs(kinds=BUILDS["windows"]) as obs:
        await prepared(obs)
        assert obs.sources["Stage"].settings["url"] == "http://127.0.0.1:8080/stage/?captions=0"
        assert obs.sources["Captions"].kind == "text_gdiplus_v3"
    async with fake_obs(kinds=BUILDS["windows"]) as obs:
        await prepared(obs, replace(WANTED, captions=""))
        assert obs.sources["Stage"].settings["url"] == "http://127.0.0.1:8080/stage/"
        assert "Captions" not in obs.sources


async def test_a_new_address_of_the_stage_is_all_that_changes() -> None:
    async with fake_obs(kinds=BUILDS["windows"]) as obs:
        await prepared(obs)
        obs.sources["Stage"].settings["width"] = 500
        steps = outcomes(await prepared(obs, replace(WANTED, stage_url="http://studio:9000/stage/?key=k")))
        assert (steps["Stage"], steps["Captions"]) == ("changed", "kept")
        assert obs.sources["Stage"].settings["url"] == "http://studio:9000/stage/?key=k&captions=0"
        assert obs.sources["Stage"].settings["width"] == 500


@pytest.mark.parametrize(("build", "missing"), [("debian", 1), ("windows", 0), ("bare", 2)])
async def test_what_a_build_lacks_is_said_with_what_helps(build: str, missing: int) -> None:
    async with fake_obs(kinds=BUILDS[build]) as obs:
        lacking = [step for step in await prepared(obs) if step.outcome == "missing"]
        assert len(lacking) == missing
        assert all("obsproject.com" in step.fix for step in lacking)
        assert {"Live", "Safety"} <= set(obs.scenes)


async def test_a_source_that_was_taken_out_of_the_scene_comes_back() -> None:
    async with fake_obs() as obs:
        await prepared(obs)
        obs.scenes["Live"].remove("Captions")
        assert outcomes(await prepared(obs))["Captions"] == "changed"
        assert obs.scenes["Live"] == ["Captions"]


async def test_without_names_nothing_is_made() -> None:
    async with fake_obs() as obs:
        assert await prepared(obs, Wanted("", "", "", "", "")) == []
        assert list(obs.scenes) == ["Scene"]


def test_the_newest_version_of_a_kind_is_taken() -> None:
    assert kind_for(["text_v2", "text", "text_v10", "texture_v99"], "text") == "text_v10"
    assert kind_for(["text_ft2_source_v2"], "text_gdiplus", "text_ft2_source") == "text_ft2_source_v2"
    assert kind_for(["image_source"], "text_gdiplus") is None
