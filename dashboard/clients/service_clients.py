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
from dashboard.languages import noted_all, refusal_words, tr
from dashboard.settings import DashboardSettings
from election.access.tokens import Tokens
from election.wire.callers import DispatchOrder, PauseOrder, ScriptOrder
from election.wire.intake import Decision

HOTLINE_COOKIE = "beluga_hotline"  # as intake names it
# Who does not answer, in words.
TALLY, INTAKE, CALL_DESK = noted_all("The tally", "Intake", "The call desk")
PAST_SECONDS = 20.0  # a minute of the past is worked out when it is first asked for


@dataclass
class ServiceClientError(DashboardError):
    """A neighbour did not do what was asked. `words` say to people what happened and what to do."""

    words: str
    status: int = 503  # what our own answer should be


class ServiceRequests:
    """One request to a neighbour, signed as the person who asks; only inside the background loop."""

    def __init__(self, bridge: AsyncBridge, tokens: Tokens) -> None:
        self._bridge = bridge
        self.tokens = tokens

    async def ask(
        self, who: WarRoomUser, method: str, url: str, name: str, body: dict[str, Any] | None = None
    ) -> Any:
        """What a neighbour answered, out of JSON. Raises `ServiceClientError`."""
        answer = await self.read(who, method, url, name, body)
        try:
            return orjson.loads(answer) if answer else {}
        except orjson.JSONDecodeError:
            raise ServiceClientError(
                tr("{name} answered with something unreadable. Try again.", name=tr(name)), 502
            ) from None

    async def read(  # noqa: PLR0917
        self,
        who: WarRoomUser,
        method: str,
        url: str,
        name: str,
        body: dict[str, Any] | str | None = None,
        seconds: float | None = None,
        cookie: str = "",
    ) -> bytes:
        """A neighbour's answer as it came. Raises `ServiceClientError`."""
        token = self.tokens.sign("service", who.identity.claims())
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
                tr("{name} does not answer. Nothing was changed; try again in a moment.", name=tr(name))
            ) from None
        if status == 503:
            raise ServiceClientError(
                tr(
                    "{name} cannot do it now{why}. Nothing was changed; try again.",
                    name=tr(name),
                    why=said.rstrip("."),
                )
            )
        words = (
            said.removeprefix(": ") if status == 409 else tr("{name} refused{why}", name=tr(name), why=said)
        )
        raise ServiceClientError(words.rstrip(".") + ".", status if 400 <= status < 500 else 502)


class TallyClient:
    """What the war room asks of the tally."""

    def __init__(self, requests: ServiceRequests, url: str) -> None:
        self._requests, self._url = requests, url

    async def precinct(self, who: WarRoomUser, precinct_id: str, at: int | None = None) -> dict[str, Any]:
        """The tally's page of one precinct: info, standing, curve, reports, annotations, incidents.

        `at` (epoch seconds): as known at that minute.
        """
        url = f"{self._url}/precincts/{quote(precinct_id, safe='')}"
        if at is None:
            return dict(await self._requests.ask(who, "GET", url, TALLY))
        page = await self._requests.read(who, "GET", f"{url}?at={at}", TALLY, seconds=PAST_SECONDS)
        return dict(orjson.loads(page))

    async def past(self, who: WarRoomUser, at: str) -> bytes:
        """The board as known at a minute (ISO 8601 with an offset): a snapshot message, as JSON."""
        url = f"{self._url}/as-of?{urlencode({'at': at})}"
        return await self._requests.read(who, "GET", url, TALLY, seconds=PAST_SECONDS)


