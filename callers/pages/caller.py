"""The caller's page `/c/{token}`: plain HTML forms that work without JavaScript, better with `desk.js`."""

import contextlib
from collections.abc import Sequence
from html import escape
from importlib import resources
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from callers.api.answers import Handler
from callers.api.identity import caller_of, lease_of
from callers.api.keys import ADDRESSES, SERVICE, service_of
from callers.pages.outcome_forms import information, outcomes
from callers.people.people import SPOKEN, Done, autonym
from callers.queue.lease import AlreadyRecordedError, CallerOnDuty, TooLateError, UnknownLeaseError
from callers.scripts import wording as scripts
from callers.voters.encryption import SealedError
from election.browser import modules, with_tokens
from election.postgres.database import UNREACHABLE
from election.wire.callers import CallUnreported, LeaseAnswer, Outcome, OutcomeReport, VoterOnLease

_NOTED = {Outcome.ABUSIVE: "abuse_noted", Outcome.NEEDS_RIDE: "ride_noted"}
_BAR = 10  # calls that fill the bar once
HEADERS = {
    "Cache-Control": "no-store",  # a voter must not stay in a shared phone's history
    "Referrer-Policy": "no-referrer",  # the address is the caller's key
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self' tel:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}
_FIELDS = ("outcome_id", "outcome", "call_back_local", "language", "said_local", "need", "line_minutes",
           "seats", "wheelchair", "texts")  # fmt: skip
_SCRIPTS = ("desk.js", "ride.js", "doors.js", "doors_kept.js", "queue.js", "sealing.js")
_ASSETS = {"desk.css": "text/css"} | dict.fromkeys(_SCRIPTS, "text/javascript")


def page(
    language: str,
    content: str,
    *,
    title: str = "",
    script: str = "desk.js",
    refresh: float | None = None,
    status: int = 200,
) -> web.Response:
    """A whole page. `refresh` in real seconds, for pages that run no script. `title`: default a caller's."""
    again = f'<meta http-equiv="refresh" content="{max(2, round(refresh))}">' if refresh else ""
    return web.Response(
        text=f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{f"<noscript>{again}</noscript>" if again else ""}
<meta name="robots" content="noindex"><title>{title or scripts.words(language)["title"]}</title>
<link rel="stylesheet" href="/c/assets/desk.css"><link rel="modulepreload" href="/c/assets/queue.js">
<script src="/c/assets/{script}" type="module"></script></head>
<body>{content}</body></html>""",
        content_type="text/html",
        headers=HEADERS,
        status=status,
    )


def _language(caller: CallerOnDuty) -> str:
    return scripts.known(caller.reads)


def _voter(caller: CallerOnDuty, token: str, voter: VoterOnLease, beat: float, done: Done) -> str:
    """The page of one voter on lease. Who it is comes with *Call*: the script fills the hidden parts in, and
    without JavaScript the page is sent anew.
    """
    words = scripts.words(_language(caller))
    closes = scripts.local(voter.closes_at, voter.timezone)
    base = f"/c/{quote(token)}"
    lines = "".join(f"<p>{escape(line)}</p>" for line in voter.script)
    name = scripts.tongue(voter.language)
    tongue = f'<p class="tongue">{escape(words["speaks"].format(language=name))}</p>'
    where = words["vote_at"].format(place=voter.polling_place, closes=closes)
    unseen = "" if voter.shown else " hidden"
    dial = f"{base}/dial/{voter.lease_id}"
    if voter.shown:
        call = f'<a id="call" class="call" href="{dial}">{words["call"]}</a>'
    else:
        call = f"""<form method="post" action="{dial}">
<button id="call" class="call" aria-describedby="before">{words["call"]}</button></form>
<p id="before" class="where">{words["comes_with_call"]}</p>"""
    return f"""
<main data-lease="{voter.lease_id}" data-beat="{beat:.1f}" data-saved="{escape(words["saved_here"])}"
 data-offline="{escape(words["no_connection"])}" data-stop="{escape(words["do_not_dial"])}">
{_progress(words, voter, done)}
<header><h1 id="name">{escape(voter.name if voter.shown else voter.precinct)}</h1>
<p id="number"{unseen}>{escape(voter.phone)}</p>{tongue if voter.language else ""}
<p class="where">{escape(where)}</p></header>
{call}
<p id="notice" role="alert" hidden></p>
<p id="earlier" class="where"{"" if voter.said_before else " hidden"}>{escape(voter.said_before)}</p>
<div id="called"{unseen}><section id="script" class="script">{lines}</section>
{outcomes(words, base, voter.lease_id, information(words, voter))}</div>
<form method="post" action="{base}/pause"><input type="hidden" name="lease_id" value="{voter.lease_id}">
<button class="quiet">{words["pause"]}</button></form></main>"""


def _unreported(caller: CallerOnDuty, token: str, calls: Sequence[CallUnreported]) -> str:
    """What came of a call of before? Asked one by one, until few enough are left for another voter."""
    words, call = scripts.words(_language(caller)), calls[0]
    at = scripts.local(call.dialled_at, call.timezone)
    why = words["unreported_why"].format(number=len(calls))
    return f"""<main data-lease="{call.lease_id}" data-saved="{escape(words["saved_here"])}">
<header><h1>{escape(words["unreported"].format(name=call.name, time=at))}</h1>
<p class="where">{escape(call.precinct)}</p><p class="where">{escape(why)}</p></header>
<p id="notice" role="alert" hidden></p>
{outcomes(words, f"/c/{quote(token)}", call.lease_id)}</main>"""


def _speaks(caller: CallerOnDuty, token: str) -> str:
    """Other languages: of the page, and those the caller speaks."""
    words = scripts.words(_language(caller))
    action = f'method="post" action="/c/{quote(token)}/languages"'
    pages = "".join(
        f'<button name="page" value="{code}" lang="{code}">{scripts.tongue(code)}</button>'
        for code in scripts.LANGUAGES
        if code != _language(caller)
    )
    boxes = "".join(
        f'<label class="box"><input type="checkbox" name="speaks" value="{code}"'
        f'{" checked" if code in caller.languages else ""}><span lang="{code}">{escape(autonym(code))}</span>'
        "</label>"
        for code in SPOKEN
    )
    return f"""<form class="row pages" {action}>{pages}</form>
<details><summary>{words["my_languages"]}: {escape(", ".join(map(autonym, caller.languages)))}</summary>
<form {action}><div class="boxes">{boxes}</div><button class="quiet">{words["save"]}</button></form>
</details>"""


def _progress(words: dict[str, str], voter: VoterOnLease, done: Done) -> str:
    """What this caller has done today, a bar of their next ten calls; and how the precinct stands."""
    mine = words["done"].format(calls=done.calls, promises=done.promises)
    bar = f'<progress max="{_BAR}" value="{done.calls % _BAR}" aria-label="{escape(mine)}"></progress>'
    said = f'<p class="progress">{escape(mine)}</p>{bar}'
    if not voter.missing_at_start:
        return said
    before, now = voter.missing_at_start, voter.missing_now
    key = "missing_unknown" if now is None else "missing"
    sentence = words[key].format(place=voter.precinct, before=before, now=now)
    return f'{said}<p class="progress">{escape(sentence)}</p>'


def _waiting(caller: CallerOnDuty, token: str, answer: LeaseAnswer) -> str:
    words = scripts.words(_language(caller))
    return f"""<main class="wait"><h1>{escape(words["hello"].format(name=caller.name))}</h1>
<p>{escape(answer.message)}</p><p class="progress" id="waiting" hidden>{words["waiting"]}</p>
<form method="post" action="/c/{quote(token)}/next">
<button class="call">{words["again"]}</button></form>{_speaks(caller, token)}</main>"""


def _ready(caller: CallerOnDuty, token: str, done: Outcome | None, lease: str, undo: float) -> str:
    """Before the first voter, and after each outcome with its undo."""
    words = scripts.words(_language(caller))
    base = f"/c/{quote(token)}"
    head = f"<h1>{escape(words['hello'].format(name=caller.name))}</h1><p>{words['ready']}</p>"
    button = words["start"]
    if done:
        thanks = f"<p>{words[_NOTED[done]]}</p>" if done in _NOTED else ""
        head = f"""<h1>{escape(words["recorded"].format(outcome=words[done.value]))}</h1>
{thanks}<form method="post" action="{base}/undo" id="undo" data-seconds="{undo:.0f}">
<input type="hidden" name="lease_id" value="{escape(lease)}">
<button class="quiet">{words["undo"]} <span id="left"></span></button></form>"""
        button = words["next"]
    return f"""<main class="wait">{head}<form method="post" action="{base}/next">
<button class="call">{button}</button></form>{"" if done else _speaks(caller, token)}</main>"""


async def show(request: web.Request) -> web.Response:
    """The voter on lease, or where the caller stands."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    service = service_of(request)
    current = await service.current(caller)
    language = _language(caller)
    if (current is None or not current.shown) and (due := await service.unreported(caller)):
        return page(language, _unreported(caller, token, due))
    if current:
        beat = min(60.0, service.settings.lease_seconds / 4) / max(1.0, service.time.speed)
        mine = await service.people.done_today(caller.caller_id, service.time.now())
        return page(language, _voter(caller, token, current, max(1.0, beat), mine))
    done = request.query.get("done", "")
    outcome = Outcome(done) if done in list(Outcome) else None
    lease = request.query.get("lease", "")
    return page(language, _ready(caller, token, outcome, lease, service.settings.undo_seconds))


async def next_voter(request: web.Request) -> web.Response:
    """Asks for the next voter."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    service = service_of(request)
    answer = await service.next_voter(caller)
    if answer.voter or answer.unreported:
        raise web.HTTPSeeOther(f"/c/{quote(token)}")
    refresh = answer.ask_again_seconds / max(1.0, service.time.speed)
    return page(_language(caller), _waiting(caller, token, answer), refresh=refresh)


async def outcome(request: web.Request) -> web.Response:
    """Takes a pressed outcome button."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    form = await request.post()
    try:
        lease_id = UUID(str(form.get("lease_id", "")))
        report = OutcomeReport.model_validate({k: form[k] for k in _FIELDS if form.get(k)})
        await service_of(request).record(caller, lease_id, report)
    except (ValidationError, ValueError):
        raise web.HTTPBadRequest(text="That form was not complete. Go back and press a button.") from None
    except (AlreadyRecordedError, UnknownLeaseError):
        raise web.HTTPSeeOther(f"/c/{quote(token)}") from None
    raise web.HTTPSeeOther(f"/c/{quote(token)}?done={report.outcome.value}&lease={lease_id}")


async def languages(request: web.Request) -> web.Response:
    """Another language for the page, or others that the caller speaks."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    form = await request.post()
    links = service_of(request).links
    with contextlib.suppress(ValueError):
        if read := str(form.get("page") or ""):
            await links.page_in(caller, read)
        else:
            spoken = [str(code) for code in form.getall("speaks", [])]
            await links.speak(caller, [*(code for code in caller.languages if code in spoken), *spoken])
    raise web.HTTPSeeOther(f"/c/{quote(token)}")


async def undo(request: web.Request) -> web.Response:
    """Takes the last outcome back."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    form = await request.post()
    with contextlib.suppress(TooLateError, ValueError):  # the page says what is the case now
        await service_of(request).undo(caller, UUID(str(form.get("lease_id", ""))))
    raise web.HTTPSeeOther(f"/c/{quote(token)}")


async def pause(request: web.Request) -> web.Response:
    """Gives the voter back."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    form = await request.post()
    try:
        await service_of(request).release(caller, UUID(str(form.get("lease_id", ""))))
    except ValueError:
        raise web.HTTPBadRequest(text="That form was not complete.") from None
    raise web.HTTPSeeOther(f"/c/{quote(token)}")


async def dial(request: web.Request) -> web.Response:
    """Looks consent up and shows whom to call (POST), or hands the number to the phone; or says why not."""
    token = request.match_info["token"]
    caller = await caller_of(request, token)
    still = await service_of(request).dial(caller, lease_of(request), request.app[ADDRESSES].of(request))
    if (still.live and request.method == "POST") or still.reason == "unreported":
        raise web.HTTPSeeOther(f"/c/{quote(token)}")
    if still.live:
        number = quote(still.phone, safe="+")
        return web.Response(status=303, headers=HEADERS | {"Location": f"tel:{number}"})
    answer = LeaseAnswer(message=still.message)
    return page(_language(caller), _waiting(caller, token, answer))


async def asset(request: web.Request) -> web.Response:
    """The style sheet and the script."""
    name = request.match_info["name"]
    if name not in _ASSETS:
        raise web.HTTPNotFound
    shared = modules().get(name)
    content = shared or (resources.files("callers.pages") / "static" / name).read_bytes()
    if name.endswith(".css"):
        content = with_tokens(content)
    return web.Response(body=content, content_type=_ASSETS[name], charset="utf-8")


@web.middleware
async def people(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of the page in words, not in JSON."""
    if not request.path.startswith("/c/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPUnauthorized:
        words = " · ".join(scripts.words(language)["bad_link"] for language in scripts.LANGUAGES)
        return page("en", f'<main class="wait"><p>{words}</p></main>', status=401)
    except UnknownLeaseError:
        raise web.HTTPSeeOther(f"/c/{quote(request.match_info['token'])}") from None
    except UNREACHABLE:
        words = " · ".join(scripts.reason(language, "unreachable_database") for language in scripts.LANGUAGES)
        content = f'<main class="wait"><p>{words}</p></main>'
        return page("en", content, refresh=3 if request.method == "GET" else None, status=503)
    except SealedError:
        words = " · ".join(scripts.reason(language, "wrong_key") for language in scripts.LANGUAGES)
        return page("en", f'<main class="wait"><p>{words}</p></main>', status=503)


def add_desk(app: web.Application) -> None:
    """Adds the page and its assets."""
    assert SERVICE in app
    app.router.add_get("/c/{token}", show)
    app.router.add_post("/c/{token}/next", next_voter)
    app.router.add_post("/c/{token}/outcome", outcome)
    app.router.add_post("/c/{token}/languages", languages)
    app.router.add_post("/c/{token}/undo", undo)
    app.router.add_post("/c/{token}/pause", pause)
    app.router.add_get("/c/{token}/dial/{lease_id}", dial)
    app.router.add_post("/c/{token}/dial/{lease_id}", dial)
    app.router.add_get("/c/assets/{name}", asset)
