"""A desk, and clients for the application in front of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

PAGE = """<!doctype html><html><head><style>b{color:red}</style><script src="/_app/a.js"></script></head>
<body><div style="display: contents"><script>start("/");</script></div></body></html>"""

BASE = "http://127.0.0.1:8080"


@pytest.fixture
async def desk() -> FakeDesk:
    return FakeDesk(VirtualClock())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small front end, laid out as the build lays it out."""
    files = {
        "index.html": PAGE,
        "stage/index.html": PAGE.replace('"/"', '"/stage"'),
        "_app/immutable/entry/app.a1b2.js": "export const a = 1;",
        "_app/version.json": "{}",
        "face.weird": "?",
    }
    for name, text in files.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return tmp_path / "static"


@pytest.fixture
def settings(bundle: Path) -> WebSettings:
    return WebSettings(static=bundle)


@pytest.fixture
def site(desk: FakeDesk, settings: WebSettings) -> Callable[..., ASGIApp]:
    """Builds applications; keywords replace settings."""

    def make(**changes: object) -> ASGIApp:
        wanted = replace(settings, **changes)  # type: ignore[arg-type]  # fields by name
        return build(Doors(desk), wanted, clock=VirtualClock(), count_drop=desk.counters.drop)

    return make


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """An HTTP client of `app`; a bug in a route answers 500 instead of being raised."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=BASE)


@pytest.fixture
async def client(site: Callable[..., ASGIApp]) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site()) as client:
        yield client
