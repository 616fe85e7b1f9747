"""The reference names every route that the code has."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "src" / "spark_vtuber" / "web"
PAGE = ROOT / "docs" / "reference" / "http.md"
ROUTE = re.compile(r'@routes\.(get|post|put|delete|api_route)\("([^"]+)"|()WebSocketRoute\("([^"]+)"')
FIELD = re.compile(r"\{[^}]*\}.*")


def routes() -> set[str]:
    """As "GET /api/health", from the sources; a field of a path and what follows it is left out."""
    methods = {"api_route": "GET", "": "WS"}
    return {
        f"{methods.get(method, method.upper())} {FIELD.sub('', path or socket)}"
        for source in WEB.rglob("*.py")
        for method, path, _, socket in ROUTE.findall(source.read_text(encoding="utf-8"))
    }


def is_named(route: str, page: str) -> bool:
    return re.search(re.escape(route) + ("" if route.endswith("/") else r"(?![\w/.-])"), page) is not None


def test_every_route_stands_in_the_reference() -> None:
    page = PAGE.read_text(encoding="utf-8")
    known = routes()
    assert len(known) > 45
    assert sorted(route for route in known if not is_named(route, page)) == []
