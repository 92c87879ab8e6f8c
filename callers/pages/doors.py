"""The canvasser's page `/c/doors/{token}`: a walk list of few doors, in forms that need no JavaScript.

What the phone keeps of it, so that it opens again without a connection: the frame (a service worker), and the
doors sealed with a key that the tab alone has. The script (`doors.js`) takes each door off when its lease is
over, and keeps outcomes, which name nobody, until they are answered.
"""

from contextlib import suppress
from html import escape
from importlib import resources
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from callers.api.identity import volunteer_of
from callers.api.keys import ADDRESSES, doors_of, service_of
from callers.doors.wording import words
from callers.pages.caller import page
from callers.pages.outcome_forms import information, outcomes
from callers.queue.lease import AlreadyRecordedError, CallerOnDuty, UnknownLeaseError
from callers.scripts import wording as scripts
from election.wire.callers import Outcome, OutcomeReport, VoterOnLease
from election.wire.doors import DoorsAnswer, DoorView, PersonView

_FIELDS = ("outcome_id", "outcome", "call_back_local", "language", "said_local", "need", "line_minutes",
           "seats", "wheelchair", "texts")  # fmt: skip
_LOOK_SECONDS = 60  # real; between looks of an open page


def doors_page(language: str, content: str, status: int = 200) -> web.Response:
    """A whole page."""
    return page(language, content, title=words(language)["title"], script="doors.js", status=status)


def _gone(language: str, gone: str) -> str:
    """Why somebody is not visited, or what they have said."""
    said = words(language)
    return said.get(gone) or (scripts.words(language)[gone] if gone in list(Outcome) else said["ended"])


def _person(language: str, base: str, door: DoorView, person: PersonView) -> str:
    flat = person.address if person.address != door.address else ""
    where = f' <span class="where">{escape(flat)}</span>' if flat else ""
    if person.gone:
        return f"""<li class="gone" data-lease="{person.lease_id}"><s>{escape(person.name)}</s>{where}
<span>{escape(_gone(language, person.gone))}</span></li>"""
    tongue = f' <span class="tongue">{scripts.tongue(person.language)}</span>' if person.language else ""
    return f"""<li data-lease="{person.lease_id}"><form method="get" action="{base}" class="person row">
<button name="person" value="{person.lease_id}">{escape(person.name)}</button></form>{where}{tongue}</li>"""


def _door(language: str, base: str, door: DoorView) -> str:
    people = "".join(_person(language, base, door, one) for one in door.people)
    return f"""<section class="door" data-door="{door.door_id}" data-left="{door.left_seconds:.0f}">
<h2>{escape(door.address)}</h2><ul>{people}</ul>
<form method="post" action="{base}/give_back"><input type="hidden" name="door_id" value="{door.door_id}">
<button class="quiet">{words(language)["give_back"]}</button></form></section>"""


def _voter(found: DoorsAnswer, lease_id: UUID) -> VoterOnLease | None:
    """The precinct as a caller's forms want it: what is told to who asks where and when."""
    if found.closes_at is None:
        return None
    return VoterOnLease(
        lease_id=lease_id, precinct_id=found.precinct_id, precinct=found.precinct,
        polling_place=found.polling_place, closes_at=found.closes_at, timezone=found.timezone,
        expires_at=found.closes_at, opens_at=found.opens_at,
    )  # fmt: skip


def _list(canvasser: CallerOnDuty, token: str, found: DoorsAnswer, chosen: PersonView | None) -> str:
    """The doors, and one set of forms for whoever is chosen; the script fills it in for another."""
    language = scripts.known(canvasser.reads)
    said, base = words(language), f"/c/doors/{quote(token)}"
    lease_id = chosen.lease_id if chosen else UUID(int=0)
    voter = _voter(found, lease_id)
    told = information(scripts.words(language), voter) if voter else ""
    forms = outcomes(scripts.words(language), base, lease_id, told)
    doors = "".join(_door(language, base, door) for door in found.doors)
    left = said["left"].format(doors=len(found.doors), place=found.precinct)
    return f"""<main data-saved="{escape(said["saved_here"])}" data-over="{escape(said["over"])}"
 data-who="{escape(said["who"])}" data-away="{escape(said["away"])}" data-look="{_LOOK_SECONDS}">
<header><h1>{escape(said["title"])}</h1><p id="left" class="where">{escape(left)}</p></header>
<p id="notice" role="alert" hidden></p>
<div id="said"{"" if chosen else " hidden"}><h2 id="who" tabindex="-1">{
        escape(said["who"].format(name=chosen.name if chosen else ""))
    }</h2>{forms}</div>
<div id="doors">{doors}</div>
<form method="post" action="{base}/next"><button class="call">{said["more"]}</button></form></main>"""


