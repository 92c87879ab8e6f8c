"""The matrix of docs/access.md tried on running services: every route, every person, reads and writes.

`rows(there)` gives a line for each cell: what is declared, and what came. A refused write must leave nothing
behind; an answer of own counties must show nothing of Kent to a lead of Sussex, and show it to staff.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import aiohttp

from beluga.readiness.access_page import SERVICES
from election.access.routes import Route, Who
from election.domain.ids import message_id
from intake.hotline.operators import COOKIE
from intake.pages.files import version
from tally.access import FEED
from tests.intake.photos.provider import jpeg
from tests.security import keys
from tests.security.house import KENT, NOON, OWN_PRECINCT, PEOPLE, TRIAL, Got, House, house

Ask = Callable[[House, Who], Awaitable[dict[str, Any]]]  # what to send: `path` and the request's other parts
_CALLERS_OWN = "the caller's link"
# Said back to whoever asks: that is no word of what lies there.
_ECHOES = {
    ("intake", "GET", "/hotline/grid"): {"K-01"},
    ("intake", "POST", "/hotline/upload"): {"K-01"},
}
# Answers in numbers: staff's show no word of Kent either.
_WORDLESS = {"/desks", "/rollcall"}
# What opens a route, where that is a token or carries one: the token's purpose.
_TOKENS = {
    "service token": "service", "service or feed token": "service", "feed token": "feed",
    "hotline cookie": "staff",
}  # fmt: skip
REFUSED_ROLES = ("watcher", "caller", "driver", "canvasser", "captain", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One cell tried. `wrong`: empty where the answer is the declared one and nothing else happened."""

    service: str
    method: str
    path: str
    who: str
    expected: str
    got: str
    wrong: str = ""


async def rows(there: House) -> AsyncIterator[Row]:
    """Every cell of every service, and tokens forged with roles that open nothing."""
    for service, routes in SERVICES.items():
        for route in routes:
            async for row in _route(there, service, route):
                yield row


async def tried(folder: Path, database_url: str) -> list[Row]:
    """The whole matrix, on services of its own. `database_url`: fresh and migrated."""
    async with house(folder, database_url) as running:
        found = [row async for row in rows(running)]
        async for path, whose, expected, got in keys.tried(running):
            wrong = "" if got == expected else "another answer"
            found.append(Row("dashboard", "key", path, whose, str(expected), str(got), wrong))
        return found


async def _route(there: House, service: str, route: Route) -> AsyncIterator[Row]:
    """The cells of a route: first those that must leave nothing behind."""
    harmless = [
        w for w in Who if route.answers[w].status >= 400 or (route.answers[w].own and w is Who.ELSEWHERE)
    ]
    await there.opened("K-01")  # whoever stopped it before
    before = await there.left()
    first = [await _cell(there, service, route, who) for who in harmless]
    first += [row async for row in _forged(there, service, route)]
    if (after := await there.left()) != before:
        left = ", ".join(
            f"{name}: {before[name]} -> {after[name]}" for name in after if after[name] != before[name]
        )
        first.append(
            Row(service, route.method, route.path, "all refused", "nothing left", left, "it left something")
        )
    for row in first:
        yield row
    for who in Who:
        if who not in harmless:
            yield await _cell(there, service, route, who)


async def _cell(there: House, service: str, route: Route, who: Who) -> Row:
    got = await send(there, service, route, who)
    answer, wrong = route.answers[who], ""
    if got.status != answer.status:
        wrong = got.text[:200] or "another status"
    elif answer.own:
        words = set(KENT) - _ECHOES.get((service, route.method, route.path), set())
        if shown := sorted(word for word in words if _says(got.text, word)):
            wrong = f"shows {', '.join(shown)}"
    elif who is Who.STAFF and route.method == "GET" and route.answers[Who.ELSEWHERE].own:
        says = route.path in _WORDLESS or any(word in got.text for word in KENT)
        wrong = "" if says else f"of Kent it tells staff nothing either: {got.text[:300]}"
    return Row(service, route.method, route.path, who, str(answer), str(got.status), wrong)