class IntakeClient:
    """What the war room asks of intake: decisions, desks, the hotline, photos."""

    def __init__(self, requests: ServiceRequests, url: str) -> None:
        self._requests, self._url = requests, url

    async def decide(self, who: WarRoomUser, key: UUID, decision: Decision) -> dict[str, Any]:
        """Puts a staff decision into the log; the same key twice is one decision."""
        url = f"{self._url}/decisions/{key}"
        return dict(await self._requests.ask(who, "PUT", url, INTAKE, decision.model_dump(mode="json")))

    async def ask(
        self, who: WarRoomUser, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Intake's desks and roll call (`election.wire.desks`), seen with this person's eyes."""
        return dict(await self._requests.ask(who, method, f"{self._url}{path}", INTAKE, body))

    async def report(self, who: WarRoomUser, key: UUID, body: dict[str, Any]) -> dict[str, Any]:
        """A watcher's report by way of the hotline; the same key twice is one report."""
        cookie = f"{HOTLINE_COOKIE}={self._requests.tokens.sign('staff', who.identity.claims())}"
        url = f"{self._url}/hotline/reports/{key}"
        answer = await self._requests.read(who, "PUT", url, INTAKE, body, cookie=cookie)
        return dict(orjson.loads(answer))

    async def photo(self, who: WarRoomUser, path: str) -> bytes:
        """A photo that intake keeps, seen with this person's eyes."""
        return await self._requests.read(who, "GET", f"{self._url}{path}", INTAKE)


@dataclass(frozen=True, slots=True)
class FloorAnswers:
    """The call desk's answers of one moment. `script` is None where it was not asked for."""

    floor: dict[str, Any]
    dispatches: dict[str, Any]
    script: dict[str, Any] | None


class CallDeskClient:
    """What the war room asks of the call desk."""

    def __init__(self, requests: ServiceRequests, url: str) -> None:
        self._requests, self._url = requests, url

    async def ask(
        self, who: WarRoomUser, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The call desk's staff API (`election.wire.callers`), seen with this person's eyes."""
        return dict(await self._requests.ask(who, method, f"{self._url}{path}", CALL_DESK, body))

    async def dispatch(self, who: WarRoomUser, order: DispatchOrder) -> dict[str, Any]:
        """Opens a precinct for calling, or changes how many callers it should have."""
        return await self.ask(who, "POST", "/dispatches", order.model_dump(mode="json"))

    async def dispatches(self, who: WarRoomUser) -> list[dict[str, Any]]:
        """Precincts open for calling."""
        return list((await self.ask(who, "GET", "/dispatches"))["dispatches"])

    async def dispatch_history(self, who: WarRoomUser) -> list[dict[str, Any]]:
        """The day's dispatches and what came of each."""
        return list((await self.ask(who, "GET", "/dispatches/history"))["dispatches"])

    async def floor(self, who: WarRoomUser, *, script: bool) -> FloorAnswers:
        """Who calls and what came of it; with `script` what callers say, for staff of all counties."""
        paths = ["/floor", "/dispatches", *(["/script"] if script else [])]
        answers = await asyncio.gather(*(self.ask(who, "GET", path) for path in paths))
        return FloorAnswers(answers[0], answers[1], answers[2] if script else None)

    async def pause(self, who: WarRoomUser, precinct_id: str, *, paused: bool) -> dict[str, Any]:
        """Lets calling for a precinct rest, or go on."""
        path = f"/dispatches/{quote(precinct_id, safe='')}/pause"
        return await self.ask(who, "PUT", path, PauseOrder(paused=paused).model_dump(mode="json"))

    async def recall(self, who: WarRoomUser, precinct_id: str) -> dict[str, Any]:
        """Ends calling for a precinct."""
        return await self.ask(who, "DELETE", f"/dispatches/{quote(precinct_id, safe='')}")

    async def change_script(self, who: WarRoomUser, order: ScriptOrder) -> dict[str, Any]:
        """Changes what callers say."""
        return await self.ask(who, "PUT", "/script", order.model_dump(mode="json"))

    async def next_moves(self, who: WarRoomUser, move: str) -> list[dict[str, Any]]:
        """Voters (ids) who wait for a next move; the look is audited there."""
        return list((await self.ask(who, "GET", f"/next-moves?{urlencode({'move': move})}"))["moves"])

    async def list_outcomes(self, who: WarRoomUser, list_id: UUID, content: str) -> dict[str, Any]:
        """The outcomes of a call list, as CSV."""
        url = f"{self._url}/lists/{list_id}"
        return dict(orjson.loads(await self._requests.read(who, "POST", url, CALL_DESK, content)))

    async def call_list(self, who: WarRoomUser, path: str) -> bytes:
        """A list of voters as CSV, of those whom this person may see."""
        return await self._requests.read(who, "GET", f"{self._url}{path}", CALL_DESK)


class ServiceClients:
    """The war room's neighbours."""

    def __init__(self, bridge: AsyncBridge, settings: DashboardSettings, tokens: Tokens) -> None:
        requests = ServiceRequests(bridge, tokens)
        self.tally = TallyClient(requests, settings.tally_url)
        self.intake = IntakeClient(requests, settings.intake_url)
        self.call_desk = CallDeskClient(requests, settings.callers_url)


def _said(answer: bytes) -> str:
    try:
        content = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(content, dict):
        return ""
    words = content.get("message") or content.get("error") or content.get("detail")
    return f": {refusal_words(words)}" if isinstance(words, str) else ""