def _none(canvasser: CallerOnDuty, token: str, found: DoorsAnswer) -> str:
    language = scripts.known(canvasser.reads)
    said, base = words(language), f"/c/doors/{quote(token)}"
    pages = "".join(
        f'<button name="page" value="{code}" lang="{code}">{scripts.tongue(code)}</button>'
        for code in scripts.LANGUAGES
        if code != language
    )
    options = "".join(
        f'<option value="{escape(p.precinct_id)}">{escape(p.name)}</option>' for p in found.places
    )
    ask = f"""<form method="post" action="{base}/next"><label for="precinct">{said["ready"]}</label>
<select class="field" id="precinct" name="precinct_id" required>{options}</select>
<button class="call">{said["walk"]}</button></form>"""
    message = "" if found.reason == "choose" else f'<p role="alert">{escape(found.message)}</p>'
    return f"""<main data-saved="{escape(said["saved_here"])}" data-away="{escape(said["away"])}">
<h1>{escape(said["hello"].format(name=canvasser.name))}</h1>{message}<p id="notice" role="alert" hidden></p>
{ask if found.places else ""}
<form class="row pages" method="post" action="{base}/next">{pages}</form></main>"""


def _whole(
    canvasser: CallerOnDuty, token: str, found: DoorsAnswer, chosen: PersonView | None = None
) -> web.Response:
    content = _list(canvasser, token, found, chosen) if found.doors else _none(canvasser, token, found)
    return doors_page(scripts.known(canvasser.reads), content)


async def show(request: web.Request) -> web.Response:
    """The doors a canvasser holds; with `person`, the forms for one of them."""
    token = request.match_info["token"]
    canvasser = await volunteer_of(request, "canvasser", token)
    person = request.query.get("person", "")
    found = await (doors_of(request).knock(canvasser) if person else doors_of(request).held(canvasser))
    people = (one for door in found.doors for one in door.people)
    chosen = next((one for one in people if str(one.lease_id) == person and not one.gone), None)
    return _whole(canvasser, token, found, chosen)


async def next_doors(request: web.Request) -> web.Response:
    """More doors; or turns the page into another language."""
    token = request.match_info["token"]
    canvasser = await volunteer_of(request, "canvasser", token)
    form = await request.post()
    if form.get("page") in scripts.LANGUAGES:
        await service_of(request).links.page_in(canvasser, str(form["page"]))
        raise web.HTTPSeeOther(f"/c/doors/{quote(token)}")
    precinct = str(form.get("precinct_id", "")).strip()[:64]
    found = await doors_of(request).next(canvasser, precinct, request.app[ADDRESSES].of(request))
    if found.doors:
        raise web.HTTPSeeOther(f"/c/doors/{quote(token)}")
    return _whole(canvasser, token, found)


async def outcome(request: web.Request) -> web.Response:
    """Takes a pressed outcome button."""
    token = request.match_info["token"]
    canvasser = await volunteer_of(request, "canvasser", token)
    form = await request.post()
    with suppress(AlreadyRecordedError, UnknownLeaseError):  # the page says what is the case now
        try:
            lease_id = UUID(str(form.get("lease_id", "")))
            report = OutcomeReport.model_validate({k: form[k] for k in _FIELDS if form.get(k)})
            await doors_of(request).record(canvasser, lease_id, report)
        except (ValidationError, ValueError):
            raise web.HTTPBadRequest(text="That form was not complete. Go back and press a button.") from None
    raise web.HTTPSeeOther(f"/c/doors/{quote(token)}")


async def give_back(request: web.Request) -> web.Response:
    """Gives a door back."""
    token = request.match_info["token"]
    canvasser = await volunteer_of(request, "canvasser", token)
    form = await request.post()
    with suppress(ValueError):
        await doors_of(request).give_back(canvasser, UUID(str(form.get("door_id", ""))))
    raise web.HTTPSeeOther(f"/c/doors/{quote(token)}")


async def worker(_: web.Request) -> web.Response:
    """The service worker, which must lie above what it serves."""
    content = (resources.files("callers.pages") / "static" / "doors_worker.js").read_bytes()
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, content_type="text/javascript", charset="utf-8", headers=headers)


def add_doors(app: web.Application) -> None:
    """Adds the page and its service worker."""
    app.router.add_get("/c/doors/worker.js", worker)
    app.router.add_get("/c/doors/{token}", show)
    app.router.add_post("/c/doors/{token}/next", next_doors)
    app.router.add_post("/c/doors/{token}/outcome", outcome)
    app.router.add_post("/c/doors/{token}/give_back", give_back)
