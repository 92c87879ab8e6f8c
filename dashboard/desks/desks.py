"""The desks: queues of what needs a person, worked by keyboard, no item in two hands.

Intake keeps the queues and who has taken what (`election.wire.desks`); this room shows them with the names
and phones it knows and passes on what people decide. Every decision is audited here, and there a staff entry
of the log.
"""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlencode

import flask
from pydantic import ValidationError

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import WarRoomUser, csrf_checked, needs_role, person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClients
from dashboard.desks.asking import asked, told
from dashboard.languages import noted, tr
from dashboard.map.people import coordinator_of
from dashboard.map.places import Gazetteer, MapPlaces
from election.access.accounts import WAR_ROOM
from election.domain.day import Watcher
from election.wire.desks import Desk, Finish, ReminderOrder

TITLES = {
    Desk.UNREAD: noted("Unread"),
    Desk.UNKNOWN: noted("Unknown phones"),
    Desk.HELD: noted("Held counts"),
    Desk.SILENT: noted("Silent"),
    Desk.INCIDENTS: noted("Incidents"),
    Desk.OUTBOX: noted("Outbox"),
    Desk.ROLL_CALL: noted("Roll call"),
}
PAGE_ITEMS = 100
MOST_FOUND = 20  # watchers a search answers


class DeskPages:
    """The pages `/desk/NAME` and the JSON beneath `/desks`, `/rollcall` and `/watchers`."""

    def __init__(
        self,
        bridge: AsyncBridge,
        service_clients: ServiceClients,
        gazetteer: Gazetteer,
        audit_log: AuditLog,
        page: Callable[[], Any],
    ) -> None:
        self._page = page
        self._bridge = bridge
        self._services = service_clients
        self._gazetteer = gazetteer
        self._audit_log = audit_log
        self._phones_seen: dict[tuple[str, str], set[str]] = {}  # items by account and desk

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for people of the war room only."""
        staff = needs_role(*WAR_ROOM)
        item = "/desks/<name>/<path:item>/<any(take,release,finish):what>"
        server.get("/desk/<name>")(staff(self.desk_page))
        server.get("/desks")(staff(self.counts))
        server.get("/desks/<name>")(staff(self.items))
        server.post(item)(staff(csrf_checked(self.work)))
        server.get("/rollcall")(staff(self.roll_call))
        server.post("/rollcall/<any(invite,remind):what>")(staff(csrf_checked(self.invite)))
        server.post("/silent/remind")(staff(csrf_checked(self.remind_silent)))
        server.get("/watchers")(staff(self.watchers))

    def _asked(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Intake's answer, or why there is none, in words."""
        return asked(self._bridge, work)

    def _done(self, who: WarRoomUser, action: str, subject: str, detail: dict[str, Any]) -> None:
        self._bridge.run(self._audit_log.record(who.login, action, subject, detail))

    def desk_page(self, name: str) -> Any:
        """The page of one desk."""
        if name not in {desk.value for desk in TITLES}:
            flask.abort(404)
        return self._page()

    def counts(self) -> Any:
        """How many items wait at each desk."""
        return flask.jsonify(self._asked(self._services.intake.ask(_who(), "GET", "/desks")))

    def items(self, name: str) -> Any:
        """A page of items, with the names and phones that intake does not know."""
        desk = _desk(name)
        query = urlencode({"limit": PAGE_ITEMS, "after": flask.request.args.get("after", "")[:200]})
        page = self._asked(self._services.intake.ask(_who(), "GET", f"/desks/{desk}?{query}"))
        here = self._gazetteer.places
        for item in page["items"]:
            item |= _introduced(item, here)
        self._audit_phones(desk, page["items"])
        return flask.jsonify(page)

    def _audit_phones(self, desk: str, items: list[dict[str, Any]]) -> None:
        """Audits whose numbers somebody sees at a desk, once an item: desks are looked at again."""
        who = _who()
        seen = self._phones_seen.setdefault((who.login, desk), set())
        fresh = {
            str(item["id"]) for item in items if item["phone"] or any(p["phone"] for p in item["people"])
        } - seen
        if fresh:
            seen |= fresh
            self._done(who, "phones seen", f"desk:{desk}", {"items": sorted(fresh)[:PAGE_ITEMS]})

    def work(self, name: str, item: str, what: str) -> Any:
        """Takes, releases or finishes an item."""
        desk, who = _desk(name), _who()
        body: dict[str, Any] | None = None
        if what == "finish":
            try:
                body = Finish.model_validate_json(flask.request.get_data()).model_dump(mode="json")
            except ValidationError:
                flask.abort(told(tr("That cannot be read. Reload the page and try again."), 400))
        path = f"/desks/{desk}/{quote(item, safe='')}/{what}"
        answer = self._asked(self._services.intake.ask(who, "POST", path, body))
        if body is not None:
            names = ("watcher_id", "status", "category", "note") + (
                ("text",) if body["outcome"] == "answer" else ()
            )
            detail = {key: body[key] for key in names if body[key]}
            self._done(who, f"{desk} {body['outcome']}", f"{desk}:{item}", detail)
        return flask.jsonify(done=True, answer=answer)

    def roll_call(self) -> Any:
        """The roll call, in numbers."""
        answer = self._asked(self._services.intake.ask(_who(), "GET", "/rollcall"))
        for list_ in ("unproven", "wrong_number", "opted_out"):  # the desk's queue names them
            answer[list_] = len(answer.get(list_, ()))
        return flask.jsonify(answer)

    def invite(self, what: str) -> Any:
        """Has intake invite or remind those who are not proven."""
        answer = self._asked(self._services.intake.ask(_who(), "POST", f"/rollcall/{what}"))
        self._done(_who(), f"roll call {what}", "rollcall", {"made": answer.get("made")})
        return flask.jsonify(done=True, answer=answer)

    def remind_silent(self) -> Any:
        """Has intake text who watches in the chosen silent precincts."""
        try:
            order = ReminderOrder.model_validate_json(flask.request.get_data())
        except ValidationError:
            flask.abort(told(tr("Choose at least one precinct."), 400))
        body = order.model_dump(mode="json")
        answer = self._asked(self._services.intake.ask(_who(), "POST", "/silent/remind", body))
        detail = {"precincts": body["precinct_ids"][:PAGE_ITEMS], "made": answer.get("made")}
        self._done(_who(), "silent remind", "desk:silent", detail)
        return flask.jsonify(done=True, answer=answer)

    def watchers(self) -> Any:
        """Watchers whose name, id or precinct matches `q`, at most `MOST_FOUND`, in the viewer's counties.

        Those who have the words themselves in name or id come before those who only contain them.
        """
        here, who = self._gazetteer.places, _who()
        words = flask.request.args.get("q", "")[:100].casefold().split()
        if here is None or not words:
            return flask.jsonify([])
        found: list[tuple[int, str, dict[str, Any]]] = []
        for watcher in here.watchers:
            if not here.may_reach(watcher, who.counties):
                continue
            posts = [here.precincts[p] for p in watcher.precinct_ids if p in here.precincts]
            places = [p for p in posts if who.may_see(p.county)]
            names = [watcher.name, watcher.watcher_id, *(f"{p.precinct_id} {p.name}" for p in places)]
            if all(word in " ".join(names).casefold() for word in words):
                own = {*watcher.name.casefold().split(), watcher.watcher_id.casefold()}
                missed = sum(word not in own for word in words)
                card = _card(watcher) | {"places": [p.name for p in places]}
                found.append((missed, watcher.name, card))
        found.sort(key=lambda match: match[:2])
        return flask.jsonify([card for _, _, card in found[:MOST_FOUND]])