def _says(text: str, word: str) -> bool:
    """Whether a word stands in a text, and no longer one of which it is a part: a zone is in Kentucky."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


async def _forged(there: House, service: str, route: Route) -> AsyncIterator[Row]:
    """Tokens of the very purpose that opens a route, with roles that open nothing."""
    if route.by not in _TOKENS:
        return
    for role in REFUSED_ROLES:
        token = there.tokens.sign(_TOKENS[route.by], {"account": "eve", "role": role, "counties": None})
        got = await send(there, service, route, Who.WATCHER, token)
        wrong = "" if got.status in {401, 403} else "let in"
        who = f"role {role or 'none'}"
        yield Row(service, route.method, route.path, who, "401 or 403", str(got.status), wrong)


async def send(there: House, service: str, route: Route, who: Who, token: str | None = None) -> Got:
    """The route's request, as this person would send it with what they hold."""
    ask = await PROBES.get((service, route.method, route.path), _plain(route.path))(there, who)
    path, headers = ask.pop("path"), dict(ask.pop("headers", {}))
    kind = {
        "the watcher's link": "watcher",
        _CALLERS_OWN: "caller",
        "the driver's link": "driver",
        "the canvasser's link": "canvasser",
        "a phone bank's captain's link": "captain",
    }
    if token is None:
        purpose = _TOKENS.get(route.by, "service")
        expired = who is Who.EXPIRED and route.by in kind
        token = there.expired(kind[route.by]) if expired else there.token(who, purpose)
    if route.by == "feed token":
        return await there.listen(f"{path}?token={quote(token)}")
    if route.by == "session":
        headers |= there.session(who)
    elif route.by == "hotline cookie":
        headers |= {"Cookie": f"{COOKIE}={token}"} if token else {}
    elif "{token}" in path:
        path = path.replace("{token}", quote(token or "none"))
    else:
        headers |= there.bearer(token)
    return await there.ask(service, route.method, path, headers=headers, **ask)


def _plain(path: str) -> Ask:
    return _to(path)


def _to(path: str, **parts: Any) -> Ask:
    """A request that is the same for everybody."""

    async def made(_: House, __: Who) -> dict[str, Any]:
        return {"path": path, **parts}

    return made


def _with(make: Callable[[House, Who], dict[str, Any]]) -> Ask:
    async def made(there: House, who: Who) -> dict[str, Any]:
        return make(there, who)

    return made


def _account(who: Who) -> str:
    return PEOPLE[who][0] if who in PEOPLE else "eve"


# ---------------------------------------------------------------------- intake


def _report(_: House, who: Who) -> dict[str, Any]:
    """An own precinct in front, and Kent's behind it."""
    own = OWN_PRECINCT.get(who, "K-01")
    return {"path": f"/hotline/reports/{uuid4()}", "json": {"precinct_id": own, "text": "K-01 191"}}


def _file(there: House, who: Who) -> dict[str, Any]:
    form = aiohttp.FormData()
    form.add_field("form", there.tokens.sign("hotline-form", _account(who)))
    lines = f"precinct_id,observed_at,votes,note\nK-01,{NOON.isoformat()},191,{uuid4()}\n"
    form.add_field("file", lines.encode(), filename="reports.csv")
    return {"path": "/hotline/upload", "data": form}


def _sheet(there: House, who: Who) -> dict[str, Any]:
    form = there.tokens.sign("hotline-form", _account(who))
    fields = {"form": form, "precinct": "K-01", "watcher": "wat-kent", "box-1": "19", "id": str(uuid4())}
    return {"path": "/hotline/grid", "data": fields}


def _decision(there: House, who: Who) -> dict[str, Any]:
    """An own precinct in front, and a report of Kent's behind it."""
    body = {
        "kind": "reject", "account": _account(who), "precinct_id": OWN_PRECINCT.get(who, "K-01"),
        "detail": {"target": str(there.count)},
    }  # fmt: skip
    return {"path": f"/decisions/{uuid4()}", "json": body}


def _item(what: str) -> Ask:
    def made(there: House, who: Who) -> dict[str, Any]:
        used = who in (Who.HERE, Who.STAFF, Who.ADMIN)
        item = there.unread.pop() if used else there.unread[-1]
        body = {"json": {"key": str(uuid4()), "outcome": "dismiss"}} if what == "finish" else {}
        return {"path": f"/desks/unread/{item}/{what}", **body}

    return _with(made)


