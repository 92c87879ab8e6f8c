"""`GET /w/{token}/roll`, `…/roll/state`: the roll of a watcher's own precinct, passed on from the callers.

Voters live with the callers' service. Intake asks it with the watcher's own link, which is judged again
there, and passes on what comes: a roll with names is sealed, is not opened here, and nothing of it is
kept. Without that service there is no roll; everything else of the form goes on.
"""

from collections.abc import Callable

import aiohttp
import structlog
from aiohttp import web

from intake.pages.files import PAGE_HEADERS
from intake.receive.http_answers import refuse
from intake.receive.pipeline import IngestPipeline

PROVIDER = "form"
TIMEOUT = aiohttp.ClientTimeout(total=8)
PASSED_ON = frozenset({200, 401, 403, 404, 410})
_GZIPPED = 1_000  # bytes; below it is not worth it, and sealed ones do not shrink

log = structlog.get_logger()


class RollClient:
    """Asks the callers' service for rolls. `close` when nobody asks any longer."""

    def __init__(self, callers_url: str, pipeline: IngestPipeline, own: Callable[[str, str], bool]) -> None:
        """`own`: whether the precinct is this link's; raises `PermissionError` for a bad link."""
        self._url = callers_url.rstrip("/")
        self._pipeline = pipeline
        self._own = own
        self._session: aiohttp.ClientSession | None = None

    def add_to(self, app: web.Application) -> None:
        """The routes."""
        app.router.add_get("/w/{token}/roll", self.roll)
        app.router.add_get("/w/{token}/roll/state", self.state)

        async def close(_: web.Application) -> None:
            if self._session:
                await self._session.close()

        app.on_cleanup.append(close)

    async def roll(self, request: web.Request) -> web.Response:
        """The roll, as it comes."""
        return await self._passed_on(request, "/roll")

    async def state(self, request: web.Request) -> web.Response:
        """What is struck off there, and what opens the roll."""
        return await self._passed_on(request, "/roll/state")

    async def _passed_on(self, request: web.Request, path: str) -> web.Response:
        token, precinct = request.match_info["token"], request.query.get("precinct", "")[:64]
        try:
            own = self._own(token, precinct)
        except PermissionError:
            return self._refused(401, "bad_token", "The link is no longer good; ask for a new one.")
        if not own:
            return self._refused(404, "no_roll", "There is no roll of that precinct for this link.")
        asked = {"precinct": precinct} | ({"names": "0"} if request.query.get("names") == "0" else {})
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        try:
            async with self._session.get(
                self._url + path, params=asked, headers={"Authorization": f"Bearer {token}"}
            ) as got:
                status, kind, body = got.status, got.content_type, await got.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("rolls_away", error=type(error).__name__)
            status, kind, body = 0, "", b""
        if status not in PASSED_ON:
            answer = self._refused(503, "no_callers", "The roll cannot be reached now; numbers can be typed.")
            answer.headers["Retry-After"] = "10"
            return answer
        answer = web.Response(body=body, status=status, content_type=kind, headers=PAGE_HEADERS)
        if kind == "application/json" and len(body) > _GZIPPED:
            answer.enable_compression()
        return answer

    def _refused(self, status: int, reason: str, words: str) -> web.Response:
        answer = refuse(self._pipeline, PROVIDER, status, reason, words)
        answer.headers.update(PAGE_HEADERS)
        return answer
