"""The driver's page `/c/ride/{token}`: one ride, plain forms that work without JavaScript, better with it."""

from html import escape
from urllib.parse import quote
from uuid import UUID, uuid4

from aiohttp import web
from pydantic import ValidationError

from callers.api.identity import volunteer_of
from callers.api.keys import rides_of, service_of
from callers.pages.caller import page
from callers.queue.lease import CallerOnDuty
from callers.rides.ride import RideRefusedError
from callers.rides.ride_rows import UnknownRideError
from callers.rides.wording import words
from callers.scripts import wording as scripts
from callers.service.ride_service import refused
from election.wire.rides import RideAct, RideActReport, RideState, RideView

_LOOK_SECONDS = 30  # real; between looks of an open page
# What the driver may press, the likely one first.
_BUTTONS = {
    RideState.WANTED: (RideAct.TAKE, RideAct.GIVE_BACK),
    RideState.CLAIMED: (RideAct.PICK_UP, RideAct.GIVE_BACK),
    RideState.PICKED_UP: (RideAct.BRING,),
    RideState.BROUGHT: (RideAct.RETURN, RideAct.GIVE_BACK),
}


def ride_page(language: str, content: str, status: int = 200) -> web.Response:
    """A whole page."""
    return page(language, content, title=words(language)["title"], script="ride.js", status=status)


def _buttons(said: dict[str, str], base: str, ride: RideView) -> str:
    """One form a button, each with an id of its own act: pressed twice it is one act."""
    acts = list(_BUTTONS[ride.state])
    if ride.home and ride.state is RideState.PICKED_UP:
        acts = [RideAct.RETURN]
    names = {act: said[act.value] for act in acts}
    if ride.state is RideState.WANTED:
        names[RideAct.GIVE_BACK] = said["not_this"]
    return "".join(
        f"""<form method="post" action="{base}/act" class="act">
<input type="hidden" name="ride_id" value="{ride.ride_id}">
<input type="hidden" name="act_id" value="{uuid4()}">
<button name="act" value="{act.value}" class="{"quiet" if n else "call"}">{escape(names[act])}</button>
</form>"""
        for n, act in enumerate(acts)
    )


def _ride(driver: CallerOnDuty, token: str, ride: RideView, notice: str = "") -> str:
    said, base = words(scripts.known(driver.reads)), f"/c/ride/{quote(token)}"
    taken = ride.state is not RideState.WANTED
    place = {"place": ride.polling_place}
    key = ("home_from" if ride.home else "to") if taken else ("offered_home" if ride.home else "offered")
    heading = ride.name if taken and ride.name else said[key].format(**place)
    facts = [said[key].format(**place)] if taken and ride.name else []
    if not ride.home:
        facts.append(said["by_when"].format(time=scripts.local(ride.by_when, ride.timezone)))
    facts.append(said["seats"].format(seats=ride.seats))
    facts += [said["wheelchair"]] if ride.wheelchair else []
    facts += [said["return_trip"]] if ride.return_trip and not ride.home else []
    if not taken:
        facts.append(said["comes_with_take"])
    elif ride.state is RideState.BROUGHT:
        facts.append(said["at_polls"].format(**place))
    lines = "".join(f'<p class="where">{escape(fact)}</p>' for fact in facts)
    number = ""
    if taken:
        line = quote(ride.phone, safe="+")
        call = f'<a class="quiet" href="tel:{line}">{said["call"]} {escape(ride.phone)}</a>'
        number = call if ride.phone else f'<p class="where">{said["no_number"]}</p>'
    where = ride.address or (said["no_address"] if taken else "")
    address = f'<p id="address">{escape(where)}</p>' if where else ""
    offline = f'data-bring="{escape(said["bring"])}" data-return="{escape(said["return"])}"'
    return f"""<main data-ride="{ride.ride_id}" data-saved="{escape(said["saved_here"])}" {offline}
 data-home="{int(ride.return_trip)}"{_looks(taken)}>
<header><h1>{escape(heading)}</h1>{address}{lines}</header>
{_alert(notice)}{_buttons(said, base, ride)}{number}</main>"""


def _looks(yes: bool) -> str:
    """An open page asks again where the driver has a ride, or looks for one: an offer not taken lapses."""
    return f' data-look="{_LOOK_SECONDS}"' if yes else ""


def _none(
    driver: CallerOnDuty, token: str, message: str, *, done: bool = False, searching: bool = False
) -> str:
    said = words(scripts.known(driver.reads))
    head = f"<p>{escape(said['done'])}</p>" if done else ""
    pages = "".join(
        f'<button name="page" value="{code}" lang="{code}">{scripts.tongue(code)}</button>'
        for code in scripts.LANGUAGES
        if code != scripts.known(driver.reads)
    )
    return f"""<main class="wait" data-saved="{escape(said["saved_here"])}"{_looks(searching)}>
<h1>{escape(said["hello"].format(name=driver.name))}</h1>{head}
<p>{escape(message or said["ready"])}</p>{_alert("")}
<form method="post" action="/c/ride/{quote(token)}/next"><button class="call">{said["look"]}</button></form>
<form class="row pages" method="post" action="/c/ride/{quote(token)}/next">{pages}</form></main>"""


def _alert(notice: str) -> str:
    return f'<p id="notice" role="alert"{"" if notice else " hidden"}>{escape(notice)}</p>'


async def show(request: web.Request) -> web.Response:
    """The ride the driver has or is offered, or the button to look for one."""
    token = request.match_info["token"]
    driver = await volunteer_of(request, "driver", token)
    ride = await rides_of(request).current(driver)
    language = scripts.known(driver.reads)
    if ride:
        return ride_page(language, _ride(driver, token, ride))
    return ride_page(language, _none(driver, token, "", done="done" in request.query))


async def next_ride(request: web.Request) -> web.Response:
    """Looks for a ride; or turns the page into another language."""
    token = request.match_info["token"]
    driver = await volunteer_of(request, "driver", token)
    form = await request.post()
    if form.get("page") in scripts.LANGUAGES:
        await service_of(request).links.page_in(driver, str(form["page"]))
        raise web.HTTPSeeOther(f"/c/ride/{quote(token)}")
    found = await rides_of(request).next(driver)
    if found.ride:
        raise web.HTTPSeeOther(f"/c/ride/{quote(token)}")
    return ride_page(scripts.known(driver.reads), _none(driver, token, found.message, searching=True))


async def act(request: web.Request) -> web.Response:
    """Takes a pressed button."""
    token = request.match_info["token"]
    driver = await volunteer_of(request, "driver", token)
    form = await request.post()
    try:
        ride_id, act_id = UUID(str(form.get("ride_id", ""))), UUID(str(form.get("act_id", "")))
        report = RideActReport(act=RideAct(str(form.get("act", ""))))
        found = await rides_of(request).act(driver, ride_id, act_id, report)
    except (ValidationError, ValueError):
        raise web.HTTPBadRequest(text="That form was not complete. Go back and press a button.") from None
    except (RideRefusedError, UnknownRideError) as error:
        said = refused(driver, error).message
        return ride_page(scripts.known(driver.reads), _none(driver, token, said), status=409)
    over = "" if found.ride or report.act is RideAct.GIVE_BACK else "?done"
    raise web.HTTPSeeOther(f"/c/ride/{quote(token)}{over}")


def add_rides(app: web.Application) -> None:
    """Adds the page."""
    app.router.add_get("/c/ride/{token}", show)
    app.router.add_post("/c/ride/{token}/next", next_ride)
    app.router.add_post("/c/ride/{token}/act", act)
