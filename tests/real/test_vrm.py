"""Models in a real browser: they speak, feel, stay apart from everything else, and the puppet stands in for them."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest
import testbed
from playwright.async_api import Browser, expect
from pydantic import SecretStr

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.testing.browser import SOUND_PLAYS, WEBGL, Visit, chromium_browser, visit
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.live import LiveShow, live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve
from spark_vtuber.testing.vrm import glb, vrm
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

ELSEWHERE = "http://127.0.0.1:9/skin.png"
LOOKS = {
    "main": "vrm:Box",
    "old": "vrm:Old",
    "gone": "vrm:Gone",
    "broken": "vrm:Broken",
    "sly": "vrm:Sly",
    "own": "vrm:Own",
    "plain": "spark",
}
SPEECH = "[angry] Oh, good evening everyone, who ate my cake?"

NO_WEBGL = "--disable-3d-apis"
SIZE = {"width": 480, "height": 480}


@dataclass(frozen=True, slots=True)
class Theatre:
    """A show whose characters have all kinds of looks, and a browser that can draw models."""

    show: LiveShow
    browser: Browser
    models: Path

    async def stage(self, persona: str, query: str = "", browser: Browser | None = None) -> Visit:
        """The stage with one character, without sound of its own."""
        address = f"http://127.0.0.1:{self.show.port}/stage/?debug&captions=0&persona={persona}{query}"
        return await visit(browser or self.browser, address, viewport=SIZE)

    async def told(self, persona: str, detail: str) -> str:
        """The state of the look of a character on the board, once `detail` is part of what it says."""
        with anyio.fail_after(10):
            while detail not in (found := await self.show.component(f"look:{persona}"))["detail"]:
                await anyio.sleep(0.02)
        return str(found["state"])


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the whole module, whose tests share a show and a browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    """One show and one browser for all tests."""
    path = testbed.chromium()
    assert path is not None
    data = tmp_path_factory.mktemp("data")
    models = data / "models"
    models.mkdir()
    files = {
        "Box": vrm(),
        "Old": vrm(0),
        "Broken": vrm()[:-9_000],
        "Sly": vrm(image_uri=ELSEWHERE),
        "Own": vrm(image_uri="/api/status"),
    }
    for name, content in files.items():
        (models / f"{name}.vrm").write_bytes(content)
    config = "".join(f'[persona.{name}]\nlook = "{look}"\n' for name, look in LOOKS.items())
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(serve(Script(text=SPEECH, tokens_per_s=0)))
        show = await stack.enter_async_context(live_show(model_config(model.base_url) + config, data_dir=data))
        browser = await stack.enter_async_context(chromium_browser(path, SOUND_PLAYS, *WEBGL))
        yield Theatre(show, browser, models)


async def looked_at(stage: Visit) -> tuple[list[int], float, list[int]]:
    """The alpha of the four corners, the share of the picture that is not transparent, and the colour of the hair."""
    picture = await stage.page.screenshot(omit_background=True)
    read = """async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
        const { width, height } = bitmap;
        const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        const at = (x, y) => data[4 * (y * width + x) + 3];
        let seen = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) seen += 1;
        const corners = [at(0, 0), at(width - 1, 0), at(0, height / 4), at(width - 1, height / 4)];
        let top = 0;
        while (top < height - 9 && at(width / 2, top) < 255) top += 1;
        const hair = 4 * ((top + 8) * width + width / 2);
        return [corners, seen / (width * height), [...data.slice(hair, hair + 3)]];
    }"""
    corners, share, hair = await stage.page.evaluate(read, list(picture))
    return corners, share, hair


async def scripts_with_models(stage: Visit) -> list[str]:
    """Addresses of what the page loaded that knows how to read a model."""
    read = """async () => {
        const asked = performance.getEntriesByType('resource').map(({ name }) => name);
        const scripts = asked.filter((name) => name.endsWith('.js'));
        const texts = await Promise.all(scripts.map(async (name) => (await fetch(name)).text()));
        return scripts.filter((_, index) => texts[index].includes('VRMC_vrm'));
    }"""
    found: list[str] = await stage.page.evaluate(read)
    return found


async def asked(stage: Visit) -> set[str]:
    """The paths of everything the page loaded by itself."""
    names: list[str] = await stage.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    return {name.partition("//")[2].partition("/")[2] for name in names}


async def test_a_model_appears_and_its_mouth_follows_what_is_heard(theatre: Theatre) -> None:
    stage = await theatre.stage("main")
    await expect(stage.page.get_by_role("img", name="Spark")).to_be_visible()
    assert await theatre.told("main", "Box.vrm is shown") == "ok"
    corners, share, (red, _, blue) = await looked_at(stage)
    assert corners == [0, 0, 0, 0]
    assert 0.2 < share < 0.8
    assert red > blue + 60, "the colour of the hair is a picture inside the file"
    await stage.until("__stage.isAudible")
    await theatre.show.write("ana", "hello!", persona="main")
    await theatre.show.wait_for_turns(1)
    await stage.until("__stage.frames.at(-1).viseme === 'sil' && __stage.frames.at(-1).mouthOpen === 0")
    frames = await stage.probe("frames")
    wide = {"aa", "E", "oh", "ou", "ih"}
    spoken = [frame for frame in frames if frame["viseme"] in wide]
    assert len({frame["viseme"] for frame in spoken}) >= 2
    assert min(frame["mouthOpen"] for frame in spoken) > 0.1
    assert max(frame["mouthOpen"] for frame in spoken) > 0.5
    assert max(frame["mouthOpen"] for frame in frames if frame["viseme"] == "PP") < 0.35
    assert stage.hosts == {f"127.0.0.1:{theatre.show.port}"}
    assert [one for one in stage.complaints if "GPU stall" not in one] == []
    await stage.page.context.close()


async def test_a_frozen_model_stands_still_and_its_feelings_are_seen(theatre: Theatre) -> None:
    stage = await theatre.stage("main", "&frozen")
    await expect(stage.page.locator("canvas")).to_be_visible()
    calm = await stage.page.screenshot(omit_background=True)
    assert await stage.page.screenshot(omit_background=True) == calm
    turns = len(await theatre.show.turns())
    await theatre.show.write("ana", "are you angry?", persona="main")
    await theatre.show.wait_for_turns(turns + 1)
    await stage.until(
        "__stage.stage.show.faces.of('main').expression === 'angry' && __stage.frames.at(-1).mouthOpen === 0"
    )
    cross = await stage.page.screenshot(omit_background=True)
    assert cross != calm
    await stage.page.context.close()


async def test_a_model_of_the_older_format_appears(theatre: Theatre) -> None:
    stage = await theatre.stage("old")
    await expect(stage.page.locator("canvas")).to_be_visible()
    assert await theatre.told("old", "Old.vrm is shown") == "ok"
    _, share, _ = await looked_at(stage)
    assert 0.2 < share < 0.8
    await stage.page.context.close()


@pytest.mark.parametrize(
    ("persona", "reason"), [("gone", "missing"), ("broken", "broken"), ("sly", "broken"), ("own", "broken")]
)
async def test_the_puppet_stands_in_for_a_model_that_cannot_be_shown(
    theatre: Theatre, persona: str, reason: str
) -> None:
    stage = await theatre.stage(persona)
    await expect(stage.page.locator(f"[data-persona={persona}] svg")).to_be_visible()
    assert await stage.page.locator("canvas").count() == 0
    assert any(f"The puppet stands in for a model: {reason}" in one for one in stage.complaints)
    assert await theatre.told(persona, "the puppet stands in") == "degraded"
    assert stage.hosts == {f"127.0.0.1:{theatre.show.port}"}
    assert not any(path.startswith(("api/status", "skin")) for path in await asked(stage))
    await stage.page.context.close()


async def test_a_model_whose_graphics_are_lost_comes_back(theatre: Theatre) -> None:
    stage = await theatre.stage("main")
    await expect(stage.page.locator("canvas")).to_be_visible()
    await stage.page.evaluate(
        "document.querySelector('canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    await expect(stage.page.locator("svg")).to_be_visible()
    assert await theatre.told("main", "lost its graphics") == "degraded"
    assert await theatre.told("main", "Box.vrm is shown") == "ok"
    await expect(stage.page.locator("canvas")).to_be_visible()
    assert await stage.page.locator("svg").count() == 0
    await stage.page.context.close()


async def test_the_stand_in_of_the_stage_is_the_puppet(theatre: Theatre) -> None:
    stage = await theatre.stage("main")
    await expect(stage.page.locator("canvas")).to_be_visible()
    for stand_in, what, detail in (("puppet", "svg", "stage is switched"), ("", "canvas", "Box.vrm is shown")):
        answer = await theatre.show.http.post("/api/fallback", json={"module": "stage", "use": stand_in})
        answer.raise_for_status()
        await expect(stage.page.locator(what)).to_be_visible()
        await theatre.told("main", detail)
        assert await stage.page.locator("canvas, svg").count() == 1
    await stage.page.context.close()


async def test_only_a_page_with_a_model_loads_what_draws_models(theatre: Theatre) -> None:
    path = testbed.chromium()
    assert path is not None
    async with chromium_browser(path, SOUND_PLAYS, NO_WEBGL) as browser:
        puppet = await theatre.stage("plain", browser=browser)
        await expect(puppet.page.locator("svg")).to_be_visible()
        model = await theatre.stage("main", browser=browser)
        await expect(model.page.locator("svg")).to_be_visible()
        assert any("no_webgl" in one for one in model.complaints)
        assert await scripts_with_models(puppet) == []
        assert len(await scripts_with_models(model)) == 1
        assert not any("models" in path for path in await asked(model)), "a model nobody can draw is not fetched"


async def test_a_model_is_served_whole_in_part_and_only_when_it_changed(theatre: Theatre) -> None:
    http, content = theatre.show.http, vrm()
    whole = await http.get("/stage/models/Box.vrm")
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "model/gltf-binary"
    assert whole.headers["cache-control"] == "private, no-cache"
    assert whole.headers["x-content-type-options"] == "nosniff"
    known = {"if-none-match": whole.headers["etag"]}
    assert (await http.get("/stage/models/Box.vrm", headers=known)).status_code == 304
    part = await http.get("/stage/models/Box.vrm", headers={"range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, content[4:12])
    head = await http.head("/stage/models/Box.vrm")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    (theatre.models / "Box 2.vrm").write_bytes(vrm(0))
    assert (await http.get("/stage/models/Box%202.vrm")).content == vrm(0)
    later = theatre.models.joinpath("Box 2.vrm").stat().st_mtime + 5
    old_tag = (await http.head("/stage/models/Box%202.vrm")).headers["etag"]
    os.utime(theatre.models / "Box 2.vrm", (later, later))
    assert (await http.get("/stage/models/Box%202.vrm", headers={"if-none-match": old_tag})).status_code == 200


async def test_nothing_but_a_model_of_the_folder_is_served(theatre: Theatre) -> None:
    http, models = theatre.show.http, theatre.models
    outside = models.parent / "secret.vrm"
    outside.write_bytes(vrm())
    (models / "Link.vrm").symlink_to(outside)
    (models / "Folder.vrm").mkdir()
    (models / "Text.vrm").write_text("hello", encoding="utf-8")
    (models / "notes.txt").write_text("hello", encoding="utf-8")
    (models / "Huge.vrm").write_bytes(glb(b"{}"))
    os.truncate(models / "Huge.vrm", 200 * 1024 * 1024 + 1)
    answers = {
        name: (await http.get(f"/stage/models/{name}")).status_code
        for name in (
            "..%2Fsecret.vrm", "%2E%2E/secret.vrm", "..%5Csecret.vrm", ".vrm", "%00.vrm", "Link.vrm", "Folder.vrm",
            "notes.txt", "Gone.vrm", "Text.vrm", "Huge.vrm", "C%3ABox.vrm", "a" * 300 + ".vrm",
        )
    }  # fmt: skip
    expected = dict.fromkeys(answers, 404) | {"Text.vrm": 422, "Huge.vrm": 413}
    assert answers == expected
    error = (await http.get("/stage/models/Gone.vrm")).json()["error"]
    assert error["code"] == "model_missing"
    assert str(models) not in str(error), "where the folder lies is nobody's business"
    assert (await http.post("/stage/models/Box.vrm", json={})).status_code == 405


async def test_the_key_of_the_stage_opens_models(tmp_path: Path) -> None:
    (tmp_path / "Box.vrm").write_bytes(vrm())
    desk_token, stage_token = SecretStr("d" * 32), SecretStr("s" * 32)
    settings = WebSettings(desk_token=desk_token, stage_token=stage_token, static=tmp_path / "static", models=tmp_path)
    desk = FakeDesk(SystemClock())
    site = build(Doors(desk), settings, clock=SystemClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://127.0.0.1:8080") as http:
        address = "/stage/models/Box.vrm"
        assert (await http.get(address)).status_code == 401
        assert (await http.get(address, headers={"authorization": f"Bearer {'s' * 32}"})).status_code == 200
        assert (await http.get(address, params={"key": "s" * 32})).status_code == 200
