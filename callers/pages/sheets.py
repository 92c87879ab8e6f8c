"""Printable call and walk sheets, from the captain's page. They refresh as voters vote."""

from contextlib import suppress
from datetime import timedelta
from html import escape
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from callers.api.keys import service_of
from callers.lists.dialer_lists import CallList, CallListLine, TooManyListedError, UnknownListError
from callers.lists.walk_lists import Door, doors_of
from callers.pages.caller import page
from callers.pages.captain import bank_of
from callers.scripts import wording as scripts
from callers.service.calling_service import CallingService
from election.access.telemetry import say_refused

_GOOD_FOR = timedelta(hours=3)
_LOOK_SECONDS = 60
_AT_THE_DOOR = ("will_vote", "already_voted", "no_answer", "refused", "moved")
_BOXES = ("will_vote", "already_voted", "no_answer", "call_back", "wrong_number", "do_not_call", "refused")


def _staff(request: web.Request) -> str:
    """The account of a captain who answers for all. Answers 401 or 403."""
    account, bank = bank_of(request)
    if bank:
        say_refused(account, "sheets", "bank")
        raise web.HTTPForbidden(text="Only staff may take voters off the queue onto paper.")
    return account


def _row(line: CallListLine) -> str:
    if line.gone:
        word = scripts.words("en").get(line.gone, line.gone)
        return f"""<tr class="gone"><th scope="row"><s>{escape(line.name)}</s></th>
<td colspan="{len(_BOXES) + 2}">{escape(word)}</td></tr>"""
    boxes = '<td class="n">☐</td>' * len(_BOXES)
    return f"""<tr><th scope="row">{escape(line.name)}</th><td>{escape(line.phone)}</td>
<td>{escape(line.address)}</td>{boxes}</tr>"""


def _sheet(found: CallList, name: str, until: str) -> str:
    words = scripts.words("en")
    heads = "".join(f'<th scope="col">{words[box]}</th>' for box in _BOXES)
    left = sum(not line.gone for line in found.lines)
    return f"""<main class="wide sheet"><h1>{escape(name)}</h1>
<p>{left} of {len(found.lines)} to call; bring it back by {until}. Reload before you go on:
a crossed-out voter must not be called.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Call sheet"><table>
<caption class="progress">{found.list_id}</caption><thead><tr>
<th scope="col">Voter</th><th scope="col">Phone</th><th scope="col">Address</th>{heads}</tr></thead>
<tbody>{"".join(map(_row, found.lines))}</tbody></table></div></main>"""


def _too_many(service: CallingService, error: TooManyListedError) -> web.Response:
    service.metrics.held_back.labels("lists").inc()
    return page("en", f'<main class="wait"><p role="alert">{escape(str(error))}</p></main>', status=429)


async def make(request: web.Request) -> web.Response:
    """Sets voters aside for a sheet and shows it."""
    account = _staff(request)
    form = await request.post()
    service = service_of(request)
    lines = 30
    with suppress(ValueError):
        lines = max(1, min(200, int(str(form.get("lines", lines)))))
    try:
        made = await service.lists.make(
            str(form.get("precinct", "")).strip(), lines, kind="sheet", good_for=_GOOD_FOR, account=account,
            now=service.time.now(),
        )  # fmt: skip
    except TooManyListedError as error:
        return _too_many(service, error)
    token = quote(request.match_info["token"])
    raise web.HTTPSeeOther(f"/c/captain/{token}/lists/{made.list_id}")


async def show(request: web.Request) -> web.Response:
    """The sheet as it stands now."""
    account = _staff(request)
    service = service_of(request)
    try:
        found = await service.lists.show(UUID(request.match_info["list_id"]), account, service.time.now())
    except (ValueError, UnknownListError):
        raise web.HTTPNotFound(text="There is no such sheet.") from None
    place = service.places.get(found.precinct_id)
    name = place.name if place else found.precinct_id
    until = scripts.local(found.until, place.zone if place else "UTC")
    response = page("en", _sheet(found, name, until))
    response.headers["Refresh"] = str(_LOOK_SECONDS)
    return response


def _walk(name: str, doors: list[Door]) -> str:
    words = scripts.words("en")
    heads = "".join(f'<th scope="col">{words[box]}</th>' for box in _AT_THE_DOOR)
    boxes = '<td class="n">☐</td>' * len(_AT_THE_DOOR)
    rows = "".join(
        f"""<tr>{_address(door) if first else ""}<td>{escape(person)}</td>{boxes}</tr>"""
        for door in doors
        for first, person in zip([True, *[False] * len(door.names)], door.names, strict=False)
    )
    people = sum(len(door.names) for door in doors)
    return f"""<main class="wide sheet"><h1>{escape(name)}</h1>
<p>{people} voters behind {len(doors)} doors have not voted or been reached. Print it again later in the day:
who has voted by then is no longer on it.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Walk sheet"><table>
<caption class="progress">Walk sheet</caption><thead><tr><th scope="col">Address</th>
<th scope="col">Voter</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></main>"""


def _address(door: Door) -> str:
    return f'<th scope="rowgroup" rowspan="{len(door.names)}">{escape(door.address)}</th>'


async def walk(request: web.Request) -> web.Response:
    """A precinct's doors as they stand now."""
    account = _staff(request)
    service = service_of(request)
    precinct = request.query.get("precinct", "").strip()
    place = service.places.get(precinct)
    if place is None:
        raise web.HTTPNotFound(text="There is no such precinct. Go back and check its number.")
    try:
        doors = await doors_of(
            service.pool, service.settings.encryption, precinct, account, service.time.now(),
            service.settings.listed_per_hour,
        )  # fmt: skip
    except TooManyListedError as error:
        return _too_many(service, error)
    response = page("en", _walk(place.name, doors))
    response.headers["Refresh"] = str(_LOOK_SECONDS)
    return response


def add_sheets(app: web.Application) -> None:
    """Adds the pages."""
    app.router.add_post("/c/captain/{token}/lists", make)
    app.router.add_get("/c/captain/{token}/lists/{list_id}", show)
    app.router.add_get("/c/captain/{token}/walk", walk)
