"""What a busy chat costs the panel: the work of a frame and the memory of the page."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from spark_vtuber.testing.browser import Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.figures, pytest.mark.needs("chromium")]

EVENTS_PER_S = 50
WRITERS = 8
ROUND_S = 4.0
ROUNDS = 3
WORK_MS = 50.0
HEAP_MB = 60.0

LINES = (
    "spark, what do you think about the boss in the second tower?",
    "haha nice",
    "w" * 180 + " and a tail of several words so that the line is as long as lines get " + "x" * 180,
    "שלום ספארק, מה שלומך היום?",
    "<b>not bold</b> &amp; friends",
)

MEASURE = """async (seconds) => {
    const channel = new MessageChannel();
    const busy = [];
    let worst = 0, last = performance.now(), isOn = true;
    // A message that is always on its way: the time between two of them is what else the main thread did.
    channel.port1.onmessage = () => {
        const now = performance.now();
        worst = Math.max(worst, now - last);
        last = now;
        if (isOn) channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
    for (const end = performance.now() + 1000 * seconds; performance.now() < end;) {
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        busy.push(worst);
        worst = 0;
    }
    isOn = false;
    return busy;
}"""


async def frame_ms(page: Visit) -> float:
    """The p95 of the main thread's work in a frame, in milliseconds."""
    busy: list[float] = sorted(await page.page.evaluate(MEASURE, ROUND_S))
    return busy[int(0.95 * (len(busy) - 1))]


async def heap_mb(page: Visit) -> float:
    """Megabytes of JavaScript objects after a collection."""
    tools = await page.page.context.new_cdp_session(page.page)
    await tools.send("HeapProfiler.collectGarbage")
    usage: dict[str, float] = await tools.send("Runtime.getHeapUsage")
    return usage["usedSize"] / 1e6


async def write(show: LiveShow, writer: int) -> None:
    """Write lines for ever, at a writer's share of the rate; each is told of by at least one event."""
    start_s = anyio.current_time()
    for number in range(10**9):
        await anyio.sleep_until(start_s + number * WRITERS / EVENTS_PER_S)
        await show.write(f"viewer {number % 97}", f"{LINES[number % len(LINES)]} {writer} {number}")


@asynccontextmanager
async def busy(show: LiveShow) -> AsyncIterator[None]:
    """A chat that does not stand still."""
    async with anyio.create_task_group() as tasks:
        for writer in range(WRITERS):
            tasks.start_soon(write, show, writer)
        yield
        tasks.cancel_scope.cancel()


async def test_a_busy_chat_leaves_every_frame_its_time(
    chromium: Path, record_property: Callable[[str, object], None]
) -> None:
    script = Script(text="comma", tokens_per_s=0)
    async with (
        serve(script) as model,
        live_show(model_config(model.base_url)) as show,
        chromium_browser(chromium) as browser,
    ):
        page = await visit(browser, f"http://127.0.0.1:{show.port}/#/now", viewport={"width": 1280, "height": 800})
        await page.until("document.querySelector('[data-persona=main] svg')")
        floor_ms = await frame_ms(page)
        works: dict[str, float] = {}
        rate_per_s = 0.0
        async with busy(show):
            for tab in ("now", "chat", "health"):
                await page.page.evaluate(f"location.hash = '#/{tab}'")
                await page.until(f"document.querySelector('main[data-tab={tab}] :is(.card, .line)')")
                page.frames.clear()
                works[tab] = min([await frame_ms(page) for _ in range(ROUNDS)])
                rate_per_s = sum('"seq"' in frame for frame in page.frames) / (ROUNDS * ROUND_S)
                assert rate_per_s > EVENTS_PER_S * 0.9
        heap = await heap_mb(page)
    shown = ", ".join(f"{tab} {work_ms:.1f} ms" for tab, work_ms in works.items())
    worst_ms = max(works.values())
    print(f"\n{rate_per_s:.0f} events/s: p95 of a frame's work {shown}", end=" ")
    print(f"(floor, nobody writes: {floor_ms:.1f} ms, ratio {worst_ms / floor_ms:.1f}), heap {heap:.0f} MB")
    record_property("panel_frame_ms", worst_ms)
    record_property("panel_heap_mb", heap)
    assert worst_ms < WORK_MS
    assert heap < HEAP_MB