def _photo(size: str) -> Ask:
    return _with(lambda there, _: {"path": f"/photos/{message_id('form', str(there.photo))}/0{size}"})


def _form(path: str) -> Ask:
    return _with(lambda _, __: {"path": path, "data": {"id": str(uuid4()), "ask": "count", "answer": "191"}})


def _text(name: str) -> Ask:
    return _to(name, json={"id": "x1", "from": "+12155550101", "text": "412"})


_INTAKE: dict[tuple[str, str], Ask] = {
    ("GET", "/w/{token}/roll"): _to("/w/{token}/roll?precinct=K-01"),
    ("GET", "/w/{token}/roll/state"): _to("/w/{token}/roll/state?precinct=K-01"),
    ("GET", "/w/-/{version}/{name}"): _to(f"/w/-/{version()}/form.css"),
    ("POST", "/w/{token}"): _form("/w/{token}"),
    ("PUT", "/checkins/{key}"): _with(
        lambda _, __: {"path": f"/checkins/{uuid4()}", "json": {"precinct_id": "K-01", "votes": 191}}
    ),
    ("PUT", "/hotline/reports/{key}"): _with(_report),
    ("POST", "/hotline/upload"): _with(_file),
    ("GET", "/paper/sheet"): _to("/paper/sheet?precinct=K-01"),
    ("GET", "/hotline/grid"): _to("/hotline/grid?precinct=K-01"),
    ("POST", "/hotline/grid"): _with(_sheet),
    ("PUT", "/decisions/{key}"): _with(_decision),
    ("GET", "/desks/{desk}"): _to("/desks/unread?limit=100"),
    ("PUT", "/checkins/{key}/photos/{photo}"): _with(
        lambda _, __: {"path": f"/checkins/{uuid4()}/photos/{uuid4()}?precinct=K-01", "data": jpeg()}
    ),
    ("GET", "/desks/{desk}/{item}/thread"): _with(
        lambda there, _: {"path": f"/desks/unread/{there.unread[-1]}/thread"}
    ),
    ("GET", "/threads/{watcher}"): _to("/threads/wat-kent"),
    ("GET", "/precincts/{precinct}/photos"): _to("/precincts/K-01/photos"),
    ("GET", "/photos/{message}/{number}"): _photo(""),
    ("GET", "/photos/{message}/{number}/small"): _photo("/small"),
    **{("POST", "/desks/{desk}/{item}/" + w): _item(w) for w in ("take", "release", "finish")},
    ("POST", "/rollcall/{what:invite|remind}"): _to("/rollcall/invite"),
    ("POST", "/silent/remind"): _to("/silent/remind", json={"precinct_ids": ["K-01"]}),
    **{
        ("POST", route.path): _text(route.path)
        for route in SERVICES["intake"]
        if route.path.startswith("/sms/")
    },
}

# ---------------------------------------------------------------------- tally

_TALLY: dict[tuple[str, str], Ask] = {
    ("GET", "/as-of"): _to("/as-of?at=2026-11-03T17:00:00Z"),
    ("GET", "/precincts/{precinct_id}"): _to("/precincts/K-01"),
    ("GET", FEED): _to(FEED),
}

# ---------------------------------------------------------------------- callers


def _lease(make: Callable[[str], dict[str, Any]]) -> Ask:
    """About the caller's own lease; strangers name one, too."""

    async def made(there: House, who: Who) -> dict[str, Any]:
        return make(await there.voter())

    return made


def _outcome(lease: str) -> dict[str, Any]:
    body = {"outcome_id": str(uuid4()), "outcome": "no_answer"}
    return {"path": f"/api/outcomes/{lease}", "json": body}


async def _take_back(there: House, who: Who) -> dict[str, Any]:
    lease = await there.voter()
    if who is Who.CALLER:
        headers, asked = there.bearer(there.token(who)), _outcome(lease)
        assert (await there.ask("callers", "PUT", asked.pop("path"), headers=headers, **asked)).status == 200
    return {"path": f"/api/outcomes/{lease}"}


