"""`POST /api/ingest`: what happens on other platforms, pushed in by programs with a token of their own."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import HTTPConnection
from starlette.types import Scope

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ingest import RATE, WRONG_TOKEN, Ingest, receipts_view
from spark_vtuber.web.actor import actor
from spark_vtuber.web.bucket import Bucket
from spark_vtuber.web.problems import problem, too_many
from spark_vtuber.web.refusal import Refusal

GUESSES_PER_S: Final = 1.0
GUESSES: Final = 10

_FIX: Final = "send the token of the ingest, not that of the desk, as Authorization: Bearer or in the body"


class IngestDoor:
    """Asks whoever comes for the token. Wrong ones are noted in the audit log, up to one a second."""

    def __init__(self, ingest: Ingest, clock: Clock, audit: Audit) -> None:
        self._ingest = ingest
        self._audit = audit
        self._guesses = Bucket(clock, rate_per_s=GUESSES_PER_S, burst=GUESSES)

    def refuse(self, request: HTTPConnection, shown: str) -> Refusal | None:
        """Why somebody who shows this token may not come in. A right one is never kept waiting by wrong ones."""
        try:
            if shown and self._ingest.opens(shown):
                return None
            if not shown:
                self._ingest.opens("")
        except SparkError as error:
            return Refusal(403, error.code, error.message, error.fix)
        if not shown:
            return Refusal(401, "token_needed", "lines of other platforms need the token of the ingest", _FIX)
        if self.note_guess(request):
            return Refusal(429, RATE, "too many wrong tokens", _FIX, headers=((b"retry-after", b"1"),))
        return Refusal(401, WRONG_TOKEN, "this is not the token of the ingest", _FIX)

    def note_guess(self, request: HTTPConnection) -> bool:
        """Somebody showed a wrong token, also with a hello; gives whether there were too many of late."""
        if self._guesses.take() > 0:
            return True
        self._audit("ingest.refused", actor=actor(request))
        return False

    def check(self, scope: Scope) -> Refusal | bool:
        """Of a handshake: a refusal, or whether it showed the token; one without a token may show it with its hello."""
        connection = HTTPConnection(scope)
        shown = bearer(connection)
        refusal = self.refuse(connection, shown)
        if refusal is not None and (shown or refusal.code != "token_needed"):
            return refusal
        return refusal is None


def router(ingest: Ingest, door: IngestDoor) -> APIRouter:
    """A batch of events, each of which is taken or refused by itself."""
    routes = APIRouter()

    @routes.post("/api/ingest", status_code=202)
    async def take(request: Request, batch: Annotated[dict[str, Any], Body()]) -> Response:
        shown = batch.get("token")
        refusal = door.refuse(request, bearer(request) or (shown if isinstance(shown, str) else ""))
        if refusal is not None:
            headers = {name.decode(): value.decode() for name, value in refusal.headers}
            return problem(refusal.status, refusal.code, refusal.message, refusal.fix, headers)
        receipts = ingest.post(batch)
        if receipts.receipts and all(receipt.code == RATE for receipt in receipts.receipts):
            return too_many(receipts.wait_s)
        return JSONResponse(receipts_view(receipts), status_code=202)

    return routes


def bearer(connection: HTTPConnection) -> str:
    """The token that stands in the headers, empty for none."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
