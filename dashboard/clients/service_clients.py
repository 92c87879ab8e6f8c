"""Requests of the war room to the other services, and the words for people when one does not answer."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import aiohttp
import orjson

from dashboard.accounts.sign_in import WarRoomUser
from dashboard.bridge.async_bridge import ANSWER_SECONDS, AsyncBridge
from dashboard.errors import DashboardError
from dashboard.settings import DashboardSettings
from election.access.tokens import Tokens
from election.wire.callers import DispatchOrder, PauseOrder, ScriptOrder
from election.wire.intake import Decision

HOTLINE_COOKIE = "beluga_hotline"  # as intake names it
PAST_SECONDS = 20.0  # a minute of the past is worked out when it is first asked for


@dataclass
class ServiceClientError(DashboardError):
    """A neighbour did not do what was asked. `words` say to people what happened and what to do."""

    words: str
    status: int = 503  # what our own answer should be


@dataclass(frozen=True, slots=True)
class FloorAnswers:
    """The call desk's answers of one moment. `script` is None where it was not asked for."""

    floor: dict[str, Any]
    dispatches: dict[str, Any]
    script: dict[str, Any] | None


class ServiceClients:
    """Calls to tally, intake and callers; only inside the background loop."""

    def __init__(self, bridge: AsyncBridge, settings: DashboardSettings, tokens: Tokens) -> None:
        self._bridge = bridge
        self._settings = settings
        self._tokens = tokens

    async def precinct(self, who: WarRoomUser, precinct_id: str, at: int | None = None) -> dict[str, Any]:
        """The tally's page of one precinct: info, standing, curve, reports, annotations, incidents.

        `at` (epoch seconds): as known at that minute.
        """
        url = f"{self._settings.tally_url}/precincts/{quote(precinct_id, safe='')}"
        if at is None:
            return dict(await self._ask(who, "GET", url, "The tally"))
        page = await self._fetch(who, "GET", f"{url}?at={at}", "The tally", seconds=PAST_SECONDS)
        return dict(orjson.loads(page))

    async def past(self, who: WarRoomUser, at: str) -> bytes:
        """The board as known at a minute (ISO 8601 with an offset): a snapshot message, as JSON."""
        url = f"{self._settings.tally_url}/as-of?{urlencode({'at': at})}"
        return await self._fetch(who, "GET", url, "The tally", seconds=PAST_SECONDS)

    async def decide(self, who: WarRoomUser, key: UUID, decision: Decision) -> dict[str, Any]:
        """Puts a staff decision into the log; the same key twice is one decision."""
        url = f"{self._settings.intake_url}/decisions/{key}"
        return dict(await self._ask(who, "PUT", url, "Intake", decision.model_dump(mode="json")))

    async def dispatch(self, who: WarRoomUser, order: DispatchOrder) -> dict[str, Any]:
        """Opens a precinct for calling, or changes how many callers it should have."""
        url = f"{self._settings.callers_url}/dispatches"
        return dict(await self._ask(who, "POST", url, "The call desk", order.model_dump(mode="json")))

    async def dispatch_history(self, who: WarRoomUser) -> list[dict[str, Any]]:
        """The day's dispatches and what came of each."""
        url = f"{self._settings.callers_url}/dispatches/history"
        return list((await self._ask(who, "GET", url, "The call desk"))["dispatches"])

    async def floor(self, who: WarRoomUser, *, script: bool) -> "FloorAnswers":
        """Who calls and what came of it; with `script` what callers say, for staff of all counties."""
        base = self._settings.callers_url
        asked = [f"{base}/floor", f"{base}/dispatches", *([f"{base}/script"] if script else [])]
        answers = await asyncio.gather(*(self._ask(who, "GET", url, "The call desk") for url in asked))
        return FloorAnswers(answers[0], answers[1], answers[2] if script else None)

    async def dispatches(self, who: WarRoomUser) -> list[dict[str, Any]]:
        """Precincts open for calling."""
        url = f"{self._settings.callers_url}/dispatches"
        return list((await self._ask(who, "GET", url, "The call desk"))["dispatches"])

    async def pause(self, who: WarRoomUser, precinct_id: str, *, paused: bool) -> dict[str, Any]:
        """Lets calling for a precinct rest, or go on."""
        url = f"{self._settings.callers_url}/dispatches/{quote(precinct_id, safe='')}/pause"
        body = PauseOrder(paused=paused).model_dump(mode="json")
        return dict(await self._ask(who, "PUT", url, "The call desk", body))

    async def change_script(self, who: WarRoomUser, order: ScriptOrder) -> dict[str, Any]:
        """Changes what callers say."""
        url = f"{self._settings.callers_url}/script"
        return dict(await self._ask(who, "PUT", url, "The call desk", order.model_dump(mode="json")))

    async def next_moves(self, who: WarRoomUser, move: str) -> list[dict[str, Any]]:
        """Voters (ids) who wait for a next move; the look is audited there."""
        url = f"{self._settings.callers_url}/next-moves?{urlencode({'move': move})}"
        return list((await self._ask(who, "GET", url, "The call desk"))["moves"])

    async def recall(self, who: WarRoomUser, precinct_id: str) -> dict[str, Any]:
        """Ends calling for a precinct."""
        url = f"{self._settings.callers_url}/dispatches/{quote(precinct_id, safe='')}"
        return dict(await self._ask(who, "DELETE", url, "The call desk"))

    async def rides(self, who: WarRoomUser, rider: str = "") -> dict[str, Any]:
        """Rides that are not over, and the drivers; or the day's rides of riders by this name."""
        asked = f"?rider={quote(rider, safe='')}" if rider else ""
        url = f"{self._settings.callers_url}/rides{asked}"
        return dict(await self._ask(who, "GET", url, "The call desk"))

    async def ride(self, who: WarRoomUser, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Asks for a ride (`/rides`), or decides about one (`/rides/ID`)."""
        url = f"{self._settings.callers_url}{path}"
        return dict(await self._ask(who, "POST", url, "The call desk", body))

    async def intake(
        self, who: WarRoomUser, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Intake's desks and roll call (`election.wire.desks`), seen with this person's eyes."""
        return dict(await self._ask(who, method, f"{self._settings.intake_url}{path}", "Intake", body))

    async def report(self, who: WarRoomUser, key: UUID, body: dict[str, Any]) -> dict[str, Any]:
        """A watcher's report by way of the hotline; the same key twice is one report."""
        cookie = f"{HOTLINE_COOKIE}={self._tokens.sign('staff', who.identity.claims())}"
        url = f"{self._settings.intake_url}/hotline/reports/{key}"
        answer = await self._fetch(who, "PUT", url, "Intake", body, cookie=cookie)
        return dict(orjson.loads(answer))

    async def list_outcomes(self, who: WarRoomUser, list_id: UUID, content: str) -> dict[str, Any]:
        """The outcomes of a call list, as CSV."""
        url = f"{self._settings.callers_url}/lists/{list_id}"
        return dict(orjson.loads(await self._fetch(who, "POST", url, "The call desk", content)))

    async def callers(
        self, who: WarRoomUser, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The call desk's staff API (`election.wire.callers`), seen with this person's eyes."""
        return dict(
            await self._ask(who, method, f"{self._settings.callers_url}{path}", "The call desk", body)
        )

    async def call_list(self, who: WarRoomUser, path: str) -> bytes:
        """A list of voters as CSV, of those whom this person may see."""
        return await self._fetch(who, "GET", f"{self._settings.callers_url}{path}", "The call desk")

    async def photo(self, who: WarRoomUser, path: str) -> bytes:
        """A photo that intake keeps, seen with this person's eyes."""
        return await self._fetch(who, "GET", f"{self._settings.intake_url}{path}", "Intake")

    async def _ask(
        self, who: WarRoomUser, method: str, url: str, name: str, body: dict[str, Any] | None = None
    ) -> Any:
        answer = await self._fetch(who, method, url, name, body)
        try:
            return orjson.loads(answer) if answer else {}
        except orjson.JSONDecodeError:
            raise ServiceClientError(f"{name} answered with something unreadable. Try again.", 502) from None

    async def _fetch(  # noqa: PLR0917
        self,
        who: WarRoomUser,
        method: str,
        url: str,
        name: str,
        body: dict[str, Any] | str | None = None,
        seconds: float | None = None,
        cookie: str = "",
    ) -> bytes:
        token = self._tokens.sign("service", who.identity.claims())
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers |= {"Cookie": cookie} if cookie else {}
        session = await self._bridge.session()
        content: bytes | None = (
            body.encode() if isinstance(body, str) else orjson.dumps(body) if body is not None else None
        )
        limit = aiohttp.ClientTimeout(total=seconds or ANSWER_SECONDS - 1, connect=1.5)
        try:
            async with session.request(method, url, data=content, headers=headers, timeout=limit) as response:
                answer = await response.read()
                if response.status < 300:
                    return answer
                status, said = response.status, _said(answer)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise ServiceClientError(
                f"{name} does not answer. Nothing was changed; try again in a moment."
            ) from None
        if status == 503:
            raise ServiceClientError(
                f"{name} cannot do it now{said.rstrip('.')}. Nothing was changed; try again."
            )
        words = said.removeprefix(": ") if status == 409 else f"{name} refused{said}"
        raise ServiceClientError(words.rstrip(".") + ".", status if 400 <= status < 500 else 502)


def _said(answer: bytes) -> str:
    try:
        content = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(content, dict):
        return ""
    words = content.get("message") or content.get("error") or content.get("detail")
    return f": {words}" if isinstance(words, str) else ""