async def _stopped(there: House, who: Who) -> dict[str, Any]:
    """Kent is open for calling whenever somebody is to stop it."""
    if who in (Who.HERE, Who.STAFF, Who.ADMIN):
        await there.staff("callers", "POST", "/dispatches", json={"precinct_id": "K-01"})
    return {"path": "/dispatches/K-01"}


async def _paused(there: House, who: Who) -> dict[str, Any]:
    """Kent is open for calling whenever somebody is to let it rest, and goes on afterwards."""
    if who in (Who.HERE, Who.STAFF, Who.ADMIN):
        await there.staff("callers", "POST", "/dispatches", json={"precinct_id": "K-01"})
    return {"path": "/dispatches/K-01/pause", "json": {"paused": False}}


async def _scripted(there: House, who: Who) -> dict[str, Any]:
    """No trial runs: a script cannot be changed while one does."""
    if who in (Who.STAFF, Who.ADMIN):
        await there.trial(False)
    return {"path": "/script", "json": {"lines": {"en": ["Hello {name}"]}}}


def _on_trial(running: bool, **parts: Any) -> Ask:
    async def made(there: House, who: Who) -> dict[str, Any]:
        if who in (Who.STAFF, Who.ADMIN):
            await there.trial(running)
        return {"path": "/trials", **parts}

    return made


async def _limits(there: House, _: Who) -> dict[str, Any]:
    now = await there.staff("callers", "GET", "/dispatch-limits")
    return {"path": "/dispatch-limits", "json": {k: v for k, v in now.items() if k != "set_by"}}


async def _listed(there: House, _: Who) -> dict[str, Any]:
    return {"path": f"/lists/{there.list_id}", "data": "lease_id,outcome\n"}


async def _banked(there: House, who: Who) -> dict[str, Any]:
    """A caller of the captain's own phone bank."""
    return {"path": "/c/captain/{token}/bar", "data": {"caller": "c-bank", "barred": "0"}}


def _ride_of(who: Who) -> dict[str, Any]:
    """A ride for a voter of Kent, another one for each who may ask."""
    return {"ride_id": str(uuid4()), "voter_id": f"K-01/{20 + list(Who).index(who)}"}


async def _driving(there: House, who: Who) -> dict[str, Any]:
    ride = await there.driven() if who is Who.DRIVER else str(there.ride)
    return {"path": f"/api/rides/{ride}/acts/{uuid4()}", "json": {"act": "take"}}


async def _pressed_act(there: House, who: Who) -> dict[str, Any]:
    ride = await there.driven() if who is Who.DRIVER else str(there.ride)
    return {"path": "/c/ride/{token}/act", "data": {"ride_id": ride, "act_id": str(uuid4()), "act": "take"}}


async def _driven(there: House, who: Who) -> dict[str, Any]:
    if who is Who.DRIVER:
        await there.driven()
    return {"path": "/c/ride/{token}/next"}


async def _visited(there: House, who: Who) -> dict[str, Any]:
    lease = await there.visited() if who is Who.CANVASSER else str(uuid4())
    return {
        "path": f"/api/doors/outcomes/{lease}",
        "json": {"outcome_id": str(uuid4()), "outcome": "refused"},
    }


async def _visited_form(there: House, who: Who) -> dict[str, Any]:
    lease = await there.visited() if who is Who.CANVASSER else str(uuid4())
    return {"path": "/c/doors/{token}/outcome", "data": _no_answer() | {"lease_id": lease}}


def _no_answer() -> dict[str, str]:
    return {"lease_id": str(uuid4()), "outcome": "no_answer", "outcome_id": str(uuid4())}


def _pressed(what: str, **more: str) -> Ask:
    return _lease(lambda lease: {"path": "/c/{token}/" + what, "data": {"lease_id": lease, **more}})


