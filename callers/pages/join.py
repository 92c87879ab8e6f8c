"""Volunteers sign themselves up for a phone bank: `/c/join/{code}`, then their own page."""

from collections.abc import Mapping
from html import escape
from typing import Any

from aiohttp import web

from callers.api.keys import ADDRESSES, TOKENS, service_of
from callers.api.volunteer_links import volunteer_path
from callers.doors import wording as doors
from callers.pages.caller import page
from callers.people.people import SPOKEN, autonym
from callers.people.phone_banks import (
    BankClosedError,
    Driver,
    TooManyJoinedError,
    UnknownCodeError,
    WrongCodes,
)
from callers.rides import wording as rides
from callers.scripts import wording as scripts
from election.access.links import Role
from election.domain.phones import normal_phone

_WRONG: web.AppKey[WrongCodes] = web.AppKey("wrong_codes")


def _language(request: web.Request) -> str:
    """The first of the browser's languages that we have words in."""
    for part in request.headers.get("Accept-Language", "").split(","):
        code = part.split(";")[0].strip().split("-")[0].lower()
        if code in scripts.LANGUAGES:
            return code
    return "en"


def _car(language: str) -> str:
    """What a driver says of their car."""
    words = rides.words(language)
    seats = "".join(f"<option{' selected' if n == 4 else ''}>{n}</option>" for n in range(1, 13))
    boxes = "".join(
        f'<label class="box"><input type="checkbox" name="{name}" value="yes">'
        f"<span>{words[key]}</span></label>"
        for name, key in (("wheelchair", "your_wheelchair"), ("texts", "texts_welcome"))
    )
    return f"""<label for="phone">{words["your_phone"]}</label>
<input class="field" id="phone" name="phone" type="tel" maxlength="40" autocomplete="tel">
<label for="seats">{words["your_seats"]}</label>
<select class="field" id="seats" name="seats">{seats}</select>{boxes}"""


def _form(language: str, code: str, problem: str = "", role: Role = "caller") -> str:
    words = scripts.words(language)
    headings = {"driver": rides.words(language)["join"], "canvasser": doors.words(language)["join"]}
    heading = headings.get(role, words["join"])
    car = _car(language) if role == "driver" else ""
    boxes = "".join(
        f'<label class="box"><input type="checkbox" name="speaks" value="{tongue}"'
        f'{" checked" if tongue == language else ""}><span lang="{tongue}">{escape(autonym(tongue))}</span>'
        "</label>"
        for tongue in SPOKEN
    )
    alert = f'<p role="alert" class="alert">{escape(problem)}</p>' if problem else ""
    return f"""<main><h1>{heading}</h1>{alert}<form method="post" action="/c/join">
<label for="code">{words["code"]}</label>
<input class="field" id="code" name="code" value="{escape(code)}" required autocapitalize="none">
<label for="name">{words["your_name"]}</label>
<input class="field" id="name" name="name" required maxlength="80" autocomplete="name">
<label for="contact">{words["your_contact"]}</label>
<input class="field" id="contact" name="contact" maxlength="120">{car}
<fieldset><legend>{words["my_languages"]}</legend><div class="boxes">{boxes}</div></fieldset>
<button class="call">{words["start"]}</button></form></main>"""


async def ask(request: web.Request) -> web.Response:
    """The form, with the link's code filled in."""
    language, code = _language(request), request.match_info.get("code", "")[:40]
    role = await service_of(request).banks.role_of(code) if code else "caller"
    return page(language, _form(language, code, role=role))


async def join(request: web.Request) -> web.Response:
    """Signs up and goes to the new caller's page."""
    language, wrong = _language(request), request.app[_WRONG]
    address = request.app[ADDRESSES].of(request)
    form = await request.post()
    code = str(form.get("code", "")).strip().lower()[:40]
    service = service_of(request)
    if wrong.too_many(address):
        service.metrics.held_back.labels("codes").inc()
        return page(language, _form(language, code, scripts.reason(language, "too_fast")), status=429)
    speaks = [str(tongue) for tongue in form.getall("speaks", [])]
    try:
        joined = await service.banks.join(
            code, str(form.get("name", "")), str(form.get("contact", "")), speaks, service.time.now(),
            address,
            driver=_driver(form, service.settings.phone_region),
        )  # fmt: skip
    except TooManyJoinedError:
        service.metrics.held_back.labels("joins").inc()
        return page(language, _form(language, code, scripts.words(language)["join_many"]), status=429)
    except BankClosedError as error:
        if isinstance(error, UnknownCodeError):
            wrong.wrong(address)
        return page(language, _form(language, code, scripts.words(language)["join_closed"]), status=403)
    except ValueError:
        return page(language, _form(language, code), status=400)
    raise web.HTTPSeeOther(volunteer_path(request.app[TOKENS], joined.role, joined.volunteer_id))


def _driver(form: Mapping[str, Any], region: str) -> Driver:
    """What a driver says of their car, and whether they may be texted. Raises `ValueError`."""
    phone = normal_phone(str(form.get("phone", "")).strip()[:40], region)
    seats = int(str(form.get("seats") or 4))
    if not 1 <= seats <= 12:
        raise ValueError("1 to 12 seats")
    texts = bool(form.get("texts")) and phone.startswith("+")
    return Driver(phone, seats, bool(form.get("wheelchair")), texts)


def add_joining(app: web.Application, wrong_codes: int) -> None:
    """Adds the form. `wrong_codes`: so many a minute from one address."""
    app[_WRONG] = WrongCodes(wrong_codes)
    app.router.add_get("/c/join", ask)
    app.router.add_get("/c/join/{code}", ask)
    app.router.add_post("/c/join", join)