def _who() -> WarRoomUser:
    who = person()
    if who is None:
        flask.abort(401)
    return who


def _desk(name: str) -> str:
    try:
        return Desk(name).value
    except ValueError:
        flask.abort(404)


def _card(watcher: Watcher) -> dict[str, Any]:
    return {"id": watcher.watcher_id, "name": watcher.name, "phone": watcher.phone}


def _introduced(item: dict[str, Any], here: MapPlaces | None) -> dict[str, Any]:
    """The names an item lacks, and whom to call about it: the watcher, the backup phone, the coordinator."""
    if here is None:
        return {"place": "", "people": []}
    precinct = here.precincts.get(item.get("precinct_id") or "")
    named = list(here.watchers_of.get(item.get("precinct_id") or "", ()))
    if item.get("watcher_id"):
        named = [w for w in here.watchers if w.watcher_id == item["watcher_id"]] or named
    people = []
    for watcher in named[:3]:
        people.append({"as": "watcher", "name": watcher.name, "phone": watcher.phone})
        if watcher.backup_phone:
            people.append({"as": "second phone", "name": watcher.name, "phone": watcher.backup_phone})
        if watcher.coordinator:
            name, phone = coordinator_of(watcher, here)
            people.append({"as": "coordinator", "name": name, "phone": phone})
    place = precinct.name if precinct else here.name_of(item.get("precinct_id") or "")
    return {"place": place, "people": people}