_CALLERS: dict[tuple[str, str], Ask] = {
    ("GET", "/roll"): _to("/roll?precinct=K-01"),
    ("GET", "/roll/state"): _to("/roll/state?precinct=K-01"),
    ("POST", "/api/dial"): _lease(lambda lease: {"path": "/api/dial", "json": {"lease_id": lease}}),
    ("POST", "/api/heartbeat"): _lease(lambda lease: {"path": "/api/heartbeat", "json": {"lease_id": lease}}),
    ("POST", "/api/release"): _lease(lambda lease: {"path": "/api/release", "json": {"lease_id": lease}}),
    ("PUT", "/api/outcomes/{lease_id}"): _lease(_outcome),
    ("DELETE", "/api/outcomes/{lease_id}"): _take_back,
    ("PUT", "/api/rides/{ride_id}/acts/{act_id}"): _driving,
    ("POST", "/rides"): _with(lambda _, who: {"path": "/rides", "json": _ride_of(who)}),
    ("POST", "/rides/{ride_id}"): _with(
        lambda there, _: {"path": f"/rides/{there.ride}", "json": {"act_id": str(uuid4()), "act": "release"}}
    ),
    ("POST", "/c/ride/{token}/next"): _driven,
    ("POST", "/c/ride/{token}/act"): _pressed_act,
    ("POST", "/api/doors/next"): _to("/api/doors/next", json={"precinct_id": "K-01"}),
    ("PUT", "/api/doors/outcomes/{lease_id}"): _visited,
    ("POST", "/api/doors/{door_id}/give_back"): _to(f"/api/doors/{uuid4()}/give_back"),
    ("POST", "/c/doors/{token}/next"): _to("/c/doors/{token}/next", data={"precinct_id": "K-01"}),
    ("POST", "/c/doors/{token}/outcome"): _visited_form,
    ("POST", "/c/doors/{token}/give_back"): _to("/c/doors/{token}/give_back", data={"door_id": str(uuid4())}),
    ("POST", "/dispatches"): _to("/dispatches", json={"precinct_id": "K-01"}),
    ("DELETE", "/dispatches/{precinct_id}"): _stopped,
    ("PUT", "/dispatches/{precinct_id}/pause"): _paused,
    ("PUT", "/script"): _scripted,
    ("PUT", "/dispatch-limits"): _limits,
    ("POST", "/phone-banks"): _to("/phone-banks", json={"name": "Hall", "most_callers": 5, "hours": 4}),
    ("POST", "/links"): _to("/links", json={"kind": "caller", "subject": "c-kent"}),
    ("POST", "/links/end"): _to("/links/end", json={"kind": "caller", "subjects": ["c-barred"]}),
    ("PUT", "/floor/{caller_id}"): _to("/floor/c-off", json={"barred": True}),
    ("GET", "/views"): _to("/views?voter=K-01/0"),
    ("GET", "/next-moves"): _to("/next-moves?move=staff"),
    ("POST", "/trials"): _on_trial(False, json=TRIAL),
    ("DELETE", "/trials"): _on_trial(True),
    ("POST", "/lists"): _to("/lists", json={"precinct_id": "K-01", "lines": 1}),
    ("GET", "/lists/{list_id}"): _with(lambda there, _: {"path": f"/lists/{there.list_id}"}),
    ("POST", "/lists/{list_id}"): _listed,
    ("POST", "/c/{token}/next"): _to("/c/{token}/next"),
    ("POST", "/c/{token}/outcome"): _with(
        lambda _, __: {"path": "/c/{token}/outcome", "data": _no_answer()}
    ),
    ("POST", "/c/{token}/languages"): _to("/c/{token}/languages", data={"speaks": "en"}),
    ("POST", "/c/{token}/undo"): _pressed("undo"),
    ("POST", "/c/{token}/pause"): _pressed("pause"),
    **{
        (method, "/c/{token}/dial/{lease_id}"): _lease(lambda lease: {"path": "/c/{token}/dial/" + lease})
        for method in ("GET", "POST")
    },
    ("GET", "/c/assets/{name}"): _to("/c/assets/desk.css"),
    ("GET", "/c/join/{code}"): _to("/c/join/abc"),
    ("POST", "/c/join"): _with(
        lambda there, _: {"path": "/c/join", "data": {"code": there.bank, "name": "Ana", "speaks": "en"}}
    ),
    ("POST", "/c/captain/{token}/bar"): _banked,
    ("POST", "/c/captain/{token}/lists"): _to(
        "/c/captain/{token}/lists", data={"precinct": "K-01", "lines": "1"}
    ),
    ("GET", "/c/captain/{token}/lists/{list_id}"): _with(
        lambda there, _: {"path": "/c/captain/{token}/lists/" + there.list_id}
    ),
    ("GET", "/c/captain/{token}/walk"): _to("/c/captain/{token}/walk?precinct=K-01"),
}  # fmt: skip

# ---------------------------------------------------------------------- dashboard


def _act(there: House, who: Who) -> dict[str, Any]:
    """An own precinct in front, and a report of Kent's behind it."""
    body = {
        "key": str(uuid4()), "action": "reject", "precinct_id": OWN_PRECINCT.get(who, "K-01"),
        "target": str(there.count),
    }  # fmt: skip
    return {"path": "/actions", "json": body}


def _panel() -> dict[str, Any]:
    parts = [
        {"id": f"panel-{part}", "property": {"chart": "figure", "drawn": "data"}.get(part, "children")}
        for part in ("words", "chart", "around", "log", "drawn")
    ]
    return {
        "output": ".." + "...".join(f"{p['id']}.{p['property']}" for p in parts) + "..",
        "outputs": parts,
        "inputs": [{"id": "panel-request", "property": "data", "value": {"precinct_id": "K-01"}}],
        "state": [{"id": "panel-drawn", "property": "data", "value": None}],
        "changedPropIds": ["panel-request.data"],
    }


def _in_frame(pattern: str) -> Ask:
    """A script that the board's page names."""

    def made(there: House, _: Who) -> dict[str, Any]:
        found = re.search(pattern, there.frame)
        assert found, pattern
        return {"path": found[0]}

    return _with(made)


def _formed(path: str, **fields: str) -> Ask:
    """A plain form of the war room's, with the session's own token."""
    return _with(lambda there, who: {"path": path, "data": {"csrf": there.csrf.get(who, ""), **fields}})


def _watcher(there: House, who: Who, name: str) -> dict[str, Any]:
    """A new watcher for Kent."""
    phone = f"+1215555{int.from_bytes(name.encode()) % 10_000:04}"
    fields = {"name": name, "phone": phone, "precincts": "K-01", "watcher_id": name.replace(" ", "-")}
    return {"path": "/office/watchers", "data": {"csrf": there.csrf.get(who, ""), **fields}}


async def _taken_away(there: House, who: Who) -> dict[str, Any]:
    """A watcher of Kent; one to spare where they go."""
    name = f"gone-{who.value[:5]}".replace(" ", "-")
    if who in (Who.HERE, Who.STAFF, Who.ADMIN):
        asked = _watcher(there, Who.ADMIN, name)
        got = await there.ask(
            "dashboard", "POST", asked.pop("path"), headers=there.session(Who.ADMIN), **asked
        )
        assert got.status == 303, got
    else:
        name = "wat-kent"
    path = f"/office/watchers/{name}/remove"
    return {"path": path, "data": {"csrf": there.csrf.get(who, "")}}


async def _taken_back(there: House, who: Who) -> dict[str, Any]:
    """A change of K-01 that stands, for those who may take it back."""
    fields = {"subject": "precinct:K-01", "at": ""}
    if who in (Who.HERE, Who.STAFF, Who.ADMIN):
        headers = there.session(Who.ADMIN)
        changed = {"id:0": "K-01", "precinct_id:0": "K-01", "name:0": f"Kent by {who.value}"}
        changed |= {"before:0": json.dumps({"precinct_id": "K-01", "name": "?"})}
        changed["csrf"] = there.csrf[Who.ADMIN]
        got = await there.ask("dashboard", "POST", "/office/precincts", headers=headers, data=changed)
        assert got.status == 303, got
        page = await there.ask("dashboard", "GET", "/office/precincts", headers=headers)
        deed = re.search(r'value="precinct:K-01"><input type="hidden" name="at" value="([^"]+)"', page.text)
        assert deed, page.text
        fields["at"] = deed[1]
    return {"path": "/office/precincts/undo", "data": {"csrf": there.csrf.get(who, ""), **fields}}


def _tried(what: str, running: bool, **fields: str) -> Ask:
    """A form about scripts, when a trial runs or does not."""

    async def made(there: House, who: Who) -> dict[str, Any]:
        if who in (Who.STAFF, Who.ADMIN):
            await there.trial(running)
        return {"path": f"/office/calling/{what}", "data": {"csrf": there.csrf.get(who, ""), **fields}}

    return made


async def _set_limits(there: House, who: Who) -> dict[str, Any]:
    """The limits as they are."""
    now = await there.staff("callers", "GET", "/dispatch-limits")
    fields = {k: "yes" if v is True else str(v) for k, v in now.items() if k != "set_by" and v is not False}
    return {"path": "/office/calling/limits", "data": {"csrf": there.csrf.get(who, ""), **fields}}


def _outcomes_back(there: House, who: Who) -> dict[str, Any]:
    form = aiohttp.FormData()
    form.add_field("csrf", there.csrf.get(who, ""))
    form.add_field("list", there.list_id)
    form.add_field("file", b"lease_id,outcome\n", filename="back.csv")
    return {"path": "/office/calling/lists/outcomes", "data": form}


def _kept_page(there: House, _: Who) -> dict[str, Any]:
    names = sorted(p.name for p in there.folder.glob("dashboard/dashboard/snapshots/*.html"))
    return {"path": f"/snapshots/{names[-1]}"}


_DASHBOARD: dict[tuple[str, str], Ask] = {
    ("GET", "/<path:path>"): _to("/precinct/K-01"),
    ("GET", "/script/<version>/<name>"): _in_frame(r"/script/[0-9a-f]+/begin\.js"),
    ("GET", "/style/<version>/<name>.css"): _to("/style/x/board.css"),
    ("GET", "/static/<path:filename>"): _to("/static/x.js"),
    ("GET", "/assets/<path:filename>"): _to("/assets/favicon.svg"),
    ("GET", "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"): _in_frame(
        r"/_dash-component-suites/[^\"'<> ]+\.js"
    ),
    ("POST", "/_dash-update-component"): _to("/_dash-update-component", json=_panel()),
    ("GET", "/shapes/precincts/<path:county>"): _to("/shapes/precincts/Kent"),
    ("GET", "/people"): _to("/people?precinct=K-01"),
    ("POST", "/phones"): _to("/phones", json={"precinct_id": "K-01"}),
    ("GET", "/watchers"): _to("/watchers?q=Watcher+Kent"),
    ("POST", "/actions"): _with(_act),
    ("POST", "/rides/order"): _with(
        lambda there, who: {
            "path": "/rides/order",
            "data": {"csrf": there.csrf.get(who, ""), "voter": f"K-01/{30 + list(Who).index(who) % 8}"},
        }
    ),
    ("POST", "/rides/<uuid:ride>/<any(assign,release,cancel):what>"): _with(
        lambda there, who: {
            "path": f"/rides/{there.ride}/release",
            "data": {"csrf": there.csrf.get(who, "")},
        }
    ),
    ("GET", "/desk/<name>"): _to("/desk/unread"),
    ("GET", "/desks/<name>"): _to("/desks/unread"),
    ("GET", "/desks/<name>/<path:item>/thread"): _with(
        lambda there, _: {"path": f"/desks/unread/{there.unread[-1]}/thread"}
    ),
    ("GET", "/threads/<path:watcher>"): _to("/threads/wat-kent"),
    ("GET", "/photos/precinct/<path:precinct>"): _to("/photos/precinct/K-01"),
    ("GET", "/photos/<message>/<int:number>"): _photo(""),
    ("GET", "/photos/<message>/<int:number>/small"): _photo("/small"),
    ("POST", "/desks/<name>/<path:item>/<any(take,release,finish):what>"): _item("finish"),
    ("POST", "/rollcall/<any(invite,remind):what>"): _to("/rollcall/invite"),
    ("POST", "/silent/remind"): _to("/silent/remind", json={"precinct_ids": ["K-01"]}),
    ("POST", "/alerts/acknowledge"): _with(
        lambda there, _: {"path": "/alerts/acknowledge", "json": {"ids": [str(there.alert)]}}
    ),
    **{
        ("POST", f"/office/setup/{what}"): _formed(f"/office/setup/{what}")
        for what in ("files", "remove", "look", "import", "review")
    },
    ("POST", "/office/watchers"): _with(lambda there, who: _watcher(there, who, f"new-{who.value[:5]}")),
    ("GET", "/office/watchers/<watcher_id>"): _to("/office/watchers/wat-kent"),
    ("POST", "/office/watchers/<watcher_id>"): _formed(
        "/office/watchers/wat-kent", name="Watcher of Kent", phone="+12155550101", precincts="K-01"
    ),
    ("POST", "/office/watchers/<watcher_id>/remove"): _taken_away,
    ("POST", "/office/sheet"): _with(
        lambda there, who: {
            "path": "/office/sheet",
            "data": {"csrf": there.csrf.get(who, ""), "id:0": "wat-kent", "name:0": "Watcher Kent"},
        }
    ),
    ("POST", "/office/precincts"): _with(
        lambda there, who: {
            "path": "/office/precincts",
            "data": {
                "csrf": there.csrf.get(who, ""),
                "id:0": "K-01",
                "precinct_id:0": "K-01",
                "name:0": "Kent One",
                "before:0": json.dumps({"precinct_id": "K-01", "name": "?"}),
            },
        }
    ),
    ("POST", "/office/precincts/undo"): _taken_back,
    ("POST", "/office/preflight"): _formed("/office/preflight"),
    ("GET", "/office/links"): _to("/office/links?county=Kent"),
    ("POST", "/office/links/cards"): _formed("/office/links/cards", watcher="wat-kent"),
    ("POST", "/office/links/revoke"): _formed("/office/links/revoke", watcher="wat-kent"),
    ("POST", "/office/accounts"): _with(
        lambda there, who: {
            "path": "/office/accounts",
            "data": {"csrf": there.csrf.get(who, ""), "login": "spare", "role": "staff"},
        }
    ),
    ("POST", "/office/accounts/<login>/<any(reset,role,disable,codes,nocodes,signout):what>"): _formed(
        "/office/accounts/spare/signout"
    ),
    ("PUT", "/office/setup/files/<name>"): _to("/office/setup/files/x.csv?at=0&of=1", data=b"x"),
    ("PUT", "/api/v1/check-ins/<report_id>"): _to(
        f"/api/v1/check-ins/{uuid4()}", json={"precinct_id": "K-01", "votes": 1}
    ),
    ("POST", "/api/v1/lists/<list_id>/outcomes"): _to(f"/api/v1/lists/{uuid4()}/outcomes", data=b"x"),
    ("POST", "/office/callers/banks"): _formed("/office/callers/banks", name="Hall", callers="5", hours="2"),
    ("POST", "/office/callers/bar"): _formed("/office/callers/bar", caller="c-kent", off="no"),
    ("POST", "/office/callers/links"): _formed(
        "/office/callers/links", kind="caller", subject="c-kent", what="show"
    ),
    ("POST", "/office/calling/limits"): _set_limits,
    ("POST", "/office/calling/trial"): _tried(
        "trial", False, name_a="one", script_a="Hello {name}", name_b="two", script_b="Hi {name}"
    ),
    ("POST", "/office/calling/trial/end"): _tried("trial/end", True),
    ("POST", "/office/calling/lists"): _formed(
        "/office/calling/lists", precinct="K-01", lines="1", hours="1"
    ),
    ("GET", "/office/calling/lists/<uuid:list_id>.csv"): _with(
        lambda there, _: {"path": f"/office/calling/lists/{there.list_id}.csv"}
    ),
    ("POST", "/office/calling/lists/outcomes"): _with(_outcomes_back),
    ("POST", "/office/webhooks"): _formed("/office/webhooks", url="https://127.0.0.1/", kinds="outcome"),
    ("POST", "/office/webhooks/<uuid:webhook_id>/<any(test,end):what>"): _formed(
        f"/office/webhooks/{uuid4()}/end"
    ),
    ("POST", "/office/keys"): _formed("/office/keys", name="glue", scopes="standings"),
    ("POST", "/office/keys/<key_id>/revoke"): _formed("/office/keys/000000000000/revoke"),
    ("GET", "/snapshots/<name>"): _with(_kept_page),
    ("GET", "/replay"): _to("/replay?at=2026-11-03T17:00:00Z"),
}

PROBES: dict[tuple[str, str, str], Ask] = {
    (service, method, path): ask
    for service, found in (
        ("intake", _INTAKE), ("tally", _TALLY), ("callers", _CALLERS), ("dashboard", _DASHBOARD),
    )
    for (method, path), ask in found.items()
}  # fmt: skip
